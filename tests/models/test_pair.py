from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from dixtill_core.errors import CheckpointError, ModelError
from dixtill_core.models.pair import ModelPair, load_pair, write_pair
from dixtill_core.models.teacher import load_teacher
from tests.small_models import SENTENCES


@pytest.fixture
def copy(pair_folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(pair_folder, tmp_path / "pair")
    return tmp_path / "pair"


def test_a_pair_holds_both_models(pair: ModelPair, pair_folder: Path) -> None:
    assert pair.folder == pair_folder
    assert pair.shares_labels
    assert pair.teacher.predict(SENTENCES).shape == pair.student.predict(SENTENCES).shape


def test_a_teacher_in_the_folder_travels_with_it(copy: Path, pair: ModelPair) -> None:
    moved = copy.rename(copy.with_name("moved"))
    assert np.array_equal(load_pair(moved, device="cpu").teacher.predict(SENTENCES), pair.teacher.predict(SENTENCES))


def test_a_teacher_elsewhere_is_found_by_its_reference(copy: Path, tmp_path: Path) -> None:
    shutil.move(copy / "teacher", tmp_path / "big teacher")
    write_pair(copy, str(tmp_path / "big teacher"))
    expected = load_teacher(tmp_path / "big teacher", device="cpu")
    assert load_pair(copy, device="cpu").teacher.fingerprint == expected.fingerprint


def test_a_teacher_that_is_gone_is_named(copy: Path) -> None:
    shutil.rmtree(copy / "teacher")
    with pytest.raises(ModelError, match="no teacher at teacher"):
        load_pair(copy, device="cpu")


def test_a_folder_without_a_pair_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds no pair\.json"):
        load_pair(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "null"])
def test_a_damaged_note_of_the_pair_is_named(copy: Path, content: str) -> None:
    (copy / "pair.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"pair\.json is damaged"):
        load_pair(copy, device="cpu")


def test_a_pair_without_its_student_is_refused(copy: Path) -> None:
    shutil.rmtree(copy / "student")
    with pytest.raises(CheckpointError, match="no student at"):
        load_pair(copy, device="cpu")
