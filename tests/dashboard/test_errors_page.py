"""The page Errors through `dashboard/app.py`: the shipped analysis, links, filters, pages of a table, notes, edits, flips, files."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dashboard.errors_data
import dashboard.errors_report
import dashboard.resources
from dashboard.errors_overview import _open_cell, _open_outcome
from dashboard.errors_reasons import KINDS
from dashboard.errors_report import texts_csv
from dashboard.errors_state import FIRST_ORDER, ORDERS, OVERVIEW, ROW, ROWS, SECTIONS
from dashboard.errors_texts import ordered
from dashboard.resources import load_jobs
from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.filters import Filters, Range
from dixtill_core.analysis.global_reasons import GlobalReasons, global_reasons
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.data.words import split_words
from tests.dashboard.errors_page import HOSTILE, has_key, open_errors, said, table_of, wait_for
from tests.dashboard.made_corpus import make_corpus

pytestmark = pytest.mark.usefixtures("own_folders")


def test_the_page_opens_on_the_shipped_analysis_without_a_model(shipped: AnalysedCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr("dixtill_core.models.pair.load_pair", refuse)
    page = open_errors()
    numbers = {metric.label: metric.value for metric in page.metric}
    assert numbers["texts"] == f"{len(shipped):,}"
    assert numbers["student right"] == f"{(shipped.table['student'] == shipped.table['gold']).mean():.1%}"
    assert page.query_params["section"] == "overview"


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_opens_by_its_link(section: str) -> None:
    page = open_errors(section=section.lower())
    assert page.session_state["errors_section"] == section
    assert not page.error
    assert not page.warning


def test_a_link_restores_filters_that_leave_the_same_texts(shipped: AnalysedCorpus) -> None:
    wanted = Filters(outcome=("only_teacher", "only_student"), length=Range(5, 20), tags=("number",), student_confidence=Range(0.5, None))
    page = open_errors(**wanted.to_query())
    expected = shipped.table["row"][wanted.apply(shipped.table)].tolist()
    assert 0 < len(expected) < ROWS
    assert table_of(page, "errors_table")["row"].tolist() == expected
    again = {name: page.query_params[name] for name in page.query_params if name != "section"}
    assert Filters.from_query(again, shipped.label_names) == (wanted, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "outcome": ("nonsense", "nonsense"), "length": ("a..b", "no range"), "pattern": ("(", "no regular expression"),
            "nothing": ("1", "has a filter 'nothing' that does not exist"), "row": ("0", "The row '0' does not exist"),
            "section": ("<b>", "a section '<b>'"), "order": ("nonsense", "least_agreement"), "page": ("0", "The page '0' does not exist"),
            "pair": ("../../etc", "no models"), "data": (HOSTILE, "There are no data"),
        },
        {
            "length": ("nan..1", "has to end at a number"), "row": ("99999999999999999999", "does not exist"), "page": ("8", "1 to 7"),
            "data": ("file:0000", "not here any more"),
        },
        {"row": ("1.5", "The row '1.5' does not exist"), "page": ("1e1", "The page '1e1' does not exist")},
    ],
)  # fmt: skip
def test_every_damaged_parameter_is_said_and_the_page_opens(wrong: dict[str, tuple[str, str]]) -> None:
    page = open_errors(**{name: value for name, (value, _) in wrong.items()})
    for _, message in wrong.values():
        assert message in said(page)
    assert len(page.warning) == len(wrong)
    assert not page.error
    assert page.metric or page.dataframe


def test_a_filter_that_is_set_shrinks_the_table_and_stands_in_the_link(shipped: AnalysedCorpus) -> None:
    page = open_errors(section="texts")
    page.text_input(key="errors_filter_word").set_value("profit").run()
    expected = shipped.table["row"][Filters(word="profit").apply(shipped.table)].tolist()
    assert table_of(page, "errors_table")["row"].tolist() == expected[:ROWS]
    assert page.query_params["word"] == "profit"
    page.button(key="errors_drop_word").click().run()
    assert "word" not in page.query_params
    assert table_of(page, "errors_table")["row"].tolist() == list(range(1, ROWS + 1))


def test_a_pattern_that_is_none_is_said_and_stays_typed() -> None:
    page = open_errors(section="texts", word="profit")
    page.text_input(key="errors_filter_pattern").set_value("(").run()
    assert "no regular expression" in said(page)
    assert page.text_input(key="errors_filter_pattern").value == "("
    assert page.query_params["word"] == "profit"
    assert "pattern" not in page.query_params
    page.text_input(key="errors_filter_pattern").set_value("(profit)").run()
    assert not page.error
    assert page.query_params["pattern"] == "(profit)"


def test_filters_that_leave_nothing_say_so() -> None:
    page = open_errors(word="zzzzzz")
    assert "No text is like that" in said(page)
    page.button(key="errors_clear").click().run()
    assert len(table_of(page, "errors_table")) == ROWS


def test_a_confusion_cell_and_an_outcome_open_their_texts(shipped: AnalysedCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[dict[str, Any]] = []
    monkeypatch.setattr("dashboard.errors_overview.open_texts", lambda **wanted: opened.append(wanted))
    _open_cell("student", list(shipped.label_names), {"x": 2, "y": 0})
    _open_outcome({"point_index": 1})
    assert opened == [{"gold": (shipped.label_names[0],), "student": (shipped.label_names[2],)}, {"outcome": ("only_teacher",)}]


def test_previous_and_next_walk_through_what_the_filters_leave(shipped: AnalysedCorpus) -> None:
    rows = shipped.table["row"][Filters(outcome=("only_teacher",)).apply(shipped.table)].tolist()
    page = open_errors(outcome="only_teacher", row=str(rows[0]))
    assert page.button(key="errors_previous").disabled
    page.button(key="errors_next").click().run()
    assert page.session_state[ROW] == rows[1]
    assert page.query_params["row"] == str(rows[1])
    assert "Text 2 of" in said(page)
    page.button(key="errors_back").click().run()
    assert "row" not in page.query_params
    assert table_of(page, "errors_table")["row"].tolist() == rows[:ROWS]


def test_an_order_puts_texts_without_a_value_last() -> None:
    table = make_corpus(5).table.assign(agreement_at_3=[0.5, np.nan, 1.0, 0.0, 0.5])
    everything = np.ones(5, dtype=bool)
    assert ordered(table, everything, "least_agreement").tolist() == [3, 0, 4, 2, 1]
    assert ordered(table, everything, "most_agreement").tolist() == [2, 0, 4, 3, 1]
    assert ordered(table, everything, FIRST_ORDER).tolist() == [0, 1, 2, 3, 4]
    assert all(order.column in table.columns for order in ORDERS.values())


def test_order_and_page_belong_to_the_link(shipped: AnalysedCorpus) -> None:
    page = open_errors(section="texts")
    page.selectbox(key="errors_order_box").set_value("longest").run()
    page.button(key="errors_page_on").click().run()
    assert (page.query_params["order"], page.query_params["page"]) == ("longest", "2")
    shown = table_of(page, "errors_table")["row"].tolist()
    assert shown == shipped.table["row"].iloc[np.argsort(-shipped.table["length"].to_numpy(), kind="stable")[ROWS : 2 * ROWS]].tolist()
    again = open_errors(order="longest", page="2")
    assert table_of(again, "errors_table")["row"].tolist() == shown
    again.selectbox(key="errors_order_box").set_value(FIRST_ORDER).run()
    assert not {"order", "page"} & set(again.query_params)  # Another order begins with its first page.
    assert table_of(again, "errors_table")["row"].tolist() == list(range(1, ROWS + 1))


def test_a_hundred_thousand_texts_are_filtered_and_paged_without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = make_corpus(100_000)
    monkeypatch.setattr(dashboard.errors_data, "load_shipped", lambda version: corpus)
    page = open_errors(section="texts")
    assert len(table_of(page, "errors_table")) == ROWS
    assert "Page of 1,000" in [box.label for box in page.number_input]
    page.button(key="errors_page_on").click().run()
    assert table_of(page, "errors_table")["row"].tolist() == list(range(ROWS + 1, 2 * ROWS + 1))
    page.number_input(key="errors_page_box").set_value(1000).run()
    assert table_of(page, "errors_table")["row"].tolist() == list(range(99_901, 100_001))
    page.text_input(key="errors_filter_word").set_value("profit").run()
    expected = corpus.table["row"][Filters(word="profit").apply(corpus.table)]
    assert table_of(page, "errors_table")["row"].tolist() == expected.tolist()[:ROWS]
    assert f"{len(expected):,}" in said(page)
    assert not page.exception


def test_many_texts_are_written_in_the_background(shipped: AnalysedCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard.errors_report, "AT_ONCE", 50)
    page = open_errors(outcome="only_teacher")
    page.button(key="errors_csv_make").click().run()
    wait_for(page, "errors_csv")
    job = load_jobs().latest("errors_csv")
    assert job is not None
    expected = np.flatnonzero(shipped.table["outcome"] == "only_teacher")
    assert job.state.result.content == texts_csv(shipped, expected)
    assert has_key(page.get("download_button"), "errors_csv_file")
    monkeypatch.setattr(dashboard.errors_report, "AT_ONCE", len(expected))
    assert has_key(open_errors(outcome="only_teacher").get("download_button"), "errors_csv")


def test_the_file_of_the_texts_runs_no_formula() -> None:
    corpus = make_corpus(3)
    texts = ["=HYPERLINK(1) now", "@SUM of it", "a plain text"]
    scores = pd.Series([np.zeros(len(split_words(text)), dtype=np.float32) for text in texts])
    table = corpus.table.assign(text=texts, teacher_scores=scores, student_scores=scores)
    read = pd.read_csv(io.BytesIO(texts_csv(corpus.with_table(table), np.array([1, 0, 2]))))
    assert read["row"].tolist() == [2, 1, 3]
    assert read["text"].tolist() == ["'" + texts[1], "'" + texts[0], texts[2]]


def test_words_by_kind_open_texts_by_filters_that_exist(shipped: AnalysedCorpus) -> None:
    reasons = next(item for item in global_reasons(shipped.table, shipped.label_names) if isinstance(item, GlobalReasons))
    for word, wanted in KINDS.items():
        assert set(wanted.get("tags", ())) <= set(SMART_TAGS)
        if word in reasons.words:
            assert set(reasons.rows(word)) <= set(np.flatnonzero(Filters(**wanted).apply(shipped.table)))


def test_the_first_section_is_the_overview() -> None:
    assert SECTIONS[0] == OVERVIEW
