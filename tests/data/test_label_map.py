"""Which label of the data is which of the teacher's: guessed, said by the user, applied."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixtill_core.data.datasets import Dataset
from dixtill_core.data.label_map import (
    apply_label_map,
    match_labels,
    parse_label_map,
    suggest_label_map,
    write_label_map,
)
from dixtill_core.errors import DataError

TEACHER = ("bearish", "bullish", "neutral")
STARS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")


def dataset(names: tuple[str, ...], labels: list[int] | None = None) -> Dataset:
    numbers = list(range(len(names))) if labels is None else labels
    return Dataset(tuple(f"text {i}" for i in range(len(numbers))), np.array(numbers), names, "a.csv")


def names_of(found: Dataset) -> list[str]:
    return [found.label_names[i] for i in found.require_labels()]


@pytest.mark.parametrize(
    ("data", "teacher", "expected"),
    [
        (("neutral", "bullish"), TEACHER, ("neutral", "bullish")),
        (("Bullish", "BEARISH "), TEACHER, ("bullish", "bearish")),
        (("positive", "negative", "Neutral"), TEACHER, ("bullish", "bearish", "neutral")),
        (("pos", "neg", "neu"), ("POSITIVE", "NEGATIVE"), ("POSITIVE", "NEGATIVE", None)),
        (("very positive", "sell"), ("very-positive", "Negative"), ("very-positive", "Negative")),
        (("happiness", "sad", "Angry"), ("anger", "joy", "sadness"), ("joy", "sadness", "anger")),
        (("Complaints", "other"), ("complaint", "Others"), ("complaint", "Others")),
        (("Sci/Tech", "Sport"), ("science", "sports"), ("science", "sports")),
        (("0", "1", "2"), TEACHER, TEACHER),
        (("LABEL_0", "LABEL_2"), TEACHER, ("bearish", "neutral")),
        (("0", "1"), ("LABEL_0", "LABEL_1"), ("LABEL_0", "LABEL_1")),
        (("-1", "0", "1"), ("positive", "negative", "neutral"), ("negative", "neutral", "positive")),
        (("-1", "1"), TEACHER, ("bearish", "bullish")),
        (("1", "5"), STARS, ("1 star", "5 stars")),
        (("0", "4"), STARS, ("1 star", "5 stars")),
        (("0", "7"), TEACHER, (None, None)),
        (("2", "0", "Neutral", "positive"), TEACHER, ("neutral", "bearish", "neutral", "bullish")),  # Two files in one map.
        (("up", "sideways"), TEACHER, ("bullish", None)),
        (("cat", "dog"), TEACHER, (None, None)),
        (("positive",), ("bullish", "good"), (None,)),  # Two that it could be.
        (("良い", "悪い"), ("良い", "悪い"), ("良い", "悪い")),
        ((), TEACHER, ()),
    ],
)
def test_a_label_is_guessed_by_its_name_its_meaning_or_its_number(
    data: tuple[str, ...], teacher: tuple[str, ...], expected: tuple[str | None, ...]
) -> None:
    assert suggest_label_map(data, teacher) == dict(zip(data, expected, strict=True))


def test_a_map_moves_labels_and_leaves_out_texts_without_one() -> None:
    found = apply_label_map(dataset(("neg", "odd", "pos"), [2, 1, 0, 2]), {"pos": "bullish", "neg": "bearish", "odd": None}, TEACHER)
    assert found.texts == ("text 0", "text 2", "text 3")
    assert names_of(found) == ["bullish", "bearish", "bullish"]
    assert found.label_names == TEACHER
    assert found.source == "a.csv"


def test_two_labels_may_become_one() -> None:
    assert (
        names_of(apply_label_map(dataset(("buy", "strong buy")), {"buy": "bullish", "strong buy": "bullish"}, TEACHER)) == ["bullish"] * 2
    )


def test_a_label_that_the_teacher_has_needs_no_map_and_case_does_not_matter() -> None:
    assert names_of(apply_label_map(dataset(("Neutral", "pos")), {"POS": "Bullish"}, TEACHER)) == ["neutral", "bullish"]


def test_a_label_that_no_text_has_needs_no_map() -> None:
    assert names_of(apply_label_map(dataset(("0", "1", "2"), [0, 2]), {"0": "bearish", "2": "neutral"}, TEACHER)) == ["bearish", "neutral"]


@pytest.mark.parametrize(
    ("given_map", "message"),
    [
        ({"pos": "bullish"}, "a.csv has the label neg, odd, which is not mapped to a label of the teacher.*--label-map"),
        ({"pso": "bullish", "neg": "bearish"}, "has no label pso, which the label map names. It has neg, odd, pos"),
        ({"pos": "good", "neg": "bearish"}, "The teacher has no label good, which the label map names. It has bearish, bullish, neutral"),
        ({"pos": None, "neg": None, "odd": None}, "leaves every label of a.csv out"),
    ],
)
def test_a_map_that_does_not_fit_is_refused_with_the_labels_that_are_wrong(given_map: dict[str, str | None], message: str) -> None:
    with pytest.raises(DataError, match=message):
        apply_label_map(dataset(("neg", "odd", "pos")), given_map, TEACHER)


def test_a_map_that_is_shared_may_name_labels_that_only_other_data_have() -> None:
    both = {"POS": "bullish", "neg": "bearish", "odd": None}
    test = dataset(("neg", "pos"))
    assert names_of(match_labels(test, TEACHER, both, is_shared=True)) == ["bearish", "bullish"]
    with pytest.raises(DataError, match="odd"):
        match_labels(test, TEACHER, both)
    assert names_of(match_labels(dataset(("Neutral",)), TEACHER, is_shared=True)) == ["neutral"]


def test_labels_that_do_not_match_ask_for_a_map() -> None:
    with pytest.raises(DataError, match=r"has the labels good, bad, the model has bearish, bullish, neutral.*--label-map") as raised:
        match_labels(dataset(("good", "bad")), TEACHER)
    assert raised.value.setting == "label_map"
    assert "Most likely good means bullish, bad means bearish." in str(raised.value)
    assert names_of(match_labels(dataset(("good", "bad")), TEACHER, {"good": "bullish", "bad": "bearish"})) == ["bullish", "bearish"]
    assert names_of(match_labels(dataset(("Neutral", "Bullish")), TEACHER)) == ["neutral", "bullish"]


def test_texts_without_labels_ask_for_the_column_and_not_for_a_map() -> None:
    with pytest.raises(DataError) as raised:
        match_labels(Dataset(("text",), None, (), "a.csv"), TEACHER)
    assert raised.value.setting == "label_column"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pos=bullish,neg=bearish,other=", {"pos": "bullish", "neg": "bearish", "other": None}),
        (" very good = bullish , bad=bearish ,", {"very good": "bullish", "bad": "bearish"}),
        ('"a,b"="x=y","say ""no"""=z', {"a,b": "x=y", 'say "no"': "z"}),
        ("0=bearish", {"0": "bearish"}),
    ],
)
def test_a_map_is_read_as_typed(text: str, expected: dict[str, str | None]) -> None:
    assert parse_label_map(text) == expected


@pytest.mark.parametrize("text", ["", "  ", "pos", "=bullish", "a=b=c", "a=b,,c=d", '"a=b', "a=b,a=c", ",", "pos:bullish"])
def test_what_is_no_map_is_refused_with_the_form_of_one(text: str) -> None:
    with pytest.raises(DataError, match="'pos=bullish,neg=bearish,other='"):
        parse_label_map(text)


NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=8)


@given(st.dictionaries(NAMES, st.none() | NAMES, min_size=1, max_size=5))
def test_a_map_that_is_written_reads_the_same(label_map: dict[str, str | None]) -> None:
    assert parse_label_map(write_label_map(label_map)) == label_map
