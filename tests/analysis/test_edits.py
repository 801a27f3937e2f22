from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.analysis.edits import EDITS, change_case, change_numbers, generator_for, negate, swap_names, use_synonyms
from dixtill_core.analysis.similar_words import are_opposites, neighbours, synonyms
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.glove import load_glove
from dixtill_core.data.words import CASHTAG, normalize_word, split_words

ANY = np.random.default_rng(0)
ODD = ("", " \u200b", "👍🏽", "שלום עולם", "<b>is</b>", "is", "$A", "gold " * 3000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The outlook is strong", "The outlook is not strong"),
        ("Acme beats estimates", "Acme does not beat estimates"),
        ("Profit rose 5% in May", "Profit did not rise 5% in May"),
        ("Shares will recover soon", "Shares will not recover soon"),
    ],
)
def test_negation_is_put_where_the_verb_is(text: str, expected: str) -> None:
    (edit,) = negate(text, ANY)
    assert (edit.text, edit.expected) == (expected, "falls")


@pytest.mark.parametrize("text", ["The outlook is not strong", "Is the outlook strong?", "Gold, oil", "The falls of last week", *ODD[:4]])
def test_negation_leaves_alone_what_it_does_not_fit(text: str) -> None:
    assert negate(text, ANY) == []


def test_cashtags_and_names_inside_a_sentence_become_others() -> None:
    (edit,) = swap_names("$TSLA gains as $tsla buys shares of Dollar Nook in New York on Monday", ANY)
    words = [word.text for word in split_words(edit.text)]
    tags = {word for word in words if normalize_word(word) == CASHTAG}
    assert len(tags) == 1
    assert tags.isdisjoint({"$TSLA", "$tsla"})
    assert "Dollar Nook" not in edit.text
    assert "New York on Monday" in edit.text
    assert swap_names("Acme Corp Beats All Its Estimates", ANY) == []
    assert swap_names("oil slips", ANY) == []


def test_numbers_change_by_one_factor_and_keep_sign_currency_unit_and_commas() -> None:
    (edit,) = change_numbers("S&P 500 in 2023: -12.5% to $1,200 from $1,000, 40bn at 10:30 on 18 August", ANY)
    changed = dict(edit.changed)
    assert set(changed) == {"-12.5%", "$1,200", "$1,000", "40bn"}
    assert changed["-12.5%"].startswith("-")
    assert changed["-12.5%"].endswith("%")
    figures = [float(other.strip("-$%bn").replace(",", "")) for other in (changed["$1,000"], changed["$1,200"], changed["-12.5%"])]
    assert figures[1] / figures[0] == pytest.approx(1.2, abs=2e-3)
    assert 1.1 <= figures[2] / 12.5 <= 1.51
    assert change_numbers("no figure in 2023", ANY) == []


def test_case_leaves_links_and_mentions() -> None:
    assert [edit.text for edit in change_case("Oil Slips https://x.co/aB @Me", ANY)] == [
        "oil slips https://x.co/aB @Me",
        "OIL SLIPS https://x.co/aB @Me",
    ]
    assert change_case("123 👍", ANY) == []


@pytest.mark.parametrize(
    "pair", [("rise", "fall"), ("gains", "losses"), ("upgraded", "downgraded"), ("higher", "lower"), ("strong", "weak")]
)
def test_opposites_are_near_in_glove_and_are_no_synonyms(pair: tuple[str, str]) -> None:
    assert are_opposites(*pair)
    assert pair[1] in dict(neighbours(pair[0], load_glove(), 40))
    assert pair[1] not in synonyms(pair[0], load_glove(), 40)


def test_neighbours_are_written_like_the_word_and_numbers_links_and_unknown_words_have_none() -> None:
    glove = load_glove()
    assert all(other.isupper() for other, _ in neighbours("BANK", glove, 3))
    assert all(other[0].isupper() for other, _ in neighbours("Bank", glove, 3))
    cosines = [similarity for _, similarity in neighbours("bank", glove, 9)]
    assert cosines == sorted(cosines, reverse=True)
    for word in ("$TSLA", "12%", "https://x.co", "!!", "zzqqxx", ""):
        assert neighbours(word, glove, 3) == []


@pytest.mark.parametrize("word", ["the", "billion", "monday", "second", "never"])
def test_grammatical_words_and_numbers_have_no_synonyms(word: str) -> None:
    assert synonyms(word, load_glove()) == []
    assert neighbours(word, load_glove(), 3)


def test_synonyms_replace_one_word_each() -> None:
    edits = use_synonyms("the company revenue and profits plunged as lawmakers rejected it", ANY)
    assert edits
    assert all(len(edit.changed) == 1 for edit in edits)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_the_same_for_a_seed_and_says_what_it_changed(name: str) -> None:
    made = 0
    for text in (*load_dataset("sample").texts[:60], *ODD):
        first, second = (EDITS[name](text, generator_for(text, 3)) for _ in range(2))
        assert first == second
        for edit in first:
            made += 1
            assert edit.text != text
            assert edit.changed
            assert all(before in text and after in edit.text and before != after for before, after in edit.changed)
    assert made >= 10
