"""`dixtill explain` as a user runs it: exit status, pure JSON on stdout, messages on stderr."""

import json

import pytest

from tests.commands.conftest import TEXT, assert_message


def test_explain_prints_json_and_nothing_else(run, pair_folder):
    result = run("explain", TEXT, "--models", pair_folder, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["words"] == TEXT.split()
    teacher, student = found["teacher"], found["student"]
    assert {"label", "probabilities", "attributions", "target", "method", "convergence_delta", "seconds"} <= teacher.keys()
    assert {"label", "probabilities", "scores", "weights", "seconds"} <= student.keys()
    assert len(teacher["attributions"]) == len(student["scores"]) == len(student["weights"]) == len(found["words"])
    assert sum(teacher["probabilities"].values()) == pytest.approx(1)
    assert sum(student["weights"]) == pytest.approx(1)
    assert set(found["agreement"]) == {f"{kind}_agreement@{k}" for kind in ("feature", "sign") for k in range(1, 6)}


def test_explain_uses_the_explainers_asked_for(run, pair_folder):
    options = ("--explainer", "kernel_shap", "--student-explainer", "integrated_gradients")
    result = run("explain", TEXT, "--models", pair_folder, "--json", *options)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["teacher"]["method"].startswith("Kernel SHAP of the probability")
    assert found["student"]["method"].startswith("Integrated Gradients of the probability")
    assert found["student"]["weights"] is None
    assert_message(run("explain", TEXT, "--models", pair_folder, "--explainer", "attention"), 1, "cannot explain the teacher", "occlusion")


def test_explain_without_json_shows_both_models_and_every_word(run, pair_folder):
    result = run("explain", TEXT, "--models", pair_folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.index("Teacher") < result.stdout.index("Student")
    assert all(result.stdout.count(word) >= 2 for word in TEXT.split())


def test_control_characters_of_a_text_never_reach_the_terminal(run, pair_folder):
    result = run("explain", "shares \x1b[31mrose\x07 today", "--models", pair_folder)
    assert result.returncode == 0, result.stderr
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout


def test_explain_of_nothing_is_a_message(run, pair_folder):
    assert_message(run("explain", "  ", "--models", pair_folder, "--json"), 1, "no words")


def test_an_unknown_target_is_a_message_that_lists_the_labels(run, pair_folder):
    assert_message(run("explain", TEXT, "--models", pair_folder, "--target", "happy"), 1, "happy", "bearish")


@pytest.mark.parametrize("option", [("--steps", "0"), ("--baseline", "noise"), ("--output", "loss")])
def test_a_setting_out_of_range_is_a_message(run, pair_folder, option):
    assert_message(run("explain", TEXT, "--models", pair_folder, *option), 1, "has to")


def test_a_folder_without_models_is_a_message(run, tmp_path):
    assert_message(run("explain", TEXT, "--models", tmp_path), 1, "pair.json", "dixtill distill")
