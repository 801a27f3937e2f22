"""The data of the watched sentence: the teacher, and the student of each epoch."""

from __future__ import annotations

import json

from dashboard.train_watched import watched_data
from tests.dashboard.made_runs import WORDS, made_card, made_watched

SAME, OTHER = (0.2, 0.8, 0.0, -0.4), (0.0, 0.0, 1.0, -0.1)
CARD = made_card(metrics={"epoch": 2.0}, teacher_name="A teacher")


def text_of(summary: list[tuple[str, bool]]) -> str:
    return "".join(part for part, _ in summary)


def test_every_epoch_has_a_value_for_every_word_scaled_to_its_strongest() -> None:
    data = watched_data(CARD, made_watched(OTHER, SAME), "scores")
    assert [word["text"] for word in data["words"]] == list(WORDS)
    assert [word["is_joined"] for word in data["words"]] == [False, False, True, False]
    assert [word["size"] for word in data["teacher"]["words"]] == [0.25, 1.0, 0.0, 0.5]
    assert [word["size"] for word in data["epochs"][1]["panel"]["words"]] == [0.25, 1.0, 0.0, 0.5]
    assert [word["tone"] for word in data["epochs"][1]["panel"]["words"]] == ["for", "for", "for", "against"]
    assert json.loads(json.dumps(data)) == json.loads(json.dumps(data))


def test_the_kept_epoch_is_named_and_the_number_planned() -> None:
    first, second = watched_data(CARD, made_watched(OTHER, SAME), "scores")["epochs"]
    assert (first["title"], first["note"]) == ("Epoch 1 of 12", "")
    assert (second["title"], second["note"]) == ("Epoch 2 of 12", ", the one kept")


def test_the_summary_counts_the_teachers_strongest_words_in_the_students() -> None:
    first, second = watched_data(CARD, made_watched(OTHER, SAME), "scores")["epochs"]
    assert text_of(second["summary"]) == (
        "Teacher and student both say bearish, the student with 75%. All of the teacher's 3 strongest words are among the student's."
    )
    assert " 2 of the teacher's 3 strongest words are" in text_of(first["summary"])
    assert [fact["number"] for fact in second["panel"]["facts"]] == ["1.00", "+1.00"]


def test_another_prediction_is_said_and_the_colours_are_about_each_models_own() -> None:
    (epoch,) = watched_data(CARD, made_watched(SAME, label="bullish"), "scores")["epochs"]
    assert text_of(epoch["summary"]).startswith("The student says bullish (25%), the teacher bearish.")
    assert epoch["scale"]["for"] == "speaks for the explained class"


def test_attention_weights_have_no_sign() -> None:
    (epoch,) = watched_data(CARD, made_watched(SAME), "weights")["epochs"]
    assert {word["tone"] for word in epoch["panel"]["words"]} == {"unsigned"}
    assert epoch["panel"]["words"][1]["number"] == "60.0%"
    assert epoch["scale"]["unsigned"] == "the student's share of attention"


def test_before_the_first_epoch_there_is_the_teacher_alone() -> None:
    data = watched_data(CARD, made_watched(), "scores")
    assert data["epochs"] == []
    assert data["waiting"] == "Its words appear here after the first epoch."
    assert data["teacher"]["subtitle"] == "A teacher · Integrated Gradients"


def test_scores_that_are_all_zero_are_shown() -> None:
    (epoch,) = watched_data(CARD, made_watched((0.0, 0.0, 0.0, 0.0)), "scores")["epochs"]
    assert [word["size"] for word in epoch["panel"]["words"]] == [0, 0, 0, 0]
    assert epoch["panel"]["facts"][1]["number"] == "–"
