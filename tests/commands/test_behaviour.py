"""`dixtill behaviour` as a user runs it, on the bundled pair."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from dixtill_core.cli import app

TEXTS = ("Profit beats estimates at the company", "$NVDX - Dorlan Foods plunges 12% on weak sales", "The bank reports Q3 results")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "texts.csv"
    pd.DataFrame({"text": TEXTS}).to_csv(path, index=False)
    return path


def test_the_bundled_pair_is_tested_and_a_table_and_files_are_made(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tests = "negation,names,numbers,case,synonyms"
    result = CliRunner().invoke(app, ["behaviour", "--data", str(data), "--out", str(out), "--tests", tests], env={"COLUMNS": "140"})
    assert result.exit_code == 0, result.output
    lines = {line.replace("│", " ").split(maxsplit=1)[0]: line for line in result.stdout.splitlines() if "student" in line}
    assert set(lines) == set(tests.split(","))
    made = pd.read_csv(out / "edits.csv", keep_default_na=False)
    edited = {test: set(rows["edited"]) for test, rows in made.groupby("test")}
    assert "Profit does not beat estimates at the company" in edited["negation"]
    assert not any("Dorlan" in text or "NVDX" in text for text in edited["names"])
    assert all("12%" not in text for text in edited["numbers"])
    summary = pd.read_csv(out / "behaviour.csv").set_index(["test", "role"])
    assert summary.loc[("case", "teacher"), "failing"] == 0  # the bundled teacher reads no case
    assert (summary["edits_right"] >= 0.9).all()
    negation = made[made["test"] == "negation"].set_index("text").loc[TEXTS[0]]
    assert negation["teacher_before"] == "bullish"
    assert float(negation["teacher_p_after"]) < float(negation["teacher_p_before"])


@pytest.mark.parametrize(("options", "said"), [(["--tests", "irony"], "There is no test"), (["--data", "nowhere.csv"], "nowhere.csv")])
def test_a_wrong_test_or_file_is_said_without_a_traceback(data: Path, options: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["behaviour", "--data", str(data), *options])
    assert result.exit_code != 0
    assert said in result.output + str(result.exception or "")
