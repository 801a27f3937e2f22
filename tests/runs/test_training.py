import math
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from dixtill_core.config import TeachConfig
from dixtill_core.distill.trainer import STATE
from dixtill_core.errors import CheckpointError, DataError, DixtillError
from dixtill_core.lock import LockedError
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair import load_pair
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import EPOCHS, TEACHING_STATE
from dixtill_core.runs.store import RunStore, Upload
from dixtill_core.runs.training import train_run

FOLLOW = (
    "import sys\nfrom pathlib import Path\nimport torch\n"
    "from dixtill_core.runs.folder import Run\nfrom dixtill_core.runs.training import train_run\n"
    "torch.set_num_threads(1)\n"
    "for step in train_run(Run(Path(sys.argv[1])), cache=Path(sys.argv[2]), device='cpu'):\n    print(step.stage, step.epoch, flush=True)\n"
)


def _weights(run, part="student", name="model.safetensors"):
    return load_file(run.folder / part / name)


def _assert_same(first, second, *where):
    one, other = _weights(first, *where), _weights(second, *where)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, teacher_folder, small_csv, cache):
    """A run that nothing disturbed."""
    from tests.runs.conftest import make_spec

    run = RunStore(tmp_path_factory.mktemp("whole")).create(make_spec(teacher_folder, small_csv), "Whole")
    list(train_run(run, cache=cache))
    return run


def _kill_at(run, cache, line):
    """Train in another process and kill it as it says `line`."""
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FOLLOW, str(run.folder), str(cache)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for said in process.stdout:
            if said.startswith(line):
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL


def test_a_run_leaves_its_record_its_epochs_the_watched_sentence_and_the_pair(whole, spec):
    card = whole.card()
    assert (card.status, card.epochs, card.has_student, card.error) == ("finished", 3, True, None)
    assert card.seconds > 0
    epochs = whole.epochs()
    assert [record.epoch for record in epochs] == [1, 2, 3]
    assert {"loss", "kl", "alignment"} <= epochs[0].losses.keys()
    best = min(epochs, key=lambda record: record.metrics["loss"])
    assert card.metrics == dict(best.metrics) | {"epoch": best.epoch}
    assert load_student(whole.folder / "student").label_names == ("bearish", "bullish", "neutral")
    assert "epoch 3: loss" in whole.log()
    assert not (whole.folder / STATE).exists()


def test_the_watched_sentence_is_read_after_every_epoch_as_the_models_read_it(whole, spec):
    watched = whole.watched()
    pair = load_pair(whole.folder, device="cpu")
    assert watched.teacher.words == tuple(spec.watched.split())
    assert list(watched.teacher.probabilities) == list(pair.teacher.label_names)
    assert watched.teacher.label == max(watched.teacher.probabilities, key=watched.teacher.probabilities.get)
    assert [epoch.epoch for epoch in watched.epochs] == [1, 2, 3]
    kept = watched.epochs[int(whole.card().metrics["epoch"]) - 1]
    reading = pair.student.run([spec.watched])[0]
    np.testing.assert_allclose(kept.scores, reading.scores, atol=1e-6)
    np.testing.assert_allclose(kept.weights, reading.weights, atol=1e-6)
    assert watched.epochs[0].scores != watched.epochs[2].scores


@pytest.mark.parametrize(
    "line",
    ["explaining the watched", "explaining with the teacher", "asking the teacher", "training the student 1", "training the student 3"],
)
def test_a_run_killed_in_any_stage_is_interrupted_and_ends_in_the_same_weights(whole, spec, store, tmp_path, line):
    """kill -9, as a crash of the server or a power cut would."""
    run = store.create(spec, "Killed")
    _kill_at(run, tmp_path / "cache", line)
    card = run.card()
    assert card.status == "interrupted"
    assert card.can_resume
    list(train_run(run, cache=tmp_path / "cache"))
    assert run.card().status == "finished"
    _assert_same(run, whole)
    assert [record.metrics for record in run.epochs()] == [record.metrics for record in whole.epochs()]
    assert run.watched() == whole.watched()
    assert run.card().metrics == whole.card().metrics


