from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.analysis.edits.names import NAMES, TICKERS, company_names, swap_names
from dixtill_core.data.words import CASHTAG, normalize_word, split_words

ANY = np.random.default_rng(0)


def names_in(text: str) -> list[str]:
    words = split_words(text)
    return [text[words[first].start : words[last].end] for first, last in company_names(text, words)]


def test_cashtags_and_names_become_others_and_the_same_one_the_same() -> None:
    (edit,) = swap_names("$TSLA gains as $tsla buys shares of Dorlan Foods in New York on Monday, Dorlan Foods says", ANY)
    tags = {word.text for word in split_words(edit.text) if normalize_word(word.text) == CASHTAG}
    assert len(tags) == 1
    assert tags <= set(TICKERS) - {"$TSLA"}
    assert "Dorlan Foods" not in edit.text
    assert len({new for old, new in edit.changed if old == "Dorlan Foods"} & set(NAMES)) == 1
    assert "in New York on Monday" in edit.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Boise Cascade declares $0.10 dividend", ["Boise Cascade"]),
        ("PriceSmart reports 0.3% gain in sales", ["PriceSmart"]),
        ("Zebra EPS beats by $0.02", ["Zebra"]),
        ("shares of Acme Foods rise", ["Acme Foods"]),
        ("Vans parent VF Corp. says shops are closed", ["VF Corp."]),
        ("Nestle, Tesla and Uber slip as oil jumps", ["Nestle", "Tesla", "Uber"]),
        ("Why Profits From Amazon Could Soar", ["Amazon"]),
        ("the outlook of Netflix is strong", ["Netflix"]),
    ],
)
def test_a_name_is_told_by_what_is_beside_it(text: str, expected: list[str]) -> None:
    assert names_in(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Profit Rises At Smaller Banks",  # a headline of capitals
        "PROFIT RISES AT SMALLER BANKS",
        "Oil drops after the report",  # the first word of a sentence
        "Profits rise. Sales rise. Everyone is glad.",
        "Analyst Dori Kesten likes the hotel chain",  # a person
        "Prime Minister Boris Johnson speaks on Monday in New York",
        "China reports 5 new cases",
        "Fed announces a new program",
        "the Bank of Nova Scotia",
        "oil slips",
        "",
    ],
)
def test_people_places_offices_and_first_words_are_no_companies(text: str) -> None:
    assert names_in(text) == []


def test_a_possessive_stays_unless_it_is_part_of_the_name() -> None:
    (tesla,) = swap_names("the plan of Tesla's board is good", ANY)
    (macys,) = swap_names("Macy's EPS beats by $0.02", ANY)
    assert tesla.text.endswith("'s board is good")
    assert "'s" not in macys.text


def test_funds_indices_currencies_and_long_lists_of_stocks_stay() -> None:
    assert swap_names("$SPY $UVXY $BTC $USO $EURUSD up", ANY) == []
    assert swap_names(" ".join(f"$AB{letter}" for letter in "ABCDEFGHIJKLMNOP"), ANY) == []
