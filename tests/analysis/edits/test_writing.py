from __future__ import annotations

import pytest

from dixtill_core.analysis.edits.edit import generator_for
from dixtill_core.analysis.edits.writing import add_typo, change_case
from dixtill_core.analysis.similar_words import is_frequent

TEXT = "Shares of the company rise after a strong quarter and a trial"


@pytest.mark.parametrize("seed", range(10))
def test_a_typo_swaps_two_neighbouring_inner_letters_of_one_long_word(seed: int) -> None:
    (edit,) = add_typo(TEXT, generator_for(TEXT, seed))
    ((old, new),) = edit.changed
    differing = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    assert sorted(old) == sorted(new)
    assert differing == [differing[0], differing[0] + 1]
    assert 0 < differing[0] < differing[1] < len(old) - 1
    assert len(old) >= 5
    assert not is_frequent(new)


@pytest.mark.parametrize("text", ["", "up 5%", "WEWORK ADIDAS", "https://example.org/strong", "@someone $NVDAX", "aaaaa"])
def test_short_words_capitals_links_and_mentions_get_no_typo(text: str) -> None:
    assert add_typo(text, generator_for(text, 0)) == []


def test_a_typo_never_makes_another_word() -> None:
    assert {edit.text for seed in range(40) for edit in add_typo("untied trail", generator_for("untied trail", seed))}.isdisjoint(
        {"united trail", "untied trial"}
    )


def test_case_leaves_links_mentions_and_words_with_digits() -> None:
    assert [edit.text for edit in change_case("Oil Slips 5M https://x.co/aB @Me", generator_for("", 0))] == [
        "oil slips 5M https://x.co/aB @Me",
        "OIL SLIPS 5M https://x.co/aB @Me",
    ]
    assert change_case("123 👍", generator_for("", 0)) == []


def test_names_that_are_other_words_in_lower_case_stay_in_capitals() -> None:
    lower, upper = change_case("WHO Warns US", generator_for("", 0))
    assert (lower.text, upper.text) == ("WHO warns US", "WHO WARNS US")
