"""What a run will cost, before it starts: seconds of each stage, bytes and parameters of the student.

The size follows from the configuration. The time is a guess from what stages cost per text on two cores of a plain
server; `calibrate` measures the teacher that is really meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dixtill_core.runs.spec import RunSpec


@dataclass(frozen=True)
class Estimate:
    """Seconds by stage, in the order of the stages, and the size of the student."""

    seconds: Mapping[str, float]
    student_bytes: int
    parameters: int
    notes: tuple[str, ...] = field(default=())

    @property
    def total_seconds(self) -> float:
        return sum(self.seconds.values())


def estimate(spec: RunSpec, n_texts: int, mean_words: float, n_classes: int = 3, *, explained_texts: int | None = None) -> Estimate:
    """Cost of a run on `n_texts` texts of `mean_words` words each."""
    explained = n_texts if explained_texts is None else explained_texts
    made = spec.distill.augmented_texts if spec.distill.method != "ce" else 0
    seconds = {
        "explaining with the teacher": explained * mean_words * 0.005,
        "asking the teacher": made * mean_words * 0.0003,
        "training the student": (n_texts * (1 - spec.distill.validation_share) + made) * spec.distill.epochs * mean_words * 1.5e-5,
    }
    if spec.teach is not None:
        seconds = {"training the teacher": n_texts * spec.teach.epochs * mean_words * 0.0015} | seconds
    parameters = student_parameters(spec, n_classes)
    return Estimate(seconds, 4 * parameters, parameters)


def student_parameters(spec: RunSpec, n_classes: int) -> int:
    """Exact where the vocabulary is filled up, as it is with GloVe."""
    size, hidden, words = spec.student.embedding_size, spec.student.hidden_size, spec.student.max_vocabulary
    lstm = 2 * 4 * hidden * (size + hidden + 2)
    attention = 4 * hidden * hidden + 2 * hidden + (1 if spec.student.attention == "magnitude" else 0)
    return words * size + lstm + attention + (2 * hidden + 1) * n_classes
