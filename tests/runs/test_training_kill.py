"""Runs that are killed in any of their stages, with kill -9, as a crash of the server or a power cut would."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from dixtill_core.config import TeachConfig
from dixtill_core.models.pair import load_pair
from dixtill_core.runs.layout import TEACHING_STATE
from dixtill_core.runs.store import Upload
from dixtill_core.runs.training import train_run
from tests.runs.conftest import assert_same, begin_evaluation


@pytest.fixture(scope="module")
def kill_at():
    """Trains a run in another process, which is killed as it says a line."""
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.runs.killed_runs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as process:

        def kill(run, cache, line):
            print(json.dumps([str(run.folder), str(cache), line]), file=process.stdin, flush=True)
            assert int(process.stdout.readline()) == -signal.SIGKILL
            assert run.card().status == "interrupted"
            assert run.card().can_resume

        yield kill
        process.stdin.close()


@pytest.mark.parametrize("line", ["explaining the watched", "explaining with the teacher", "asking the teacher"])
def test_a_run_killed_while_its_teacher_is_asked_ends_in_the_same_weights(kill_at, whole, spec, store, tmp_path, line):
    _assert_ends_the_same(kill_at, whole, store.create(spec, "Killed"), tmp_path / "cache", line)


@pytest.mark.parametrize("line", ["training the student 1", "training the student 3"])
def test_a_run_killed_while_its_student_is_trained_ends_in_the_same_weights(kill_at, whole, spec, store, cache, line):
    _assert_ends_the_same(kill_at, whole, store.create(spec, "Killed"), cache, line)


def _assert_ends_the_same(kill_at, whole, run, cache, line):
    kill_at(run, cache, line)
    list(train_run(run, cache=cache))
    assert run.card().status == "finished"
    assert_same(run, whole)
    assert [record.metrics for record in run.epochs()] == [record.metrics for record in whole.epochs()]
    assert run.watched() == whole.watched()
    assert run.card().metrics == whole.card().metrics


def test_a_run_killed_while_its_test_data_are_evaluated_keeps_its_student_and_measures_the_same(kill_at, tested, store, tmp_path):
    run, cache = begin_evaluation(store, tested), tmp_path / "cache"  # An empty one: the teacher has to explain the test texts.
    kill_at(run, cache, "evaluating")
    assert run.card().test is None
    assert_same(run, tested)
    stages = [step.stage for step in train_run(run, cache=cache)]
    assert "evaluating" in stages
    assert not {"explaining with the teacher", "training the student"} & set(stages)
    assert run.card().status == "finished"
    assert run.card().test == tested.card().test
    assert (run.card().metrics, run.epochs()) == (tested.card().metrics, tested.epochs())
    assert_same(run, tested)


def test_a_run_killed_while_its_teacher_is_taught_ends_in_the_same_weights(kill_at, store, cache, spec, small_csv):
    header, *rows = small_csv.read_text().splitlines()
    few = Upload("few.csv", "\n".join([header, *rows[::4]]).encode())
    teach = TeachConfig(epochs=2, batch_size=4, lora_rank=2, max_length=32, validation_share=0.5)
    spec = replace(spec, teach=teach, distill=replace(spec.distill, epochs=1, augmented_texts=0, validation_share=0.5))
    killed, undisturbed = (store.create(spec, name, upload=few) for name in ("Killed", "Undisturbed"))
    list(train_run(undisturbed, cache=cache, device="cpu"))
    kill_at(killed, cache, "training the teacher 2")
    assert (killed.folder / TEACHING_STATE).exists()
    stages = [(step.stage, step.epoch) for step in train_run(killed, cache=cache, device="cpu")]
    assert ("training the teacher", 1) not in stages
    assert_same(killed, undisturbed, "teacher", "adapter_model.safetensors")
    assert_same(killed, undisturbed)
    assert [record.epoch for record in killed.epochs("teacher")] == [1, 2]
    assert killed.epochs("teacher")[-1].metrics == undisturbed.epochs("teacher")[-1].metrics
    assert not (killed.folder / TEACHING_STATE).exists()
    pair = load_pair(killed.folder, device="cpu")
    assert pair.teacher.label_names == ("bearish", "bullish", "neutral")
    assert (killed.folder / "pair.json").read_text().count(str(killed.folder)) == 0  # The teacher travels with the run.
