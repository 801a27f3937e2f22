from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from dixtill_core.data.vocabulary import Vocabulary
from dixtill_core.errors import CheckpointError, DixtillError
from dixtill_core.files import previous_folder
from dixtill_core.models.checkpoint import load_student, read_student_config, save_student
from dixtill_core.models.student import StudentClassifier
from tests.small_models import SENTENCES, small_student

FILES = {"config.json", "vocabulary.json", "model.safetensors"}


@pytest.fixture
def saved(tmp_path: Path, student: StudentClassifier) -> Path:
    folder = tmp_path / "student"
    save_student(folder, student, metrics={"macro_f1": 0.8}, provenance={"data": "made up", "seed": 3})
    return folder


def edit_config(folder: Path, **changes: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def test_a_student_reads_the_same_after_a_round_trip(tmp_path: Path, any_student: StudentClassifier) -> None:
    save_student(tmp_path / "s", any_student, metrics={}, provenance={})
    loaded = load_student(tmp_path / "s")
    assert loaded.vocabulary == any_student.vocabulary
    assert loaded.label_names == any_student.label_names
    assert loaded.network.config == any_student.network.config
    assert not loaded.network.training
    for before, after in zip(any_student.run(SENTENCES), loaded.run(SENTENCES), strict=True):
        assert np.array_equal(before.logits, after.logits)
        assert np.array_equal(before.scores, after.scores)


def test_words_of_every_script_survive(tmp_path: Path, student: StudentClassifier) -> None:
    words = (*student.vocabulary.words[:-3], "שלום", "👨‍👩‍👧", "a\u2028b")
    odd = StudentClassifier(student.network, Vocabulary(words), ("schlecht", "gut", "größer"))
    save_student(tmp_path / "s", odd, metrics={}, provenance={})
    assert load_student(tmp_path / "s").vocabulary.words == words
    assert load_student(tmp_path / "s").label_names == ("schlecht", "gut", "größer")


def test_the_folder_holds_three_files_and_no_pickle(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == FILES
    for path in saved.iterdir():
        assert not path.read_bytes().startswith((b"\x80", b"PK"))


def test_metrics_provenance_and_versions_are_kept(saved: Path) -> None:
    config = read_student_config(saved)
    assert config["metrics"] == {"macro_f1": 0.8}
    assert config["provenance"] == {"data": "made up", "seed": 3}
    assert config["versions"]["torch"].startswith(torch.__version__.split("+")[0])


def test_its_size_is_the_bytes_on_disk(saved: Path) -> None:
    assert load_student(saved).bytes_on_disk == sum(path.stat().st_size for path in saved.iterdir())


# Damage


@pytest.mark.parametrize("name", ["vocabulary.json", "model.safetensors"])
def test_a_file_that_is_missing_is_named(saved: Path, name: str) -> None:
    (saved / name).unlink()
    with pytest.raises(CheckpointError, match=f"{name} is missing"):
        load_student(saved)


@pytest.mark.parametrize("name", ["vocabulary.json", "model.safetensors"])
@pytest.mark.parametrize("damage", ["cut short", "empty", "one bit"])
def test_a_file_that_was_damaged_is_named(saved: Path, name: str, damage: str) -> None:
    content = (saved / name).read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    (saved / name).write_bytes({"cut short": content[:-10], "empty": b"", "one bit": flipped}[damage])
    with pytest.raises(CheckpointError, match=f"{name} is damaged or cut short"):
        load_student(saved)


def test_a_changed_vocabulary_is_noticed(saved: Path) -> None:
    words = json.loads((saved / "vocabulary.json").read_text())
    words[20], words[21] = words[21], words[20]
    (saved / "vocabulary.json").write_text(json.dumps(words))
    with pytest.raises(CheckpointError, match=r"vocabulary\.json is damaged"):
        load_student(saved)


@pytest.mark.parametrize("content", ["", "{", '{"format": 1', "\x00\x01"])
def test_a_configuration_that_is_no_json_is_named(saved: Path, content: str) -> None:
    (saved / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"config\.json is damaged"):
        load_student(saved)


@pytest.mark.parametrize("content", ["[]", "3", "{}", '{"format": 99}'])
def test_another_format_is_refused(saved: Path, content: str) -> None:
    (saved / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match="reads format 1"):
        load_student(saved)


def test_a_configuration_in_another_encoding_is_named(saved: Path) -> None:
    (saved / "config.json").write_bytes(b'{"format": 1, "x": "\xff"}')
    with pytest.raises(CheckpointError, match=r"config\.json is damaged"):
        load_student(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"label_names": ["a", "b"]},
        {"label_names": None},
        {"student": {"embedding_size": 9}},
        {"student": {"colour": 1}},
        {"student": {"hidden_size": -1}},
        {"student": 3},
        {"sha256": {}},
        {"sha256": None},
    ],
    ids=str,
)
def test_parts_that_do_not_fit_together_are_refused(saved: Path, changes: dict[str, object]) -> None:
    edit_config(saved, **changes)
    with pytest.raises(CheckpointError, match="does not fit together"):
        load_student(saved)


def test_a_folder_without_a_configuration_is_no_student(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(CheckpointError, match=r"holds no config\.json"):
        load_student(tmp_path / "other")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no student at .*nowhere"):
        load_student(tmp_path / "nowhere")


# Writing


def test_a_full_disk_leaves_the_old_student(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_student(saved).predict(SENTENCES)

    def disk_full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(DixtillError, match="No space left"):
        save_student(saved, small_student(seed=1), metrics={}, provenance={})
    monkeypatch.undo()
    assert np.array_equal(load_student(saved).predict(SENTENCES), before)
    assert [path.name for path in saved.parent.iterdir()] == ["student"]


def test_an_exception_while_writing_leaves_the_old_student(saved: Path) -> None:
    before = load_student(saved).predict(SENTENCES)
    with pytest.raises(TypeError):
        save_student(saved, small_student(seed=1), metrics={}, provenance={"not json": object()})
    assert np.array_equal(load_student(saved).predict(SENTENCES), before)
    assert [path.name for path in saved.parent.iterdir()] == ["student"]


def test_a_new_student_replaces_the_old_one(saved: Path) -> None:
    other = small_student(seed=1)
    save_student(saved, other, metrics={}, provenance={})
    assert np.array_equal(load_student(saved).predict(SENTENCES), other.predict(SENTENCES))


def test_a_student_is_found_again_after_a_crash_between_the_renames(saved: Path) -> None:
    before = load_student(saved).predict(SENTENCES)
    os.rename(saved, previous_folder(saved))
    assert np.array_equal(load_student(saved).predict(SENTENCES), before)


def test_a_copied_student_is_the_same(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "elsewhere")
    assert np.array_equal(load_student(tmp_path / "elsewhere").predict(SENTENCES), load_student(saved).predict(SENTENCES))
