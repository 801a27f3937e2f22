"""`dixtill benchmark` as a user runs it."""

import json

from tests.commands.conftest import assert_message


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
    arguments = ("--models", pair_folder, "--quick", "--lengths", "corpus,150")
    assert_message(run("benchmark", *arguments), 1, "teacher", "128 pieces", "--lengths corpus,128")
    assert_message(run("benchmark", "--models", pair_folder, "--batches", "few"), 1, "--batches", "few")
