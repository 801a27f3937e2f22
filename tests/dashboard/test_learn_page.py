"""The page Learn through `dashboard/app.py`, with the bundled pair: every step, links, odd sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.examples import DEFAULT_TEXT, EXAMPLES
from dixtill_core.data.words import split_words
from dixtill_core.lesson.questions import STEPS
from dixtill_core.paths import PROJECT
from tests.dashboard.drawn_components import drawn_components
from tests.made_comparison import ODD_TEXTS

KINDS = ("costs", "soft", "path", "pieces", "attention", "losses", "training", "deletion")


def open_page(step: int | str | None = None, text: str | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=300)
    page.switch_page("views/learn.py")
    if step is not None:
        page.query_params["step"] = str(step)
    if text is not None:
        page.query_params["text"] = text
    return page.run()


def shown(page: AppTest) -> dict[str, Any]:
    """The data that the component draws."""
    return json.loads(drawn_components(page)[0].proto.json)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def words_of(picture: dict[str, Any]) -> list[str]:
    return [word["text"] for word in picture.get("words") or picture["columns"]]


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """No training of the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIXTILL_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def test_the_page_opens_with_the_first_step_and_its_link() -> None:
    page = open_page()
    assert page.text_input(key="learn_box").value == DEFAULT_TEXT
    assert shown(page)["step"] == 1
    assert page.query_params["step"] == "1"
    assert page.query_params["text"] == DEFAULT_TEXT
    assert not page.exception


@pytest.mark.parametrize("step", range(1, 9))
def test_every_step_has_an_idea_a_picture_and_a_question_with_an_answer(step: int) -> None:
    page = open_page(step, EXAMPLES["bearish"])
    data = shown(page)
    assert (data["step"], data["kind"]) == (step, KINDS[step - 1])
    assert data["idea"] == STEPS[step - 1].idea
    assert data["question"]
    assert data["answer"]
    assert data["sentence"] == EXAMPLES["bearish"]
    if step in (3, 4, 5, 7, 8):
        assert words_of(data["picture"]) == [word.text for word in split_words(EXAMPLES["bearish"])]
    assert not page.error
    assert not page.exception


def test_the_last_stop_of_the_path_adds_up_and_the_first_has_nothing() -> None:
    picture = shown(open_page(3))["picture"]
    first, last = picture["readings"][0], picture["readings"][-1]
    assert number(first["sum"]) == number(first["change"]) == 0
    assert number(last["sum"]) == pytest.approx(number(last["change"]), abs=0.05)
    assert sum(number(word["number"]) for word in picture["sums"][-1]) == pytest.approx(number(last["sum"]), abs=0.01)
    assert picture["outputs"][-1] - picture["outputs"][0] == pytest.approx(number(last["change"]), abs=1e-3)


def test_a_stop_between_the_ends_is_near_the_change_so_far() -> None:
    for reading in shown(open_page(3))["picture"]["readings"]:
        assert number(reading["sum"]) == pytest.approx(number(reading["change"]), abs=0.08)


def test_a_total_of_the_losses_is_what_the_shown_terms_give() -> None:
    picture = shown(open_page(6))["picture"]
    for t, temperature in enumerate(picture["temperatures"]):
        soft = picture["soft"][t]
        assert number(soft["scaled"]) == pytest.approx(float(temperature) ** 2 * number(soft["kl"]), abs=0.006)
        for a, alpha in enumerate(map(float, picture["alphas"])):
            for gold in range(3):
                terms = number(soft["scaled"]) + 2 * number(picture["reasons"]["loss"])
                expected = (1 - alpha) * number(picture["hard"][gold]["loss"]) + alpha * terms
                assert number(picture["totals"][gold][t][a]) == pytest.approx(expected, abs=0.003)


def test_shares_of_attention_add_up_to_one_in_both_forms() -> None:
    picture = shown(open_page(5))["picture"]
    for form in ("magnitude", "signed"):
        assert sum(float(share["number"].rstrip("%")) for share in picture["shares"][form]) == pytest.approx(100, abs=1)


def test_with_l_xai_the_shipped_student_ends_nearer_to_the_teacher_on_the_validation_texts() -> None:
    picture = shown(open_page(7))["picture"]
    without, with_reasons = (student["agreement"][-1] for student in picture["students"])
    assert with_reasons > without
    assert [len(student["epochs"]) for student in picture["students"]] == [len(picture["epochs"])] * 2


def test_words_deleted_by_hand_are_read_without_and_belong_to_their_sentence() -> None:
    page = open_page(8)
    page.session_state["learn_deleted"] = (DEFAULT_TEXT, [0, 3, 999])
    page.run()
    own = shown(page)["picture"]["own"]
    assert own["deleted"] == [0, 3]
    assert np.all((np.array(own["shares"]) >= 0) & (np.array(own["shares"]) <= 1))
    page.text_input(key="learn_box").set_value("Profit falls 3%").run()
    assert shown(page)["picture"]["own"] is None
    assert not page.exception


def test_a_typed_sentence_is_used_by_the_step_that_is_open_and_by_the_link() -> None:
    page = open_page(4)
    page.text_input(key="learn_box").set_value("Profit falls 3%").run()
    assert shown(page)["step"] == 4
    assert words_of(shown(page)["picture"]) == ["Profit", "falls", "3%"]
    assert page.query_params["text"] == "Profit falls 3%"
    page.button_group(key="learn_example").set_value("bullish").run()
    assert page.text_input(key="learn_box").value == EXAMPLES["bullish"]
    assert shown(page)["sentence"] == EXAMPLES["bullish"]


@pytest.mark.parametrize("text", ["", "   "])
def test_no_sentence_gets_a_hint(text: str) -> None:
    page = open_page(3, text)
    assert "Type a sentence" in page.info[0].value
    assert not drawn_components(page)
    assert not page.exception


def test_invisible_characters_get_a_message() -> None:
    page = open_page(2, "\u200b\u200d")
    assert "no words" in page.error[0].value
    assert not page.exception


@pytest.mark.parametrize("step", ["0", "9", "x", "-1", "1.5"])
def test_a_damaged_link_opens_the_first_step(step: str) -> None:
    page = open_page(step)
    assert shown(page)["step"] == 1
    assert not page.exception


ODD = {name: text for name, text in ODD_TEXTS.items() if name != "lone surrogate"} | {"one word": "cut"}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_every_step_takes_odd_sentences(text: str) -> None:
    page = open_page(1, text)
    for step in range(1, 9):
        page.session_state["learn_step"] = step
        page.run()
        assert shown(page)["kind"] == KINDS[step - 1]
        assert not page.error
        assert not page.exception


def test_a_damaged_training_of_ones_own_is_said_and_the_shipped_one_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path))
    (tmp_path / "lesson").mkdir()
    (tmp_path / "lesson" / "training.json").write_text("{", encoding="utf-8")
    page = open_page(7)
    assert "Train both students again" in page.warning[0].value
    assert shown(page)["kind"] == "training"
    assert not page.exception
