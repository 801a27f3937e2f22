"""The one type that every explainer returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dixtill_core.data.words import Word


@dataclass(frozen=True, eq=False)
class WordAttributions:
    """How much each word speaks for (above 0) or against (below 0) the class `target`.

    Scores of different methods have different units: compare their order, sign and share, not their size.
    Words that the model could not read, because they lie past its window, are not in `words`.
    """

    words: tuple[Word, ...]
    scores: np.ndarray  # (words,) float64, signed
    target: int
    """Index of the class that is explained."""
    method: str
    """The explainer with every setting that changes its numbers, for people to read."""
    convergence_delta: float | None = None
    """Integrated Gradients only: sum of all attributions minus F(text) - F(baseline). 0 is exact."""
    converged: bool = True
    """False where |convergence_delta| stayed above the tolerance at the largest number of steps."""
    n_steps: int | None = None
    """Gradient evaluations that made these scores, retries not counted."""
    weights: np.ndarray | None = None  # (words,) float64, attention only: softmax of the scores, sums to 1
    is_signed: bool = True
    """False where scores say how much a word matters and not for which class: none is below 0."""

    def __post_init__(self) -> None:
        if self.scores.shape != (len(self.words),):
            raise ValueError(f"{len(self.words)} words, but scores of shape {self.scores.shape}")

    def scaled(self) -> np.ndarray:
        """Scores divided by the largest magnitude, in [-1, 1]; all zero where every score is."""
        largest = np.abs(self.scores).max(initial=0.0)
        return self.scores / largest if largest > 0 else np.zeros_like(self.scores)
