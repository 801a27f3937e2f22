"""Kernel SHAP (Lundberg, Lee 2017), through captum: Shapley values of the words, signed.

    phi_i = mean over all orders of the words of  F(the words up to i) - F(the words before i)

The values are the coefficients of a linear model of F over coalitions z of words, weighted by
(M - 1) / (C(M, |z|) |z| (M - |z|)), where M is the number of words. The empty and the whole text weigh so much that the
scores add up to F(x) - F(empty text). A text with few words is explained by all its coalitions, exactly; a longer one
by those of the smallest and largest sizes and by others drawn with a probability that follows the weight, each with
its complement, as the `shap` package does: far less noise than draws alone (Covert, Lee 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb

import numpy as np
import torch
from captum.attr import KernelShap
from torch import Tensor

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.perturbed_text import REMOVAL, PerturbedText
from dixtill_core.explain.surrogate import WeightedLinear, explain_by_samples, forward_of
from dixtill_core.explain.target_classes import Targets
from dixtill_core.models.classifier import Classifier


def kernel_shap(
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
    settings = f"Kernel SHAP of the {config.output}, {REMOVAL[perturbation.removal]}"

    def describe(perturbed: PerturbedText, n_samples: int) -> str:
        n_all = 2**perturbed.n_units
        return f"{settings}, all {n_all} coalitions" if n_all <= n_samples else f"{settings}, {n_samples} coalitions, seed {seed}"

    return explain_by_samples(model, texts, targets, config, perturbation, seed, _shapley_values, describe)


def _shapley_values(perturbed: PerturbedText, n_samples: int, random: np.random.Generator) -> np.ndarray:
    """Shapley value of each unit, (units,)."""
    n_units = perturbed.n_units
    if not n_units:
        return np.zeros(0)
    if n_units == 1:  # No coalition lies between the empty and the whole text.
        return np.diff(perturbed.outputs(np.array([[False], [True]])))
    coalitions, weights = choose_coalitions(n_units, n_samples - 2, random)  # The empty and the whole text are the other two.
    explainer = _ChosenCoalitions(perturbed, coalitions, weights)
    n_rows = len(coalitions) + 2
    found = explainer.attribute(torch.ones(1, n_units), n_samples=n_rows, perturbations_per_eval=n_rows, return_input_shape=False)
    return found.numpy()


class _ChosenCoalitions(KernelShap):
    """captum's Kernel SHAP with coalitions and weights chosen before, since it draws from PyTorch's global random state."""

    def __init__(self, perturbed: PerturbedText, coalitions: np.ndarray, weights: np.ndarray) -> None:
        super().__init__(forward_of(perturbed))
        self.interpretable_model = WeightedLinear(ridge=0.0)
        n_units = coalitions.shape[1]
        self.rows = np.vstack([np.ones(n_units), np.zeros(n_units), coalitions]).astype(np.int64)
        self.row_weights = iter([self.inf_weight, self.inf_weight, *(weights / weights.mean())])

    def kernel_shap_perturb_generator(self, original_inp: Tensor, **settings: object) -> Iterator[Tensor]:
        yield from (torch.from_numpy(row[None]) for row in self.rows)

    def kernel_shap_similarity_kernel(self, _: object, __: object, interpretable_sample: Tensor, **settings: object) -> Tensor:
        return torch.tensor([next(self.row_weights)])


def kernel_weights(n_units: int) -> np.ndarray:
    """Weight of one coalition by its size, (units + 1,); 0 for the empty and the whole one, which are held apart."""
    sizes = range(1, n_units)
    return np.array([0.0, *((n_units - 1) / (comb(n_units, size) * size * (n_units - size)) for size in sizes), 0.0])


def choose_coalitions(n_units: int, n_coalitions: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """At most `n_coalitions` coalitions, (coalitions, units) bool, and their weights, (coalitions,).

    From the smallest and largest sizes inwards, all coalitions of a size are taken as long as drawing would on average
    take as many; the others are drawn, in pairs of one and its complement, and share the weight that is left.
    """
    share = np.array([comb(n_units, size) for size in range(n_units + 1)]) * kernel_weights(n_units)  # weight of a whole size
    low, rows, weights = 1, [np.zeros((0, n_units), dtype=bool)], [np.zeros(0)]
    left = n_coalitions
    while low <= n_units - low:
        sizes = {low, n_units - low}
        count = sum(comb(n_units, size) for size in sizes)
        is_all_that_is_left = low + 1 > n_units - low - 1
        if count > left or (not is_all_that_is_left and count > left * share[list(sizes)].sum() / share[low : n_units - low + 1].sum()):
            break
        for size in sizes:
            rows.append(coalitions_of_size(n_units, size))
            weights.append(np.full(len(rows[-1]), kernel_weights(n_units)[size]))
        left -= count
        low += 1
    else:
        return np.vstack(rows), np.concatenate(weights)
    drawn = draw_coalitions(np.arange(low, n_units - low + 1), n_units, left, random)
    weight_left = share[low : n_units - low + 1].sum()
    return np.vstack([*rows, drawn]), np.concatenate([*weights, np.full(len(drawn), weight_left / len(drawn))])


def coalitions_of_size(n_units: int, size: int) -> np.ndarray:
    """All of them, (C(units, size), units) bool."""
    members = np.array(list(combinations(range(n_units), size)))
    rows = np.zeros((len(members), n_units), dtype=bool)
    np.put_along_axis(rows, members, True, axis=1)
    return rows


def draw_coalitions(sizes: np.ndarray, n_units: int, n_coalitions: int, random: np.random.Generator) -> np.ndarray:
    """Coalitions in pairs of one and its complement, (coalitions, units) bool, with probabilities that follow the kernel."""
    of_size = 1 / (sizes * (n_units - sizes))  # comb(units, size) coalitions share the weight of their size
    size = random.choice(sizes, size=((n_coalitions + 1) // 2, 1), p=of_size / of_size.sum())
    ranks = random.random((len(size), n_units)).argsort(axis=1).argsort(axis=1)  # each row a random order of the units
    drawn = ranks < size
    return np.stack([drawn, ~drawn], axis=1).reshape(-1, n_units)[:n_coalitions]
