"""Labels of a teacher without its weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dixtill_core.errors import ModelError
from dixtill_core.models.teacher_labels import read_teacher_labels
from tests.small_models import LABELS, save_bert


def test_the_bundled_teacher_has_three() -> None:
    assert read_teacher_labels("bundled") == ("bearish", "bullish", "neutral")


def test_a_folder_has_those_of_its_configuration_in_the_order_of_the_logits(tmp_path: Path) -> None:
    names = ("z", "a", "m", *(f"label {i}" for i in range(9)))  # Sorted as texts, 10 would come before 2.
    assert read_teacher_labels(str(save_bert(tmp_path / "model", names))) == names


def test_the_weights_are_not_read(teacher_folder: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((teacher_folder("bert") / "config.json").read_text())
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    assert read_teacher_labels(str(tmp_path)) == LABELS


@pytest.mark.parametrize("reference", ["no/such/folder/here", "./nothing", "word", "/", ""])
def test_what_is_no_model_is_said(reference: str) -> None:
    with pytest.raises(ModelError):
        read_teacher_labels(reference)


def test_a_damaged_configuration_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=str(tmp_path.name)):
        read_teacher_labels(str(tmp_path))


def test_a_model_that_is_not_on_this_machine_is_said_without_asking_the_hub() -> None:
    with pytest.raises(ModelError, match="not on this machine"):
        read_teacher_labels("nobody/nothing-of-the-kind")
