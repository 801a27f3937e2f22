"""A run that travels, and what a stranger may try with a zip file."""

import io
import json
import shutil
import stat
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dixtill_core.distill.trainer import STATE
from dixtill_core.errors import DixtillError
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair import load_pair
from dixtill_core.runs import archive
from dixtill_core.runs.archive import export_zip, import_zip
from dixtill_core.runs.archive_check import ArchiveError
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore, Upload
from dixtill_core.runs.training import train_run

TEXTS = ["shares rose after better earnings", "the outlook was cut", "a meeting on Thursday"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, teacher_folder, small_csv, cache):
    """A finished run on uploaded data, with a teacher in another folder."""
    from tests.runs.conftest import CONFIG, STUDENT, WATCHED

    root = tmp_path_factory.mktemp("archive")
    teacher = shutil.copytree(teacher_folder("bert"), root / "teacher")
    spec = RunSpec(teacher=str(teacher), student=STUDENT, distill=replace(CONFIG, epochs=2, augmented_texts=0), watched=WATCHED)
    run = RunStore(root / "runs").create(spec, "Travels", upload=Upload("texts.csv", small_csv.read_bytes()), tags=("old",))
    list(train_run(run, cache=cache))
    return run


@pytest.fixture(scope="module")
def packed(trained):
    return export_zip(trained)


