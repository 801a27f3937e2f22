"""Analysed corpora that no model has seen: numbers drawn at random, for what only reads the table."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pandas as pd

from dixtill_core.analysis.corpus import COLUMNS, AnalysedCorpus
from dixtill_core.analysis.outcomes import outcomes
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.data.words import split_words
from dixtill_core.notes.note import text_key

WORDS = ("shares", "rise", "fall", "not", "$KRVN", "12%", "the", "bank", "Bank", "lol", "🙄", "may", "=1+1", "<b>", "مرحبا")
LABELS = ("bearish", "bullish", "neutral")


def made_corpus(n: int = 40, labels: tuple[str, ...] = LABELS, seed: int = 0, *, faithfulness: bool = True) -> AnalysedCorpus:
    """`n` texts of 1 to 12 words; a fifth of the scores are 0."""
    draw = np.random.default_rng(seed)
    texts = [" ".join(draw.choice(WORDS, draw.integers(1, 13))) for _ in range(n)]
    lengths = [len(split_words(text)) for text in texts]
    names = np.array(labels, dtype=object)
    columns = {
        "row": np.arange(1, n + 1),
        "text": texts,
        "text_key": [text_key(text) for text in texts],
        "gold": names[draw.integers(0, len(labels), n)],
        "agreement_at_3": draw.choice([0, 1 / 3, 2 / 3, 1, np.nan], n),
        "sign_agreement_at_3": 0.0,
        "length": lengths,
        "tags": [sorted(set(draw.choice(list(SMART_TAGS), draw.integers(0, 4)).tolist())) for _ in range(n)],
    }
    for role in ("teacher", "student"):
        probabilities = draw.dirichlet(np.ones(len(labels)), n)
        ordered = np.sort(probabilities, axis=1)
        columns |= {
            role: names[probabilities.argmax(axis=1)],
            f"{role}_probabilities": list(probabilities.astype(np.float32)),
            f"{role}_confidence": ordered[:, -1],
            f"{role}_margin": ordered[:, -1] - ordered[:, -2],
            f"{role}_scores": [(draw.normal(size=k) * (draw.random(k) > 0.2)).astype(np.float32) for k in lengths],
            f"{role}_comprehensiveness": draw.random(n) if faithfulness else np.full(n, np.nan),
            f"{role}_sufficiency": draw.random(n) if faithfulness else np.full(n, np.nan),
        }
    columns["outcome"] = outcomes(columns["gold"], columns["teacher"], columns["student"])
    table = pd.DataFrame(columns)[list(COLUMNS)]
    return AnalysedCorpus(table, labels, {"training": None}, "made up", "d" * 64, "t" * 64, "s" * 64, "k" * 64)


def value_of(steps: Generator[Any, None, Any]) -> Any:
    """The return value of a generator, its steps passed over."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
