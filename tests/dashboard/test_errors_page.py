"""The page Errors through `dashboard/app.py`: the shipped analysis, links, filters, pages of a table, notes, edits, flips, files."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

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
from dixtill_core.analysis.shipped import load_shipped
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.data.words import split_words
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
from dixtill_core.paths import PROJECT
from tests.dashboard.drawn_components import drawn_components
from tests.dashboard.made_corpus import make_corpus
from tests.metrics.bag_of_words import BagOfWords

SECONDS = 300
HOSTILE = "<script>alert(1)</script> **not bold** $x$ 🙄 \u202eהפוך"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's own is read or written."""
    monkeypatch.setenv("DIXTILL_NOTES", str(tmp_path / "notes.db"))
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(dashboard.resources, "RUNS", tmp_path / "runs")


@pytest.fixture(scope="module")
def shipped() -> AnalysedCorpus:
    found = load_shipped()
    assert found is not None
    return found


def open_errors(**link: str | list[str]) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/errors.py")
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    """Everything in messages, without the escapes of Markdown."""
    found = [*page.error, *page.warning, *page.info, *page.success, *page.caption, *page.markdown]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u200b", "")


def table_of(page: AppTest, start: str) -> pd.DataFrame:
    return next(table.value for table in page.dataframe if table.key is not None and table.key.startswith(start))


def has_key(elements: Any, key: str) -> bool:
    return any(element.key == key for element in elements)


def wait_for(page: AppTest, kind: str) -> AppTest:
    """Until the background job is done."""
    job = load_jobs().latest(kind)
    assert job is not None
    job.join(SECONDS)
    assert job.state.status == "finished", job.state.error
    page.run()
    assert not page.exception
    return page


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


def test_a_note_is_in_the_database_as_soon_as_it_is_changed_and_there_after_a_refresh(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="7")
    page.text_input(key="errors_author").set_value("Ada").run()
    page.text_area(key="errors_note_comment").set_value(HOSTILE).run()
    page.text_input(key="errors_note_tags").set_value("irony, guidance").run()
    page.selectbox(key="errors_note_label").set_value("neutral").run()
    assert not page.exception
    text = shipped.table["text"][6]
    with NoteStore() as store:
        note = store.note(text, shipped.pair_key)
        assert note is not None
        assert note.content == NoteContent(HOSTILE, ("irony", "guidance"), "neutral", "open", "Ada")
        assert len(store.history(text, shipped.pair_key)) == 3
    again = open_errors(row="7")
    assert again.text_area(key="errors_note_comment").value == HOSTILE
    assert again.text_input(key="errors_note_tags").value == "irony, guidance"
    assert [element.value for element in again.text].count(HOSTILE) == 3  # The history, as it was typed.
    others = open_errors(has_note="yes")
    assert table_of(others, "errors_table")["row"].tolist() == [7]
    assert open_errors(row="8").text_area(key="errors_note_comment").value == ""


def test_a_note_of_fifty_thousand_characters_is_kept_shown_and_cut_in_the_table(shipped: AnalysedCorpus) -> None:
    comment = "<b>🙄</b>\n" * 5555 + "<end>"
    assert len(comment) == 50_000
    page = open_errors(row="9")
    page.text_area(key="errors_note_comment").set_value(comment).run()
    assert not page.exception
    with NoteStore() as store:
        note = store.note(shipped.table["text"][8], shipped.pair_key)
    assert note is not None
    assert note.content.comment == comment
    assert open_errors(row="9").text_area(key="errors_note_comment").value == comment
    shown = table_of(open_errors(has_note="yes"), "errors_table")["note"][0]
    assert shown.startswith("open: <b>🙄</b>")
    assert len(shown) <= 300


def test_a_conflict_shows_both_versions_and_neither_is_lost(shipped: AnalysedCorpus) -> None:
    text = shipped.table["text"][0]
    page = open_errors(row="1")
    with NoteStore() as store:
        store.write(text, shipped.pair_key, NoteContent("theirs", author="Bob"), None)
    page.text_area(key="errors_note_comment").set_value("mine").run()
    assert "changed by Bob" in said(page)
    assert {"theirs", "mine"} <= {element.value for element in page.text}
    with NoteStore() as store:
        assert store.notes(shipped.pair_key)[0].content.comment == "theirs"
    page.button(key="errors_note_mine").click().run()
    with NoteStore() as store:
        assert store.notes(shipped.pair_key)[0].content.comment == "mine"
        assert [note.content.comment for note in store.history(text, shipped.pair_key)] == ["theirs", "mine", "mine"]
    assert not page.warning


