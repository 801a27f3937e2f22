"""LIME (Ribeiro et al. 2016), through captum: the coefficients of a linear model of F near the text, signed.

    minimise over c, b:  sum over samples z of  pi(z) (F(x with the words of z) - b - c.z)^2  +  ridge |c|^2
    pi(z) = exp(-d(z)^2 / (2 * KERNEL_WIDTH^2)),   d(z) = 1 - cosine(z, all ones)

z has a 1 for each word that stays. As in the `lime` package, how many words go is uniform between one and all, which
ones at random, the first sample is the whole text, and width and ridge are its defaults (25 on a distance in percent,
and 1 for 5,000 samples, here for as many as are drawn). The scores do not add up to F(x).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from captum.attr import Lime
from captum.attr._core.lime import get_exp_kernel_similarity_function
from torch import Tensor

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.perturbed_text import REMOVAL, PerturbedText
from dixtill_core.explain.surrogate import WeightedLinear, explain_by_samples, forward_of
from dixtill_core.explain.target_classes import Targets
from dixtill_core.models.classifier import Classifier

KERNEL_WIDTH = 0.25
RIDGE_PER_SAMPLE = 1 / 5000


def lime(
    model: Classifier,
    texts: Sequence[str],
    targets: Targets = None,
    config: ExplainConfig | None = None,
    perturbation: PerturbationConfig | None = None,
    seed: int = 0,
) -> list[WordAttributions]:
    """Signed word attributions of each text; of `config` it reads output and memory_budget_mb.

    Args:
        targets: class to explain for each text; the model's prediction where None.
        seed: the same seed gives the same scores; no global random state is read or changed.

    Raises:
        ConfigError: a target that the model does not have, or a seed out of range.
        ModelError: "mask" with a tokenizer that has no mask token.
    """
    config, perturbation = config or ExplainConfig(), perturbation or PerturbationConfig()
    settings = f"LIME of the {config.output}, {REMOVAL[perturbation.removal]}"

    def describe(perturbed: PerturbedText, n_samples: int) -> str:
        ridge = RIDGE_PER_SAMPLE * n_samples
        return f"{settings}, {n_samples} samples, kernel width {KERNEL_WIDTH}, ridge {ridge:g}, seed {seed}"

    return explain_by_samples(model, texts, targets, config, perturbation, seed, _coefficients, describe)


def _coefficients(perturbed: PerturbedText, n_samples: int, random: np.random.Generator) -> np.ndarray:
    """Coefficient of each unit, (units,)."""
    n_units = perturbed.n_units
    if not n_units:
        return np.zeros(0)

    def samples(inputs: Tensor, **settings: object) -> Iterator[Tensor]:
        yield from (torch.from_numpy(row[None]) for row in draw_samples(n_units, n_samples, random).astype(np.int64))

    explainer = Lime(
        forward_of(perturbed),
        interpretable_model=WeightedLinear(RIDGE_PER_SAMPLE * n_samples),
        similarity_func=get_exp_kernel_similarity_function("cosine", KERNEL_WIDTH),
        perturb_func=samples,
    )
    found = explainer.attribute(torch.ones(1, n_units), n_samples=n_samples, perturbations_per_eval=n_samples, return_input_shape=False)
    return found.numpy()


def draw_samples(n_units: int, n_samples: int, random: np.random.Generator) -> np.ndarray:
    """The whole text and random parts of it, (samples, units) bool."""
    n_removed = random.integers(1, n_units + 1, size=(n_samples, 1))
    n_removed[0] = 0
    ranks = random.random((n_samples, n_units)).argsort(axis=1).argsort(axis=1)  # each row a random order of the units
    return ranks >= n_removed
