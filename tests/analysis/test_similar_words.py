from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.analysis.edits.verbs import BASES, PAST, PRESENT
from dixtill_core.analysis.polarity import count_polarity
from dixtill_core.analysis.similar_words import FREQUENT_WORDS, LEAST_SIMILARITY, LOOKED_AT, is_frequent, neighbours, synonyms
from dixtill_core.analysis.text_tags import ReadText
from dixtill_core.analysis.vouched_synonyms import VOUCHED
from dixtill_core.data.glove import load_glove
from dixtill_core.data.words import split_words

PAIRS = [(word, other) for word, others in VOUCHED.items() for other in others]
_NO_WORDS_FOR_PAIRS = """
january february march april may june july august september october november december monday tuesday wednesday thursday friday
one two three ten million billion percent cents dollars euro china japan germany london day week month year quarter
"""
MONTHS_UNITS_AND_PLACES = frozenset(_NO_WORDS_FOR_PAIRS.split())


def test_every_vouched_pair_is_a_glove_neighbour_from_both_sides() -> None:
    glove = load_glove()
    plain = [i for i, word in enumerate(glove.words[:FREQUENT_WORDS]) if word.isascii() and word.isalpha() and len(word) > 1]
    units = glove.vectors[plain] / np.linalg.norm(glove.vectors[plain], axis=1, keepdims=True)
    place = {glove.words[i]: row for row, i in enumerate(plain)}
    words = sorted({word for pair in PAIRS for word in pair})
    cosines = units[[place[word] for word in words]] @ units.T  # (vouched words, frequent words)
    places = np.argsort(-cosines, axis=1)[:, : LOOKED_AT + 1]
    near = {word: {glove.words[plain[row]] for row in found} for word, found in zip(words, places.tolist(), strict=True)}
    similarity = {(a, b): cosines[words.index(a), place[b]] for a, b in PAIRS}
    assert len(PAIRS) > 300
    assert [(a, b) for a, b in PAIRS if b not in near[a] or a not in near[b] or similarity[a, b] < LEAST_SIMILARITY] == []
    for word in words[::40]:
        assert set(synonyms(word, glove, LOOKED_AT)) == set(VOUCHED.get(word, ()))


def _sign(word: str) -> int:
    good, bad = count_polarity(ReadText(word, split_words(word)))
    return (good > bad) - (good < bad)


def test_no_pair_turns_good_news_into_bad() -> None:
    assert [(word, other) for word, other in PAIRS if _sign(word) * _sign(other) < 0] == []
    assert sum(_sign(word) == _sign(other) != 0 for word, other in PAIRS) > 30


def test_the_parts_of_a_pair_have_the_same_inflection() -> None:
    assert [(a, b) for a, b in PAIRS if a.endswith("est") != b.endswith("est")] == []
    assert [(a, b) for a, b in PAIRS if a in PRESENT and b in BASES - set(PRESENT)] == []
    assert [(a, b) for a, b in PAIRS if a in PAST and b in PRESENT] == []


def test_numbers_months_units_and_places_are_in_no_pair() -> None:
    assert MONTHS_UNITS_AND_PLACES.isdisjoint(word for pair in PAIRS for word in pair)
    assert all(word.isalpha() and word.islower() for pair in PAIRS for word in pair)


@pytest.mark.parametrize(
    "pair",
    [("rise", "fall"), ("gains", "losses"), ("upgraded", "downgraded"), ("higher", "lower"), ("strong", "weak"), ("january", "march")],
)
def test_opposites_and_sisters_are_near_in_glove_and_are_no_synonyms(pair: tuple[str, str]) -> None:
    glove = load_glove()
    assert pair[1] in dict(neighbours(pair[0], glove, LOOKED_AT))
    assert pair[1] not in synonyms(pair[0], glove, LOOKED_AT)


def test_synonyms_are_the_nearest_first_in_the_writing_of_the_word() -> None:
    glove = load_glove()
    found = synonyms("worries", glove)
    assert set(found) == {"concerns", "fears"}
    order = [other for other, _ in neighbours("worries", glove, LOOKED_AT)]
    assert found == sorted(found, key=order.index)
    assert synonyms("Worries", glove) == [word.capitalize() for word in found]
    assert synonyms("worries", glove, 1) == found[:1]


@pytest.mark.parametrize("word", ["the", "billion", "monday", "never", "$TSLA", "12%", "", "zzqqxx"])
def test_other_words_have_no_synonyms(word: str) -> None:
    assert synonyms(word, load_glove()) == []


def test_neighbours_are_written_like_the_word_and_numbers_links_and_unknown_words_have_none() -> None:
    glove = load_glove()
    assert all(other.isupper() for other, _ in neighbours("BANK", glove, 3))
    assert all(other[0].isupper() for other, _ in neighbours("Bank", glove, 3))
    cosines = [similarity for _, similarity in neighbours("bank", glove, 9)]
    assert cosines == sorted(cosines, reverse=True)
    for word in ("$TSLA", "12%", "https://x.co", "!!", "zzqqxx", ""):
        assert neighbours(word, glove, 3) == []


def test_frequent_words_are_known_and_misspellings_are_not() -> None:
    assert is_frequent("Trial")
    assert not is_frequent("qaurter")
