"""Both models of a pair on labelled texts: quality, fidelity and agreement of their explanations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dixtill_core.config import ExplainConfig
from dixtill_core.data.datasets import Dataset
from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore
from dixtill_core.metrics.agreement import mean_agreement
from dixtill_core.metrics.classification import classification_scores, fidelity
from dixtill_core.models.pair import ModelPair
from dixtill_core.progress import Progress


@dataclass(frozen=True)
class Evaluation:
    teacher: dict[str, float]
    student: dict[str, float]
    fidelity: float
    """Share of texts on which both models predict the same class."""
    agreement: dict[str, float]
    """Mean over texts; the teacher's Integrated Gradients of its prediction against the student's attention scores."""


def evaluate(
    pair: ModelPair, dataset: Dataset, explain: ExplainConfig = TARGET_CONFIG, cache: Path | None = None
) -> Iterator[Progress | Evaluation]:
    """Yield progress while the teacher explains, and last the `Evaluation`.

    Raises:
        DataError: no labels, or not the models'.
        ModelError: the two models have different labels.
    """
    pair.require_shared_labels("evaluated")
    labels = dataset.with_label_names(pair.teacher.label_names).require_labels()
    store = TargetStore(pair.teacher, explain, cache)
    yield from store.compute(dataset.texts)
    targets = store.load(dataset.texts)
    readings = pair.student.run(dataset.texts)
    logits = np.stack([reading.logits for reading in readings])
    yield Evaluation(
        classification_scores(labels, targets.logits),
        classification_scores(labels, logits),
        fidelity(targets.logits, logits),
        mean_agreement(targets.scores, [reading.scores for reading in readings]),
    )
