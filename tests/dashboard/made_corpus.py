"""A made analysis of many texts, for what has to be fast with many."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.outcomes import outcomes
from dixtill_core.notes.note import text_key

LABELS = ("bearish", "bullish", "neutral")
WORDS = ["shares", "of", "the", "company", "rise", "fall", "as", "profit", "beats", "forecasts", "but", "outlook", "not", "cut", "today"]
LENGTH = 7
"""Words of every text: six and its number."""


def make_corpus(n: int, seed: int = 0) -> AnalysedCorpus:
    """Texts of a few words with predictions and scores at random: no model has said them."""
    random = np.random.default_rng(seed)
    texts = [f"{' '.join(words)} {i}" for i, words in enumerate(random.choice(WORDS, (n, LENGTH - 1)).tolist())]
    labels = np.array(LABELS, dtype=object)
    columns: dict[str, object] = {
        "row": np.arange(1, n + 1),
        "text": texts,
        "text_key": [text_key(text) for text in texts],
        "gold": labels[random.integers(0, 3, n)],
    }
    for role in ("teacher", "student"):
        probabilities = random.dirichlet((1, 1, 1), n)
        ordered = np.sort(probabilities, axis=1)
        columns |= {
            role: labels[probabilities.argmax(axis=1)],
            f"{role}_probabilities": list(probabilities.astype(np.float32)),
            f"{role}_confidence": ordered[:, -1],
            f"{role}_margin": ordered[:, -1] - ordered[:, -2],
            f"{role}_scores": list(random.normal(size=(n, LENGTH)).astype(np.float32)),
            f"{role}_comprehensiveness": np.nan,
            f"{role}_sufficiency": np.nan,
        }
    columns |= {
        "agreement_at_3": random.integers(0, 4, n) / 3,
        "sign_agreement_at_3": random.integers(0, 4, n) / 3,
        "length": LENGTH,
        "tags": [["negation"] if "not" in text.split() else [] for text in texts],
        "outcome": outcomes(columns["gold"], columns["teacher"], columns["student"]),  # type: ignore[arg-type]
    }
    return AnalysedCorpus(pd.DataFrame(columns), LABELS, {"training": None}, "made.csv", "data", "teacher", "student", f"made-{n}-{seed}")
