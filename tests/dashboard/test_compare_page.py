"""The page Compare through `dashboard/app.py`, with the bundled pair."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.resources
from dashboard.examples import DEFAULT_TEXT, EXAMPLES, SURPRISE
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.words import split_words
from dixtill_core.models.pair import ModelPair
from dixtill_core.models.teacher import load_teacher
from dixtill_core.paths import PROJECT
from tests.dashboard.drawn_components import drawn_components
from tests.made_comparison import ODD_TEXTS
from tests.small_models import save_bert


@pytest.fixture
def page() -> AppTest:
    """The page as it opens."""
    return AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=120).run()


def heatmap(page: AppTest) -> dict[str, Any]:
    """The data that the component draws."""
    return json.loads(drawn_components(page)[0].proto.json)


def faithfulness(page: AppTest) -> dict[str, Any]:
    """The data of the curves below it."""
    _, element = drawn_components(page)
    return json.loads(element.proto.json)


def words(page: AppTest) -> list[str]:
    return [word["text"] for word in heatmap(page)["words"]]


def type_text(page: AppTest, text: str) -> AppTest:
    return page.text_input(key="text").set_value(text).run()


def test_the_page_opens_with_a_comparison(page: AppTest) -> None:
    assert page.text_input(key="text").value == DEFAULT_TEXT
    assert words(page) == [word.text for word in split_words(DEFAULT_TEXT)]
    assert len(page.metric) == 4
    assert not page.markdown  # Nothing else stands on the page by accident.
    assert not page.exception


def test_a_typed_sentence_is_explained_at_once(page: AppTest) -> None:
    type_text(page, "Profit falls 3%")
    assert words(page) == ["Profit", "falls", "3%"]
    assert not page.exception


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_fills_the_box_and_is_explained(page: AppTest, name: str) -> None:
    page.button_group(key="example").set_value(name).run()
    assert page.text_input(key="text").value == EXAMPLES[name]
    assert words(page) == [word.text for word in split_words(EXAMPLES[name])]
    assert not page.exception


def test_surprise_draws_a_sentence_of_the_sample_and_can_be_had_again(page: AppTest) -> None:
    page.button_group(key="example").set_value(SURPRISE).run()
    assert page.text_input(key="text").value in load_dataset("sample").texts
    assert page.button_group(key="example").value is None
    page.button_group(key="example").set_value(SURPRISE).run()
    assert not page.exception


def test_typing_lets_go_of_the_example(page: AppTest) -> None:
    page.button_group(key="example").set_value("bullish").run()
    type_text(page, "Profit falls 3%")
    assert page.button_group(key="example").value is None
    assert not page.exception


@pytest.mark.parametrize("text", ["", "   "])
def test_no_text_gets_a_hint(page: AppTest, text: str) -> None:
    type_text(page, text)
    assert "Type a sentence" in page.info[0].value
    assert not drawn_components(page)
    assert not page.exception


def test_a_text_of_invisible_characters_gets_a_message(page: AppTest) -> None:
    type_text(page, "\u200b\u200d")
    assert "no words" in page.error[0].value
    assert not page.exception


ENCODABLE = {name: text for name, text in ODD_TEXTS.items() if name != "lone surrogate"}
"""A browser cannot send half a surrogate pair; it sends the sign for an unreadable character."""


@pytest.mark.parametrize("text", [*ENCODABLE.values(), "cut"], ids=[*ENCODABLE, "one word"])
def test_odd_texts_are_explained(page: AppTest, text: str) -> None:
    type_text(page, text)
    assert "".join(words(page)).replace("\0", "") == "".join(word.text for word in split_words(text)).replace("\0", "")
    assert not page.error
    assert not page.exception


def use_pair(monkeypatch: pytest.MonkeyPatch, pair: ModelPair) -> None:
    monkeypatch.setattr(dashboard.resources, "find_pairs", lambda: {str(pair.folder): "another pair"})
    monkeypatch.setattr(dashboard.resources, "load_models", lambda folder, version: pair)


def test_a_text_of_ten_thousand_words_is_cut_and_says_where(pair: ModelPair, monkeypatch: pytest.MonkeyPatch, page: AppTest) -> None:
    use_pair(monkeypatch, pair)
    type_text(page, "profit rose " * 5000)
    assert 0 < len(words(page)) < 100
    assert any("10,000 words" in note for note in heatmap(page)["notes"])
    assert not page.exception


def test_the_student_says_that_it_speaks_about_its_own_prediction(page: AppTest) -> None:
    predicted = next(share["label"] for share in heatmap(page)["panels"][1]["shares"] if share["is_predicted"])
    other = next(share["label"] for share in heatmap(page)["panels"][1]["shares"] if not share["is_predicted"])
    page.selectbox(key="target").select(other).run()
    assert any(f"its own prediction, “{predicted}”" in note for note in heatmap(page)["notes"])
    assert not page.exception


def test_each_model_is_explained_by_the_explainer_of_its_side(page: AppTest) -> None:
    page.selectbox(key="teacher_explainer").select("occlusion").run()
    page.selectbox(key="student_explainer").select("input_x_gradient").run()
    teacher, student = (panel["subtitle"] for panel in heatmap(page)["panels"])
    assert teacher.endswith("· Occlusion")
    assert student.endswith("· Input × gradient")
    assert [panel["subtitle"].split(" · ")[0] for panel in faithfulness(page)["panels"]] == ["Occlusion", "Input × gradient"]
    assert not page.exception


def test_a_teacher_has_no_attention_to_choose(page: AppTest) -> None:
    titles = {role: page.selectbox(key=f"{role}_explainer").options for role in ("teacher", "student")}
    assert "Attention scores" in titles["student"]
    assert set(titles["student"]) - set(titles["teacher"]) == {"Attention scores"}


def test_settings_that_no_chosen_explainer_reads_are_greyed_out(page: AppTest) -> None:
    def disabled() -> list[bool]:
        widgets = [page.select_slider(key="n_steps"), *(page.selectbox(key=key) for key in ("baseline", "output", "student_shows"))]
        return [widget.disabled for widget in widgets]

    assert disabled() == [False, False, False, False]
    page.selectbox(key="teacher_explainer").select("saliency").run()
    assert disabled() == [True, True, False, False]
    page.selectbox(key="student_explainer").select("integrated_gradients").run()
    assert disabled() == [False, False, False, True]
    assert not page.exception


def test_scores_without_a_sign_are_not_shown_as_for_and_against(page: AppTest) -> None:
    page.selectbox(key="teacher_explainer").select("saliency").run()
    assert {word["tone"] for word in heatmap(page)["panels"][0]["words"]} == {"unsigned"}
    assert page.metric[1].value == "–"
    assert any("no sign" in note for note in heatmap(page)["notes"])
    assert not page.exception


def test_curves_start_at_the_probability_of_the_heatmap_above(page: AppTest) -> None:
    for above, below in zip(heatmap(page)["panels"], faithfulness(page)["panels"], strict=True):
        predicted = next(share for share in above["shares"] if share["is_predicted"])
        assert below["label"] == predicted["label"]
        assert below["lines"]["own"][0] == pytest.approx(predicted["share"], abs=1e-3)


def test_every_option_changes_the_explanation(page: AppTest) -> None:
    methods = [heatmap(page)["panels"][0]["method"]]
    page.select_slider(key="n_steps").set_value(20).run()
    methods.append(heatmap(page)["panels"][0]["method"])
    page.selectbox(key="baseline").select("zero").run()
    methods.append(heatmap(page)["panels"][0]["method"])
    page.selectbox(key="output").select("logit").run()
    methods.append(heatmap(page)["panels"][0]["method"])
    assert len(set(methods)) == 4
    assert not page.exception


def test_attention_weights_add_up_to_one(page: AppTest) -> None:
    page.selectbox(key="student_shows").select("weights").run()
    numbers = [float(word["number"].rstrip("%")) for word in heatmap(page)["panels"][1]["words"]]
    assert sum(numbers) == pytest.approx(100, abs=1)
    assert not page.exception


def test_the_slider_decides_how_many_words_are_compared(page: AppTest) -> None:
    page.slider(key="k").set_value(1).run()
    assert [metric.label for metric in page.metric][:2] == ["feature agreement @1", "sign agreement @1"]
    assert any("strongest word" in text for text, _ in heatmap(page)["summary"])
    assert not page.exception


def test_every_option_has_a_tooltip(page: AppTest) -> None:
    options = [*page.sidebar.selectbox, *page.sidebar.slider, *page.sidebar.select_slider]
    assert len(options) == 8
    assert all(option.help for option in options)


def test_four_files_are_offered(page: AppTest) -> None:
    assert [button.label for button in page.get("download_button")] == ["HTML", "PNG", "CSV", "JSON"]


def test_a_damaged_pair_is_a_message_not_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: AppTest) -> None:
    monkeypatch.setattr(dashboard.resources, "find_pairs", lambda: {str(tmp_path): "damaged"})
    page.run()
    assert "holds no pair" in page.error[0].value
    assert not page.exception


def test_models_of_different_labels_are_compared_with_a_note(
    tmp_path: Path, pair: ModelPair, monkeypatch: pytest.MonkeyPatch, page: AppTest
) -> None:
    page.selectbox(key="target").select("bullish").run()
    teacher = load_teacher(save_bert(tmp_path / "teacher", labels=("no", "yes")), device="cpu")
    use_pair(monkeypatch, ModelPair(teacher, pair.student, tmp_path))
    page.run()
    assert page.selectbox(key="target").options == ["predicted", "no", "yes"]
    assert [share["label"] for share in heatmap(page)["panels"][0]["shares"]] == ["no", "yes"]
    assert any("different labels" in note for note in heatmap(page)["notes"])
    assert not page.exception
