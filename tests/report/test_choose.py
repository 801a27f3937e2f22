from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dixtill_core.errors import ConfigError
from dixtill_core.notes.note import NoteContent
from dixtill_core.report.choose import MOST_TEXTS, choose, choose_unasked
from tests.analysis.made_corpus import made_corpus
from tests.report.made_report import made_note


def test_rows_and_ranges_come_in_the_order_given_each_once():
    assert choose(made_corpus(40), "5, 1,3-4,5,38-40", None)[0].tolist() == [4, 0, 2, 3, 37, 38, 39]


@pytest.mark.parametrize("rows", ["", "a", "1,,2", "1-", "-3", "2-1", "0", "41", "1.5", "٣x"])
def test_rows_that_mean_nothing_are_explained(rows):
    with pytest.raises(ConfigError, match="rows"):
        choose(made_corpus(40), rows, None)


def test_a_filter_is_that_of_a_link():
    corpus = made_corpus(200)
    found, how = choose(corpus, None, "?outcome=only_teacher&outcome=both_right&length=2..5")
    table = corpus.table
    expected = table["outcome"].isin(["only_teacher", "both_right"]) & table["length"].between(2, 5)
    assert found.tolist() == np.flatnonzero(expected).tolist()
    assert 0 < len(found) < 200
    assert how == "those with outcome=only_teacher&outcome=both_right&length=2..5"


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "asks for nothing"),
        ("outcome", "outcome"),
        ("nothing=1", "does not exist. Choose from gold, teacher, student, outcome, .*, note_tags, has_note, status.$"),
        ("outcome=strange", "does not exist here. Choose from both_right, only_teacher, .*, both_wrong_differently.$"),
        ("tags=strange", "does not exist here. Choose from .*near_duplicate"),
        ("status=done", "does not exist here. Choose from open, explained, 'data error', 'model error'.$"),
        ("gold=strange", "does not exist here. Choose from "),
        ("length=a..b", "no range"),
        ("word=nowhere-to-be-found", "No text is left"),
    ],
)
def test_a_filter_that_means_nothing_is_explained(query, why):
    with pytest.raises(ConfigError, match=why):
        choose(made_corpus(40), None, query)


def test_rows_and_filter_together_are_refused():
    with pytest.raises(ConfigError, match=r"either by --rows or by --filter"):
        choose(made_corpus(40), "1", "length=1..2")


def test_more_than_anyone_reads_is_refused():
    with pytest.raises(ConfigError, match=f"{MOST_TEXTS:,}"):
        choose(made_corpus(MOST_TEXTS + 5), f"1-{MOST_TEXTS + 5}", None)


def test_unasked_the_texts_with_notes_are_shown():
    corpus = made_corpus(40)
    notes = [made_note(corpus, 7, NoteContent("x")), made_note(corpus, 3, NoteContent()), made_note(corpus, 9, NoteContent(tags=("t",)))]
    found, how = choose_unasked(corpus, notes)
    keys = {corpus.table["text_key"].iloc[i] for i in (7, 9)}
    assert found.tolist() == [i for i, key in enumerate(corpus.table["text_key"]) if key in keys]
    assert how == "those with notes"


def test_without_notes_what_the_student_gets_wrong_is_shown_the_surest_first():
    corpus = made_corpus(200)
    found, _ = choose_unasked(corpus)
    rows = corpus.table.iloc[found]
    assert len(found) == 50
    assert (rows["student"] != rows["gold"]).all()
    assert rows["student_confidence"].is_monotonic_decreasing


def test_with_neither_notes_nor_errors_there_is_nothing_to_report():
    corpus = made_corpus(40)
    right = replace(corpus, table=corpus.table.assign(student=corpus.table["gold"]))
    with pytest.raises(ConfigError, match="nothing to report"):
        choose_unasked(right)
