"""`dixtill evaluate` as a user runs it."""

import json

from tests.commands.conftest import TEXT, assert_message


def test_evaluate_reports_both_models_fidelity_and_agreement(run, pair_folder, small_csv):
    result = run("evaluate", "--data", small_csv, "--models", pair_folder, "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    for role in ("teacher", "student"):
        low, high = found["accuracy_interval"][role]
        assert 0 <= low <= found[role]["accuracy"] <= high <= 1
    for role in ("teacher", "student"):
        assert set(found[role]) == {"accuracy", "macro_f1", "mcc", "macro_auc", "n"}
    assert 0 <= found["fidelity"] <= 1
    assert len(found["agreement"]) == 10
    shown = run("evaluate", "--data", small_csv, "--models", pair_folder)
    assert f"{found['student']['macro_f1']:.3f}" in shown.stdout
    assert f"accuracy on {found['teacher']['n']} texts: teacher 0." in shown.stdout


def test_evaluate_without_labels_is_a_message(run, pair_folder, tmp_path):
    (tmp_path / "texts.csv").write_text("text\nshares of gold rose today\n")
    assert_message(run("evaluate", "--data", tmp_path / "texts.csv", "--models", pair_folder, "--json"), 1, "no label column")


def test_evaluate_maps_labels_that_are_called_otherwise(run, pair_folder, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text(f"text,label\n{TEXT},pos\nshares fell,neg\nnothing happened,odd\n", encoding="utf-8")
    assert_message(run("evaluate", "--data", path, "--models", pair_folder), 1, "Most likely neg means bearish", "--label-map")
    result = run("evaluate", "--data", path, "--models", pair_folder, "--label-map", "pos=bullish,neg=bearish,odd=", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["teacher"]["n"] == 2
    assert "leaves 1 of 3 texts out" in result.stderr
    assert_message(run("evaluate", "--data", path, "--models", pair_folder, "--label-map", "pos"), 1, "cannot be read from 'pos' on")


def test_evaluate_names_the_row_and_the_column_of_a_missing_label(run, pair_folder, tmp_path):
    (tmp_path / "holes.csv").write_text("text,label\nshares of gold rose today,0\nshares fell,\n")
    assert_message(run("evaluate", "--data", tmp_path / "holes.csv", "--models", pair_folder), 1, "row 2", "'label'")


def test_a_missing_file_is_a_message(run, pair_folder):
    assert_message(run("evaluate", "--data", "nowhere.csv", "--models", pair_folder), 1, "nowhere.csv")
