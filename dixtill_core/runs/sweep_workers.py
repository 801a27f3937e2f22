"""The runs of a sweep in several processes: a student trains on one thread, so two cores train two of them.

No queue: each process takes the next run whose lock is free, so it does not matter who trains which, and two commands
on one folder share the work. What the parent sees of them is what any reader sees, the cards of the runs. A worker
whose parent is gone stops by itself.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator, Iterator
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TypeVar

from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import LOG
from dixtill_core.runs.sweep_result import read_plan

Value = TypeVar("Value")

POLL_SECONDS = 0.5
STOP_SECONDS = 10.0
"""A worker that was asked to stop has this long to reach its next step."""


def train_in_processes(out: Path, names: list[str], cache: Path | None, jobs: int) -> Iterator[Progress]:
    """Train the runs in `jobs` processes; yield now and then, with what is being trained.

    Raises:
        DixtillError: every process died, of memory most likely.
    """
    context = get_context("spawn")  # A fork of a process with running threads may hang.
    stop = context.Event()
    workers = [context.Process(target=_work, args=(out, names, cache, jobs, stop, os.getpid()), daemon=True) for _ in range(jobs)]
    for worker in workers:
        worker.start()
    try:
        while any(worker.is_alive() for worker in workers):
            time.sleep(POLL_SECONDS)
            running = [card.name for card in (Run(out / name).card() for name in names) if card.is_running]
            yield Progress("", 0, 0, detail="; ".join(running))
        if all(worker.exitcode for worker in workers):
            raise DixtillError(
                f"The processes of the sweep ended with status {workers[0].exitcode}, perhaps for want of memory. Finished runs are "
                f"kept; start it again with fewer jobs. {out / LOG} may say more."
            )
    finally:
        stop.set()
        until = time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))
            if worker.is_alive():
                worker.terminate()
                worker.join()


def _work(out: Path, names: list[str], cache: Path | None, jobs: int, stop: Event, parent: int) -> None:
    """What a process does; targets are on disk by now."""
    import torch

    from dixtill_core.runs.sweep import load_shared, train_points

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process; the parent decides what becomes of it.
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // jobs))
    try:
        base, grid = read_plan(out)
        shared = _value_of(load_shared(out, base, grid, cache))
        steps = train_points(out, names, shared, cache)
        for _ in steps:
            if stop.is_set() or os.getppid() != parent:
                steps.close()
                return
    except Exception as error:  # Nobody sees what a worker prints.
        Run(out).say(f"a process of the sweep stopped: {type(error).__name__}: {error}")
        raise SystemExit(1) from error


def _value_of(steps: Generator[Progress, None, Value]) -> Value:
    """What a generator returns, its progress unseen."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
