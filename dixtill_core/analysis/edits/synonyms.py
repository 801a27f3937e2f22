"""One word of a text replaced by another of its meaning (see `similar_words`)."""

from __future__ import annotations

import numpy as np

from dixtill_core.analysis.edits.edit import Edit, edit_text, is_title_case, words_of
from dixtill_core.analysis.edits.verbs import MAYBE_NOUNS, PAST, PRESENT
from dixtill_core.analysis.similar_words import synonyms
from dixtill_core.data.glove import load_glove
from dixtill_core.data.words import Word, split_words

MOST_EDITS = 2
"""Of one text, one word each."""
_NEGATORS = words_of("not no never without nor neither hardly")


def use_synonyms(text: str, random: np.random.Generator) -> list[Edit]:
    """Up to two texts with one word replaced by a GloVe neighbour that a reviewed list of pairs vouches for.

    Not behind a negation, nor where "a" would have to become "an"; a capitalised word only where it is a verb or an adverb of a headline.
    """
    glove, words = load_glove(), split_words(text)
    is_headline = is_title_case(words)
    choices = []
    for i, word in enumerate(words):
        before = words[i - 1].text.lower() if i else ""
        if before in _NEGATORS or not word.text.isalpha() or not (word.text.islower() or (is_headline and i and _is_no_name(word))):
            continue
        found = [other for other in synonyms(word.text, glove) if before not in ("a", "an") or _begins_alike(word.text, other)]
        if found:
            choices.append((word, found[0]))
    if not choices:
        return []
    chosen = sorted(random.choice(len(choices), min(MOST_EDITS, len(choices)), replace=False).tolist())
    return [edit_text(text, [choices[i]]) for i in chosen]


def _is_no_name(word: Word) -> bool:
    lower = word.text.lower()
    return word.text.istitle() and ((lower in PRESENT and lower not in MAYBE_NOUNS) or lower in PAST or lower.endswith("ly"))


def _begins_alike(first: str, second: str) -> bool:
    return (first[0].lower() in "aeiou") == (second[0].lower() in "aeiou")
