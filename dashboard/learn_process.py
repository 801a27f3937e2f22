"""Both small students of the lesson trained in a process of its own, for the reasons of `train_process`.

The child says on standard output how far it is, a line of JSON a step. It writes its recording whole at the end, so it can
be killed at any time and nothing is lost; what the teacher said by then is in the cache of targets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dashboard.child_process import live_as_child, open_report, start_child
from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress


def record_in_process(out: Path) -> Iterator[Progress]:
    """Train both students in a child process and write the recording `out`; closing ends it.

    Raises:
        DixtillError: it failed, or its process ended without a word.
    """
    process = start_child("dashboard.learn_process", str(out), is_heard=True)
    assert process.stdout is not None
    assert process.stdin is not None
    error = None
    try:
        yield Progress("starting", 0, 0)
        for line in process.stdout:
            with suppress(ValueError, TypeError):
                found = json.loads(line)
                error = found.pop("error", error)
                if found:
                    yield Progress(**found)
    finally:
        if process.poll() is None and sys.exc_info()[0] is not None:  # Closed, not at its end.
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                stream.close()
    if error is not None:
        raise DixtillError(str(error))
    if process.returncode:
        raise DixtillError(
            f"The process that trained both students ended without a word (exit code {process.returncode}), as it does where memory "
            "runs out. The recording that was there is unchanged. Train them again with less else running."
        )


def main(out: str) -> int:
    """What the child does."""
    tell = open_report()
    live_as_child()

    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.lesson.training import record_training
    from dixtill_core.models.pair import load_pair

    try:
        for step in record_training(load_dataset("sample"), load_pair(device="cpu").teacher, Path(out)):
            tell(stage=step.stage, done=step.done, total=step.total, epoch=step.epoch)
    except DixtillError as error:
        tell(error=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
