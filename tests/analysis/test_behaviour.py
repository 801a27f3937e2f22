from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from dixtill_core.analysis.behaviour import BehaviourReport, run_behaviour, write_behaviour
from dixtill_core.cli import app
from dixtill_core.errors import ConfigError, DataError
from dixtill_core.models.pair import ModelPair

TEXTS = (
    "the bank is strong as profit beat estimates",
    "Shares of the company rose 5% and $TSLA will climb",
    "=gold is at a record high of 1,200",
    "",
    "👍🏽",
)


def report_of(pair: ModelPair, **options: object) -> BehaviourReport:
    *_, found = run_behaviour(pair, TEXTS, **options)
    assert isinstance(found, BehaviourReport)
    return found


def test_rates_are_those_of_predictions_made_one_text_at_a_time(pair: ModelPair) -> None:
    report = report_of(pair)
    for role, model in (("teacher", pair.teacher), ("student", pair.student)):
        name = lambda text, model=model: model.label_names[int(model.predict([text])[0].argmax())]  # noqa: E731
        for row in report.rows:
            if row.role != role or row.test == "negation":
                continue
            edits = report.edits[report.edits["test"] == row.test]
            failing = {text for text, edited in zip(edits["text"], edits["edited"], strict=True) if name(text) != name(edited)}
            assert (row.texts, row.failing) == (edits["text"].nunique(), len(failing))
            assert set(report.failing(row.test, row.role)["text"]) == failing
    assert any(row.failing for row in report.rows)


def test_negation_fails_where_label_and_probability_stay_and_spares_neutral_texts(pair: ModelPair) -> None:
    edits = report_of(pair, tests=("negation",)).edits
    assert list(edits["row"]) == [1, 3]
    for role in ("teacher", "student"):
        for row in edits.to_dict("records"):
            applies = row[f"{role}_before"] != "neutral"
            stays = row[f"{role}_before"] == row[f"{role}_after"] and row[f"{role}_p_before"] - row[f"{role}_p_after"] < 0.05
            assert (row[f"{role}_applies"], row[f"{role}_fails"]) == (applies, applies and stays)


def test_the_same_seed_gives_the_same_report(pair: ModelPair) -> None:
    first, second = report_of(pair, seed=4), report_of(pair, seed=4)
    pd.testing.assert_frame_equal(first.edits, second.edits)


def test_files_hold_the_edits_and_no_cell_runs_as_a_formula(pair: ModelPair, tmp_path: Path) -> None:
    report = report_of(pair)
    write_behaviour(tmp_path, report)
    assert len(pd.read_parquet(tmp_path / "edits.parquet")) == len(report.edits)
    with (tmp_path / "edits.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(report.edits)
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())
    assert len(pd.read_csv(tmp_path / "behaviour.csv")) == 12


def test_what_cannot_be_tested_is_said(pair: ModelPair) -> None:
    with pytest.raises(ConfigError, match="There are negation"):
        next(run_behaviour(pair, TEXTS, ("irony",)))
    with pytest.raises(DataError, match="no texts"):
        next(run_behaviour(pair, ()))


def test_texts_that_no_edit_fits_have_no_rates(pair: ModelPair) -> None:
    *_, found = run_behaviour(pair, ("👍🏽",))
    assert isinstance(found, BehaviourReport)
    assert all(row.texts == 0 for row in found.rows)


def test_the_command_prints_json_and_writes_the_files(pair_folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "texts.csv"
    pd.DataFrame({"text": TEXTS[:3]}).to_csv(data, index=False)
    options = ["--data", str(data), "--models", str(pair_folder), "--out", str(tmp_path / "out"), "--tests", "case,typos", "--json"]
    result = CliRunner().invoke(app, ["behaviour", *options])
    assert result.exit_code == 0, result.output
    assert {row["test"] for row in json.loads(result.stdout)["tests"]} == {"case", "typos"}
    assert (tmp_path / "out" / "edits.csv").exists()
