"""What a computation of targets leaves when it is killed, and what others at the same time do to it. Real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.distill.forked_targets import SHARD_TEXTS, TEXTS
from tests.distill.made_shards import bytes_of


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stores")


@pytest.fixture(scope="module")
def told(teacher_folder, root: Path) -> Mapping[str, Any]:
    command = [sys.executable, "-m", "tests.distill.forked_targets", teacher_folder("bert"), root]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def store_of(root: Path, name: str) -> Path:
    (folder,) = (root / name).iterdir()
    return folder


def hidden(folder: Path) -> list[Path]:
    """What nobody would read: half-written files and claims."""
    return [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_computation_killed_at_any_moment_ends_with_the_same_bytes(told, root: Path) -> None:
    assert told["kills"] >= 3
    whole, killed = store_of(root, "whole"), store_of(root, "killed")
    assert len(bytes_of(whole)) == TEXTS / SHARD_TEXTS + 1
    assert bytes_of(killed) == bytes_of(whole)


def test_two_processes_that_begin_together_explain_each_text_once(told, root: Path) -> None:
    assert sum(told["explained"]) == TEXTS
    assert bytes_of(store_of(root, "shared")) == bytes_of(store_of(root, "whole"))
    assert hidden(store_of(root, "shared")) == []


def test_processes_that_want_the_same_texts_in_other_shards_do_not_disturb_each_other(told, root: Path) -> None:
    """Each of them found all of its texts in the store."""
    assert len(bytes_of(store_of(root, "mixed"))) > 50 / SHARD_TEXTS
    assert hidden(store_of(root, "mixed")) == []
