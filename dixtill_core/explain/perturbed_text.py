"""One text whose words can be taken out, and F of what is left: what occlusion, LIME and Kernel SHAP ask of a model.

A long text would need one column for each of its words and many more variants than columns. So that neither time nor
memory runs away, all variants of a text hold at most `MOST_WORDS` words together (but there are always `FEWEST_VARIANTS`),
and where an explainer can tell fewer units apart than there are words, runs of neighbouring words are taken out together
and share their score equally. A tweet is never cut so; `method` says where it happened.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from dixtill_core.config import ExplainConfig, Perturbation
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.gradients import pieces_of_budget
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.models.classifier import Classifier

MOST_WORDS = 1_000_000
FEWEST_VARIANTS = 40
REMOVAL = {"delete": "words deleted", "mask": "words masked"}


class PerturbedText:
    """F(the text without some of its units), F being the probability or logit of the class `target`.

    A unit is a word, or a run of neighbouring words after `group`.
    """

    def __init__(self, model: Classifier, text: str, target: int, config: ExplainConfig, perturbation: Perturbation) -> None:
        self.model, self.text, self.target, self.config, self.perturbation = model, text, target, config, perturbation
        encoded = model.encode([text])
        self.words = encoded.words[0][: encoded.n_read[0]]
        self.unit_of_word = np.arange(len(self.words))  # (words,)
        longest = encoded.inputs["input_ids"].shape[1]
        self.rows_at_once = max(1, pieces_of_budget(model, config.memory_budget_mb, longest) // longest)
        self.most_variants = max(FEWEST_VARIANTS, MOST_WORDS // max(1, len(self.words)))

    def group(self, most_units: int) -> None:
        """Make runs of neighbouring words, as equal as can be, where there are more words than `most_units`."""
        n_units = min(len(self.words), most_units)
        self.unit_of_word = np.arange(len(self.words)) * n_units // max(1, len(self.words))

    @property
    def n_units(self) -> int:
        return int(self.unit_of_word[-1]) + 1 if len(self.words) else 0

    def outputs(self, kept: np.ndarray) -> np.ndarray:
        """F of each variant, (variants,) float64.

        Args:
            kept: (variants, units) bool, True on the units that stay.
        """
        kept = np.asarray(kept, dtype=bool)
        parts = [kept[start : start + self.rows_at_once] for start in range(0, len(kept), self.rows_at_once)]
        logits = np.concatenate(
            [perturbed_logits(self.model, self.text, part[:, self.unit_of_word], self.perturbation) for part in parts]
        ).astype(np.float64)
        return (softmax(logits, axis=1) if self.config.output == "probability" else logits)[:, self.target]

    def attributions(self, unit_scores: np.ndarray, method: str) -> WordAttributions:
        """Word attributions from the scores of the units, (units,); the words of a run get equal parts."""
        sizes = np.bincount(self.unit_of_word, minlength=self.n_units)
        if self.n_units < len(self.words):
            method += f", {self.n_units} runs of words"
        scores = (unit_scores / np.maximum(sizes, 1))[self.unit_of_word] if len(self.words) else np.zeros(0)
        return WordAttributions(self.words, np.asarray(scores, dtype=np.float64), self.target, method)
