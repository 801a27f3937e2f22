"""`dixtill sweep` as a user runs it."""

import json

import pytest

from tests.commands.conftest import SMALL, assert_message


def test_sweep_prints_the_table_and_json(run, teacher_folder, small_csv, tmp_path):
    arguments = ("sweep", "--data", small_csv, "--teacher", teacher_folder("bert"), "--out", tmp_path / "out", *SMALL, "--jobs", "1")
    first = run(*arguments, "--method", "kl,dixtill", "--alpha", "0.5,0.9", "--json")
    assert first.returncode == 0, first.stderr
    found = json.loads(first.stdout)
    assert [row["settings"]["method"] for row in found["rows"]] == ["kl", "kl", "dixtill", "dixtill"]
    assert all(row["spreads"]["macro_f1"] is None for row in found["rows"])
    assert any(row["is_on_front"] for row in found["rows"])
    again = run(*arguments, "--method", "kl,dixtill", "--alpha", "0.5,0.9")
    assert again.returncode == 0, again.stderr
    assert again.stdout.count("dixtill, α") == 2
    assert "│ * " in again.stdout
    assert_message(run(*arguments, "--method", "kl"), 1, "another sweep")
    listed = json.loads(run("runs", tmp_path, "--json").stdout)
    assert {card["id"].split("/")[0] for card in listed} == {"out"}


@pytest.mark.parametrize(
    ("options", "part"), [(("--alpha", "high"), "--alpha"), (("--method", "magic"), "magic"), (("--temperature", "0"), "temperature")]
)
def test_wrong_values_of_a_sweep_are_messages(run, small_csv, tmp_path, options, part):
    assert_message(run("sweep", "--data", small_csv, "--out", tmp_path / "out", *options), 1, part)
    assert not (tmp_path / "out").exists()
