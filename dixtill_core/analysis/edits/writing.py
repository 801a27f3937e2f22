"""A text written otherwise: a typo, and all in lower or upper case. The meaning stays."""

from __future__ import annotations

import numpy as np

from dixtill_core.analysis.edits.edit import Edit, edit_text, words_of
from dixtill_core.analysis.similar_words import is_frequent
from dixtill_core.data.words import URL, USER, normalize_word, split_words

LEAST_LETTERS = 5
"""Of a word with a typo: a reader still knows it."""
_ACRONYMS = words_of("US IT WHO AM PM OR IN ON ALL ARE CAN SO HE MAY NOW SEE KEY GAP LOW MET AN IS BE NEW LOVE CARE REAL OUT GO ANY HAS")
"""Names in capitals that are other words in lower case."""


def add_typo(text: str, random: np.random.Generator) -> list[Edit]:
    """Two neighbouring inner letters of one plain word of five letters or more change places, so that no other word comes out.

    Not in words in capitals, which may be names of stocks.
    """
    long_words = [
        word for word in split_words(text)
        if word.text.isascii() and word.text.isalpha() and len(word.text) >= LEAST_LETTERS and not word.text.isupper()
    ]  # fmt: skip
    choices = []
    for word in long_words:
        for i in range(1 + (len(word.text) > LEAST_LETTERS), len(word.text) - 2):  # The first letters are what a word is known by.
            typo = word.text[:i] + word.text[i + 1] + word.text[i] + word.text[i + 2 :]
            if typo != word.text and word.text[i : i + 2].islower() and not is_frequent(typo):
                choices.append((word, typo))
    if not choices:
        return []
    return [edit_text(text, [choices[int(random.integers(len(choices)))]])]


def change_case(text: str, random: np.random.Generator) -> list[Edit]:
    """All in lower case, and all in upper case; links, mentions, words with digits (5m) and names such as US, WHO, IT stay."""
    words = [word for word in split_words(text) if normalize_word(word.text) not in (URL, USER) and not any(c.isdigit() for c in word.text)]
    found = []
    for convert in (str.lower, str.upper):
        changes = [
            (word, convert(word.text)) for word in words
            if convert(word.text) != word.text and not (convert is str.lower and word.text in _ACRONYMS)
        ]  # fmt: skip
        if changes:
            found.append(edit_text(text, changes))
    return found
