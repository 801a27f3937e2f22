"""Two runs side by side: their numbers and the same sentence as data, and on the page through `dashboard/app.py`."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.run_comparison import have_same_teacher
from dashboard.run_figures import RUN, TEST, VALIDATION, figures, figures_table, plain_table
from dashboard.run_sentence import StudentSide, students_data, summarize_students
from dashboard.run_settings import differences_table
from dashboard.run_table import CHOSEN
from dixtill_core.comparison import Answer
from dixtill_core.config import TeachConfig
from dixtill_core.paths import PROJECT
from dixtill_core.runs.compare import compare_runs
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore
from tests.dashboard.drawn_components import drawn_components
from tests.dashboard.made_run_folders import make_run
from tests.made_comparison import ODD_TEXTS, made_comparison

SECONDS = 120
SENTENCE = "profit rises again"
BEARISH, BULLISH = (0.7, 0.2, 0.1), (0.2, 0.7, 0.1)


@pytest.fixture
def make(store: RunStore, pair_folder: Path) -> Callable[..., Run]:
    """Makes a run whose teacher is the small BERT."""
    return lambda name, **changes: make_run(store, name, pair_folder / "teacher", **changes)


def open_runs(first: Run, second: Run, text: str = SENTENCE) -> AppTest:
    """The section, with both runs selected."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/train.py")
    page.session_state["train_section"] = "Runs"
    page.session_state[CHOSEN] = [first.id, second.id]
    page.session_state["runs_text"] = text
    return page.run()


def said(page: AppTest) -> str:
    """Everything in messages, without the escapes of Markdown."""
    found = [*page.error, *page.warning, *page.info, *page.success, *page.caption, *page.markdown]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u200b", "")


def heatmap(page: AppTest) -> dict[str, Any]:
    (element,) = drawn_components(page)
    return json.loads(element.proto.json)


def table(page: AppTest, column: str) -> list[list[object]]:
    """Rows of the table that begins with this column."""
    (found,) = [table.value for table in page.dataframe if table.value.columns[0] == column]
    return found.values.tolist()


def answers(first: tuple[float, ...], second: tuple[float, ...], *shares: tuple[float, float, float]) -> tuple[Answer, Answer, Answer]:
    """A teacher and two students, all with predictions of these shares: teacher, A, B."""
    one = made_comparison(student=first, teacher_shares=shares[0], student_shares=shares[1])
    other = made_comparison(student=second, student_shares=shares[2])
    return one.teacher, one.student, other.student


def sides(first: Answer, second: Answer) -> tuple[StudentSide, StudentSide]:
    return StudentSide("A", "one", first), StudentSide("B", "two", second)


def text_of(spans: list[tuple[str, bool]]) -> str:
    return "".join(text for text, _ in spans)


NEAR, FAR = (0.1, 0.9, 0.0, -0.2, -0.5), (0.9, 0.0, 0.8, 0.7, 0.1)
"""Scores whose three strongest words are all of the teacher's, and one of them."""


def test_the_summary_says_what_each_predicts_and_how_many_strong_words_of_the_teacher_it_names() -> None:
    teacher, first, second = answers(NEAR, FAR, BEARISH, BEARISH, BULLISH)
    assert text_of(summarize_students(sides(first, second), teacher)) == (
        "The teacher says bearish (70%), A says bearish (70%), B says bullish (70%). "
        "Of the teacher's 3 strongest words, A has 3 among its own and B has 1."
    )
    teacher, first, second = answers(NEAR, FAR, BEARISH, BEARISH, BEARISH)
    assert text_of(summarize_students(sides(first, second), teacher)).startswith("All say bearish (teacher 70%, A 70%, B 70%). ")


def test_without_a_teacher_the_students_are_compared_with_each_other() -> None:
    _, first, second = answers(NEAR, FAR, BEARISH, BEARISH, BEARISH)
    assert text_of(summarize_students(sides(first, second), None)) == (
        "Both say bearish (A 70%, B 70%). They share 1 of their 3 strongest words."
    )
    data = students_data(sides(first, second), None, (), "scores")
    assert [panel["title"] for panel in data["panels"]] == ["A · one", "B · two"]
    assert data["order"].startswith("A and B from left to right")


