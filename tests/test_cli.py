"""The command line as a user runs it: exit status, pure JSON on stdout, messages on stderr, no traceback."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dixtill_core.data.datasets import load_dataset

TEXT = "shares of the company rose after better than expected earnings"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")

    def run_command(*arguments, folder=None):
        environment = os.environ | {"OMP_NUM_THREADS": "1", "DIXTILL_CACHE": str(cache), "COLUMNS": "120"}
        return subprocess.run(
            [sys.executable, "-m", "dixtill_core", *map(str, arguments)],
            capture_output=True, text=True, env=environment, cwd=folder or Path.cwd(), timeout=300, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run_command


@pytest.fixture(scope="module")
def small_csv(tmp_path_factory):
    dataset = load_dataset("sample")
    chosen = [int(i) for label in range(3) for i in (dataset.labels == label).nonzero()[0][:20]]
    path = tmp_path_factory.mktemp("data") / "small.csv"
    rows = [f'"{dataset.texts[i]}",{dataset.labels[i]}' for i in chosen if '"' not in dataset.texts[i]]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


def assert_message(result, status, *parts):
    assert result.returncode == status, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    for part in parts:
        assert part in result.stderr


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


@pytest.mark.parametrize("arguments", [["explain"], ["nothing"], ["distill", "--data", "sample"], ["explain", TEXT, "--steps", "many"]])
def test_wrong_usage_has_status_2(run, arguments):
    result = run(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_evaluate_reports_both_models_fidelity_and_agreement(run, pair_folder, small_csv):
    result = run("evaluate", "--data", small_csv, "--models", pair_folder, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    for role in ("teacher", "student"):
        assert set(found[role]) == {"accuracy", "macro_f1", "mcc", "macro_auc", "n"}
    assert 0 <= found["fidelity"] <= 1
    assert len(found["agreement"]) == 10
    shown = run("evaluate", "--data", small_csv, "--models", pair_folder)
    assert f"{found['student']['macro_f1']:.3f}" in shown.stdout


def test_evaluate_without_labels_is_a_message(run, pair_folder, tmp_path):
    (tmp_path / "texts.csv").write_text("text\nshares of gold rose today\n")
    assert_message(run("evaluate", "--data", tmp_path / "texts.csv", "--models", pair_folder, "--json"), 1, "no label column")


def test_profile_says_what_is_wrong_with_data_as_a_table_and_as_json(run, small_csv, tmp_path):
    path = tmp_path / "test.csv"
    path.write_text("\n".join(small_csv.read_text(encoding="utf-8").splitlines()[:4]) + "\n", encoding="utf-8")
    shown = run("profile", "--data", small_csv, "--test", path, "--labels", "bearish,bullish,neutral")
    assert shown.returncode == 0, shown.stderr
    assert "3 texts of test.csv (100%) are in small.csv too: 3 exactly" in " ".join(shown.stdout.split())
    assert "bearish" in shown.stdout
    result = run("profile", "--data", small_csv, "--test", path, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["test"]["n_texts"], found["leaks"]["exact"]) == (3, 3)
    assert {"severity", "message", "setting"} == found["findings"][0].keys()
    assert_message(run("profile", "--data", tmp_path), 1, "is a folder", "test.csv")


def test_evaluate_maps_labels_that_are_called_otherwise(run, pair_folder, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text(f"text,label\n{TEXT},pos\nshares fell,neg\nnothing happened,odd\n", encoding="utf-8")
    assert_message(run("evaluate", "--data", path, "--models", pair_folder), 1, "Most likely neg means bearish", "--label-map")
    result = run("evaluate", "--data", path, "--models", pair_folder, "--label-map", "pos=bullish,neg=bearish,odd=", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["teacher"]["n"] == 2
    assert_message(run("evaluate", "--data", path, "--models", pair_folder, "--label-map", "pos"), 1, "cannot be read from 'pos' on")


def test_evaluate_names_the_row_and_the_column_of_a_missing_label(run, pair_folder, tmp_path):
    (tmp_path / "holes.csv").write_text("text,label\nshares of gold rose today,0\nshares fell,\n")
    assert_message(run("evaluate", "--data", tmp_path / "holes.csv", "--models", pair_folder), 1, "row 2", "'label'")


def test_a_missing_file_is_a_message(run, pair_folder):
    assert_message(run("evaluate", "--data", "nowhere.csv", "--models", pair_folder), 1, "nowhere.csv")


def test_distill_makes_a_pair_that_explain_reads(run, teacher_folder, small_csv, tmp_path):
    teacher = tmp_path / "my teacher"
    shutil.copytree(teacher_folder("bert"), teacher)
    out = tmp_path / "pair"
    distilled = run(
        "distill", "--data", small_csv, "--teacher", teacher, "--out", out, "--epochs", "2", "--augmented-texts", "20", "--seed", "3"
    )
    assert distilled.returncode == 0, distilled.stderr
    assert "Traceback" not in distilled.stderr
    found = json.loads(run("explain", TEXT, "--models", out, "--json").stdout)
    assert found["words"] == TEXT.split()
    assert_message(run("distill", "--data", small_csv, "--teacher", teacher, "--out", out), 1, "already holds a student")


def test_targets_are_computed_once(run, teacher_folder, small_csv):
    first = run("targets", "--data", small_csv, "--teacher", teacher_folder("roberta"))
    assert first.returncode == 0, first.stderr
    assert "The targets of" in first.stderr
    assert run("targets", "--data", small_csv, "--teacher", teacher_folder("roberta")).returncode == 0


def test_a_teacher_that_is_not_there_is_a_message(run, small_csv):
    assert_message(run("targets", "--data", small_csv, "--teacher", "./nowhere"), 1, "nowhere")


def test_benchmark_prints_a_list_of_rows_and_nothing_else(run, pair_folder):
    arguments = ("--quick", "--batches", "2", "--lengths", "corpus,20", "--threads", "1", "--json")
    result = run("benchmark", "--models", pair_folder, *arguments)
    assert result.returncode == 0, result.stderr
    rows = json.loads(result.stdout)
    assert [(row["model"], row["batch"], row["length"]) for row in rows] == [
        (model, 2, length) for length in ("corpus", 20) for model in ("bert-base", "teacher", "student")
    ]
    keys = {"model", "batch", "length", "threads", "median_ms", "explanation_ms", "bytes", "parameters", "speedup", "compression"}
    assert all(keys <= row.keys() and row["threads"] == 1 for row in rows)
    assert rows[0]["parameters"] == 109_484_547
    assert rows[0]["compression"] == rows[0]["speedup"] == 1
    assert rows[2]["compression"] > rows[1]["compression"] > 1
    assert "ahp-6" in result.stderr  # A teacher of four heads cannot keep six, which is said.


def test_benchmark_past_a_teachers_window_is_a_message(run, pair_folder):
    assert_message(run("benchmark", "--models", pair_folder, "--quick"), 1, "teacher", "128 pieces")
    assert_message(run("benchmark", "--models", pair_folder, "--batches", "few"), 1, "--batches", "few")


def test_teach_does_not_overwrite_unasked(run, small_csv, tmp_path):
    assert_message(run("teach", "--data", small_csv, "--out", tmp_path), 1, "already exists", "--overwrite")


def test_teach_makes_a_teacher_that_explains(run, small_csv, tmp_path):
    out = tmp_path / "adapter"
    taught = run("teach", "--data", small_csv, "--labels", "down,up,flat", "--out", out, "--epochs", "1", "--name", "tiny")
    assert taught.returncode == 0, taught.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "teacher.json",
        "validation_texts.txt",
    ]
    assert "site-packages" not in (out / "adapter_config.json").read_text()
    distilled = run("distill", "--data", small_csv, "--teacher", out, "--out", tmp_path / "pair", "--epochs", "1", "--augmented-texts", "0")
    assert distilled.returncode == 0, distilled.stderr
    found = json.loads(run("explain", TEXT, "--models", tmp_path / "pair", "--json").stdout)
    assert set(found["teacher"]["probabilities"]) == {"down", "up", "flat"}
    assert found["teacher"]["model"] == "tiny"


def test_reproduce_without_data_says_what_to_give(run, tmp_path):
    assert_message(run("reproduce", "--out", tmp_path / "out"), 1, "--data DIR", "--quick")


def test_reproduce_names_the_file_that_a_folder_lacks(run, tmp_path, small_csv):
    shutil.copy(small_csv, tmp_path / "train.csv")
    assert_message(run("reproduce", "--data", tmp_path, "--out", tmp_path / "out"), 1, "no test.csv")