def _repacked(packed, change=None, add=(), drop=()):
    """The zip file with files changed (name -> bytes), added (ZipInfo or name, bytes) or left out."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name not in drop:
                target.writestr(name, (change or {}).get(name, source.read(name)))
        for name, content in add:
            target.writestr(name, content)
    return stream.getvalue()


def _assert_refused(store, content, *parts):
    with pytest.raises(ArchiveError) as caught:
        import_zip(store, content)
    for part in parts:
        assert part in str(caught.value)
    assert str(store.root) not in str(caught.value)
    assert store.list() == ()
    assert not list(store.root.glob("*"))


def test_an_imported_run_gives_the_same_predictions_and_the_same_record(trained, packed, store):
    run = import_zip(store, packed)
    assert run.id != trained.id
    assert run.epochs() == trained.epochs()
    assert run.watched() == trained.watched()
    first, second = trained.card(), run.card()
    assert replace(second, id="", folder=first.folder) == replace(first, id="", folder=first.folder)
    one, other = load_student(trained.folder / "student"), load_student(run.folder / "student")
    np.testing.assert_array_equal(one.predict(TEXTS), other.predict(TEXTS))
    pairs = load_pair(trained.folder, device="cpu"), load_pair(run.folder, device="cpu")
    np.testing.assert_array_equal(pairs[0].teacher.predict(TEXTS), pairs[1].teacher.predict(TEXTS))


def test_a_run_whose_teacher_stayed_behind_says_so_and_its_student_loads(trained, packed, store, tmp_path):
    away = trained.spec.teacher
    hidden = shutil.move(away, tmp_path / "hidden")
    try:
        run = import_zip(store, packed)
        assert f"Its teacher {away} is not on this machine" in run.card().problem
        assert load_student(run.folder / "student").predict(TEXTS).shape == (3, 3)
    finally:
        shutil.move(hidden, away)


def test_the_same_file_twice_is_two_runs(packed, store):
    assert len({import_zip(store, packed).id, import_zip(store, io.BytesIO(packed)).id}) == 2
    assert len(store.list()) == 2


def test_a_run_packed_by_hand_in_a_folder_is_read(packed, store):
    with zipfile.ZipFile(io.BytesIO(packed)) as source:
        files = [(f"my run/{name}", source.read(name)) for name in source.namelist()]
    assert (
        import_zip(store, _repacked(packed, drop=[name.removeprefix("my run/") for name, _ in files], add=files)).card().name == "Travels"
    )


def test_a_cancelled_run_imported_elsewhere_ends_in_the_same_weights(trained, store, cache, tmp_path, small_csv):
    run = store.create(replace(trained.spec), "Cut", upload=Upload("texts.csv", small_csv.read_bytes()))
    steps = train_run(run, cache=cache)
    next(step for step in steps if step.metrics)
    steps.close()
    moved = import_zip(RunStore(tmp_path / "elsewhere"), export_zip(run))
    assert (moved.card().status, (moved.folder / STATE).exists()) == ("cancelled", True)
    notes = [step.note for step in train_run(moved, cache=cache)]
    assert any("after epoch 1" in note for note in notes)
    np.testing.assert_array_equal(
        load_student(moved.folder / "student").predict(TEXTS), load_student(trained.folder / "student").predict(TEXTS)
    )


def test_uploaded_texts_are_left_out_on_demand(trained, store):
    run = import_zip(store, export_zip(trained, with_data=False))
    assert not (run.folder / "upload").exists()
    assert run.card().status == "finished"


def test_a_run_that_is_being_trained_is_not_packed(trained):
    with trained.hold(), pytest.raises(DixtillError, match="being trained"):
        export_zip(trained)


def test_locks_and_leftovers_are_not_packed(trained, packed):
    (trained.folder / ".run.json.abc").write_text("")
    assert {name.split("/")[0] for name in zipfile.ZipFile(io.BytesIO(packed)).namelist()} == {
        "run.json", "epochs.jsonl", "watched.jsonl", "log.txt", "pair.json", "student", "upload",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt", "/etc/evil", "student/../../evil", "C:\\evil.txt", "..\\evil", "evil.py", "student/evil.bin",
        "teacher/pytorch_model.bin", "teacher/config.json", "upload/../run.json", "upload/x.exe", "upload/sub/x.csv", "run.json/x",
        "RUN.JSON", "student/model.safetensors\x00.txt2", "teacher/adapter_model.bin", ".hidden", "run.lock",
    ],
)  # fmt: skip
def test_a_name_that_no_run_has_is_refused(packed, store, tmp_path, name):
    before = set(tmp_path.rglob("*"))
    with pytest.raises(ArchiveError):
        import_zip(store, _repacked(packed, add=[(zipfile.ZipInfo(name), b"x")]))
    assert {path for path in tmp_path.rglob("*") if path != store.root} == before
    assert not list(store.root.iterdir())


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(packed, store, kind):
    entry = zipfile.ZipInfo("log.txt")
    entry.external_attr = (kind | 0o777) << 16
    _assert_refused(store, _repacked(packed, drop=["log.txt"], add=[(entry, "/etc/passwd")]), "log.txt")


def test_a_name_twice_is_refused(packed, store):
    with pytest.warns(UserWarning, match="Duplicate"):
        content = _repacked(packed, add=[("log.txt", "again")])
    _assert_refused(store, content, "log.txt twice")


def test_an_encrypted_file_is_refused(packed, store):
    content = bytearray(packed)
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    _assert_refused(store, bytes(content), "encrypted")


def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_refused(packed, store):
    _assert_refused(store, _repacked(packed, change={"log.txt": bytes(32 * 1024**2)}), "200 times")


def test_more_bytes_than_a_run_has_are_refused_while_they_are_read(packed, store, monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 100_000)
    _assert_refused(store, packed, "limit")
    monkeypatch.undo()
    monkeypatch.setattr(archive, "MOST_JSON_BYTES", 1000)
    _assert_refused(store, packed, "limit")


def test_too_many_files_are_refused(packed, store):
    _assert_refused(store, _repacked(packed, add=[(f"upload/x{i}.csv", b"") for i in range(100)]), "entries")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(50)])
def test_what_is_no_zip_file_is_a_message(store, content):
    _assert_refused(store, content, "no zip file")


@pytest.mark.parametrize("cut", [100, 1000, 100_000])
def test_a_zip_file_cut_short_is_a_message(packed, store, cut):
    _assert_refused(store, packed[:-cut], "zip file")


def test_a_zip_file_with_a_flipped_byte_is_a_message(packed, store):
    with zipfile.ZipFile(io.BytesIO(packed)) as source:
        entry = source.getinfo("student/model.safetensors")
    content = bytearray(packed)
    content[entry.header_offset + 2000] ^= 0xFF
    _assert_refused(store, bytes(content), "zip file")


def test_a_zip_file_that_is_no_run_is_a_message(packed, store):
    _assert_refused(store, _repacked(packed, drop=["run.json"]), "no run.json")
    stream = io.BytesIO()
    zipfile.ZipFile(stream, "w").close()
    _assert_refused(store, stream.getvalue(), "no run.json")


def _json(packed, name):
    with zipfile.ZipFile(io.BytesIO(packed)) as source:
        return json.loads(source.read(name))


def test_every_part_is_read_before_the_run_is_listed(packed, store):
    weights, config = "student/model.safetensors", _json(packed, "student/config.json")
    record = _json(packed, "run.json")
    huge = config | {"student": config["student"] | {"embedding_size": 10**9}}
    for name, content, part in (
        ("run.json", b"{", "run.json"),
        ("run.json", json.dumps(record | {"format": 2}).encode(), "format"),
        ("run.json", json.dumps(record | {"spec": record["spec"] | {"command": "rm"}}).encode(), "command"),
        ("run.json", json.dumps(record | {"status": "owned"}).encode(), "owned"),
        (weights, b"\x80\x04pickle" * 100, "student"),
        ("student/config.json", b"{}", "format"),
        ("student/config.json", json.dumps(huge).encode(), "bytes of weights"),
        ("student/vocabulary.json", b"{}", "damaged"),
        ("pair.json", b"[]", "damaged"),
        ("pair.json", b'{"teacher": "../../x"}', "pair.json"),
        ("upload/train-texts.csv", b"\xff\xfe\x00", "UTF-8"),
    ):
        _assert_refused(store, _repacked(packed, change={name: content}), part)


def test_a_damaged_training_state_is_refused(packed, store):
    _assert_refused(store, _repacked(packed, add=[(STATE, b"\x08\0\0\0\0\0\0\0{}  ")]), "damaged")


@pytest.mark.parametrize(
    "change",
    [
        {"megatron_config": {"a": 1}, "megatron_core": "antigravity"}, {"auto_mapping": {"base_model_class": "x"}}, {"r": 10**9},
        {"r": "16"}, {"peft_type": "PREFIX_TUNING"}, {"base_model_name_or_path": "/somewhere"}, {"loftq_config": {"a": 1}},
        {"init_lora_weights": "pissa"}, {"target_modules": ".*"}, {"use_dora": True}, {"something_new": "x"},
        {"modules_to_save": ["embeddings"]},
    ],
)  # fmt: skip
def test_an_adapter_that_dixtill_does_not_make_is_refused_before_peft_sees_it(packed, store, change):
    from dixtill_core.paths import BUNDLED_PAIR

    config = json.loads((BUNDLED_PAIR / "teacher" / "adapter_config.json").read_text()) | change
    card = (BUNDLED_PAIR / "teacher" / "teacher.json").read_bytes()
    add = [("teacher/adapter_config.json", json.dumps(config)), ("teacher/teacher.json", card), ("teacher/adapter_model.safetensors", b"x")]
    _assert_refused(store, _repacked(packed, add=add), "dixtill teach does not make")


def test_an_adapter_of_dixtills_own_is_taken(packed, store):
    from dixtill_core.paths import BUNDLED_PAIR

    names = ("adapter_config.json", "adapter_model.safetensors", "teacher.json", "validation_texts.txt")
    add = [
        (f"teacher/{name}", (BUNDLED_PAIR / "teacher" / name).read_bytes()) for name in names if (BUNDLED_PAIR / "teacher" / name).exists()
    ]
    run = import_zip(store, _repacked(packed, add=add))
    assert (run.folder / "teacher" / "teacher.json").exists()


def test_an_adapter_with_weights_of_another_shape_is_refused(packed, store, tmp_path):
    from dixtill_core.paths import BUNDLED_PAIR

    save_file({"base_model.model.classifier.weight": torch.zeros(2, 2)}, tmp_path / "w.safetensors")
    add = [(f"teacher/{name}", (BUNDLED_PAIR / "teacher" / name).read_bytes()) for name in ("adapter_config.json", "teacher.json")]
    _assert_refused(
        store, _repacked(packed, add=[*add, ("teacher/adapter_model.safetensors", (tmp_path / "w.safetensors").read_bytes())]), "damaged"
    )
