"""Training in a process of its own, which the dashboard starts, watches and takes down with itself.

Not in a thread, as shorter jobs are, though pages answer as quickly beside a thread (half a second to a second for a
rerun of the form, on two busy cores). Training seeds torch's random numbers and sets its number of threads, and both
belong to a whole process: a model that is loaded for another page draws from the same numbers, so it would change the
weights of the run, and the run would take threads from a comparison. What a large teacher takes of memory is given
back, and one that takes too much ends the run and not the dashboard.

The child trains and writes the run's folder, which is all that anyone reads. Its standard input is a pipe that nobody
writes to: it ends with the dashboard, however that ends, and the child with it. The run then reads as interrupted.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.child_process import live_as_child, start_child
from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress

if TYPE_CHECKING:
    from dixtill_core.runs.folder import Run

STARTING = "starting"
"""What a child does before it holds the run: it loads the libraries."""
LOOK_SECONDS = 0.3
"""Between two looks at the run's folder."""
PATIENCE_SECONDS = 30.0
"""For a child that was asked to stop and is in the middle of a step of a large teacher, or of a download. A step takes the
bundled teacher five seconds at most. What is ended there loses no more than what is stopped: the step."""


def train_in_process(run: Run) -> Iterator[Progress]:
    """Train a run in a child process; yield how far it is until the child ends. Closing cancels the run.

    Raises:
        DixtillError: the run failed, or its process ended without a word.
    """
    from dixtill_core.runs.records import RunProgress

    process = start_child("dashboard.train_process", str(run.folder.resolve()))
    has_begun = False
    try:
        while process.poll() is None:
            card = run.card()
            has_begun = has_begun or card.is_running
            at = card.progress if has_begun else RunProgress()  # What a resumed run says until then is old.
            yield Progress(at.stage or STARTING, at.done, at.total, at.epoch, seconds_left=at.seconds_left)
            time.sleep(LOOK_SECONDS)
    finally:
        _stop(process, run)
    card = run.card()
    if card.status == "failed":
        raise DixtillError(card.error or "The run failed.")
    if card.status not in ("finished", "cancelled"):
        raise DixtillError(
            f"The process that trained “{card.name}” ended without a word (exit code {process.returncode}), as it does where memory "
            "runs out. Nothing is lost: resume the run, or start a smaller one."
        )


def _stop(process: subprocess.Popen[bytes], run: Run) -> None:
    """Ask a child that trains to stop; end one that has not begun, or does not listen. The run then reads as cancelled."""
    until, has_begun = time.monotonic() + PATIENCE_SECONDS, run.is_training
    while process.poll() is None and run.is_training and time.monotonic() < until:
        run.ask_to_stop()
        time.sleep(LOOK_SECONDS / 3)
    if process.poll() is None:
        process.kill()
        process.wait()
        if run.card().status in ("queued", "interrupted"):
            with suppress(DixtillError), run.hold():  # Another process may have taken the run over by now.
                run.update(status="cancelled", error=None)
                why = f"it was not done with its step within {PATIENCE_SECONDS:.0f} s" if has_begun else "it had not begun"
                run.say(f"cancelled: its process was ended, because {why}")
    if process.stdin is not None:
        process.stdin.close()


def main(folder: str) -> int:
    """What the child does. How the run ended is in its folder."""
    live_as_child()
    signal.signal(signal.SIGINT, signal.SIG_DFL)

    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.training import train_run

    try:
        for _ in train_run(Run(Path(folder))):
            pass
    except DixtillError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
