"""`dixtill distill` and `dixtill resume` as a user runs them: a folder that becomes a run, gone on with, refused or replaced."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import LOCK
from tests.commands.conftest import SMALL, TEXT, assert_message


@pytest.fixture(scope="module")
def distilled(run, tmp_path_factory, teacher_folder, small_csv):
    """A run that `dixtill distill` made with a teacher whose folder has a space in its name, and the command."""
    root = tmp_path_factory.mktemp("runs")
    shutil.copytree(teacher_folder("bert"), root / "my teacher")
    arguments = ("distill", "--data", small_csv, "--teacher", root / "my teacher", "--out", root / "mine", *SMALL)
    result = run(*arguments, "--watch", "shares rose today")
    assert result.returncode == 0, result.stderr
    assert f"The pair is in {root / 'mine'}" in result.stderr
    return root / "mine", arguments


def test_what_distill_writes_is_a_run(distilled):
    card = Run(distilled[0]).card()
    assert (card.name, card.status, card.epochs, card.has_student) == ("mine", "finished", 2, True)
    assert "feature_agreement@3" in card.metrics
    assert (distilled[0] / "pair.json").exists()
    assert Run(distilled[0]).watched().teacher.words == ("shares", "rose", "today")


def test_distill_makes_a_pair_that_explain_reads(run, distilled):
    found = json.loads(run("explain", TEXT, "--models", distilled[0], "--json").stdout)
    assert found["words"] == TEXT.split()


def test_the_same_command_again_replaces_nothing_unasked(run, distilled):
    folder, arguments = distilled
    before = (folder / "run.json").read_bytes()
    assert_message(run(*arguments), 1, "already holds a student", "--overwrite")
    assert (folder / "run.json").read_bytes() == before


def test_overwrite_starts_anew(run, distilled, tmp_path):
    folder, arguments = distilled
    shutil.copytree(folder, tmp_path / "mine")
    result = run(*arguments, "--out", tmp_path / "mine", "--overwrite", "--seed", "5")
    assert result.returncode == 0, result.stderr
    assert Run(tmp_path / "mine").spec.distill.seed == 5
    assert [record.epoch for record in Run(tmp_path / "mine").epochs()] == [1, 2]


def test_a_killed_distill_goes_on_with_the_same_command_or_with_resume_and_other_settings_are_refused(
    run, targets_cache, teacher_folder, small_csv, tmp_path
):
    out = tmp_path / "same"
    asked = ("--data", small_csv, "--teacher", teacher_folder("bert"), "--augmented-texts", "0", "--hidden-size", "4")
    arguments = ("distill", *asked, "--out", out, "--epochs")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DIXTILL_CACHE": str(targets_cache)}
    command = [sys.executable, "-m", "dixtill_core", *map(str, arguments), "24"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment, stdin=subprocess.DEVNULL) as process:
        while len(Run(out).epochs()) < 2 and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    assert Run(out).card().status == "interrupted"
    assert 2 <= len(Run(out).epochs()) < 24
    refused = run(*arguments, "30")
    assert_message(refused, 1, "interrupted after epoch", "epochs is 24 there and 30 here", f"dixtill resume {out}", "--overwrite")
    resumed = tmp_path / "resumed"
    shutil.copytree(out, resumed)
    for again in ((*arguments, "24"), ("resume", resumed)):
        result = run(*again)
        assert result.returncode == 0, result.stderr
        assert "Resuming after epoch" in result.stderr
    first, second = Run(out), Run(resumed)
    assert len(first.epochs()) == 24
    assert first.card().metrics == second.card().metrics
    assert [record.metrics for record in first.epochs()] == [record.metrics for record in second.epochs()]


def test_what_is_no_run_cannot_be_resumed_and_is_left_as_it_is(run, tmp_path):
    assert_message(run("resume", tmp_path), 1, "no run.json")
    assert not (tmp_path / LOCK).exists()
