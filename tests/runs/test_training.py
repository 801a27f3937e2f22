import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from dixtill_core.distill.trainer import STATE
from dixtill_core.errors import CheckpointError, DataError, DixtillError
from dixtill_core.lock import LockedError
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair import load_pair
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import EPOCHS
from dixtill_core.runs.store import Upload
from dixtill_core.runs.training import train_run
from tests.runs.conftest import TEST_TEXTS, assert_same, begin_evaluation, weights


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


def test_closing_cancels_and_keeps_the_best_epoch_and_training_again_finishes(whole, store, spec, cache):
    run = store.create(spec, "Stopped")
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.metrics)
    steps.close()
    card = run.card()
    assert (card.status, card.has_student, card.can_resume, card.epochs) == ("cancelled", True, True, 1)
    assert card.metrics["epoch"] == 1
    list(train_run(run, cache=cache))
    assert_same(run, whole)
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
    before = weights(run)
    data.write_text(data.read_text().replace("bullish", "bearish", 3))
    with pytest.raises(DixtillError, match="the data changed"):
        list(train_run(run, cache=cache))
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(run).items())
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
    assert_same(run, whole)
    assert [record.epoch for record in run.epochs()] == [1, 2, 3]
    assert len((run.folder / EPOCHS).read_text().splitlines()) == 5


def test_a_folder_that_is_no_run_is_a_message(tmp_path):
    with pytest.raises(CheckpointError, match="no run"):
        next(train_run(Run(tmp_path)))
    assert not list(tmp_path.iterdir())


def test_test_data_are_evaluated_at_the_end_and_never_trained_on(whole, tested):
    assert_same(tested, whole)
    scores = tested.card().test
    assert scores.texts == TEST_TEXTS == scores.student["n"]
    assert 0 <= scores.fidelity <= 1
    assert {"accuracy", "macro_f1", "mcc"} <= scores.teacher.keys()
    assert "feature_agreement@3" in scores.agreement


def test_a_run_stopped_in_its_final_evaluation_does_not_train_again(tested, store, cache):
    run = begin_evaluation(store, tested)
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.stage == "evaluating")
    steps.close()
    assert (run.card().status, run.card().test) == ("cancelled", None)
    stages = {step.stage for step in train_run(run, cache=cache)}
    assert "training the student" not in stages
    assert run.card().test == tested.card().test
    assert_same(run, tested)


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


def test_a_label_map_holds_for_training_and_test_data_that_do_not_have_the_same_labels(store, spec, cache, small_csv):
    training = small_csv.read_text().replace(",bullish", ",good").replace(",bearish", ",bad").replace(",neutral", ",only here")
    test = "text,label\nprofit rises again,good\nsales fall again,awful\nnothing is known,never seen\n"
    label_map = {"good": "bullish", "bad": "bearish", "only here": "neutral", "awful": "bearish", "never seen": None}
    run = store.create(
        replace(spec, label_map=label_map, distill=replace(spec.distill, epochs=1)), "Both",
        upload=Upload("x.csv", training.encode()), test_upload=Upload("y.csv", test.encode()),
    )  # fmt: skip
    list(train_run(run, cache=cache))
    assert run.card().status == "finished"
    assert run.card().test.texts == 2


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


def test_a_resumed_run_does_not_expect_what_it_has_behind_it(store, spec, cache):
    run = store.create(replace(spec, distill=replace(spec.distill, epochs=4)), "Resumed")
    for step in train_run(run, cache=cache):
        if step.metrics and step.epoch == 3:
            break
    first = next(step.seconds_left for step in train_run(store.create(run.spec, "New"), cache=cache) if step.stage == "loading the teacher")
    resumed = next(step.seconds_left for step in train_run(run, cache=cache) if step.stage == "loading the teacher")
    assert 0 < resumed < first / 4  # One epoch of four, and no explanations.


def test_a_training_that_diverges_fails_with_what_to_do(store, spec, cache):
    run = store.create(replace(spec, distill=replace(spec.distill, learning_rate=1e30, average_decay=0.0)), "Diverging")
    with pytest.raises(DixtillError, match="lower learning rate"):
        list(train_run(run, cache=cache))
    assert run.card().status == "failed"
    assert all(math.isfinite(record.metrics["loss"]) for record in run.epochs())
