"""What every long computation yields: an immutable picture of how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
