"""Which texts have a near-duplicate among others: exact, by pairs of neighbouring words, without comparing all with all.

Two texts are near-duplicates where the Jaccard index of their pairs of neighbouring words is `LEAST_SHARED` or more.
Words are taken as the student knows them, so that names of tickers and numbers of a kind do not count; links are left
out. A text whose index with another is s or more shares one of its rarest pairs with it: of n pairs, only n - ceil(s n) + 1 have
to be looked up (prefix filtering, Chaudhuri et al. 2006), the rarest, which few texts have.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Generator, Sequence

import numpy as np

from dixtill_core.data.words import URL, normalize_word, split_words
from dixtill_core.progress import Progress

LEAST_SHARED = 0.5
PROGRESS_EVERY = 2000
EDGE = ""
"""Stands before the first word and behind the last, so that a text of one word has pairs too."""
STAGE = "looking for near-duplicates"

Pairs = frozenset[tuple[str, str]]


class NearDuplicates:
    """An index of texts that can be asked for near-duplicates of others."""

    def __init__(self) -> None:
        self._pairs: list[Pairs] = []
        self._texts_with: dict[tuple[str, str], list[int]] = defaultdict(list)

    def add(self, text: str) -> None:
        pairs = word_pairs(text)
        for pair in pairs:
            self._texts_with[pair].append(len(self._pairs))
        self._pairs.append(pairs)

    def find(self, text: str) -> int | None:
        """Position of the text in the index that is most like this one, if it is like enough; of several, the first."""
        pairs = word_pairs(text)
        if not pairs:
            return None
        rarest = sorted(pairs, key=lambda pair: (len(self._texts_with.get(pair, ())), pair))
        looked_up = rarest[: len(pairs) - math.ceil(LEAST_SHARED * len(pairs)) + 1]
        candidates = {i for pair in looked_up for i in self._texts_with.get(pair, ())}
        likeness, position = max(((shared_pairs(pairs, self._pairs[i]), -i) for i in candidates), default=(0.0, 0))
        return -position if likeness >= LEAST_SHARED else None


def word_pairs(text: str) -> Pairs:
    """Pairs of neighbouring words, the text's edges counted as words; none of a text without words."""
    forms = [form for form in (normalize_word(word.text) for word in split_words(text)) if form != URL]
    return frozenset(zip([EDGE, *forms], [*forms, EDGE], strict=True)) if forms else frozenset()


def shared_pairs(first: Pairs, second: Pairs) -> float:
    """Jaccard index, in [0, 1]: pairs in both as a share of the pairs in any; 0 for two without any."""
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared) if shared else 0.0


def find_near_duplicates(texts: Sequence[str], training: Sequence[str]) -> Generator[Progress, None, np.ndarray]:
    """Yield progress; the position of each text's near-duplicate in `training`, -1 where there is none, is the value, (texts,)."""
    index = NearDuplicates()
    total = len(texts) + len(training)
    for i, text in enumerate(training):
        if i % PROGRESS_EVERY == 0:
            yield Progress(STAGE, i, total)
        index.add(text)
    found = np.full(len(texts), -1, dtype=np.int64)
    for i, text in enumerate(texts):
        if i % PROGRESS_EVERY == 0:
            yield Progress(STAGE, len(training) + i, total)
        if (position := index.find(text)) is not None:
            found[i] = position
    return found
