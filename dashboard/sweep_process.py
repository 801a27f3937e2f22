"""A sweep in a process of its own, for the reasons of `train_process`: its child says on standard output how far it is.

The child listens to its standard input: a line asks it to stop and keep what it has, the end of the pipe means that the
dashboard is gone, and ends it at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress

LOOK_SECONDS = 0.3
"""Between two looks at what the child said."""
PATIENCE_SECONDS = 30.0
"""For a child that was asked to stop: a step of the teacher on long texts may take that long."""
LESS_URGENT = 5
"""Pages go first where both want the same core (POSIX niceness)."""


def sweep_in_process(folder: Path, jobs: int) -> Iterator[Progress]:
    """Train what is left of a sweep in a child process; yield how far it is. Closing stops it, and what is trained is kept.

    Raises:
        DixtillError: it failed, or its process ended without a word.
    """
    process = _start(folder, jobs)
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


def _start(folder: Path, jobs: int) -> subprocess.Popen[bytes]:
    home = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    # A session of its own, so that Ctrl-C in the terminal of the dashboard ends the dashboard and the pipe the child.
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard.sweep_process", str(folder.resolve()), str(jobs)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": paths}, start_new_session=True,
    )  # fmt: skip


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
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # What a library prints is not progress.
    stop = threading.Event()
    threading.Thread(target=_listen_to_dashboard, args=(stop,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(LESS_URGENT)

    from dixtill_core.runs.sweep import run_sweep

    def tell(**values: object) -> None:
        print(json.dumps(values), file=told, flush=True)

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


def _listen_to_dashboard(stop: threading.Event) -> None:
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 16):
            stop.set()
    os._exit(1)  # What is on disk is whole at any time.


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
