import json
import math
import os
import signal
import subprocess
import sys
import threading

import pytest

from dixtill_core.errors import CheckpointError
from dixtill_core.runs.layout import EPOCHS, RUN, WATCHED
from dixtill_core.runs.records import EpochRecord, WatchedEpoch, WatchedTeacher
from dixtill_core.runs.spec import RunSpec

TEACHER = WatchedTeacher("shares rose", ("shares", "rose"), (0.1, -0.5), "up", {"up": 0.75, "down": 0.25}, "Integrated Gradients")


@pytest.fixture
def run(store):
    return store.create(RunSpec(), "A run")


def _student(epoch, first=0.5):
    return WatchedEpoch(epoch, (first, -0.25), (0.5, 0.5), "up", {"up": 0.5, "down": 0.5})


def test_epochs_come_back_as_written(run):
    records = [EpochRecord(i, {"loss": 1 / i}, {"macro_f1": 0.25 * i, "macro_auc": 0.5}, i == 2, "student", 1.5 * i) for i in (1, 2)]
    teacher = EpochRecord(1, {"cross_entropy": 0.5}, {"macro_f1": 0.5}, True, "teacher", 0.5)
    for record in (teacher, *records):
        run.append_epoch(record)
    assert run.epochs() == tuple(records)
    assert run.epochs("teacher") == (teacher,)


def test_an_epoch_that_was_done_again_counts_as_it_was_written_last(run):
    for epoch, loss in ((1, 1.0), (2, 2.0), (3, 3.0), (2, 20.0)):
        run.append_epoch(EpochRecord(epoch, {"loss": loss}, {}, False))
        run.append_watched(TEACHER) if epoch == 1 else None
        run.append_watched(_student(epoch, loss))
    assert [(record.epoch, record.losses["loss"]) for record in run.epochs()] == [(1, 1.0), (2, 20.0)]
    assert [(epoch.epoch, epoch.scores[0]) for epoch in run.watched().epochs] == [(1, 1.0), (2, 20.0)]


def test_the_watched_sentence_comes_back_as_written(run):
    assert run.watched() is None
    run.append_watched(TEACHER)
    assert run.watched().teacher == TEACHER
    assert run.watched().epochs == ()
    run.append_watched(_student(1))
    assert run.watched().epochs == (_student(1),)


def test_records_of_the_wrong_shape_are_passed_over(run):
    run.append_watched(_student(1))  # No teacher yet: there are no words that its scores could belong to.
    run.append_watched(TEACHER)
    run.append_watched(WatchedEpoch(1, (0.5,), (1.0,), "up", {}))
    with open(run.folder / WATCHED, "a") as stream:
        stream.write('{"role": "student", "epoch": "first"}\n{"epoch": 5}\n')
    with open(run.folder / EPOCHS, "a") as stream:
        stream.write('{"epoch": 1}\n{"role": "student", "epoch": null, "losses": {}, "metrics": {}, "is_best": true}\n')
    assert run.watched().epochs == ()
    assert run.epochs() == ()


def test_a_metric_that_is_no_number_stays_one(run):
    run.append_epoch(EpochRecord(1, {"loss": math.nan}, {"macro_auc": math.nan}, True))
    assert math.isnan(run.epochs()[0].metrics["macro_auc"])
    run.update(metrics={"macro_auc": math.nan})
    assert math.isnan(run.card().metrics["macro_auc"])


def test_running_is_believed_only_while_somebody_holds_the_lock(run):
    run.update(status="running")
    assert run.card().status == "interrupted"
    assert run.card().can_resume
    with run.hold():
        assert run.card().status == "running"
        assert not run.card().can_resume
    assert run.card().status == "interrupted"


def test_the_run_of_a_killed_process_is_interrupted(run):
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom dixtill_core.runs.folder import Run\nrun = Run(Path(sys.argv[1]))\n"
        "with run.hold():\n    run.update(status='running')\n    print('held', flush=True)\n    time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, "-c", script, str(run.folder)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "held\n"
        assert run.card().status == "running"
        run.ask_to_stop()
        assert run.is_asked_to_stop
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert run.card().status == "interrupted"
    with run.hold():
        assert not run.is_asked_to_stop  # A wish of the last time.


def test_nobody_is_asked_to_stop_where_nobody_trains(run):
    run.ask_to_stop()
    assert not run.is_asked_to_stop


def test_two_that_change_different_fields_both_succeed(run):
    def change(field):
        for i in range(20):
            run.update(**{field: i})

    threads = [threading.Thread(target=change, args=(field,)) for field in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = run.read()
    assert (found["first"], found["second"]) == (19, 19)


def _record(**changes):
    return json.dumps({"format": 1, "name": "x", "status": "queued", "spec": {}} | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b'{"format": 99}', b"\xff", b"[" * 100_000, b'{"format": 1}', _record(status="weird"),
        _record(status=["running"]), _record(spec={"data": 4}), _record(spec=None), _record(tags=4), _record(progress={"done": "far"}),
        _record(epochs=math.inf),
        _record(test={}),
    ],
)  # fmt: skip
def test_a_damaged_run_json_is_a_card_that_says_so(run, content):
    (run.folder / RUN).write_bytes(content)
    card = run.card()
    assert card.status == "damaged"
    assert RUN in card.problem
    assert not card.can_resume


def test_a_specification_that_cannot_be_read_is_a_message(run):
    for content in (b"{", b'{"format": 1}', _record(spec=None), _record(spec={"colour": "red"})):
        (run.folder / RUN).write_bytes(content)
        with pytest.raises(CheckpointError, match=RUN):
            _ = run.spec


def test_names_and_messages_of_a_card_are_short_whatever_the_file_says(run):
    run.update(name="x" * 10_000, tags=["y" * 10_000], error="z" * 100_000, versions={"a" * 1000: 5}, teacher_name=["t"])
    card = run.card()
    assert len(card.name) <= 120
    assert len(card.tags[0]) <= 40
    assert len(card.error) <= 2000
    assert card.versions == {"a" * 40: "5"}


def test_the_log_keeps_one_line_an_entry(run):
    run.say("first\nof two")
    run.say("second")
    assert [line.split("  ", 1)[1] for line in run.log().splitlines()] == ["first of two", "second"]
    assert run.log(1).endswith("second")


def test_only_uploaded_files_are_looked_for_inside_the_run(run):
    (run.folder / "upload").mkdir()
    (run.folder / "upload" / "train-x.csv").write_text("text\n")
    assert run.find("upload/train-x.csv") == str(run.folder / "upload" / "train-x.csv")
    for reference in ("sample", "upload/other.csv", "upload/../run.json", "/etc/passwd", RUN):
        assert run.find(reference) == reference


def test_a_teacher_that_is_not_on_this_machine_is_said(store):
    away = store.create(RunSpec(teacher="/home/of/someone/else"), "From afar")
    assert "/home/of/someone/else is not on this machine" in away.card().problem
    assert away.card().status == "queued"
    assert store.create(RunSpec(teacher="owner/model"), "Hub").card().problem is None
    assert store.create(RunSpec(), "Bundled").card().problem is None


def test_run_json_is_plain_data(run):
    found = json.loads((run.folder / RUN).read_text())
    assert {
        "format",
        "id",
        "name",
        "tags",
        "created",
        "spec",
        "status",
        "progress",
        "seconds",
        "metrics",
        "versions",
        "error",
    } <= found.keys()
    assert found["id"] == run.id == run.folder.name
