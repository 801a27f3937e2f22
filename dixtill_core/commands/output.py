"""What commands say: results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from dixtill_core.errors import StoppedError
from dixtill_core.terminal import show_progress

if TYPE_CHECKING:
    from dixtill_core.runs.folder import Run

Result = TypeVar("Result")


def follow(steps: Iterator[Any], result_type: type[Result] | None = None) -> Result:
    """Show progress until the end and return the last item of `result_type`, if any."""
    return show_progress(steps, result_type)


def follow_run(run: Run, steps: Iterator[Any]) -> None:
    """Show the training of a run; says which epoch is kept, at its end and where it is stopped.

    Raises:
        StoppedError: by Ctrl-C; says how to go on.
    """
    try:
        follow(steps)
    except StoppedError as stopped:
        kept = _kept_epoch(run) or "No epoch was over yet; what the teacher has said so far is kept."
        raise StoppedError(f"Stopped. {kept} Go on by: dixtill resume {shlex.quote(str(run.folder))}") from stopped
    say(_kept_epoch(run))
    if caution := run.card().caution:
        say(caution)


def _kept_epoch(run: Run) -> str:
    card = run.card()
    if "epoch" not in card.metrics:
        return ""
    return f"Epoch {card.metrics['epoch']:.0f} of {card.epochs} is kept, which has the lowest loss on validation data."


def say(message: str) -> None:
    """A line on stderr."""
    print(message, file=sys.stderr)


def print_json(value: Any) -> None:
    """The result, where `--json` was asked for."""
    print(json.dumps(_finite(value), ensure_ascii=False, indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    """NaN has no place in JSON; null does."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