def test_a_run_killed_while_its_teacher_is_taught_ends_in_the_same_weights(store, cache, spec, small_csv):
    header, *rows = small_csv.read_text().splitlines()
    few = Upload("few.csv", "\n".join([header, *rows[::4]]).encode())
    teach = TeachConfig(epochs=2, batch_size=4, lora_rank=2, max_length=32, validation_share=0.5)
    spec = replace(spec, teach=teach, distill=replace(spec.distill, epochs=1, augmented_texts=0, validation_share=0.5))
    killed, undisturbed = (store.create(spec, name, upload=few) for name in ("Killed", "Undisturbed"))
    list(train_run(undisturbed, cache=cache, device="cpu"))
    _kill_at(killed, cache, "training the teacher 2")
    assert (killed.folder / TEACHING_STATE).exists()
    stages = [(step.stage, step.epoch) for step in train_run(killed, cache=cache, device="cpu")]
    assert ("training the teacher", 1) not in stages
    _assert_same(killed, undisturbed, "teacher", "adapter_model.safetensors")
    _assert_same(killed, undisturbed)
    assert [record.epoch for record in killed.epochs("teacher")] == [1, 2]
    assert killed.epochs("teacher")[-1].metrics == undisturbed.epochs("teacher")[-1].metrics
    assert not (killed.folder / TEACHING_STATE).exists()
    pair = load_pair(killed.folder, device="cpu")
    assert pair.teacher.label_names == ("bearish", "bullish", "neutral")
    assert (killed.folder / "pair.json").read_text().count(str(killed.folder)) == 0  # The teacher travels with the run.


def test_closing_cancels_and_keeps_the_best_epoch_and_training_again_finishes(whole, store, spec, cache):
    run = store.create(spec, "Stopped")
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.metrics)
    steps.close()
    card = run.card()
    assert (card.status, card.has_student, card.can_resume, card.epochs) == ("cancelled", True, True, 1)
    assert card.metrics["epoch"] == 1
    list(train_run(run, cache=cache))
    _assert_same(run, whole)
    assert run.card().seconds > card.seconds
    with pytest.raises(DixtillError, match="is finished"):
        next(train_run(run, cache=cache))


def test_a_run_that_is_asked_to_stop_stops_at_its_next_step(store, spec, cache):
    run = store.create(spec, "Asked")
    stages = []
    for step in train_run(run, cache=cache):
        stages.append(step.stage)
        if step.metrics and step.epoch == 1:
            Run(run.folder).ask_to_stop()  # As another process would.
    assert stages[-1] == "cancelled"
    assert (run.card().status, run.card().epochs) == ("cancelled", 1)
    assert not run.is_asked_to_stop  # It was, and it did.


def test_a_run_is_trained_by_one_at_a_time(store, spec, cache):
    run = store.create(spec, "Twice")
    steps = train_run(run, cache=cache)
    next(steps)
    with pytest.raises(LockedError, match="trained already"):
        next(train_run(Run(run.folder), cache=cache, wait=0.1))
    assert run.card().status == "running"
    steps.close()


def test_a_failure_is_written_down_with_its_message_and_can_be_tried_again(store, spec, cache, small_csv, tmp_path):
    data = tmp_path / "later.csv"
    run = store.create(replace(spec, data=str(data)), "Failing")
    with pytest.raises(DataError):
        list(train_run(run, cache=cache))
    card = run.card()
    assert (card.status, card.can_resume) == ("failed", True)
    assert "later.csv" in card.error
    assert "later.csv" in run.log()
    data.write_bytes(small_csv.read_bytes())
    list(train_run(run, cache=cache))
    assert (run.card().status, run.card().error) == ("finished", None)


def test_an_unexpected_error_is_written_down_too(store, spec, cache, monkeypatch):
    from dixtill_core.runs import training

    def broken(*arguments, **options):
        raise MemoryError("no more")

    monkeypatch.setattr(training, "distill", broken)
    run = store.create(spec, "Broken")
    with pytest.raises(MemoryError):
        list(train_run(run, cache=cache))
    assert run.card().status == "failed"
    assert "MemoryError" in run.card().error


