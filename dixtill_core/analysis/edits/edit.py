"""What one edit of a text is, and how changes of its words are put into it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dixtill_core.data.words import Word

Expected = Literal["same", "falls"]
"""Of the prediction: "same", its label does not change; "falls", its label changes or loses probability."""


@dataclass(frozen=True)
class Edit:
    text: str
    changed: tuple[tuple[str, str], ...]
    """What stood there, and what stands there now."""
    expected: Expected = "same"


EditFunction = Callable[[str, np.random.Generator], list[Edit]]


def generator_for(text: str, seed: int) -> np.random.Generator:
    """The same for a text and a seed, whichever texts come with it."""
    return np.random.default_rng((seed, zlib.crc32(text.encode("utf-8", "surrogatepass"))))


def edit_text(text: str, changes: Sequence[tuple[Word, str]], expected: Expected = "same") -> Edit:
    """The text with each word replaced by what stands beside it; the words do not overlap."""
    ordered = sorted(changes, key=lambda change: change[0].start)
    result = text
    for word, other in reversed(ordered):
        result = result[: word.start] + other + result[word.end :]
    return Edit(result, tuple((word.text, other) for word, other in ordered), expected)


def words_of(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


def is_title_case(words: Sequence[Word]) -> bool:
    """Whether two of three longer words are capitalised, so that a capital tells no name: Oil Slips As Central Bank Holds Rates."""
    plain = [word.text for word in words if word.text.isalpha() and len(word.text) > 3]
    return sum(word[0].isupper() for word in plain) * 3 > len(plain) * 2
