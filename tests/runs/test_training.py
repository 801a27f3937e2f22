import pytest

from dixtill_core.errors import DixtillError
from dixtill_core.runs.training import train_run


def test_a_run_leaves_its_record_its_epochs_the_watched_sentence_and_the_pair(store, spec, cache):
    run = store.create(spec, "First try")
    list(train_run(run, cache=cache))
    card = run.card()
    assert (card.status, card.epochs, card.has_student) == ("finished", 3, True)
    epochs = run.epochs()
    assert [record.epoch for record in epochs] == [1, 2, 3]
    assert {"loss", "kl", "alignment"} <= epochs[0].losses.keys()
    best = min(epochs, key=lambda record: record.metrics["loss"])
    assert card.metrics == dict(best.metrics) | {"epoch": best.epoch}
    watched = run.watched()
    assert watched.teacher.words == tuple(spec.watched.split())
    assert [epoch.epoch for epoch in watched.epochs] == [1, 2, 3]
    assert all(sum(epoch.weights) == pytest.approx(1) for epoch in watched.epochs)


def test_closing_cancels_and_keeps_the_best_epoch_and_training_again_finishes(store, spec, cache):
    run = store.create(spec, "Stopped")
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.metrics)
    steps.close()
    card = run.card()
    assert (card.status, card.has_student, card.can_resume) == ("cancelled", True, True)
    list(train_run(run, cache=cache))
    assert run.card().status == "finished"
    with pytest.raises(DixtillError, match="finished"):
        next(train_run(run, cache=cache))
