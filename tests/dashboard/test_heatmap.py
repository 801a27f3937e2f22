from __future__ import annotations

import json
import re
from typing import get_args

import pytest

from dashboard.component_sources import Component, component_sources
from dashboard.heatmap import LONG_TEXT, heatmap_data
from tests.made_comparison import ODD_TEXTS, made_comparison


def test_data_is_json_with_one_entry_a_word_in_both_panels() -> None:
    data = json.loads(json.dumps(heatmap_data(made_comparison(), 3, "scores"), allow_nan=False))
    assert [word["text"] for word in data["words"]] == ["Shares", "slide", "as", "profit", "beats"]
    assert [len(panel["words"]) for panel in data["panels"]] == [5, 5]
    assert [panel["role"] for panel in data["panels"]] == ["teacher", "student"]


def test_each_word_has_length_number_tone_and_meaning() -> None:
    word = heatmap_data(made_comparison(), 3, "scores")["panels"][0]["words"][4]
    assert word == {"size": 0.5556, "number": "−0.500", "meaning": "−0.500, speaks against bearish", "tone": "against", "is_faint": False}


def test_attention_gets_its_own_place_on_the_scale() -> None:
    assert heatmap_data(made_comparison(), 3, "scores")["scale"]["unsigned"] is None
    assert heatmap_data(made_comparison(), 3, "weights")["scale"]["unsigned"] == "the student's share of attention"


def test_a_scale_of_signs_is_left_out_where_no_panel_has_any() -> None:
    made = made_comparison(teacher=(1, 2, 0, 0, 0), student=(1, 2, 0, 0, 0), teacher_explainer="saliency", student_explainer="saliency")
    scale = heatmap_data(made, 3, "scores")["scale"]
    assert (scale["for"], scale["against"]) == (None, None)
    assert scale["unsigned"] == "how much it matters to the teacher · how much it matters to the student"


def test_notes_and_summary_travel_along() -> None:
    data = heatmap_data(made_comparison(notes=["cut at 3"]), 2, "scores")
    assert data["notes"] == ["cut at 3"]
    assert ["1 of their 2", True] in data["summary"]


@pytest.mark.parametrize(("n_words", "is_long"), [(LONG_TEXT, False), (LONG_TEXT + 1, True)])
def test_rows_of_a_long_text_scroll(n_words: int, is_long: bool) -> None:
    made = made_comparison(["word"] * n_words, [1.0] * n_words, [1.0] * n_words)
    assert heatmap_data(made, 3, "scores")["is_long"] is is_long


@pytest.mark.parametrize("word", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_odd_words_arrive_as_they_are(word: str) -> None:
    data = heatmap_data(made_comparison([word, "b"], [1, 1], [1, 1]), 2, "scores")
    assert json.loads(json.dumps(data))["words"][0]["text"] == word


@pytest.mark.parametrize("name", get_args(Component))
def test_a_component_writes_text_only_and_loads_nothing(name: Component) -> None:
    sources = component_sources(name)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(|import\(", sources.js)
    named = sources.js.replace('"http://www.w3.org/2000/svg"', "")  # A namespace, which no browser asks for.
    assert not re.search(r"https?:|url\(|@import", sources.css + named + sources.html)
