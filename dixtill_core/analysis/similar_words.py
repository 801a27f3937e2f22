"""Words that may stand in place of another: its nearest GloVe neighbours that are written the same way.

GloVe puts words near each other that stand in the same sentences, and opposites do: "rise" is nearer to "fall" than to
most words of its own meaning. `synonyms` keeps out the pairs of a small list of opposites, their inflections, and
neighbours below a similarity, grammatical words and numbers, words of another ending, and neighbours that are not near from their
side too. What it finds is still no dictionary: a listed pair is caught, an unlisted opposite and a sister word ("result"
for "failure") may pass.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dixtill_core.data.glove import Glove
from dixtill_core.data.vocabulary import stand_ins
from dixtill_core.data.words import normalize_word

FREQUENT_WORDS = 30_000
"""Of GloVe, the most frequent first: rarer words are names and misspellings more often than not."""
LEAST_SIMILARITY = 0.8
"""Cosine from which a neighbour counts as a synonym."""
LOOKED_AT = 40
MUTUAL = 5
"""The word has to be among so many neighbours of its synonym."""

_POSITIVE = """
rise rose risen up gain increase grow growth climb jump soar surge rally advance high higher highest raise lift hike add more most
good better best great strong stronger positive profit win won success successful beat exceed top upgrade buy long bull bullish
optimistic confident confidence bought bookings improve recover recovery expand open start begin accept approve support allow boost over
above large larger big bigger first early earlier fast faster new hot love happy easy safe right true before inside hire create build
accelerate widen outperform overweight surplus asset credit lend import all always many much hope peace maximum major
"""
_NEGATIVE = """
fall fell fallen down loss decrease decline drop slump slip slide plunge tumble sink low lower lowest cut reduce slash ease less least
bad worse worst poor weak weaker negative lose lost cancellations failure fail miss missed downgrade sell sold short bear bearish
pessimistic worried fear worsen deteriorate recession shrink contract close end stop finish reject deny refuse oppose ban hurt under
below small smaller little last late later slow slower old cold hate sad hard dangerous risky wrong false after outside fire
destroy damage slow narrow underperform underweight deficit liability debt debit borrow export none never few war minimum minor
"""


_NO_SYNONYMS = """
the and but with from this that which what when where while over like just only even also too very much more most less than then
there here their they them these those have been being were will would could should must does into onto upon about after before
since until during between through against under above below such same other another each every both some many few little well
still already again once first second third last next latest hardly certainly ever never always not without within because
one two three four five six seven eight nine ten hundred thousand million billion trillion dozen half double
monday tuesday wednesday thursday friday saturday sunday weekend january february march april june july august september october
november december day week month year today yesterday tomorrow morning keep make take give come goes going gets
sale sales sell purchase buyer seller failure expected
"""
_FIXED = frozenset(_NO_SYNONYMS.split())
_ENDINGS = ("ing", "ed", "ly", "s")


def _ending(word: str) -> str:
    return next((ending for ending in _ENDINGS if word.endswith(ending)), "")


def _forms(word: str) -> frozenset[str]:
    return frozenset(stand_ins(word))


_UP = frozenset(form for word in _POSITIVE.split() for form in _forms(word))
_DOWN = frozenset(form for word in _NEGATIVE.split() for form in _forms(word))


def are_opposites(first: str, second: str) -> bool:
    """Whether one of the two, or a form of it, is on the list of the one side and the other on that of the other."""
    one, other = _forms(first), _forms(second)
    sides = (bool(one & _UP), bool(one & _DOWN)), (bool(other & _UP), bool(other & _DOWN))
    return (sides[0][0] and sides[1][1]) or (sides[0][1] and sides[1][0])


def neighbours(word: str, glove: Glove, count: int, least_similarity: float = -1.0) -> list[tuple[str, float]]:
    """The nearest frequent words in the writing of `word`, with their cosine, the nearest first; ties by frequency.

    None for a word that is no plain word (a number, a cashtag, a link, punctuation) or that GloVe does not know.
    """
    plain = normalize_word(word)
    if not (plain.isascii() and plain.isalpha() and len(plain) > 1) or plain not in glove.position:
        return []
    found = _nearest(plain, glove_of(glove))
    return [(_written_like(word, other), similarity) for other, similarity in found if similarity >= least_similarity][:count]


def synonyms(word: str, glove: Glove, count: int = 3) -> list[str]:
    """Neighbours near enough from both sides, with the same ending, no listed opposites, no other form of the word itself."""
    plain = normalize_word(word)
    if plain in _FIXED:
        return []
    found: list[str] = []
    for other, _ in neighbours(word, glove, LOOKED_AT, LEAST_SIMILARITY):
        lower = other.lower()
        if len(found) == count:
            break
        if lower in _FIXED or _ending(lower) != _ending(plain) or are_opposites(plain, lower) or _forms(plain) & _forms(lower):
            continue
        if plain in [back for back, _ in neighbours(lower, glove, MUTUAL)]:
            found.append(other)
    return found


class _Known:
    """The unit vectors of the frequent plain words, made once for a set of vectors."""

    def __init__(self, glove: Glove) -> None:
        places = [i for i, word in enumerate(glove.words[:FREQUENT_WORDS]) if word.isascii() and word.isalpha() and len(word) > 1]
        self.glove = glove
        self.words = [glove.words[i] for i in places]
        vectors = glove.vectors[places]
        self.units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)  # (words, size)


_known: list[_Known] = []


def glove_of(glove: Glove) -> _Known:
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
