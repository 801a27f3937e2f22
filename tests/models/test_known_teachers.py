"""The table of classifiers that can be chosen by a click: whole, plain, and in agreement with what is bundled."""

from __future__ import annotations

import re

import pytest

from dixtill_core.data.label_map import suggest_label_map
from dixtill_core.models.known_teachers import KNOWN_TEACHERS, KnownTeacher, known_teacher
from dixtill_core.models.teacher_reference import BUNDLED, BUNDLED_TEACHER, read_teacher_card


def test_the_bundled_teacher_comes_first_and_downloads_nothing() -> None:
    first = KNOWN_TEACHERS[0]
    assert first.reference == BUNDLED
    assert (first.download, first.download_bytes) == ("no download", 0)
    assert list(first.label_names) == read_teacher_card(BUNDLED_TEACHER)["label_names"]


def test_the_papers_teacher_is_among_them() -> None:
    assert known_teacher("nickmuchi/finbert-tone-finetuned-fintwitter-classification") is not None
    assert known_teacher("someone/else") is None


@pytest.mark.parametrize("known", KNOWN_TEACHERS, ids=lambda known: known.reference)
def test_each_says_what_it_answers_and_what_it_downloads(known: KnownTeacher) -> None:
    assert known.reference == BUNDLED or re.fullmatch(r"[\w.\-]+/[\w.\-]+", known.reference)
    assert len(set(known.label_names)) == len(known.label_names) >= 2
    assert known.title
    assert known.description.endswith(".")
    assert ("MB" in known.download) == bool(known.download_mb)


def test_each_is_there_once() -> None:
    assert len({known.reference for known in KNOWN_TEACHERS}) == len(KNOWN_TEACHERS)


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    unknown = KnownTeacher("a/b", "A", "Sentiment", ("x", "y"), "English", None, None, None)
    assert unknown.download_bytes is None
    assert unknown.description == "Sentiment: x, y. English; no licence stated; size unknown."


def test_the_labels_of_other_sentiment_teachers_are_mapped_to_the_bundled_ones() -> None:
    ours = KNOWN_TEACHERS[0].label_names
    for known in KNOWN_TEACHERS:
        if known.task.startswith("Sentiment"):
            found = suggest_label_map(known.label_names, ours)
            assert None not in found.values()
            assert len(set(found.values())) == len(found)
