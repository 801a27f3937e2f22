"""`dixtill distill`, `resume`, `runs` and `sweep` as a user runs them."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import LOCK

SMALL = ("--epochs", "2", "--augmented-texts", "0", "--hidden-size", "4")


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DIXTILL_CACHE": str(tmp_path_factory.mktemp("cache")), "COLUMNS": "120"}

    def start(*arguments, folder=None):
        return subprocess.Popen(
            [sys.executable, "-m", "dixtill_core", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment | {"PYTHONPATH": os.getcwd()}, cwd=folder or os.getcwd(), stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return start


@pytest.fixture(scope="module")
def run(command):
    def finish(*arguments, folder=None):
        with command(*arguments, folder=folder) as process:
            out, error = process.communicate(timeout=600)
        assert "Traceback" not in error
        return process.returncode, out, error

    return finish


@pytest.fixture(scope="module")
def distilled(run, tmp_path_factory, teacher_folder, small_csv):
    """A folder of runs with one that `dixtill distill` made."""
    root = tmp_path_factory.mktemp("runs")
    arguments = ("distill", "--data", small_csv, "--teacher", teacher_folder("bert"), "--out", root / "mine", *SMALL)
    status, _, error = run(*arguments, "--watch", "shares rose today")
    assert status == 0, error
    assert f"The pair is in {root / 'mine'}" in error
    return root, arguments


def test_what_distill_writes_is_a_run(distilled):
    card = Run(distilled[0] / "mine").card()
    assert (card.name, card.status, card.epochs, card.has_student) == ("mine", "finished", 2, True)
    assert Run(distilled[0] / "mine").watched().teacher.words == ("shares", "rose", "today")
    assert (distilled[0] / "mine" / "pair.json").exists()


def test_the_same_command_again_replaces_nothing_unasked(run, distilled):
    root, arguments = distilled
    before = (root / "mine" / "run.json").read_bytes()
    status, _, error = run(*arguments)
    assert (status, "already holds a student" in error) == (1, True)
    assert (root / "mine" / "run.json").read_bytes() == before


def test_runs_lists_them_as_a_table_and_as_json(run, distilled):
    status, out, _ = run("runs", distilled[0])
    assert status == 0
    assert "mine" in out
    assert "finished" in out
    found = json.loads(run("runs", distilled[0], "--json")[1])
    assert [(card["id"], card["status"], card["epochs"]) for card in found] == [("mine", "finished", 2)]
    assert found[0]["spec"]["distill"]["epochs"] == 2
    assert "feature_agreement@3" in found[0]["metrics"]


def test_a_folder_without_runs_is_a_message(run, tmp_path):
    status, out, error = run("runs", tmp_path)
    assert (status, out) == (0, "")
    assert "holds no run" in error
    assert run("runs", tmp_path, "--json")[1] == "[]\n"
    status, _, error = run("runs", tmp_path / "nowhere")
    assert (status, "nowhere" in error) == (1, True)
    status, _, error = run("resume", tmp_path)
    assert (status, "no run.json" in error) == (1, True)
    assert not (tmp_path / LOCK).exists()


def test_a_killed_distill_goes_on_with_the_same_command_or_with_resume(command, run, teacher_folder, small_csv, tmp_path):
    arguments = ("distill", "--data", small_csv, "--teacher", teacher_folder("bert"), "--augmented-texts", "0", "--epochs", "60")
    for name in ("same", "resumed"):
        out = tmp_path / name
        with command(*arguments, "--out", out) as process:
            while len(Run(out).epochs()) < 3 and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        assert Run(out).card().status == "interrupted"
        assert 3 <= len(Run(out).epochs()) < 60
    status, _, error = run(*arguments, "--out", tmp_path / "same")
    assert status == 0, error
    assert "Resuming after epoch" in error
    status, _, error = run("resume", tmp_path / "resumed")
    assert status == 0, error
    first, second = (Run(tmp_path / name) for name in ("same", "resumed"))
    assert first.card().metrics == second.card().metrics
    assert [record.metrics for record in first.epochs()] == [record.metrics for record in second.epochs()]


def test_overwrite_starts_anew(run, distilled):
    root, arguments = distilled
    status, _, error = run(*arguments, "--overwrite", "--seed", "5")
    assert status == 0, error
    assert Run(root / "mine").spec.distill.seed == 5
    assert [record.epoch for record in Run(root / "mine").epochs()] == [1, 2]


def test_sweep_prints_the_table_and_json(run, teacher_folder, small_csv, tmp_path):
    arguments = ("sweep", "--data", small_csv, "--teacher", teacher_folder("bert"), "--out", tmp_path / "out", *SMALL, "--jobs", "1")
    status, out, error = run(*arguments, "--method", "kl,dixtill", "--alpha", "0.5,0.9", "--json")
    assert status == 0, error
    found = json.loads(out)
    assert [row["settings"]["method"] for row in found["rows"]] == ["kl", "kl", "dixtill", "dixtill"]
    assert all(row["spreads"]["macro_f1"] is None for row in found["rows"])
    assert any(row["is_on_front"] for row in found["rows"])
    status, out, error = run(*arguments, "--method", "kl,dixtill", "--alpha", "0.5,0.9")
    assert status == 0, error
    assert out.count("dixtill, α") == 2
    status, _, error = run(*arguments, "--method", "kl")
    assert (status, "another sweep" in error) == (1, True)
    listed = json.loads(run("runs", tmp_path, "--json")[1])
    assert {card["id"].split("/")[0] for card in listed} == {"out"}


@pytest.mark.parametrize(
    ("options", "part"), [(("--alpha", "high"), "--alpha"), (("--method", "magic"), "magic"), (("--temperature", "0"), "temperature")]
)
def test_wrong_values_of_a_sweep_are_messages(run, small_csv, tmp_path, options, part):
    status, _, error = run("sweep", "--data", small_csv, "--out", tmp_path / "out", *options)
    assert status == 1
    assert part in error
    assert not (tmp_path / "out").exists()
