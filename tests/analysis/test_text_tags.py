from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.analysis.smart_tags import SMART_TAGS, text_tags

LABELLED = Path(__file__).with_name("hand_labelled.csv")
TEXT_TAGS = tuple(name for name, tag in SMART_TAGS.items() if tag.ground == "text")


def labelled_texts() -> Iterator[tuple[str, set[str]]]:
    """Texts with the tags that a person gave them."""
    with open(LABELLED, encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["text"], set(row["tags"].split())


def precision_and_recall() -> dict[str, tuple[float, float]]:
    counts = {name: [0, 0, 0] for name in TEXT_TAGS}  # right, given, wanted
    for text, wanted in labelled_texts():
        given = set(text_tags(text))
        for name, count in counts.items():
            count[0] += name in given and name in wanted
            count[1] += name in given
            count[2] += name in wanted
    return {name: (right / given, right / wanted) for name, (right, given, wanted) in counts.items()}


@pytest.mark.parametrize("tag", TEXT_TAGS)
def test_a_tag_is_given_where_a_person_gives_it(tag):
    """On 60 texts that were labelled by hand."""
    precision, recall = precision_and_recall()[tag]
    assert precision >= 0.9
    assert recall >= 0.9


def test_the_hand_labelled_texts_are_sixty_and_know_every_tag_of_a_text():
    labelled = list(labelled_texts())
    assert len({text for text, _ in labelled}) == 60
    counts = {name: sum(name in tags for _, tags in labelled) for name in TEXT_TAGS}
    assert set().union(*(tags for _, tags in labelled)) == set(TEXT_TAGS)
    assert min(counts.values()) >= 6


@pytest.mark.parametrize(
    ("tag", "given", "not_given"),
    [
        ("negation", "The bank didn’t raise it", "The notary noted the knot in Nottingham"),
        ("hedge", "Sales may fall in May", "Sales fell in May with all the might of the bank"),
        ("number", "Up 3 points", "The S&P 500 and the FTSE 100 were flat"),
        ("number", "a third of the shops", "wait a second https://example.com/2024 @user7"),
        ("number", "sales doubled at a top-three maker", "a double top for Take-Two (HKG:8423)"),
        ("cashtag", "buy $TSLA", "it cost $3"),
        ("question", "why is it down", "See https://example.com/?q=1"),
        ("mixed_polarity", "Profit rises but debt rises too", "Costs fall and losses narrow"),
        ("mixed_polarity", "Strong sales, weak outlook", "A strong decline in sales"),
        ("irony", "another 'one-off' charge", "Mexico will never accept 'disguised' inspectors"),
        ("irony", 'their "robust" demand 🙄', 'Analysts rate it a "buy" and call it "robust"'),
    ],
)
def test_what_only_looks_alike_is_told_apart(tag, given, not_given):
    assert tag in text_tags(given)
    assert tag not in text_tags(not_given)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("'\"?!$#@0 a\n"))
@settings(max_examples=300, deadline=None)
def test_no_text_is_an_error(text):
    assert set(text_tags(text)) <= set(TEXT_TAGS)


@pytest.mark.parametrize("part", ["not ", "'", '"a ', "up ", "fall , ", "as a a a ", "i don't think ", "1-", "$A ", "😀", "because "])
def test_a_long_text_of_one_thing_takes_no_time_to_speak_of(part):
    """It would take hours where an expression looked back over all of it."""
    assert isinstance(text_tags(part * 5000), list)


if __name__ == "__main__":  # python -m tests.analysis.test_text_tags prints the table and every text that differs.
    for tag, (precision, recall) in precision_and_recall().items():
        print(f"{tag:16} precision {precision:.2f}  recall {recall:.2f}")
    for text, wanted in labelled_texts():
        given_tags = set(text_tags(text))
        if given_tags != wanted:
            print(f"+{sorted(given_tags - wanted)} -{sorted(wanted - given_tags)}  {text}")