def test_data_that_changed_under_a_stopped_run_are_not_mixed_in(store, spec, cache, small_csv, tmp_path):
    data = tmp_path / "texts.csv"
    data.write_bytes(small_csv.read_bytes())
    run = store.create(replace(spec, data=str(data)), "Moved on")
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.metrics)
    steps.close()
    before = _weights(run)
    data.write_text(data.read_text().replace("bullish", "bearish", 3))
    with pytest.raises(DixtillError, match="the data changed"):
        list(train_run(run, cache=cache))
    assert all(torch.equal(before[name], tensor) for name, tensor in _weights(run).items())
    data.write_bytes(small_csv.read_bytes())
    list(train_run(run, cache=cache))
    assert run.card().status == "finished"


def test_a_damaged_training_state_starts_the_training_again_and_its_journal_with_it(whole, store, spec, cache):
    run = store.create(spec, "Damaged")
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.metrics and step.epoch == 2)
    steps.close()
    (run.folder / STATE).write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    list(train_run(run, cache=cache))
    _assert_same(run, whole)
    assert [record.epoch for record in run.epochs()] == [1, 2, 3]
    assert len((run.folder / EPOCHS).read_text().splitlines()) == 5


def test_a_folder_that_is_no_run_is_a_message(tmp_path):
    with pytest.raises(CheckpointError, match="no run"):
        next(train_run(Run(tmp_path)))
    assert not list(tmp_path.iterdir())


def test_test_data_are_evaluated_at_the_end_and_never_trained_on(whole, store, spec, cache, small_csv):
    header, *rows = small_csv.read_text().splitlines()
    test = Upload("held out.csv", "\n".join([header, *rows[::3]]).encode())
    run = store.create(spec, "Tested", test_upload=test)
    list(train_run(run, cache=cache))
    _assert_same(run, whole)
    scores = run.card().test
    assert scores.texts == len(rows[::3]) == scores.student["n"]
    assert 0 <= scores.fidelity <= 1
    assert {"accuracy", "macro_f1", "mcc"} <= scores.teacher.keys()
    assert "feature_agreement@3" in scores.agreement


def test_a_run_stopped_in_its_final_evaluation_does_not_train_again(whole, store, spec, cache, small_csv):
    run = store.create(spec, "Nearly", test_upload=Upload("test.csv", small_csv.read_bytes()))
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.stage == "evaluating")
    steps.close()
    assert (run.card().status, run.card().test) == ("cancelled", None)
    stages = {step.stage for step in train_run(run, cache=cache)}
    assert "training the student" not in stages
    assert run.card().test is not None
    _assert_same(run, whole)


def test_labels_are_mapped_and_left_out_as_the_user_says(store, spec, cache, small_csv):
    text = small_csv.read_text().replace(",bullish", ",good").replace(",bearish", ",bad").replace(",neutral", ",so so")
    run = store.create(
        replace(spec, label_map={"good": "bullish", "bad": "bearish", "so so": None}), "Mapped", upload=Upload("x.csv", text.encode())
    )
    list(train_run(run, cache=cache))
    assert load_student(run.folder / "student").label_names == ("bearish", "bullish", "neutral")
    wrong = store.create(replace(spec, label_map={"good": "happy"}), "Wrong", upload=Upload("x.csv", text.encode()))
    with pytest.raises(DataError, match="happy"):
        list(train_run(wrong, cache=cache))


def test_no_sentence_is_watched_where_none_is_given(store, spec, cache):
    run = store.create(replace(spec, watched="  ", distill=replace(spec.distill, epochs=1)), "Blind")
    list(train_run(run, cache=cache))
    assert run.watched() is None
    assert run.card().status == "finished"


def test_the_time_left_is_told_and_ends_at_nothing(store, spec, cache):
    run = store.create(spec, "Timed")
    left = [step.seconds_left for step in train_run(run, cache=cache) if step.stage == "training the student"]
    assert all(seconds is not None and seconds >= 0 for seconds in left)
    assert left[-1] < left[0]
    assert run.card().progress.seconds_left is None


def test_a_training_that_diverges_fails_with_what_to_do(store, spec, cache):
    run = store.create(replace(spec, distill=replace(spec.distill, learning_rate=1e30, average_decay=0.0)), "Diverging")
    with pytest.raises(DixtillError, match="lower learning rate"):
        list(train_run(run, cache=cache))
    assert run.card().status == "failed"
    assert all(math.isfinite(record.metrics["loss"]) for record in run.epochs())
