"""The words of many texts, read once: what is known of each different word is worked out once, and counted for all.

Reading is a loop over the texts; all that follows are sums over arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import regex

from dixtill_core.data.datasets import key_of_words
from dixtill_core.data.glove import Glove
from dixtill_core.data.vocabulary import stand_ins
from dixtill_core.data.words import URL, USER, normalize_word, split_words

PIECES_PER_WORD = 1.4
"""Of MiniLM's tokenizer on English: measured 1.36 on the sample."""
CHARACTERS_PER_PIECE_OF_URL = 2.0
COMMON_WORDS = 1000
"""The most frequent words of GloVe, which are the most frequent of English."""
SCRIPTS = (
    "Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Devanagari", "Bengali", "Tamil", "Han", "Hiragana", "Katakana", "Hangul", "Thai",
    "Lao", "Khmer",
)  # fmt: skip
OTHER_SCRIPT = "another script"
PROGRESS_EVERY = 5000

_LETTER = regex.compile(r"\p{L}")
_SAYS_SOMETHING = regex.compile(r"[\p{L}\p{N}\p{So}\p{Sc}]")
_OF_SCRIPT = tuple(regex.compile(rf"\p{{L}}(?<=\p{{Script={script}}})") for script in SCRIPTS)


@dataclass(frozen=True, eq=False)
class TextWords:
    """The words of a sequence of texts, as numbers of a `WordTable`."""

    words: np.ndarray  # (words of all texts,) int64
    lengths: np.ndarray  # (texts,) int64, words of each
    keys: tuple[str, ...]
    """The `duplicate_key` of each text."""

    @property
    def text(self) -> np.ndarray:
        """The text that each word belongs to, (words of all texts,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


@dataclass(eq=False)
class WordTable:
    """Every different word as typed, in the order in which they were met."""

    number: dict[str, int] = field(default_factory=dict)
    normalized: list[str] = field(default_factory=list)

    def read(self, texts: Sequence[str]) -> Iterator[int | TextWords]:
        """Yield how many texts are read, from time to time, and last their words."""
        words: list[int] = []
        lengths = np.zeros(len(texts), dtype=np.int64)
        keys: list[str] = []
        number, normalized = self.number, self.normalized
        for done, text in enumerate(texts):
            if done % PROGRESS_EVERY == 0:
                yield done
            start = len(words)
            for word in split_words(text):
                known = number.get(word.text)
                if known is None:
                    known = number[word.text] = len(normalized)
                    normalized.append(normalize_word(word.text))
                words.append(known)
            lengths[done] = len(words) - start
            keys.append(key_of_words((normalized[i] for i in words[start:]), text))
        yield TextWords(np.array(words, dtype=np.int64), lengths, tuple(keys))

    def facts(self, glove: Glove) -> WordFacts:
        """What is known of each word so far."""
        typed = list(self.number)
        count = len(typed)
        letters = np.zeros((count, len(SCRIPTS) + 1), dtype=np.int64)
        is_word, has_vector, is_common, says_something = (np.zeros(count, dtype=bool) for _ in range(4))
        pieces = np.full(count, PIECES_PER_WORD)
        for i, (word, normalized) in enumerate(zip(typed, self.normalized, strict=True)):
            if normalized == URL:
                pieces[i] = len(word) / CHARACTERS_PER_PIECE_OF_URL
                continue
            if normalized == USER:
                continue
            letters[i] = _letters(word)
            says_something[i] = _SAYS_SOMETHING.search(word) is not None
            if letters[i].any() and not normalized.startswith("<"):
                is_word[i] = True
                is_common[i] = glove.position.get(normalized, COMMON_WORDS) < COMMON_WORDS
                has_vector[i] = any(form in glove.position for form in stand_ins(normalized))
        return WordFacts(letters, is_word, has_vector, is_common, says_something, pieces)


@dataclass(frozen=True, eq=False)
class WordFacts:
    """Of each word of a `WordTable`, (words,) but for `letters`."""

    letters: np.ndarray  # (words, scripts and others) int64; none of a URL or a mention
    is_word: np.ndarray
    """It has letters and is no name, number or link that stands for its kind."""
    has_vector: np.ndarray
    """GloVe has it or a form that stands in for it."""
    is_common: np.ndarray
    says_something: np.ndarray
    """It is more than punctuation, a link or a mention."""
    pieces: np.ndarray
    """Of a teacher's tokenizer, about."""


def _letters(word: str) -> list[int]:
    if word.isascii():
        return [sum(map(str.isalpha, word))] + [0] * len(SCRIPTS)
    counts = [len(of_script.findall(word)) for of_script in _OF_SCRIPT]
    return [*counts, len(_LETTER.findall(word)) - sum(counts)]
