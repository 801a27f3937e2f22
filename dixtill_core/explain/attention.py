"""The student's own explanation: its attention scores, which come with the prediction at no cost."""

from __future__ import annotations

from collections.abc import Sequence

from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.models.student import StudentClassifier, StudentReading

METHOD = "attention scores before the softmax"


def attention(student: StudentClassifier, texts: Sequence[str]) -> list[WordAttributions]:
    """Signed scores of each text, about the class that the student predicts; `weights` holds the share of attention.

    Training aligns the scores with the teacher's attributions of its predicted class, so they have no reading for
    another class. Source: Cantini et al. 2024, the pairs (word, sigma).
    """
    return [attention_of(reading) for reading in student.run(texts)]


def attention_of(reading: StudentReading) -> WordAttributions:
    """The explanation that a reading already holds."""
    return WordAttributions(reading.words, reading.scores, int(reading.logits.argmax()), METHOD, weights=reading.weights)
