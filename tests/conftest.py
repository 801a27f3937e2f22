"""Fixtures that many tests share: small models, made once for the whole run. Nothing here needs the network."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import pytest
import torch

from dixtill_core.models.checkpoint import save_student
from dixtill_core.models.pair import ModelPair, load_pair, write_pair
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher, load_teacher
from tests.small_models import SAVE, save_bert, small_student

LONG_FILES = ("browser/", "distill/test_targets_ray.py", "experiments/")
"""They begin first, so that no process is still busy with one of them when the others have nothing left to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.removeprefix("tests/").startswith(LONG_FILES))


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """The models are tiny: threads would cost more than they give. For every file anew, whatever the one before has left set."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def teacher_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of the small teacher "bert", "roberta", "gpt2" or "xlm-roberta", as `save_pretrained` wrote it. Copy before you change it."""
    root = tmp_path_factory.mktemp("teachers")

    def folder_of(kind: str) -> Path:
        folder = root / kind
        return folder if folder.exists() else SAVE[kind](folder)

    return folder_of


@pytest.fixture(scope="session")
def small_teacher(teacher_folder: Callable[[str], Path]) -> Callable[[str], Teacher]:
    """A small teacher, loaded once."""
    loaded: dict[str, Teacher] = {}

    def teacher_of(kind: str) -> Teacher:
        if kind not in loaded:
            loaded[kind] = load_teacher(teacher_folder(kind), device="cpu")
        return loaded[kind]

    return teacher_of


@pytest.fixture(params=sorted(SAVE))
def any_teacher(request: pytest.FixtureRequest, small_teacher: Callable[[str], Teacher]) -> Teacher:
    """Each of the small teachers in turn."""
    return small_teacher(request.param)


@pytest.fixture
def bert(small_teacher: Callable[[str], Teacher]) -> Teacher:
    return small_teacher("bert")


@pytest.fixture(params=["magnitude", "signed"])
def any_student(request: pytest.FixtureRequest) -> StudentClassifier:
    """The small student with each kind of attention."""
    return small_student(attention=request.param)


@pytest.fixture
def student() -> StudentClassifier:
    return small_student()


@pytest.fixture(scope="session")
def pair_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `dixtill distill` writes it, with a BERT teacher in it. Copy before you change it."""
    folder = tmp_path_factory.mktemp("pair")
    save_bert(folder / "teacher")
    save_student(folder / "student", small_student(), metrics={"macro_f1": 0.5}, provenance={"data": "made up"})
    write_pair(folder, "teacher")
    return folder


@pytest.fixture(scope="session")
def pair(pair_folder: Path) -> ModelPair:
    return load_pair(pair_folder, device="cpu")


@pytest.fixture
def no_hooks_left() -> Callable[[Teacher], bool]:
    """Whether no module of a teacher holds a hook."""
    return lambda teacher: (
        not any(
            module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
            for module in teacher.model.modules()
        )
    )
