"""Computes targets in a process of its own that is killed at random moments until it comes to its end.

Run: python -m tests.distill.killed_targets TEACHER_FOLDER STORE

Prints how often it was killed. Each attempt is a fork of this process, which has loaded everything and computed
nothing, so that hundreds of moments can be tried in seconds.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from dixtill_core.data.datasets import load_dataset
from dixtill_core.distill.targets import TargetStore
from dixtill_core.models.teacher import load_teacher
from tests.distill.conftest import EXPLAIN

TEXTS = 60
SHARD_TEXTS = 4


def in_a_fork(run: Callable[[], object]) -> int:
    process = os.fork()
    if process:
        return process
    status = 1
    try:
        run()
        status = 0
    finally:
        os._exit(status)


def ends_within(process: int, seconds: float) -> bool:
    """Whether a process ends by itself; killed where it does not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            if status:
                raise SystemExit(f"An attempt failed with status {status}.")
            return True
        time.sleep(0.0005)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return False


def main(teacher_folder: str, root: str) -> None:
    torch.set_num_threads(1)
    teacher = load_teacher(teacher_folder, device="cpu")
    texts = load_dataset("sample").texts[:TEXTS]
    moments = random.Random(0)

    def compute(folder: str) -> None:
        store = TargetStore(teacher, EXPLAIN, Path(root) / folder)
        store.shard_texts = SHARD_TEXTS
        list(store.compute(texts))

    started = time.monotonic()
    ends_within(in_a_fork(lambda: compute("whole")), 300)
    needed = time.monotonic() - started
    kills = 0
    while not ends_within(in_a_fork(lambda: compute("killed")), moments.uniform(0, needed / 3)):
        kills += 1
    print(kills)


if __name__ == "__main__":
    main(*sys.argv[1:])
