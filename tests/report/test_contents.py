from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.export.panels import answer_panel
from dixtill_core.notes.note import NoteContent
from dixtill_core.report.contents import build_report, corpus_panel, cut_note
from tests.analysis.made_corpus import made_corpus
from tests.report.made_report import TEXTS, made_note, odd_corpus


def test_a_panel_says_what_the_analysis_says():
    corpus = odd_corpus()
    row, panel = corpus.table.iloc[0], corpus_panel(corpus, 0, "student", "bi-LSTM")
    scores = row["student_scores"].astype(np.float64)
    assert panel.values == pytest.approx(scores / np.abs(scores).max())
    assert [share.share for share in panel.shares] == pytest.approx(row["student_probabilities"].tolist())
    assert [share.label for share in panel.shares if share.is_predicted] == [row["student"]]
    assert panel.target == row["student"]
    assert panel.subtitle == "bi-LSTM · attention scores before the softmax"
    assert [fact.number for fact in panel.facts] == [f"{row['student_comprehensiveness']:.2f}", f"{row['student_sufficiency']:.2f}"]
    assert not corpus_panel(made_corpus(faithfulness=False), 0, "student").facts


def test_figures_are_counted_on_all_texts_not_on_the_chosen_ones():
    corpus = made_corpus(80)
    table = corpus.table
    figures = {fact.meaning: fact.number for fact in build_report(corpus, [0]).figures}
    assert figures["texts"] == "80"
    assert figures["student's accuracy"] == f"{(table['student'] == table['gold']).mean():.1%}"
    assert figures["same answer"] == f"{(table['student'] == table['teacher']).mean():.1%}"


def test_the_texts_come_in_the_order_asked_for_with_their_rows_and_notes():
    corpus = odd_corpus()
    note = made_note(corpus, 2, NoteContent("x"))
    report = build_report(corpus, [2, 0], [note, made_note(corpus, 0, NoteContent())])
    assert [text.row for text in report.texts] == [3, 1]
    assert [text.note for text in report.texts] == [note, None]
    assert report.n_notes == 1


def test_a_text_that_the_teacher_read_in_part_says_where_it_stopped():
    corpus = made_corpus(5)
    words = len(corpus.attributions(0, "teacher").scores)
    assert cut_note(corpus, 0) == ""
    scores = corpus.table["teacher_scores"].tolist()
    scores[0] = np.array([0.5, *[0.0] * (words - 1)])
    corpus.table["teacher_scores"] = scores
    said = f"The teacher reads only the first 1 of {words} words"
    assert cut_note(corpus, 0).startswith(said)
    assert any(fact.number.startswith(said) for fact in build_report(corpus, [0]).texts[0].facts)


def test_headings_are_short_and_on_one_line():
    headings = {name: text.heading for name, text in zip(TEXTS, build_report(odd_corpus(), range(len(TEXTS))).texts, strict=True)}
    assert headings["plain"] == TEXTS["plain"]
    assert headings["empty"] == "(no words)"
    assert len(headings["endless word"]) == 90
    assert headings["long"].endswith("…")


def test_settings_show_no_folder_of_this_machine():
    corpus = made_corpus(5)
    object.__setattr__(corpus, "data_name", "/home/ada/secret/test.csv")
    object.__setattr__(corpus, "settings", {"training": "/home/ada/secret/train.csv", "targets": {"explain": {"n_steps": 12}}})
    report = build_report(corpus, [])
    assert dict(report.settings)["training"] == "train.csv"
    assert dict(report.settings)["targets, explain, n steps"] == "12"
    assert not any("/home/ada" in value for _, value in report.settings)
    assert "/home/ada" not in report.title + report.about


def test_the_numbers_are_those_of_compare(pair):
    """The panel from an analysis says what the panel of a comparison says, for the student, whose reasons are the same."""
    from dixtill_core.analysis.analyse import analyse
    from dixtill_core.comparison import student_answer
    from dixtill_core.data.datasets import Dataset
    from tests.small_models import LABELS, SENTENCES

    texts = tuple(SENTENCES[:3])
    *_, corpus = analyse(pair, Dataset(texts, np.array([0, 1, 2]), LABELS, "made up"))
    for i, text in enumerate(texts):
        of_analysis, of_comparison = corpus_panel(corpus, i, "student"), answer_panel(student_answer(pair.student, text))
        assert of_analysis.values == pytest.approx(of_comparison.values, abs=1e-5)
        assert [share.text for share in of_analysis.shares] == [share.text for share in of_comparison.shares]
        assert of_analysis.target == of_comparison.target
