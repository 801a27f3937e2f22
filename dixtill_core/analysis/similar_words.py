"""Words near another in GloVe, written the same way, and those of them that may stand in its place.

GloVe puts words near each other that stand in the same sentences, and opposites and sisters do: "rise" is nearer to "fall", "january"
to "march", than to most words of their own meaning. No rule on endings or similarity tells them apart, so `synonyms` takes a neighbour
only where `vouched_synonyms` has the pair.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dixtill_core.analysis.vouched_synonyms import VOUCHED
from dixtill_core.data.glove import Glove, load_glove
from dixtill_core.data.words import normalize_word

FREQUENT_WORDS = 30_000
"""Of GloVe, the most frequent first: rarer words are names and misspellings more often than not."""
LEAST_SIMILARITY = 0.5
"""Cosine from which a neighbour counts as a synonym."""
LOOKED_AT = 60
"""Nearest words among which a synonym is looked for."""


def neighbours(word: str, glove: Glove, count: int, least_similarity: float = -1.0) -> list[tuple[str, float]]:
    """The nearest frequent words in the writing of `word`, with their cosine, the nearest first; ties by frequency.

    None for a word that is no plain word (a number, a cashtag, a link, punctuation) or that GloVe does not know.
    """
    plain = normalize_word(word)
    if not (plain.isascii() and plain.isalpha() and len(plain) > 1) or plain not in glove.position:
        return []
    found = _nearest(plain, _known_of(glove))
    return [(_written_like(word, other), similarity) for other, similarity in found if similarity >= least_similarity][:count]


def synonyms(word: str, glove: Glove, count: int = 3) -> list[str]:
    """Neighbours that are vouched for, the nearest first; most words have none."""
    vouched = VOUCHED.get(normalize_word(word), frozenset())
    if not vouched:
        return []
    return [other for other, _ in neighbours(word, glove, LOOKED_AT, LEAST_SIMILARITY) if other.lower() in vouched][:count]


def is_frequent(word: str) -> bool:
    """Whether it is one of GloVe's frequent words, so that a reader takes it for itself and not for a misspelling."""
    return load_glove().position.get(normalize_word(word), FREQUENT_WORDS) < FREQUENT_WORDS


class _Known:
    """The unit vectors of the frequent plain words, made once for a set of vectors."""

    def __init__(self, glove: Glove) -> None:
        places = [i for i, word in enumerate(glove.words[:FREQUENT_WORDS]) if word.isascii() and word.isalpha() and len(word) > 1]
        self.glove = glove
        self.words = [glove.words[i] for i in places]
        vectors = glove.vectors[places]
        self.units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)  # (words, size)


_known: list[_Known] = []


def _known_of(glove: Glove) -> _Known:
    if not _known or _known[0].glove is not glove:
        _known[:] = [_Known(glove)]
    return _known[0]


@lru_cache(maxsize=4096)
def _nearest(plain: str, known: _Known) -> tuple[tuple[str, float], ...]:
    vector = known.glove.vectors[known.glove.position[plain]]
    cosines = known.units @ (vector / max(float(np.linalg.norm(vector)), 1e-12))
    places = np.argpartition(-cosines, min(LOOKED_AT, len(cosines) - 1))[: LOOKED_AT + 1]
    ordered = sorted(places.tolist(), key=lambda i: (-round(float(cosines[i]), 6), i))
    return tuple((known.words[i], float(cosines[i])) for i in ordered if known.words[i] != plain)[:LOOKED_AT]


def _written_like(word: str, other: str) -> str:
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other.capitalize() if word[:1].isupper() else other
