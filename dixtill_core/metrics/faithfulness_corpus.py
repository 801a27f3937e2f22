"""Faithfulness of explainers on many texts: every value of each text, their means, and mean curves on a common grid."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dixtill_core.config import ExplainConfig, FaithfulnessConfig
from dixtill_core.explain.attention import attention
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.metrics.faithfulness import Faithfulness, faithfulness, metric_directions
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.pair import ModelPair
from dixtill_core.progress import Progress, result_of

GRID = np.linspace(0, 1, 21)
"""Shares of the words at which the curves of texts of different lengths meet."""
EXPLAINED_TOGETHER = 16

Explainer = Callable[[Sequence[str]], list[WordAttributions]]


@dataclass(frozen=True, eq=False)
class CorpusFaithfulness:
    """By the name of the explainer, "random" and "greedy" among them.

    A value is NaN where a text does not have it (see `Faithfulness`). Means leave NaN out, so that the mean of
    `greedy` is over fewer texts where some are long: `measured` says over how many.
    """

    values: dict[str, dict[str, np.ndarray]]  # explainer, metric: (texts,)
    means: dict[str, dict[str, float]]
    measured: dict[str, int]
    """Texts that have a curve."""
    shares: np.ndarray  # (21,) share of the words removed or added
    deletion: dict[str, np.ndarray]  # (21,) mean over texts of p_j, linear between the points of each text
    insertion: dict[str, np.ndarray]  # (21,)

    def to_dict(self) -> dict[str, dict[str, float]]:
        """Means of each explainer, and `n`, the texts that it was measured on."""
        return {name: means | {"n": self.measured[name]} for name, means in self.means.items()}


@dataclass(frozen=True, eq=False)
class PairFaithfulness:
    """Teacher explained by Integrated Gradients, student by attention and by Integrated Gradients."""

    config: FaithfulnessConfig
    n_texts: int
    teacher: CorpusFaithfulness
    student: CorpusFaithfulness

    def to_dict(self) -> dict[str, Any]:
        """Settings and the means of each explainer of both models."""
        return {
            "config": self.config.to_dict(),
            "texts": self.n_texts,
            "teacher": self.teacher.to_dict(),
            "student": self.student.to_dict(),
        }


def corpus_faithfulness(
    model: Classifier,
    texts: Sequence[str],
    attributions: Mapping[str, Sequence[WordAttributions]],
    config: FaithfulnessConfig | None = None,
    *,
    with_references: bool = True,
) -> Iterator[Progress | CorpusFaithfulness]:
    """Yield progress at first and after every text, and last the `CorpusFaithfulness`. Can be stopped at any yield.

    Args:
        attributions: by explainer, one for each text.
    """
    for name, found in attributions.items():
        if len(found) != len(texts):
            raise ValueError(f"There are {len(texts)} texts, but {len(found)} explanations by {name}.")
    config = config or FaithfulnessConfig()
    measured, stage = [], f"measuring faithfulness of {model.name}"
    yield Progress(stage, 0, len(texts))
    for i, text in enumerate(texts):
        explained = {name: found[i] for name, found in attributions.items()}
        measured.append(faithfulness(model, text, explained, config, with_references=with_references))
        yield Progress(stage, i + 1, len(texts))
    yield _collect(measured, config)


def pair_faithfulness(
    pair: ModelPair, texts: Sequence[str], config: FaithfulnessConfig | None = None, explain: ExplainConfig | None = None
) -> Iterator[Progress | PairFaithfulness]:
    """Yield progress while both models are explained and measured, and last the `PairFaithfulness`."""
    config = config or FaithfulnessConfig()
    teacher, student = pair.teacher, pair.student
    of_teacher: dict[str, Explainer] = {"integrated_gradients": lambda part: integrated_gradients(teacher, part, None, explain)}
    of_student: dict[str, Explainer] = {
        "attention": lambda part: attention(student, part),
        "integrated_gradients": lambda part: integrated_gradients(student, part, None, explain),
    }
    found_teacher = yield from explain_and_measure(teacher, texts, of_teacher, config)
    found_student = yield from explain_and_measure(student, texts, of_student, config)
    yield PairFaithfulness(config, len(texts), found_teacher, found_student)


def sample_texts(texts: Sequence[str], n: int, seed: int) -> tuple[str, ...]:
    """`n` of the texts drawn without repetition, in their order; all of them where n is 0 or not below their number."""
    return tuple(texts[i] for i in sample_positions(len(texts), n, seed))


def sample_positions(total: int, n: int, seed: int) -> np.ndarray:
    """Positions of `n` of `total` items drawn without repetition, in their order; all where n is 0 or not below `total`."""
    if n <= 0 or n >= total:
        return np.arange(total)
    return np.sort(np.random.default_rng(seed).choice(total, n, replace=False))


def explain_and_measure(
    model: Classifier, texts: Sequence[str], explainers: Mapping[str, Explainer], config: FaithfulnessConfig
) -> Generator[Progress, None, CorpusFaithfulness]:
    """Explain texts in every way, then measure all explanations; the `CorpusFaithfulness` is the generator's value."""
    attributions: dict[str, list[WordAttributions]] = {name: [] for name in explainers}
    for start in range(0, len(texts), EXPLAINED_TOGETHER):
        part = texts[start : start + EXPLAINED_TOGETHER]
        for name, explainer in explainers.items():
            attributions[name] += explainer(part)
            yield Progress(f"explaining with {model.name}", start + len(part), len(texts))
    return (yield from result_of(corpus_faithfulness(model, texts, attributions, config), CorpusFaithfulness))


def _collect(measured: Sequence[Mapping[str, Faithfulness]], config: FaithfulnessConfig) -> CorpusFaithfulness:
    names = list(measured[0]) if measured else []
    found = {name: [of_text[name] for of_text in measured] for name in names}
    values = {
        name: {metric: np.array([one.values[metric] for one in of_name]) for metric in metric_directions(config)}
        for name, of_name in found.items()
    }
    means = {name: {metric: float(_mean(column)) for metric, column in of_name.items()} for name, of_name in values.items()}
    return CorpusFaithfulness(
        values,
        means,
        {name: sum(len(one.shares) > 0 for one in of_name) for name, of_name in found.items()},
        GRID,
        {name: _mean(np.array([_on_grid(one.shares, one.deletion) for one in of_name])) for name, of_name in found.items()},
        {name: _mean(np.array([_on_grid(one.shares, one.insertion) for one in of_name])) for name, of_name in found.items()},
    )


def _on_grid(shares: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """A curve (points,) at the shares of `GRID`, NaN for an empty one, (21,)."""
    return np.interp(GRID, shares, curve) if len(curve) else np.full(len(GRID), np.nan)


def _mean(rows: np.ndarray) -> np.ndarray:
    """Mean over the first axis without NaN; NaN where nothing is left."""
    known = ~np.isnan(rows)
    counts = known.sum(axis=0)
    return np.where(counts > 0, np.where(known, rows, 0).sum(axis=0) / np.maximum(counts, 1), np.nan)
