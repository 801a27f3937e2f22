import json
import threading

import pytest

from dixtill_core.data.upload import MOST_UPLOAD_BYTES
from dixtill_core.errors import CheckpointError, ConfigError, DataError, DixtillError
from dixtill_core.models.checkpoint import save_student
from dixtill_core.models.pair import write_pair
from dixtill_core.runs.layout import RUN, SWEEP
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore, Upload
from tests.small_models import small_student


def _ids(cards):
    return {card.id for card in cards}


def test_runs_of_one_name_are_different_folders(store):
    runs = [store.create(RunSpec(), "Same name") for _ in range(20)]
    assert len({run.folder for run in runs}) == 20
    assert _ids(store.list()) == {run.id for run in runs}
    assert all(card.name == "Same name" and card.status == "queued" for card in store.list())


def test_many_threads_that_make_runs_at_once_make_all_of_them(store):
    threads = [threading.Thread(target=lambda: [store.create(RunSpec(), "x") for _ in range(5)]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.list()) == 30


def test_a_store_that_is_not_there_is_empty(tmp_path):
    assert RunStore(tmp_path / "nothing").list() == ()
    assert RunStore(tmp_path / "nothing").binned() == ()


def test_the_newest_run_comes_first(store):
    for number, created in enumerate(("2026-01-02T00:00:00+00:00", "2026-01-03T00:00:00+00:00", "2026-01-01T00:00:00+00:00")):
        store.create(RunSpec(), str(number)).update(created=created)
    assert [card.name for card in store.list()] == ["1", "0", "2"]


def test_a_damaged_folder_is_listed_with_what_is_wrong_and_spoils_nothing(store):
    good, bad = store.create(RunSpec(), "good"), store.create(RunSpec(), "bad")
    (bad.folder / RUN).write_text("{")
    (store.root / "no run").mkdir()
    (store.root / "file").write_text("")
    cards = {card.id: card for card in store.list()}
    assert cards.keys() == {good.id, bad.id}
    assert cards[good.id].problem is None
    assert "damaged" in cards[bad.id].problem
    store.delete(bad.id)
    assert _ids(store.list()) == {good.id}


def test_a_pair_from_before_there_were_runs_is_listed(store):
    folder = store.root / "old pair"
    save_student(folder / "student", small_student(), metrics={"macro_f1": 0.5}, provenance={"teacher": "MiniLM"})
    write_pair(folder, "bundled")
    (card,) = store.list()
    assert (card.id, card.status, card.metrics, card.teacher_name, card.has_student) == (
        "old pair",
        "finished",
        {"macro_f1": 0.5},
        "MiniLM",
        True,
    )
    assert not card.can_resume


def test_an_uploaded_file_becomes_the_data_of_the_run(store):
    upload = Upload("C:\\My Texts\\Tweets (2).CSV", b"text,label\nshares rose,up\n")
    run = store.create(RunSpec(label_column="label"), "x", upload=upload, test_upload=Upload("../../etc/test.tsv", b"text\tlabel\n"))
    assert run.spec.data == "upload/train-tweets-2.csv"
    assert run.spec.test_data == "upload/test-test.tsv"
    assert (run.folder / run.spec.data).read_bytes() == upload.content
    assert run.find(run.spec.data) == str(run.folder / run.spec.data)
    assert run.spec.label_column == "label"


@pytest.mark.parametrize("upload", [Upload("texts.exe", b""), Upload("texts", b""), Upload("a.csv", bytes(MOST_UPLOAD_BYTES + 1))])
def test_a_file_that_cannot_be_data_leaves_no_run_behind(store, upload):
    with pytest.raises(DataError, match=r"texts|a\.csv"):
        store.create(RunSpec(), "x", upload=upload)
    assert store.list() == ()
    assert not list(store.root.iterdir()) if store.root.exists() else True


def test_a_run_is_renamed_and_tagged_without_moving(store):
    run = store.create(RunSpec(), "first", tags=("a", "a", " b "))
    assert run.card().tags == ("a", "b")
    store.rename(run.id, "  second \n name ")
    store.set_tags(run.id, ["best", "paper"])
    (card,) = store.list()
    assert (card.id, card.name, card.tags) == (run.id, "second name", ("best", "paper"))
    for name in ("", "  ", "x" * 121, "\x1b[31m"):
        with pytest.raises(ConfigError):
            store.rename(run.id, name)
    for tags in ([""], ["x" * 41], [str(i) for i in range(21)], ["\x07"]):
        with pytest.raises(ConfigError):
            store.set_tags(run.id, tags)
    assert store.list() == (card,)


@pytest.mark.parametrize("id", ["", ".", "..", "../x", "a/b/c", "/etc", ".bin", "a\x00b", "nothing", "x" * 300, ".bin/x", "a/../b"])
def test_an_id_that_is_none_opens_nothing(store, id):
    store.create(RunSpec(), "x")
    for ask in (store.open, store.delete, store.restore, lambda id: store.rename(id, "y")):
        with pytest.raises(CheckpointError):
            ask(id)
    assert len(store.list()) == 1


def test_a_deleted_run_waits_in_the_bin(store):
    run = store.create(RunSpec(), "mine")
    record = (run.folder / RUN).read_bytes()
    binned = store.delete(run.id)
    assert store.list() == ()
    assert _ids(store.binned()) == {binned}
    assert store.restore(binned) == run.id
    assert (store.open(run.id).folder / RUN).read_bytes() == record
    assert store.binned() == ()
    store.delete(run.id)
    assert store.empty_bin() == 1
    assert store.binned() == ()
    assert store.empty_bin() == 0
    with pytest.raises(CheckpointError):
        store.restore(binned)


def test_what_is_restored_replaces_nothing(store):
    run = store.create(RunSpec(), "first")
    binned = store.delete(run.id)
    run.folder.mkdir()
    (run.folder / RUN).write_text(json.dumps({"format": 1, "name": "second", "status": "queued", "spec": {}}))
    assert store.restore(binned) == f"{run.id}-2"
    assert {card.name for card in store.list()} == {"first", "second"}
    assert store.delete(run.id) != store.delete(f"{run.id}-2")


def test_a_run_that_is_being_trained_is_not_deleted(store):
    run = store.create(RunSpec(), "busy")
    with run.hold(), pytest.raises(DixtillError, match="busy is being trained"):
        store.delete(run.id)
    assert len(store.list()) == 1


def _sweep(store, name="sweep-1", points=2):
    sweep = RunStore(store.root / name)
    runs = [sweep.create(RunSpec(), f"point {i}") for i in range(points)]
    (sweep.root / SWEEP).write_text("{}")
    return [f"{name}/{run.id}" for run in runs]


def test_the_runs_of_a_sweep_are_listed_under_it(store):
    alone = store.create(RunSpec(), "alone")
    ids = _sweep(store)
    assert _ids(store.list()) == {alone.id, *ids}
    assert store.open(ids[0]).id == ids[0]
    assert [folder.name for folder in store.sweeps()] == ["sweep-1"]
    binned = store.delete(ids[0])
    assert _ids(store.list()) == {alone.id, ids[1]}
    assert store.restore(binned) == ids[0]
    store.rename(ids[0], "new name")
    assert store.open(ids[0]).card().name == "new name"


def test_a_sweep_is_deleted_and_restored_as_a_whole(store):
    ids = _sweep(store)
    with store.open(ids[1]).hold(), pytest.raises(DixtillError, match="is being trained"):
        store.delete("sweep-1")
    point = store.delete(ids[0])
    binned = store.delete("sweep-1")
    assert store.list() == ()
    assert _ids(store.binned()) == {point, f"{binned}/{ids[1].split('/')[1]}"}
    assert store.restore(point) == ids[0].split("/")[1]  # Its sweep is in the bin: it stands alone.
    assert store.restore(binned) == "sweep-1"
    assert _ids(store.list()) == {ids[0].split("/")[1], ids[1]}
