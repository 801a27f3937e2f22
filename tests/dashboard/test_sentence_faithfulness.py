from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from dashboard.sentence_faithfulness import EXACT_WORDS, LONG_WORDS, OWN, faithfulness_data, settings_for, shown_attributions
from dixtill_core.comparison import Comparison
from dixtill_core.data.words import split_words
from dixtill_core.metrics.faithfulness import Faithfulness, faithfulness
from dixtill_core.models.pair import ModelPair
from tests.made_comparison import ODD_TEXTS, made_comparison


def measured(pair: ModelPair, made: Comparison, shows: str = "scores") -> list[dict[str, Faithfulness]]:
    sides = ((pair.teacher, made.teacher), (pair.student, made.student))
    settings = settings_for(len(made.words))
    return [faithfulness(model, made.text, {OWN: shown_attributions(answer, shows)}, settings) for model, answer in sides]  # type: ignore[arg-type]


def of_words(text: str) -> Comparison:
    words = [word.text for word in split_words(text)]
    made = made_comparison(words, np.arange(len(words), 0, -1.0), np.arange(1.0, len(words) + 1))
    placed = split_words(made.text)
    assert len(placed) == len(words)
    return made


def test_each_step_removes_the_next_word_of_that_models_own_order(pair: ModelPair) -> None:
    made = made_comparison()
    data = faithfulness_data(made, "scores", *measured(pair, made))
    assert [point["added_words"] for point in data["panels"][0]["points"]] == ["", "slide", "Shares", "as", "profit", "beats"]
    assert [point["added_words"] for point in data["panels"][1]["points"]] == ["", "slide", "profit", "Shares", "as", "beats"]
    assert [point["removed"] for point in data["panels"][0]["points"]] == [0, 1, 2, 3, 4, 5]
    assert data["panels"][0]["points"][3]["words"] == "slide, Shares, as"


def test_the_curve_is_what_the_model_answers_without_those_words(pair: ModelPair) -> None:
    made = made_comparison()
    panel = faithfulness_data(made, "scores", *measured(pair, made))["panels"][0]
    logits = pair.teacher.predict([made.text, "Shares as profit beats"]).astype(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    target = int(logits[0].argmax())
    assert panel["lines"]["own"][:2] == pytest.approx(shares[:, target].tolist(), abs=1e-5)


def test_numbers_stand_beside_the_random_floor_with_their_direction(pair: ModelPair) -> None:
    made = made_comparison()
    sides = measured(pair, made)
    stats = faithfulness_data(made, "scores", *sides)["panels"][1]["stats"]
    value = sides[1][OWN].values["comprehensiveness@20"]
    assert float(stats[0]["number"].replace("−", "-")) == pytest.approx(value, abs=0.006)
    assert [stat["direction"] for stat in stats] == ["higher is better", "lower is better", "fewer is better"]
    assert all(stat["floor"].startswith("random order ") for stat in stats)
    assert f"(AOPC): {sides[1][OWN].values['aopc_comprehensiveness']:.2f}".replace("-", "−") in stats[0]["explanation"]


def test_attention_weights_are_measured_where_they_are_shown() -> None:
    student = made_comparison(student=(-3, 1, 0, 0, 0)).student
    assert shown_attributions(student, "scores") is student.attributions
    weights = shown_attributions(student, "weights")
    assert not weights.is_signed
    assert int(weights.scores.argmax()) == 0  # By magnitude the word that speaks against comes first.


def test_an_explanation_of_another_class_says_so(pair: ModelPair) -> None:
    made = made_comparison()
    made = replace(made, teacher=replace(made.teacher, target_label="bullish"))
    panels = faithfulness_data(made, "scores", *measured(pair, made))["panels"]
    assert panels[0]["notes"] == ["The words explain bullish; the curve follows bearish, which the teacher predicts."]
    assert panels[1]["notes"] == []


@pytest.mark.parametrize(("n_words", "has_greedy"), [(EXACT_WORDS, True), (EXACT_WORDS + 1, False), (60, False)])
def test_long_texts_go_without_greedy_search_and_say_so(pair: ModelPair, n_words: int, has_greedy: bool) -> None:
    made = of_words(" ".join(["profit", "falls"] * n_words).rsplit(" ", n_words)[0])
    panel = faithfulness_data(made, "scores", *measured(pair, made))["panels"][1]
    assert bool(panel["lines"]["greedy"]) is has_greedy
    assert any("No greedy search" in note for note in panel["notes"]) is not has_greedy
    assert len(panel["points"]) <= 26
    assert panel["points"][-1]["removed"] == n_words
    assert len(panel["ticks"]) <= 11


def test_very_long_texts_have_fewer_steps() -> None:
    points = [settings_for(n_words).exact_words for n_words in (EXACT_WORDS + 1, LONG_WORDS, LONG_WORDS + 1)]
    assert points == [20, 20, 10]


def test_one_word_has_a_curve_of_two_points(pair: ModelPair) -> None:
    made = made_comparison(["cut"], [1], [1])
    panel = faithfulness_data(made, "scores", *measured(pair, made))["panels"][0]
    assert len(panel["points"]) == 2
    assert panel["rationale"] == 1
    assert any("One word has no order" in note for note in panel["notes"])


ENCODABLE = {name: text for name, text in ODD_TEXTS.items() if name != "lone surrogate"}
"""Half a surrogate pair is refused before any explanation."""


@pytest.mark.parametrize("word", ENCODABLE.values(), ids=ENCODABLE)
def test_odd_texts_become_plain_json(pair: ModelPair, word: str) -> None:
    made = of_words(f"{word} b")
    json.dumps(faithfulness_data(made, "scores", *measured(pair, made)), allow_nan=False)
