from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.analysis.near_duplicates import LEAST_SHARED, NearDuplicates, find_near_duplicates, shared_pairs, word_pairs
from tests.analysis.made_corpus import value_of

words = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "the", "12%", "$KRVN"]), min_size=0, max_size=8).map(" ".join)


@given(st.lists(words, max_size=12), st.lists(words, max_size=5))
@settings(max_examples=300)
def test_the_index_finds_what_comparing_all_with_all_finds(training, texts):
    found = value_of(find_near_duplicates(texts, training))
    for text, position in zip(texts, found.tolist(), strict=True):
        likeness = [shared_pairs(word_pairs(text), word_pairs(other)) for other in training]
        best = max(likeness, default=0)
        assert position == (likeness.index(best) if best >= LEAST_SHARED else -1)


def test_likeness_by_hand():
    """Of the pairs (edge, a), (a, b), (b, c), (c, edge) and (edge, a), (a, b), (b, d), (d, edge) two of six are shared."""
    assert shared_pairs(word_pairs("a b c"), word_pairs("a b d")) == pytest.approx(2 / 6)
    assert shared_pairs(word_pairs(""), word_pairs("")) == 0


@pytest.mark.parametrize(
    ("text", "is_near"),
    [
        ("$ACME shares fall 12% as the outlook is cut https://example.com/a", True),
        ("$ZORK SHARES fall 3% as the outlook is cut", True),  # another ticker, another number, no link
        ("$ACME shares fall 12% as its outlook is cut", True),  # a word of nine
        ("Shares of $ACME rise as the outlook is raised", False),
        ("", False),
        ("https://example.com/a", False),
    ],
)
def test_names_numbers_and_links_do_not_make_another_text(text, is_near):
    index = NearDuplicates()
    index.add("$ACME shares fall 12% as the outlook is cut https://example.com/b")
    assert (index.find(text) is not None) == is_near
