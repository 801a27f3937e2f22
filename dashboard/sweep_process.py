"""A sweep in a process of its own, for the reasons of `train_process`: its child says on standard output how far it is.

The child listens to its standard input: a line asks it to stop and keep what it has, the end of the pipe means that the
dashboard is gone, and ends it at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from dashboard.child_process import live_as_child, open_report, start_child
from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress

LOOK_SECONDS = 0.3
"""Between two looks at what the child said."""
PATIENCE_SECONDS = 30.0
"""For a child that was asked to stop: a step of the teacher on long texts may take that long."""


def sweep_in_process(folder: Path, jobs: int) -> Iterator[Progress]:
    """Train what is left of a sweep in a child process; yield how far it is. Closing stops it, and what is trained is kept.

    Raises:
        DixtillError: it failed, or its process ended without a word.
    """
    process = start_child("dashboard.sweep_process", str(folder.resolve()), str(jobs), is_heard=True)
    said = _Said(process.stdout)
    try:
        while process.poll() is None:
            yield said.progress
            time.sleep(LOOK_SECONDS)
    finally:
        _stop(process, has_begun=said.has_begun)
    said.join()
    if said.error is not None:
        raise DixtillError(said.error)
    if process.returncode:
        raise DixtillError(
            f"The process of the sweep ended without a word (exit code {process.returncode}), as it does where memory runs out. "
            "Nothing is lost: resume it, with fewer students at once."
        )


class _Said:
    """What the child said last."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        self.progress, self.error = Progress("starting", 0, 0), None
        self.has_begun = False
        self._thread = threading.Thread(target=self._listen, args=(stream,), daemon=True)
        self._thread.start()

    error: str | None

    def join(self) -> None:
        """Wait until everything that was said is read; processes of the child may hold the stream a moment longer."""
        self._thread.join(timeout=5)

    def _listen(self, stream: IO[bytes]) -> None:
        for line in stream:
            with suppress(ValueError, TypeError):
                found: dict[str, Any] = json.loads(line)
                if "error" in found:
                    self.error = str(found["error"])
                else:
                    self.has_begun = True
                    self.progress = Progress(**found)


def _stop(process: subprocess.Popen[bytes], *, has_begun: bool) -> None:
    """Ask a child that still runs to stop; end one that does not listen, or that has not begun."""
    assert process.stdin is not None
    if process.poll() is None and not has_begun:
        process.kill()
        process.wait()
    elif process.poll() is None:
        with suppress(OSError):
            process.stdin.write(b"stop\n")
            process.stdin.flush()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    with suppress(OSError):
        process.stdin.close()


def main(folder: str, jobs: str) -> int:
    """What the child does."""
    tell = open_report()
    stop = threading.Event()
    live_as_child(stop.set)

    from dixtill_core.runs.sweep import run_sweep

    steps = run_sweep(Path(folder), jobs=int(jobs))
    try:
        for step in steps:
            if isinstance(step, Progress):
                tell(
                    stage=step.stage, done=step.done, total=step.total, epoch=step.epoch, detail=step.detail,
                    seconds_left=step.seconds_left,
                )  # fmt: skip
            if stop.is_set():
                close = getattr(steps, "close", None)
                if close is not None:
                    close()
                return 0
    except DixtillError as error:
        tell(error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
