"""Steps about explanations: faithfulness of every explainer to its model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from dixtill_core.config import FaithfulnessConfig
from dixtill_core.experiments.results import Row, measured_rows
from dixtill_core.experiments.setup import Setup
from dixtill_core.explain.explainers import EXPLAINERS, Role, explain
from dixtill_core.metrics.faithfulness_corpus import explain_and_measure, sample_texts
from dixtill_core.models.classifier import Classifier
from dixtill_core.progress import Progress


def teacher_faithfulness(setup: Setup) -> Iterator[Progress | list[Row]]:
    """Faithfulness to the teacher of each of its explainers."""
    texts = sample_texts(setup.test.texts, setup.config.teacher_texts, seed=0)
    yield from faithfulness_rows(setup.teacher, "teacher", "teacher", texts, None)


def faithfulness_rows(model: Classifier, role: Role, name: str, texts: Sequence[str], seed: int | None) -> Iterator[Progress | list[Row]]:
    """Explain texts with every explainer that there is for a model, and measure them."""
    explainers = {key: partial(explain, model, key) for key, explainer in EXPLAINERS.items() if role in explainer.roles}
    found = yield from explain_and_measure(model, texts, explainers, FaithfulnessConfig())
    yield measured_rows(name, found, seed)
