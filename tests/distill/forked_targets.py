"""Computes targets in processes that are killed at random moments, and in several at once.

Run: python -m tests.distill.forked_targets TEACHER_FOLDER STORE

Each process is a fork of this one, which has loaded everything and computed nothing, so that hundreds of moments can be
tried in seconds. Stores: "whole" by one process alone, "killed" by one after the other until one came to its end,
"shared" by two at once, "mixed" by two at once and a third that wants some of the texts in other shards. Prints as JSON
how often a process was killed, and how many texts each of the two explained.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from dixtill_core.data.datasets import load_dataset
from dixtill_core.distill import target_rows
from dixtill_core.distill.targets import TargetStore
from dixtill_core.models.teacher import load_teacher
from tests.distill.conftest import EXPLAIN

TEXTS = 60
SHARD_TEXTS = 4
SECONDS = 300
"""Many times what it takes, since a machine may be busy."""


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
    texts = load_dataset("sample").texts
    moments = random.Random(0)

    def compute(folder: str, first: int = 0, last: int = TEXTS) -> None:
        store = TargetStore(teacher, EXPLAIN, Path(root) / folder)
        store.shard_texts = SHARD_TEXTS
        wanted = texts[first:last]
        list(store.compute(wanted))
        assert len(store.load(wanted).scores) == last - first

    def count(number: int) -> None:
        explained = 0
        explain = target_rows.integrated_gradients

        def counted(teacher, texts, *settings):  # type: ignore[no-untyped-def]
            nonlocal explained
            explained += len(texts)
            return explain(teacher, texts, *settings)

        target_rows.integrated_gradients = counted
        compute("shared")
        (Path(root) / f"explained {number}").write_text(str(explained))

    started = time.monotonic()
    ends_within(in_a_fork(lambda: compute("whole")), SECONDS)
    needed = time.monotonic() - started
    kills = 0
    while not ends_within(in_a_fork(lambda: compute("killed")), moments.uniform(0, needed / 3)):
        kills += 1
    several(lambda: count(0), lambda: count(1))
    several(*(lambda part=part: compute("mixed", *part) for part in ((0, 40), (0, 40), (30, 50))))
    print(json.dumps({"kills": kills, "explained": [int((Path(root) / f"explained {i}").read_text()) for i in range(2)]}))


def several(*runs: Callable[[], object]) -> None:
    for process in [in_a_fork(run) for run in runs]:
        assert ends_within(process, SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
