"""`dixtill profile` as a user runs it."""

import json

from tests.commands.conftest import assert_message


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
