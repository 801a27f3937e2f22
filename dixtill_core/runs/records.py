"""What readers see of a run: immutable pictures of its folder at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from dixtill_core.runs.journal import numbers
from dixtill_core.runs.spec import RunSpec

Status = Literal["queued", "running", "finished", "cancelled", "failed", "interrupted", "damaged"]
Role = Literal["teacher", "student"]
LEAST_MCC = 0.1
"""Of a student that learned anything."""
RESUMABLE: tuple[Status, ...] = ("queued", "cancelled", "failed", "interrupted")


@dataclass(frozen=True)
class RunProgress:
    """How far a run was when it last said so."""

    stage: str = ""
    done: int = 0
    total: int = 0
    epoch: int = 0
    seconds_left: float | None = None
    """Of the whole run; None while nothing is known."""
    detail: str = ""
    """What is being done inside the stage, where there is something to say."""

    @property
    def share(self) -> float:
        """Of the stage, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


@dataclass(frozen=True)
class TestScores:
    """Both models on the test data, as `dixtill evaluate` measures them."""

    texts: int
    teacher: Mapping[str, float]
    student: Mapping[str, float]
    fidelity: float
    agreement: Mapping[str, float]


@dataclass(frozen=True)
class RunCard:
    """A run at one moment, as a table of runs shows it."""

    id: str
    folder: Path
    name: str
    status: Status
    created: str = ""
    """ISO 8601, UTC."""
    tags: tuple[str, ...] = ()
    spec: RunSpec | None = None
    """None where the folder is damaged or older than run folders."""
    progress: RunProgress = RunProgress()
    seconds: float = 0.0
    """Spent on it, all resumptions together."""
    epochs: int = 0
    """Epochs of the student that are done."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Of the kept epoch, on validation data; `epoch` is its number."""
    test: TestScores | None = None
    """The final evaluation, where test data were given."""
    teacher_name: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None
    """Why it failed, for people."""
    problem: str | None = None
    """What is wrong with the folder, or what it lacks on this machine."""
    has_student: bool = False

    @property
    def is_running(self) -> bool:
        return self.status == "running"

    @property
    def caution(self) -> str | None:
        """What to know before the student is used, where it learned next to nothing."""
        mcc = self.metrics.get("mcc", 1.0)
        if not self.has_student or mcc >= LEAST_MCC:
            return None
        return (
            f"The student hardly tells the labels apart: its MCC on validation texts is {mcc:.2f}, and a guess has 0. "
            "Give it more epochs, more made texts, or more texts of your own."
        )

    @property
    def can_resume(self) -> bool:
        return self.spec is not None and self.status in RESUMABLE


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of the student, or of the teacher where one was taught."""

    epoch: int
    losses: Mapping[str, float]
    """Means over the training steps."""
    metrics: Mapping[str, float]
    """On validation data."""
    is_best: bool
    """The best so far when it was written."""
    role: Role = "student"
    seconds: float = 0.0
    """Since the run began, pauses left out."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "role": self.role,
            "epoch": self.epoch,
            "seconds": round(self.seconds, 3),
            "is_best": self.is_best,
            "losses": dict(self.losses),
            "metrics": dict(self.metrics),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError on a record that is none."""
        role: Role = "teacher" if values.get("role") == "teacher" else "student"
        return cls(
            int(values["epoch"]), numbers(values["losses"]), numbers(values["metrics"]), bool(values["is_best"]), role,
            float(values.get("seconds") or 0),
        )  # fmt: skip


@dataclass(frozen=True)
class WatchedTeacher:
    """The watched sentence under the teacher: words as typed, one signed score each."""

    text: str
    """Up to the teacher's window."""
    words: tuple[str, ...]
    scores: tuple[float, ...]
    """Attributions of the predicted class."""
    label: str
    probabilities: Mapping[str, float]
    method: str
    """The explainer with its settings, for people."""


@dataclass(frozen=True)
class WatchedEpoch:
    """The watched sentence under the student of one epoch."""

    epoch: int
    """From 1."""
    scores: tuple[float, ...]
    """One a word of `WatchedTeacher.words`, before the softmax."""
    weights: tuple[float, ...]
    """Shares of attention, which add up to 1."""
    label: str
    probabilities: Mapping[str, float]


@dataclass(frozen=True)
class Watched:
    """Everything known of the watched sentence."""

    teacher: WatchedTeacher
    epochs: tuple[WatchedEpoch, ...]
