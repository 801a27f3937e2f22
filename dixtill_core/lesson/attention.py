"""The student's attention before the softmax, where it has a sign, and after it, where it has none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from dixtill_core.config import Attention
from dixtill_core.data.words import Word
from dixtill_core.models.student import StudentClassifier


@dataclass(frozen=True, eq=False)
class AttentionSteps:
    """One text under the student; see `models.student` for the equations."""

    words: tuple[Word, ...]
    target: int
    """The class that the student predicts, which the scores speak for or against."""
    form: Attention
    """The softmax that this student was trained with."""
    gain: float
    """g of softmax(g |sigma|); 1 where the student has none."""
    scores: np.ndarray  # (words,) sigma, signed
    weights: np.ndarray  # (words,) alpha as the network computed it
    by_magnitude: np.ndarray  # (words,) softmax(g |sigma|)
    by_score: np.ndarray  # (words,) softmax(sigma), the paper's


def attention_steps(student: StudentClassifier, text: str) -> AttentionSteps:
    """For a text with words."""
    reading = student.run([text])[0]
    network = student.network
    gain = network.gain.item() if network.config.attention == "magnitude" else 1.0
    return AttentionSteps(
        reading.words, int(reading.logits.argmax()), network.config.attention, gain, reading.scores, reading.weights,
        softmax(gain * np.abs(reading.scores)), softmax(reading.scores),
    )  # fmt: skip
