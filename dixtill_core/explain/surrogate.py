"""What LIME and Kernel SHAP share: a linear surrogate fitted to F of random variants of a text, through captum."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from sklearn.linear_model import Ridge
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.errors import ConfigError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.perturbed_text import PerturbedText
from dixtill_core.explain.target_classes import Targets, target_classes
from dixtill_core.models.classifier import Classifier

SAMPLES_PER_UNIT = 4
"""Fewer samples for each coefficient leave mostly noise: longer texts are explained in runs of words."""


def explain_by_samples(
    model: Classifier,
    texts: Sequence[str],
    targets: Targets,
    config: ExplainConfig,
    perturbation: PerturbationConfig,
    seed: int,
    score_units: Callable[[PerturbedText, int, np.random.Generator], np.ndarray],
    describe: Callable[[PerturbedText, int], str],
) -> list[WordAttributions]:
    """Word attributions of each text from a surrogate.

    Args:
        score_units: of a text, the number of samples and random numbers: the score of each unit, (units,).
        describe: the method with every setting that changes its numbers.
    """
    results = []
    for text, target in zip(texts, target_classes(model, texts, targets), strict=True):
        perturbed = PerturbedText(model, text, int(target), config, perturbation.removal)
        n_samples = min(perturbation.n_samples, perturbed.most_variants)
        perturbed.group(max(1, n_samples // SAMPLES_PER_UNIT))
        scores = score_units(perturbed, n_samples, random_generator(seed))
        results.append(perturbed.attributions(scores, describe(perturbed, n_samples)))
    return results


class WeightedLinear:
    """captum's interpretable model: weighted least squares with an intercept, sum w (y - b - z.c)^2 + ridge |c|^2.

    captum's own wrapper iterates the loader, which draws from PyTorch's global random state, and fits in 32 bits, too
    few for the weights of Kernel SHAP.
    """

    def __init__(self, ridge: float) -> None:
        self.ridge = ridge
        self.coefficients = np.zeros(0)

    def fit(self, train_data: DataLoader) -> None:
        dataset = train_data.dataset
        assert isinstance(dataset, TensorDataset)
        samples, outputs, weights = (tensor.double().numpy() for tensor in dataset.tensors)
        # The decomposition also answers where there are fewer different samples than coefficients: the smallest ones.
        fitted = Ridge(alpha=self.ridge, solver="svd").fit(samples, outputs, sample_weight=weights)
        self.coefficients = np.asarray(fitted.coef_)

    def representation(self) -> Tensor:
        return torch.from_numpy(self.coefficients)


def forward_of(perturbed: PerturbedText) -> Callable[[Tensor], Tensor]:
    """F as captum calls it: from variants (samples, units) of zeros and ones to (samples,)."""
    return lambda kept: torch.from_numpy(perturbed.outputs(kept.numpy().astype(bool)))


def random_generator(seed: int) -> np.random.Generator:
    """A generator for one text: the same text has the same scores alone and in any batch, in any thread."""
    if not 0 <= seed < 2**32:
        raise ConfigError(f"seed is {seed}, but has to lie between 0 and 4294967295.")
    return np.random.default_rng(seed)
