"""The watched sentence of a run: under the teacher once, under the student after every epoch."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher
from dixtill_core.runs.records import WatchedEpoch, WatchedTeacher


def read_teacher(teacher: Teacher, text: str) -> WatchedTeacher | None:
    """The sentence under the teacher, up to the end of its window; None where it has no words."""
    reasons = integrated_gradients(teacher, [text], None)[0]
    if not reasons.words:
        return None
    text = text[: reasons.words[-1].end]
    words = tuple(word.text for word in reasons.words)
    probabilities = _probabilities(teacher.predict([text])[0], teacher.label_names)
    return WatchedTeacher(text, words, tuple(reasons.scores.tolist()), teacher.label_names[reasons.target], probabilities, reasons.method)


def read_student(student: StudentClassifier, watched: WatchedTeacher, epoch: int) -> WatchedEpoch:
    """The same words under the student of an epoch."""
    reading = student.run([watched.text])[0]
    label = student.label_names[int(reading.logits.argmax())]
    return WatchedEpoch(
        epoch, tuple(reading.scores.tolist()), tuple(reading.weights.tolist()), label, _probabilities(reading.logits, student.label_names)
    )


def _probabilities(logits: np.ndarray, names: tuple[str, ...]) -> dict[str, float]:
    return dict(zip(names, softmax(logits.astype(np.float64)).tolist(), strict=True))
