"""Steps about explanations: faithfulness of every explainer, and the coloured texts of Fig. 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from dixtill_core.config import FaithfulnessConfig
from dixtill_core.experiments.results import Row
from dixtill_core.experiments.setup import Setup
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.explainers import EXPLAINERS, explain
from dixtill_core.metrics.faithfulness_corpus import CorpusFaithfulness, corpus_faithfulness, sample_texts
from dixtill_core.models.classifier import Classifier
from dixtill_core.progress import Progress

TEXTS_AT_ONCE = 16


def teacher_faithfulness(setup: Setup) -> Iterator[Progress | list[Row]]:
    """Faithfulness to the teacher of each of its explainers."""
    texts = sample_texts(setup.test.texts, setup.config.teacher_texts, seed=0)
    yield from faithfulness_rows(setup.teacher, "teacher", "teacher", texts, None)


def faithfulness_rows(
    model: Classifier, role: Literal["teacher", "student"], name: str, texts: Sequence[str], seed: int | None
) -> Iterator[Progress | list[Row]]:
    """Explain texts with every explainer that there is for a model, and measure them."""
    explainers = [key for key, explainer in EXPLAINERS.items() if role in explainer.roles]
    attributions: dict[str, list[WordAttributions]] = {key: [] for key in explainers}
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = texts[start : start + TEXTS_AT_ONCE]
        for key in explainers:
            attributions[key] += explain(model, key, part)
            yield Progress("explaining", min(start + TEXTS_AT_ONCE, len(texts)), len(texts))
    config = FaithfulnessConfig()
    for item in corpus_faithfulness(model, texts, attributions, config):
        if isinstance(item, CorpusFaithfulness):
            yield list(_rows(item, name, seed))
        else:
            yield item


def _rows(found: CorpusFaithfulness, model: str, seed: int | None) -> Iterator[Row]:
    for explainer, means in found.means.items():
        for measure, value in means.items():
            metric, _, share = measure.partition("@")
            yield Row("faithfulness", model, metric, value, explainer, int(share) if share else None, seed)
    for metric, curves in (("deletion", found.deletion), ("insertion", found.insertion)):
        for explainer, curve in curves.items():
            for share, value in zip(np.rint(found.shares * 100).astype(int).tolist(), curve.tolist(), strict=True):
                yield Row("curve", model, metric, value, explainer, share, seed)
