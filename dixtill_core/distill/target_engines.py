"""Who computes the shards: this process, or several processes of this machine. `target_ray` has several machines.

Whoever computes, this process writes the shards and reports; workers get texts and hand back the bytes of a shard.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from transformers.utils.logging import disable_progress_bar

from dixtill_core.config import ExplainConfig
from dixtill_core.distill.target_claims import ELSEWHERE, LOOK_SECONDS, ClaimedShard, claim_shards
from dixtill_core.distill.target_missing import MissingTexts
from dixtill_core.distill.target_rows import compute_rows, finish
from dixtill_core.distill.target_shards import ShardFolder, shard_bytes
from dixtill_core.errors import DixtillError, ModelError
from dixtill_core.metrics.efficiency import available_threads
from dixtill_core.models.teacher import BUNDLED, Teacher, load_teacher

WORKER_THREADS = 1
"""Of each worker, so that the bytes of a shard do not depend on how many workers or cores there are."""
GRACE_SECONDS = 3.0
"""What a worker has to end by itself, with its temporary things put away."""
READY = b""
"""What a worker process sends before its first shard; after that, the bytes of a shard say the same."""


@dataclass(frozen=True, eq=False)
class ShardWork:
    """What has to be computed, and where it goes."""

    teacher: Teacher
    explain: ExplainConfig | None
    missing: MissingTexts
    shards: ShardFolder


class Engine(Protocol):
    def run(self, work: ShardWork) -> Iterator[int]:
        """Compute and write all shards; yield how many texts were just finished, `ELSEWHERE` while other processes are waited for."""
        ...


@dataclass(frozen=True)
class TeacherSource:
    """Where another process finds the teacher that this one has, and how it knows that it is the same."""

    reference: str
    fingerprint: str
    max_length: int
    precision: str
    device: str | None = None
    """The fastest that the worker finds where None."""

    @classmethod
    def of(cls, teacher: Teacher, reference: str | Path, device: str | None = None) -> TeacherSource:
        folder = Path(reference)
        found = str(folder.resolve()) if folder.exists() and reference != BUNDLED else str(reference)
        return cls(found, teacher.fingerprint, teacher.max_length, str(teacher.autocast or torch.float32), device)

    def load(self) -> Teacher:
        """Load the teacher.

        Raises:
            ModelError: not there, or another one.
        """
        precision = "float32" if self.precision == str(torch.float32) else "auto"
        teacher = load_teacher(self.reference, device=self.device, max_length=self.max_length, precision=precision)
        if TeacherSource.of(teacher, self.reference, self.device) != self:
            raise ModelError(f"A worker finds another teacher at {self.reference} than this process. Give all of them the same.")
        return teacher


def choose_engine(name: str, teacher: Teacher, reference: str | Path, workers: int | None = None) -> Engine:
    """The engine "local" or "ray"; both give the same bytes.

    Args:
        reference: where `teacher` was loaded from, for workers to load it too.
        workers: as many as there are cores, or GPUs, where None.

    Raises:
        DixtillError: Ray is not installed.
    """
    if name == "ray":
        from dixtill_core.distill.target_ray import RayData, import_ray

        import_ray()  # Before anything is read that would take long.
        return RayData(TeacherSource.of(teacher, reference), workers)
    if teacher.device.type != "cpu" and workers is None:
        return InProcess()
    return Processes(TeacherSource.of(teacher, reference, teacher.device.type), workers or available_threads())


@dataclass(frozen=True)
class InProcess:
    """Computes with the teacher at hand."""

    threads: int | None = None
    """On a CPU; what PyTorch is set to where None."""

    def run(self, work: ShardWork) -> Iterator[int]:
        """Compute and write all shards; yield how many texts were just finished."""
        for shard in claim_shards(work.missing, work.shards):
            if isinstance(shard, int):
                yield shard
                if shard == ELSEWHERE:
                    time.sleep(LOOK_SECONDS)
                continue
            with shard.claim:
                table = yield from compute_rows(work.teacher, work.explain, shard.texts, self.threads)
                work.shards.write(shard.name, shard_bytes(table))


@dataclass(frozen=True)
class Processes:
    """Computes in processes of this machine, one core each."""

    source: TeacherSource
    workers: int

    def run(self, work: ShardWork) -> Iterator[int]:
        """Compute and write all shards; yield how many texts were just finished.

        Raises:
            DixtillError: a worker could not load the teacher, failed or died.
        """
        n_workers = min(self.workers, work.missing.shard_count)
        if n_workers == 1:
            yield from InProcess(WORKER_THREADS).run(work)
            return
        context = get_context("spawn")  # A fork of a process with running threads may hang.
        workers: dict[Connection, Any] = {}
        try:
            for _ in range(n_workers):
                pipe, theirs = context.Pipe()
                workers[pipe] = context.Process(target=_work, args=(theirs, self.source, work.explain), daemon=True)
                workers[pipe].start()
                theirs.close()  # So that the end of either process is the end of the pipe for the other.
            yield from _feed(workers, work)
        finally:
            for pipe in workers:
                pipe.close()  # A worker ends by itself when it next looks at its pipe.
            deadline = time.monotonic() + GRACE_SECONDS
            for worker in workers.values():
                worker.join(max(0.0, deadline - time.monotonic()))
                worker.terminate()
                worker.join()


def _feed(workers: dict[Connection, Any], work: ShardWork) -> Iterator[int]:
    """Give every worker that is ready a shard's texts, until all shards are written."""
    shards = claim_shards(work.missing, work.shards)
    ready: list[Connection] = []
    awaited = list(workers)  # A worker says that it has loaded the teacher, and later that its shard is done.
    given: dict[Connection, ClaimedShard] = {}
    try:
        while True:
            is_waiting = False
            while ready and not is_waiting and (shard := next(shards, None)) is not None:
                if isinstance(shard, int):
                    is_waiting = shard == ELSEWHERE
                    if not (is_waiting and given):  # While workers of this process are busy, it does not wait for others.
                        yield shard
                    continue
                pipe = ready.pop()
                given[pipe] = shard
                awaited.append(pipe)
                with _death_said(workers[pipe]):
                    pipe.send(shard.texts)
            if ready and not is_waiting and not given:
                return
            if not awaited:
                time.sleep(LOOK_SECONDS)
                continue
            for pipe in cast(list[Connection], wait(awaited, LOOK_SECONDS if is_waiting else None)):
                answer = _receive(pipe, workers[pipe])
                if isinstance(answer, int):
                    yield answer
                    continue
                if pipe in given:
                    work.shards.write(given[pipe].name, answer)
                    given.pop(pipe).claim.release()
                awaited.remove(pipe)
                ready.append(pipe)
    finally:
        for shard in given.values():
            shard.claim.release()