def test_the_teacher_stands_left_of_both_students() -> None:
    teacher, first, second = answers(NEAR, FAR, BEARISH, BEARISH, BULLISH)
    data = json.loads(json.dumps(students_data(sides(first, second), teacher, ["cut"], "scores"), allow_nan=False))
    assert [panel["title"] for panel in data["panels"]] == ["Teacher", "A · one", "B · two"]
    assert [len(panel["words"]) for panel in data["panels"]] == [5, 5, 5]
    assert [panel["facts"][0]["number"] for panel in data["panels"][1:]] == ["3 of 3", "1 of 3"]
    assert data["notes"] == ["cut", "Each one's words speak about its own prediction: the teacher's about “bearish”, A's about “bearish”, "
                             "B's about “bullish”."]  # fmt: skip


def test_shares_of_attention_are_shown_for_both_students_where_that_is_asked() -> None:
    teacher, first, second = answers(NEAR, FAR, BEARISH, BEARISH, BEARISH)
    data = students_data(sides(first, second), teacher, (), "weights")
    assert [panel["words"][0]["tone"] for panel in data["panels"]] == ["for", "unsigned", "unsigned"]
    assert data["scale"]["unsigned"] == "the student's share of attention"


@pytest.mark.parametrize("word", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_odd_words_and_names_arrive_as_they_are(word: str) -> None:
    made = made_comparison([word, "b"], [1, 1], [1, 1])
    data = students_data((StudentSide("A", word, made.student), StudentSide("B", "b", made.student)), made.teacher, (), "scores")
    assert json.loads(json.dumps(data))["words"][0]["text"] == word
    assert data["panels"][1]["title"] == f"A · {word}"


def test_numbers_stand_beside_each_other_with_their_difference(make: Callable[..., Run]) -> None:
    first, second = make("one", level=0.5), make("two", level=0.6, seconds=30.0)
    second.update(metrics={"macro_f1": 0.631, "epoch": 2.0, "loss": math.nan})
    found = figures(compare_runs(first, second))
    rows = {(row[0], row[1]): row[2:] for row in figures_table(found).values.tolist()}
    assert rows[VALIDATION, "macro F1"] == ["0.530", "0.631", "+0.101"]
    assert rows[VALIDATION, "accuracy"] == ["0.530", "–", ""]
    assert rows[RUN, "kept epoch"] == ["3", "2", ""]
    assert rows[RUN, "time"] == ["2 min", "30 s", ""]
    assert not any(where == TEST for where, _ in rows)
    plain = plain_table(found).set_index("measure")
    assert plain.loc["macro F1", "B - A"] == pytest.approx(0.101)


def test_test_texts_are_compared_where_both_runs_have_some(make: Callable[..., Run]) -> None:
    first, second = make("one"), make("two")
    test = {"texts": 9, "teacher": {}, "student": {"macro_f1": 0.7}, "fidelity": 0.5, "agreement": {"feature_agreement@3": 0.4}}
    first.update(test=test)
    assert TEST not in {figure.where for figure in figures(compare_runs(first, second))}
    second.update(test=test)
    found = {figure.measure: figure.first for figure in figures(compare_runs(first, second)) if figure.where == TEST}
    assert found == {"macro F1": 0.7, "fidelity": 0.5, "feature agreement @3": 0.4}


def test_settings_that_differ_are_named_as_the_form_names_them(make: Callable[..., Run]) -> None:
    first, second = make("one", method="kl"), make("two", seed=4)
    rows = differences_table(compare_runs(first, second).differences).values.tolist()
    assert rows == [["method", "kl", "dixtill"], ["seed", "0", "4"]]


def test_runs_have_the_same_teacher_by_its_fingerprint(make: Callable[..., Run]) -> None:
    first, second, other = make("one"), make("two"), make("other", fingerprints={"data": "same", "teacher": "another"})
    assert have_same_teacher(first, second)
    assert not have_same_teacher(first, other)
    (second.folder / "run.json").unlink()  # A pair from before there were runs.
    assert not have_same_teacher(first, second)


def test_the_page_shows_settings_numbers_curves_and_the_sentence(make: Callable[..., Run]) -> None:
    first = make("one", method="kl", created="2026-01-01T00:00:00+00:00")
    second = make("<b>two</b>", seed=1, created="2026-01-02T00:00:00+00:00")
    page = open_runs(first, second)
    assert {tuple(row) for row in table(page, "setting")} == {("method", "dixtill", "kl"), ("seed", "1", "0")}
    assert "macro F1" in [row[1] for row in table(page, "on")]
    assert len(page.get("plotly_chart")) == 3
    data = heatmap(page)
    assert [panel["title"] for panel in data["panels"]] == ["Teacher", "A · <b>two</b>", "B · one"]  # As in the table: the newest first.
    assert [word["text"] for word in data["words"]] == SENTENCE.split()
    assert data["panels"][1]["words"] != data["panels"][2]["words"]
    assert not page.exception


def test_another_sentence_is_read_by_all_of_them(make: Callable[..., Run]) -> None:
    page = open_runs(make("one"), make("two", seed=1))
    page.text_input(key="runs_text").set_value("shares fall").run()
    assert [word["text"] for word in heatmap(page)["words"]] == ["shares", "fall"]
    page.segmented_control(key="runs_shows").set_value("weights").run()
    assert heatmap(page)["panels"][1]["words"][0]["tone"] == "unsigned"
    page.text_input(key="runs_text").set_value("  ").run()
    assert "Type a sentence" in said(page)
    assert not page.exception


def test_runs_of_different_teachers_show_their_students_alone(make: Callable[..., Run]) -> None:
    page = open_runs(make("one"), make("two", fingerprints={"data": "same", "teacher": "another"}))
    assert [panel["role"] for panel in heatmap(page)["panels"]] == ["student", "student"]
    assert "different teachers" in said(page) + " ".join(heatmap(page)["notes"])
    assert not page.exception


def test_a_teacher_that_is_not_on_this_machine_leaves_the_students(make: Callable[..., Run]) -> None:
    first, second = make("one"), make("two", seed=1)
    for run in (first, second):
        (run.folder / "pair.json").write_text('{"teacher": "/nowhere/teacher"}')
    data = heatmap(open_runs(first, second))
    assert [panel["role"] for panel in data["panels"]] == ["student", "student"]
    assert "Their teacher cannot be shown" in data["notes"][0]


def test_two_runs_of_one_name_are_told_apart(make: Callable[..., Run]) -> None:
    first = make("twin", created="2026-01-02T00:00:00+00:00")
    second = make("twin", seed=1, created="2026-01-01T00:00:00+00:00")  # The latest run comes first.
    page = open_runs(first, second)
    titles = [panel["title"] for panel in heatmap(page)["panels"]]
    assert titles[-2:] == [f"A · twin ({first.id[-4:]})", f"B · twin ({second.id[-4:]})"]
    assert f"twin ({second.id[-4:]})" in said(page)
    assert not page.exception


def test_a_run_without_a_student_says_so_and_leaves_the_rest(make: Callable[..., Run], store: RunStore) -> None:
    queued = store.create(RunSpec(teach=TeachConfig()), "queued")
    page = open_runs(make("one"), queued)
    assert said(page).count("queued has not begun, so it has neither numbers nor a student.") == 1
    assert "not final" not in said(page)
    assert table(page, "on")
    assert not drawn_components(page)
    assert len(page.get("plotly_chart")) == 3
    assert not page.exception


def test_two_runs_that_have_not_begun_are_compared_by_their_settings(store: RunStore) -> None:
    first, second = store.create(RunSpec(), "one"), store.create(replace(RunSpec(), data="other.csv"), "two")
    page = open_runs(first, second)
    assert {tuple(row) for row in table(page, "setting")} == {("data", "other.csv", "sample")}
    assert said(page).count("neither numbers nor a student") == 2
    assert [heading.value for heading in page.subheader][-1] == "What differs in their settings"  # Nothing is announced that is not there.
    assert not page.get("plotly_chart")
    assert not page.exception


@pytest.mark.parametrize("damage", ["run.json", "student/model.safetensors"])
def test_a_damaged_run_is_a_message_and_no_traceback(make: Callable[..., Run], damage: str) -> None:
    good, bad = make("good"), make("bad")
    (bad.folder / damage).write_text("{")
    page = open_runs(good, bad)
    assert "damaged" in said(page)
    assert not page.exception
