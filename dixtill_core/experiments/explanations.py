"""Faithfulness of every explainer to its model, as rows: what the steps about teachers and students share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from dixtill_core.config import FaithfulnessConfig
from dixtill_core.experiments.results import Row, measured_rows
from dixtill_core.explain.explainers import EXPLAINERS, Role, explain
from dixtill_core.metrics.faithfulness_corpus import explain_and_measure
from dixtill_core.models.classifier import Classifier
from dixtill_core.progress import Progress


def faithfulness_rows(
    model: Classifier, role: Role, name: str, texts: Sequence[str], seed: int | None, *, has_gradients: bool = True
) -> Iterator[Progress | list[Row]]:
    """Explain texts with every explainer that there is for a model, and measure them.

    Args:
        has_gradients: False leaves out the explainers that read gradients, which an int8 network does not have.
    """
    explainers = {
        key: partial(explain, model, key)
        for key, explainer in EXPLAINERS.items()
        if role in explainer.roles and (has_gradients or explainer.kind != "gradient")
    }
    found = yield from explain_and_measure(model, texts, explainers, FaithfulnessConfig())
    yield measured_rows(name, found, seed)
