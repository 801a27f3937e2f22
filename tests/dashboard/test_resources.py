from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import dashboard.resources
from dashboard.resources import find_pairs, pair_version
from dixtill_core.paths import BUNDLED_PAIR


def test_the_bundled_pair_comes_first_and_own_runs_follow(tmp_path: Path, pair_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(pair_folder, tmp_path / "mine")
    (tmp_path / "unfinished").mkdir()
    monkeypatch.setattr(dashboard.resources, "RUNS", tmp_path)
    assert find_pairs() == {str(BUNDLED_PAIR): "bundled pair", str(tmp_path / "mine"): "mine"}


def test_runs_of_a_sweep_are_named_after_it_and_hidden_folders_are_none(
    tmp_path: Path, pair_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("alphas/kl-seed0", ".new.x", ".bin/gone", "results/student"):
        shutil.copytree(pair_folder, tmp_path / name)
    (tmp_path / "alphas" / "sweep.json").write_text("{}")
    (tmp_path / "alphas" / "kl-seed0" / "run.json").write_text('{"name": "kl, seed 0"}')
    monkeypatch.setattr(dashboard.resources, "RUNS", tmp_path)
    assert list(find_pairs().values()) == ["bundled pair", "alphas: kl, seed 0"]


def test_a_pair_distilled_again_is_another_version(tmp_path: Path, pair_folder: Path) -> None:
    folder = shutil.copytree(pair_folder, tmp_path / "pair")
    before = pair_version(str(folder))
    os.utime(folder / "student" / "config.json", (1, 1))
    assert pair_version(str(folder)) != before


def test_a_folder_without_a_student_has_a_version_too(tmp_path: Path) -> None:
    assert pair_version(str(tmp_path)) == 0
