"""Steps in several processes at once: a student trains on one thread, so two cores train two of them.

Each worker loads data and teacher once and takes steps from a queue until none is left; a step is put there when those
that it needs are done. Rows go to the same files as in one process, so it does not matter who did a step, or how many
did. A worker whose parent is gone stops by itself.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from typing import Any, NamedTuple, cast

from dixtill_core.errors import DixtillError
from dixtill_core.experiments.results import Row
from dixtill_core.experiments.setup import Arguments, Setup, Step, load_setup
from dixtill_core.progress import Progress

REPORT_SECONDS = 0.5
DEATH_CHECK_SECONDS = 1.0
GRACE_SECONDS = 10.0
"""A worker that is to leave has this long: one that is killed leaves semaphores behind, which Python then warns about."""

Keep = Callable[[Setup, Step, list[Row]], None]


class Report(NamedTuple):
    """What a worker says: how far a step is, that it is done (share 1), or what went wrong."""

    step: str
    share: float
    detail: str = ""
    error: str | None = None


def run_step(setup: Setup, step: Step, keep: Keep) -> Iterator[Report]:
    """Run one step here and keep its rows; yield how far it is, 1 at its end."""
    reached = 0.0
    for item in step.run(setup):
        if isinstance(item, Progress):
            counted = f", {item.done:,} of {item.total:,}" if item.total > 1 else ""
            detail = item.stage + (f", epoch {item.epoch}" if item.epoch else counted)
            if item.epoch:
                reached = max(reached, min(_share_of_training(item, setup), 0.99))
            yield Report(step.name, reached, detail)
        else:
            keep(setup, step, item)
    yield Report(step.name, 1.0, "done")


def _share_of_training(progress: Progress, setup: Setup) -> float:
    epochs = setup.config.distill.epochs
    return (progress.epoch - 1 + (progress.done / progress.total if progress.total else 0)) / epochs


def run_in_processes(arguments: Arguments, steps: Sequence[Step], jobs: int, keep: Keep) -> Iterator[Report]:
    """Run steps in `jobs` processes; yield their reports as they come.

    Raises:
        DixtillError: a step failed, or a worker died (of memory, most likely).
    """
    context = get_context("spawn")  # A fork of a process with running threads may hang.
    tasks, reports = context.Queue(), context.Queue()
    workers = [context.Process(target=_work, args=(arguments, jobs, tasks, reports, keep, os.getpid()), daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    waiting, unfinished = list(steps), {step.name for step in steps}
    try:
        while unfinished:
            for step in [step for step in waiting if unfinished.isdisjoint(step.needs)]:
                waiting.remove(step)
                tasks.put(step)
            try:
                report: Report = reports.get(timeout=DEATH_CHECK_SECONDS)
            except queue.Empty:
                _require_alive(workers)
                continue
            if report.error is not None:
                raise DixtillError(f"{report.step}: {report.error}")
            if report.share == 1.0:
                unfinished.discard(report.step)
            yield report
        for _ in workers:
            tasks.put(None)
    finally:
        if unfinished:  # Else every worker leaves by itself.
            for worker in workers:
                worker.terminate()
        until = time.monotonic() + GRACE_SECONDS
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
            worker.kill()
            worker.join()


def _require_alive(workers: Sequence[Any]) -> None:
    """A worker that ended with anything but 0 was killed; its step is not done."""
    dead = [worker for worker in workers if worker.exitcode not in (None, 0)]
    if dead:
        raise DixtillError(
            f"A worker process ended with status {dead[0].exitcode}, perhaps for want of memory. Finished steps are kept; "
            "the same command goes on, with fewer --jobs where memory is short."
        )


def _next_step(tasks: Any, parent: int) -> Step | None:
    """Waits for a step whose needs are done; None where there will be none any more."""
    while os.getppid() == parent:
        with suppress(queue.Empty):
            return cast(Step | None, tasks.get(timeout=DEATH_CHECK_SECONDS))
    return None


def _work(arguments: Arguments, jobs: int, tasks: Any, reports: Any, keep: Keep, parent: int) -> None:
    """What a worker process does; reports errors instead of printing them."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent decides what becomes of it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))
    step: Step | None = None
    try:
        setup = load_setup(arguments)
        while (step := _next_step(tasks, parent)) is not None:
            reported = 0.0
            for report in run_step(setup, step, keep):
                if os.getppid() != parent:
                    return
                if report.share == 1.0 or time.monotonic() - reported > REPORT_SECONDS:
                    reports.put(report)
                    reported = time.monotonic()
    except Exception as error:  # Whatever it is, the parent has to hear of it.
        message = str(error) if isinstance(error, DixtillError) else f"{type(error).__name__}: {error}"
        reports.put(Report(step.name if step else "starting", 0.0, error=message))
        reports.close()
        reports.join_thread()
