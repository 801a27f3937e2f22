"""What every long computation yields: an immutable picture of how far it is."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """One step of a long computation.

    `done` of `total` counts units of `stage` (texts, batches); `epoch` counts from 1 and is 0 outside training.
    `metrics` is filled at the end of an epoch, `losses` whenever a mean over the latest steps is known.
    """

    stage: str
    done: int
    total: int
    epoch: int = 0
    losses: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    detail: str = ""
    """What is being done inside a long stage."""
    seconds_left: float | None = None
    """Of the whole computation, where it can be told."""


def result_of(steps: Iterable[Any], result_type: type[Result]) -> Generator[Any, None, Result]:
    """Pass on the progress of a computation; its last item, the result, is this generator's own value.

    For use as `result = yield from result_of(steps, Result)`.
    """
    for item in steps:
        if isinstance(item, result_type):
            return item
        yield item
    raise AssertionError(f"The computation ended without its {result_type.__name__}.")