def test_a_note_that_cannot_be_written_stays_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_errors(row="1")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    monkeypatch.setenv("DIXTILL_NOTES", str(damaged))
    page.text_area(key="errors_note_comment").set_value("precious").run()
    assert "Not saved" in said(page)
    assert page.text_area(key="errors_note_comment").value == "precious"
    monkeypatch.setenv("DIXTILL_NOTES", str(tmp_path / "notes.db"))
    page.text_input(key="errors_note_tags").set_value("kept").run()
    assert not page.error
    assert page.text_area(key="errors_note_comment").value == "precious"


def test_a_note_too_long_for_a_tag_is_refused_with_a_reason_and_stays_typed() -> None:
    page = open_errors(row="1")
    page.text_input(key="errors_note_tags").set_value("x" * 300).run()
    assert "Shorten it" in said(page)
    assert page.text_input(key="errors_note_tags").value == "x" * 300


def test_an_edit_shows_what_both_models_say_now_and_the_original_comes_back(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="12")
    box = next(area for area in page.text_area if area.key is not None and area.key.startswith("errors_edit_"))
    assert box.value == shipped.table["text"][11]
    box.set_value("Profit falls and shares slump <b>").run()
    assert not page.exception
    assert {metric.label for metric in page.metric} == {"teacher says now", "student says now"}
    assert len(drawn_components(page)) == 2
    page.button(key="errors_edit_undo").click().run()
    assert len(drawn_components(page)) == 1
    assert not page.metric


def test_an_edit_that_leaves_no_word_asks_for_some() -> None:
    page = open_errors(row="12")
    box = next(area for area in page.text_area if area.key is not None and area.key.startswith("errors_edit_"))
    box.set_value("   ").run()
    assert "No word is left" in said(page)
    assert not page.exception


def test_a_flip_is_found_with_its_cost_and_can_be_tried(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="124")
    page.button(key="errors_flip_search").click().run()
    wait_for(page, "errors_flip")
    assert "Student says neutral instead of bullish" in said(page).replace("*", "")
    assert "readings" in said(page)
    page.button(key="errors_flip_try_student").click().run()
    numbers = {metric.label: metric.value for metric in page.metric}
    assert numbers["student says now"].startswith("neutral")


class Waiting(BagOfWords):
    """Stops before it reads more often than that, until it is let."""

    def __init__(self, powers: dict[str, float], most: int) -> None:
        super().__init__(powers)
        self.most, self.arrived, self.go = most, threading.Event(), threading.Event()

    def forward(self, inputs: dict[str, Any]) -> Any:
        if self.variants_run + len(inputs["input_ids"]) > self.most:
            self.arrived.set()
            assert self.go.wait(SECONDS)
        return super().forward(inputs)


