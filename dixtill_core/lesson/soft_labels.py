"""A teacher's answer at several temperatures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import softmax
from scipy.stats import entropy

TEMPERATURES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0)


@dataclass(frozen=True, eq=False)
class SoftLabels:
    logits: np.ndarray  # (classes,)
    temperatures: tuple[float, ...]
    probabilities: np.ndarray  # (temperatures, classes) softmax(logits / temperature)
    entropies: np.ndarray  # (temperatures,) in bits: 0 is one class alone, log2(classes) is all alike


def soft_labels(logits: np.ndarray, temperatures: tuple[float, ...] = TEMPERATURES) -> SoftLabels:
    """Probabilities of one text, logits (classes,), at every temperature."""
    logits = np.asarray(logits, dtype=np.float64)
    probabilities = softmax(logits[None, :] / np.array(temperatures)[:, None], axis=1)
    return SoftLabels(logits, temperatures, probabilities, entropy(probabilities, base=2, axis=1))
