"""One sentence through the whole lesson: each step's numbers are computed when they are first asked for, and kept."""

from __future__ import annotations

import time
from functools import cached_property
from statistics import median

import numpy as np

from dixtill_core.comparison import compare
from dixtill_core.config import DistillConfig
from dixtill_core.data.words import Word
from dixtill_core.lesson.attention import AttentionSteps, attention_steps
from dixtill_core.lesson.deletion import Deletion, delete_one_by_one, deletion_orders
from dixtill_core.lesson.losses import LossesByHand, losses_by_hand
from dixtill_core.lesson.path import PathIntegral, path_integral
from dixtill_core.lesson.soft_labels import SoftLabels, soft_labels
from dixtill_core.models.pair import ModelPair

TIMINGS = 3


class SentenceLesson:
    """A text with words under a pair of models that share their labels; what the teacher cannot read is left out.

    Raises:
        DataError: the text has no words.
    """

    def __init__(self, pair: ModelPair, text: str) -> None:
        self.pair = pair
        self.comparison = compare(pair, text)
        self.text = self.comparison.text
        self.labels = pair.teacher.label_names

    @property
    def words(self) -> tuple[Word, ...]:
        return self.comparison.words

    @cached_property
    def teacher_logits(self) -> np.ndarray:
        return self.pair.teacher.predict([self.text])[0].astype(np.float64)

    @cached_property
    def student_logits(self) -> np.ndarray:
        return self.pair.student.predict([self.text])[0].astype(np.float64)

    @cached_property
    def answer_seconds(self) -> float:
        """What the teacher needs for its answer alone, without reasons."""
        seconds = []
        for _ in range(TIMINGS):
            started = time.perf_counter()
            self.pair.teacher.predict([self.text])
            seconds.append(time.perf_counter() - started)
        return median(seconds)

    @cached_property
    def soft_labels(self) -> SoftLabels:
        return soft_labels(self.teacher_logits)

    @cached_property
    def path(self) -> PathIntegral:
        return path_integral(self.pair.teacher, self.text, self.comparison.teacher.attributions.target)

    @cached_property
    def attention(self) -> AttentionSteps:
        return attention_steps(self.pair.student, self.text)

    @cached_property
    def deletions(self) -> dict[str, Deletion]:
        """By whose order the words go: the teacher's reasons, the student's, or a random one."""
        orders = deletion_orders(self.text, self.teacher_scores, self.student_scores)
        return {name: delete_one_by_one(self.pair, self.text, order, len(self.words)) for name, order in orders.items()}

    @property
    def teacher_scores(self) -> np.ndarray:
        return self.comparison.teacher.attributions.scores

    @property
    def student_scores(self) -> np.ndarray:
        return self.comparison.student.attributions.scores

    @property
    def gold(self) -> int:
        """Nobody has labelled a sentence of the audience: the teacher's answer stands in for the gold label."""
        return int(self.teacher_logits.argmax())

    def losses(self, gold: int | None = None, config: DistillConfig | None = None) -> LossesByHand:
        return losses_by_hand(
            self.teacher_logits, self.student_logits, self.teacher_scores, self.student_scores, self.gold if gold is None else gold, config
        )
