"""The student's word list: which words have a vector of their own, and what stands in for the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dixtill_core.data.glove import Glove
from dixtill_core.data.words import SPECIAL_WORDS, UNKNOWN, normalize_word, split_words

PADDING = "<pad>"
PADDING_ID = 0


@dataclass(frozen=True)
class Vocabulary:
    """Words by id; id `PADDING_ID` is padding, the `SPECIAL_WORDS` follow."""

    words: tuple[str, ...]
    position: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "position", {word: i for i, word in enumerate(self.words)})

    def __len__(self) -> int:
        return len(self.words)

    def word_id(self, word: str) -> int:
        """Id of a word as typed; of the first stand-in that is known (see `stand_ins`); else of the unknown word."""
        normalized = normalize_word(word)
        if (known := self.position.get(normalized)) is not None:
            return known
        found = next((self.position[form] for form in stand_ins(normalized) if form in self.position), None)
        return self.position[UNKNOWN] if found is None else found

    def word_ids(self, words: Iterable[str]) -> list[int]:
        return [self.word_id(word) for word in words]


def stand_ins(normalized: str) -> Iterator[str]:
    """Forms under which a normalised word may be known, the closest first.

    The word itself; without possessive; its inflections stripped or undone (falls, falling, fallen-behind); the first
    known part of a hyphenated word, which in English most often carries the direction (better-than-feared, debt-laden).
    """
    yield normalized
    if normalized.startswith("<"):
        return
    if normalized.endswith("'s"):
        normalized = normalized[:-2]
        yield normalized
    plain = normalized.strip(".'_")
    if plain and plain != normalized:
        yield plain
    yield from _stems(plain)
    if "-" in plain:
        for part in plain.split("-"):
            if part:
                yield part
                yield from _stems(part)


_ENDINGS = (
    ("ies", "y"),
    ("es", ""),
    ("es", "e"),
    ("s", ""),
    ("ied", "y"),
    ("ed", ""),
    ("ed", "e"),
    ("ing", ""),
    ("ing", "e"),
    ("ly", ""),
    ("er", ""),
    ("est", ""),
)


def _stems(word: str) -> Iterator[str]:
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            yield word[: -len(ending)] + replacement


def build_vocabulary(texts: Sequence[str], max_words: int, glove: Glove | None = None) -> Vocabulary:
    """The words of `texts`, the most frequent first, filled up to `max_words` with the most frequent words of GloVe.

    A word that occurs once and has no GloVe vector is left out: nothing could be learned of it, and it teaches the
    unknown word instead. The filling costs nothing but its bytes and gives words that training never saw a meaning.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(normalize_word(word.text) for word in split_words(text))
    words = dict.fromkeys((PADDING, *SPECIAL_WORDS))
    for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(words) < max_words and (count > 1 or (glove is not None and word in glove.position)):
            words.setdefault(word)
    for word in glove.words if glove is not None else ():
        if len(words) >= max_words:
            break
        if normalize_word(word) == word:
            words.setdefault(word)
    return Vocabulary(tuple(words))


_SEEDS = {
    "<url>": ("http", "link"), "<user>": ("user",), "<cashtag>": ("stock", "shares"), "<number>": ("number", "ten"),
    "<year>": ("2005", "year"), "<money>": ("dollars", "million"), "<percent>": ("percent", "%"),
    "<percent-up>": ("percent", "rose"), "<percent-down>": ("percent", "fell"),
}  # fmt: skip


def initial_embeddings(vocabulary: Vocabulary, size: int, glove: Glove | None, seed: int) -> np.ndarray:
    """Start of the student's embedding, (words, size) float32; row 0 (padding) is zero.

    A word takes its own GloVe vector, or that of its first stand-in; a special word the mean of some that mean the
    same; the rest, and every word where `size` is not GloVe's, a small random vector.
    """
    random = np.random.default_rng(seed)
    table = random.normal(0.0, 0.1, (len(vocabulary), size)).astype(np.float32)
    if glove is not None and glove.size == size:
        for i, word in enumerate(vocabulary.words):
            seeds = _SEEDS.get(word) or tuple(stand_ins(word))[:8]
            known = [glove.position[form] for form in seeds if form in glove.position]
            if known:
                table[i] = glove.vectors[known].mean(axis=0) if word in _SEEDS else glove.vectors[known[0]]
    table[PADDING_ID] = 0.0
    return table
