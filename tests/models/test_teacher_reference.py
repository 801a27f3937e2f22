"""What is no teacher is said in words of our own: what lies in the folder, what is missing, what to give."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dixtill_core.errors import ModelError
from dixtill_core.models.teacher_reference import BUNDLED, BUNDLED_TEACHER, find_teacher, is_hub_id


def make_files(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"model_type": "bert"} if name.endswith("config.json") else {}))
    return folder


def said_of(reference: str | Path) -> str:
    with pytest.raises(ModelError) as error:
        find_teacher(reference)
    return str(error.value)


def test_a_folder_with_a_model_or_an_adapter_is_found(teacher_folder: Callable[[str], Path]) -> None:
    assert find_teacher(BUNDLED) == BUNDLED_TEACHER
    assert find_teacher(teacher_folder("bert")) == teacher_folder("bert")


def test_a_hub_id_has_no_folder_unless_one_of_its_name_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_teacher("owner/model") is None
    monkeypatch.chdir(tmp_path)
    make_files(tmp_path / "owner" / "model", "config.json", "model.safetensors")
    assert find_teacher("owner/model") == Path("owner/model")
    assert [is_hub_id(text) for text in ("owner/model", "./model", "/model", "~/model", "a/b/c", "model")] == [True, *[False] * 5]


def test_a_folder_below_the_users_own_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    make_files(tmp_path / "mine", "config.json", "model.safetensors")
    assert find_teacher("~/mine") == tmp_path / "mine"


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    assert said_of(tmp_path / "nowhere").startswith(f"There is no teacher at {tmp_path / 'nowhere'}. Give a folder")
    assert said_of(" ").startswith("No teacher is named.")
    assert said_of("/").startswith("/ holds no model: ")
    (tmp_path / "file").touch()
    assert "There is no teacher at" in said_of(tmp_path / "file")


@pytest.mark.parametrize(
    ("names", "missing", "holds"),
    [
        ((), "config.json and model.safetensors are missing", "The folder is empty"),
        ((".hidden",), "config.json and model.safetensors are missing", "The folder is empty"),
        (("config.json",), "model.safetensors is missing", "The folder holds config.json."),
        (("model.safetensors", "vocab.txt"), "config.json is missing", "The folder holds model.safetensors, vocab.txt."),
        (tuple("abcdefgh"), "are missing", "The folder holds a, b, c, d, e, f and 2 more."),
    ],
)
def test_what_a_folder_lacks_and_what_it_holds_is_said(tmp_path: Path, names: tuple[str, ...], missing: str, holds: str) -> None:
    said = said_of(make_files(tmp_path, *names))
    assert missing in said
    assert holds in said
    assert said.endswith("Give the folder that model.save_pretrained and tokenizer.save_pretrained wrote.")


def test_the_model_one_folder_further_down_is_pointed_at(tmp_path: Path) -> None:
    make_files(tmp_path, "trainer_state.json", "checkpoint-500/config.json", "checkpoint-500/model.safetensors")
    assert said_of(tmp_path).endswith(f"Did you mean {tmp_path / 'checkpoint-500'}?")


def test_a_pair_of_models_and_its_student_are_no_teacher_but_its_teacher_is_pointed_at(pair_folder: Path, tmp_path: Path) -> None:
    assert said_of(pair_folder).endswith(f"Did you mean {pair_folder / 'teacher'}?")
    assert "names no model_type. A student is no teacher" in said_of(pair_folder / "student")
    shutil.copytree(pair_folder, tmp_path / "pair", ignore=shutil.ignore_patterns("teacher"))
    assert "A student is no teacher" in said_of(tmp_path / "pair")


def test_pickled_weights_are_named(tmp_path: Path) -> None:
    assert "pickled weights only" in said_of(make_files(tmp_path, "config.json", "pytorch_model.bin"))
