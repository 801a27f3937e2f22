"""Words of one text deleted one by one, and what both models make of the rest."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.metrics.faithfulness import rank_words
from dixtill_core.models.pair import ModelPair

MOST_DELETED = 20
"""Deleted one by one at most: the teacher reads a long text once for each."""


@dataclass(frozen=True, eq=False)
class Deletion:
    """Both models along one order of the words."""

    order: np.ndarray  # (deleted,) positions of words, the first to go first
    teacher: np.ndarray  # (deleted + 1, classes) probabilities with 0, 1, .. of them deleted
    student: np.ndarray  # (deleted + 1, classes)


def deletion_orders(text: str, teacher_scores: np.ndarray, student_scores: np.ndarray) -> dict[str, np.ndarray]:
    """Words by the teacher's reasons, by the student's, and in a random order, the same for a text in every run."""
    random = np.random.default_rng(zlib.crc32(text.encode("utf-8", "surrogatepass"))).permutation(len(teacher_scores))
    orders = {"teacher": rank_words(teacher_scores), "student": rank_words(student_scores), "random": random}
    return {name: order[:MOST_DELETED] for name, order in orders.items()}


def delete_one_by_one(pair: ModelPair, text: str, order: np.ndarray, n_words: int) -> Deletion:
    """Delete the words of `order` one after the other from a text of `n_words`, all of which both models read."""
    kept = np.ones((len(order) + 1, n_words), dtype=bool)
    for step, word in enumerate(order, start=1):
        kept[step:, word] = False
    return Deletion(
        order, *(softmax(perturbed_logits(model, text, kept).astype(np.float64), axis=1) for model in (pair.teacher, pair.student))
    )


def without_words(pair: ModelPair, text: str, deleted: Iterable[int], n_words: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (classes,) of teacher and student of the text without some of its words."""
    kept = np.ones((1, n_words), dtype=bool)
    kept[0, list(deleted)] = False
    teacher, student = (softmax(perturbed_logits(model, text, kept).astype(np.float64)[0]) for model in (pair.teacher, pair.student))
    return teacher, student
