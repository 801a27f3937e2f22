"""What commands say: results go to stdout, everything else to stderr."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any, TypeVar

from dixtill_core.terminal import show_progress

Result = TypeVar("Result")


def follow(steps: Iterator[Any], result_type: type[Result] | None = None) -> Result:
    """Show progress until the end and return the last item of `result_type`, if any."""
    return show_progress(steps, result_type)


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
