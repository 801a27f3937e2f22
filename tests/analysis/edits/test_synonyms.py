from __future__ import annotations

import pytest

from dixtill_core.analysis.edits.edit import generator_for
from dixtill_core.analysis.edits.synonyms import use_synonyms


def changes_of(text: str) -> set[tuple[str, str]]:
    return {change for seed in range(20) for edit in use_synonyms(text, generator_for(text, seed)) for change in edit.changed}


def test_synonyms_replace_one_word_each_in_at_most_two_texts() -> None:
    text = "shares of the company plunged as lawmakers were worried about the biggest lawsuit"
    edits = use_synonyms(text, generator_for(text, 0))
    assert len(edits) == 2
    assert all(len(edit.changed) == 1 for edit in edits)
    assert len({edit.changed[0][0] for edit in edits}) == 2
    assert {old for old, _ in changes_of(text)} == {"company", "plunged", "worried", "biggest", "lawsuit"}


@pytest.mark.parametrize(
    "text",
    [
        "not worried, never optimistic",  # behind a negation
        "a pact",  # "a agreement"
        "the Company and #stocks",  # names, hashtags
        "in January the price of oil rises by two billion dollars in China",
        "gains, losses, up, down, call, buy, margin",
        "",
        "👍🏽",
    ],
)
def test_words_that_a_neighbour_cannot_stand_for_stay(text: str) -> None:
    assert changes_of(text) <= {("rises", "climbs")}


def test_of_a_headline_in_capitals_only_verbs_and_adverbs_are_replaced() -> None:
    assert changes_of("Ross Stores Soars As Company Unveils Rules") == {("Soars", "Surges"), ("Unveils", "Announces")}
