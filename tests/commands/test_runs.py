"""`dixtill runs` as a user runs it."""

import json

from dixtill_core.files import write_json
from dixtill_core.runs.card import start_record
from dixtill_core.runs.layout import RUN
from dixtill_core.runs.spec import RunSpec
from tests.commands.conftest import assert_message

METRICS = {"macro_f1": 0.812, "feature_agreement@3": 0.5, "loss": 0.1}


def test_runs_lists_them_as_a_table_and_as_json(run, tmp_path):
    (tmp_path / "mine").mkdir()
    record = start_record(RunSpec(), "mine", "My [bold]run[/]")
    write_json(tmp_path / "mine" / RUN, record | {"status": "finished", "epochs": 2, "metrics": METRICS})
    shown = run("runs", tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert all(part in shown.stdout for part in ("mine", "My [bold]run[/]", "finished", "0.812", "feature agreement@3"))
    found = json.loads(run("runs", tmp_path, "--json").stdout)
    assert [(card["id"], card["status"], card["epochs"]) for card in found] == [("mine", "finished", 2)]
    assert found[0]["spec"]["distill"]["epochs"] == RunSpec().distill.epochs
    assert found[0]["metrics"] == METRICS


def test_without_a_folder_they_are_where_the_dashboard_has_them(run, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    write_json(tmp_path / "mine" / RUN, start_record(RunSpec(), "mine", "Mine"))
    monkeypatch.setenv("DIXTILL_RUNS", str(tmp_path))
    assert "mine" in run("runs").stdout
    monkeypatch.delenv("DIXTILL_RUNS")
    monkeypatch.chdir(tmp_path)
    assert_message(run("runs"), 1, "no folder runs")


def test_what_is_wrong_with_a_run_stands_below_with_its_id_whole(run, tmp_path):
    name = "20261124-213000-a-run-with-a-very-long-name-indeed-a1b2c3"
    (tmp_path / name).mkdir()
    (tmp_path / name / RUN).write_text("{")
    shown = run("runs", tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert f"{name}: " in shown.stdout
    assert "is damaged" in shown.stdout


def test_a_folder_without_runs_is_a_message(run, tmp_path):
    assert_message(run("runs", tmp_path), 0, "holds no run", "dixtill distill")
    assert run("runs", tmp_path, "--json").stdout == "[]\n"
    assert_message(run("runs", tmp_path / "nowhere"), 1, "nowhere")
