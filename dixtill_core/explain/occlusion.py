"""Occlusion, or leave-one-out (Zeiler, Fergus 2014; Li et al. 2016 for text): what F loses with a word, signed.

    O_i(x) = F(x) - F(x without word i)

Two words that say the same cover for each other, so both may score 0; the scores do not add up to F(x).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.perturbed_text import REMOVAL, PerturbedText
from dixtill_core.explain.target_classes import Targets, target_classes
from dixtill_core.models.classifier import Classifier

MOST_UNITS = 512
"""Longer texts lose runs of neighbouring words instead; more than any teacher's window has words."""


def occlusion(
    model: Classifier,
    texts: Sequence[str],
    targets: Targets = None,
    config: ExplainConfig | None = None,
    perturbation: PerturbationConfig | None = None,
) -> list[WordAttributions]:
    """Signed word attributions of each text, one forward pass a word; of `config` it reads output and memory_budget_mb.

    Args:
        targets: class to explain for each text; the model's prediction where None.

    Raises:
        ConfigError: a target that the model does not have.
        ModelError: "mask" with a tokenizer that has no mask token.
    """
    config, perturbation = config or ExplainConfig(), perturbation or PerturbationConfig()
    method = f"Occlusion of the {config.output}, {REMOVAL[perturbation.removal]} one at a time"
    results = []
    for text, target in zip(texts, target_classes(model, texts, targets), strict=True):
        perturbed = PerturbedText(model, text, int(target), config, perturbation.removal)
        perturbed.group(min(MOST_UNITS, perturbed.most_variants - 1))
        results.append(perturbed.attributions(_losses(perturbed), method))
    return results


def _losses(perturbed: PerturbedText) -> np.ndarray:
    """F(x) - F(x without the unit), (units,)."""
    n_units = perturbed.n_units
    if not n_units:
        return np.zeros(0)
    outputs = perturbed.outputs(np.vstack([np.ones((1, n_units), dtype=bool), ~np.eye(n_units, dtype=bool)]))
    return outputs[0] - outputs[1:]
