"""Trains runs in processes that are killed: reads lines of JSON [run folder, cache, said], answers each with the exit status.

Run: python -m tests.runs.killed_runs

Each run is trained in a fork of this process, which has loaded everything and trained nothing, and killed when it says
that it has reached the stage and epoch of `said`: from outside, as a crash of the machine would.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

import torch

from dixtill_core.data.glove import load_glove
from dixtill_core.models.teacher import BUNDLED, load_teacher
from dixtill_core.runs.folder import Run
from dixtill_core.runs.training import train_run


def train(folder: Path, cache: Path, told: int) -> None:
    with os.fdopen(told, "w", encoding="utf-8") as stream:
        for step in train_run(Run(folder), cache=cache, device="cpu"):
            print(step.stage, step.epoch, file=stream, flush=True)


def train_until_killed(folder: Path, cache: Path, said: str) -> int:
    """The exit status of the process: minus the number of the signal that ended it."""
    read, write = os.pipe()
    process = os.fork()
    if not process:
        status = 1
        try:
            os.close(read)
            train(folder, cache, write)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(said):
                os.kill(process, signal.SIGKILL)
                break
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def main() -> None:
    torch.set_num_threads(1)
    load_glove()
    load_teacher(BUNDLED, device="cpu")  # With all that it imports.
    for name in ("captum.attr", "sklearn.metrics"):
        import_module(name)
    for line in sys.stdin:
        folder, cache, said = json.loads(line)
        print(train_until_killed(Path(folder), Path(cache), said), flush=True)


if __name__ == "__main__":
    main()