def test_a_cancelled_flip_search_shows_the_best_so_far(shipped: AnalysedCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [word.text for word in split_words(shipped.table["text"][123])]
    powers = {word: 1.0 if i < 8 else -1.0 for i, word in enumerate(words)}  # 8 - 4: five of the eight have to go.
    student = Waiting(powers, most=40)
    pair = SimpleNamespace(student=student, teacher=BagOfWords(powers))
    monkeypatch.setattr("dashboard.errors_flip.load_models", lambda folder, version: pair)
    page = open_errors(row="124")
    page.button(key="errors_flip_search").click().run()
    job = load_jobs().latest("errors_flip")
    assert job is not None
    assert student.arrived.wait(SECONDS)
    job.cancel()
    student.go.set()
    job.join(SECONDS)
    assert job.state.status == "cancelled"
    page.run()
    assert "Student says second instead of first without" in said(page).replace("*", "")
    assert "Best so far, not proven smallest: the search was stopped." in said(page)
    assert "Teacher: stopped before a flip was found." in said(page)
    assert has_key(page.button, "errors_flip_try_student")
    assert not page.exception


def test_a_file_is_analysed_in_the_background_and_found_again_by_its_link(shipped: AnalysedCorpus) -> None:
    rows = shipped.table.iloc[:4]
    content = rows.rename(columns={"gold": "label"})[["text", "label"]].to_csv(index=False).encode()
    page = open_errors(data="file")
    page.file_uploader(key="errors_upload").upload("mine.csv", content, "text/csv")
    next(button for button in page.button if button.label == "Analyse").click().run()
    wait_for(page, "errors")
    page.run()
    assert {metric.label: metric.value for metric in page.metric}["texts"] == "4"
    link = str(page.query_params["data"])
    assert link.startswith("file:")
    again = open_errors(data=link, section="texts")
    shown = table_of(again, "errors_table")
    assert shown["text"].tolist() == rows["text"].tolist()
    assert shown["student"].tolist() == rows["student"].tolist()


def test_a_file_with_other_labels_asks_which_is_which_and_is_analysed() -> None:
    page = open_errors(data="file")
    content = b"text,label\nProfit rises sharply,up\nShares slump,down\nNo idea,misc\nSales fall,down\n"
    page.file_uploader(key="errors_upload").upload("mine.csv", content, "text/csv")
    next(button for button in page.button if button.label == "Analyse").click().run()
    assert not page.exception
    assert not page.error
    assert "Say which is which" in said(page)
    meant = {box.label: box for box in page.selectbox if box.label.endswith(" means")}
    assert {label: box.value for label, box in meant.items()} == {"up means": "bullish", "down means": "bearish", "misc means": ""}
    assert "1 of 4 texts are left out" in said(page)
    meant["misc means"].set_value("neutral").run()
    meant = {box.label: box for box in page.selectbox if box.label.endswith(" means")}
    meant["up means"].set_value("").run()
    page.button(key="errors_map_labels").click().run()
    wait_for(page, "errors")
    page.run()
    link = str(page.query_params["data"])
    shown = table_of(open_errors(data=link, section="texts"), "errors_table")
    assert shown["text"].tolist() == ["Shares slump", "No idea", "Sales fall"]
    assert shown["gold"].tolist() == ["bearish", "neutral", "bearish"]
    assert not has_key(page.button, "errors_map_labels")


def test_a_file_none_of_whose_labels_is_the_models_says_so() -> None:
    page = open_errors(data="file")
    page.file_uploader(key="errors_upload").upload("mine.csv", b"text,label\nhello there,happy\nbye now,sad\n", "text/csv")
    next(button for button in page.button if button.label == "Analyse").click().run()
    assert not page.exception
    assert "happy, sad" in said(page)
    assert "no text is left" in said(page)
    assert not has_key(page.button, "errors_map_labels")


def test_words_by_kind_open_texts_by_filters_that_exist(shipped: AnalysedCorpus) -> None:
    reasons = next(item for item in global_reasons(shipped.table, shipped.label_names) if isinstance(item, GlobalReasons))
    for word, wanted in KINDS.items():
        assert set(wanted.get("tags", ())) <= set(SMART_TAGS)
        if word in reasons.words:
            assert set(reasons.rows(word)) <= set(np.flatnonzero(Filters(**wanted).apply(shipped.table)))


def test_notes_are_listed_and_a_file_of_them_is_merged(shipped: AnalysedCorpus, tmp_path: Path) -> None:
    from dixtill_core.notes.exchange import notes_json

    text = shipped.table["text"][4]
    with NoteStore(tmp_path / "other.db") as store:
        store.write(text, shipped.pair_key, NoteContent("from elsewhere", corrected_label="neutral"), None)
        content = notes_json(store)
    page = open_errors(section="notes")
    assert "no note" in said(page)
    page.file_uploader(key="errors_notes_file").upload("notes.json", content, "application/json")
    next(button for button in page.button if button.label == "Import").click().run()
    assert not page.exception
    assert "1 new" in said(page)
    shown = table_of(page, "errors_notes_")
    assert shown["row"].tolist() == [5]
    assert shown["note"].tolist() == ["from elsewhere"]
    page.file_uploader(key="errors_notes_file").upload("notes.json", b"{", "application/json")
    next(button for button in page.button if button.label == "Import").click().run()
    assert "damaged" in said(page)


def test_a_report_of_the_filtered_texts_is_made(shipped: AnalysedCorpus) -> None:
    page = open_errors(outcome="both_wrong_differently")
    page.text_input(key="errors_report_title").set_value("Mine").run()
    page.button(key="errors_report_make").click().run()
    wait_for(page, "errors_report")
    job = load_jobs().latest("errors_report")
    assert job is not None
    content = job.state.result.content.decode()
    n = int((shipped.table["outcome"] == "both_wrong_differently").sum())
    assert "<h1>Mine</h1>" in content or ">Mine<" in content
    assert f"Shown are {n}" in content
    assert has_key(page.get("download_button"), "errors_report_file")


def test_the_first_section_is_the_overview() -> None:
    assert SECTIONS[0] == OVERVIEW