def _receive(pipe: Connection, worker: Any) -> int | bytes:
    """How many texts a worker has just finished, or the bytes of its shard."""
    with _death_said(worker):
        answer = pipe.recv()
    if isinstance(answer, str):
        raise DixtillError(answer)
    return answer


@contextmanager
def _death_said(worker: Any) -> Iterator[None]:
    """Turn the end of a worker's pipe into what the user can do about it."""
    try:
        yield
    except (EOFError, OSError) as error:
        worker.join()
        raise DixtillError(
            f"A worker process ended with status {worker.exitcode}, perhaps for want of memory. Finished shards are kept; "
            "the same command goes on, with fewer --workers where memory is short."
        ) from error


def _work(pipe: Connection, source: TeacherSource, explain: ExplainConfig | None) -> None:
    """What a worker process does, until its parent is gone or ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent decides what becomes of it.
    disable_progress_bar()  # Of the loading of weights, which would write over the parent's own.
    try:
        teacher = source.load()
        pipe.send(READY)
        while True:
            rows = compute_rows(teacher, explain, pipe.recv(), WORKER_THREADS)
            pipe.send(shard_bytes(finish(rows, report=pipe.send)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception as error:  # Whatever it is, the parent has to hear of it.
        pipe.send(str(error) if isinstance(error, DixtillError) else f"A worker process failed: {type(error).__name__}: {error}")
