"""Training both small students in a child process: it says how far it is, and closing ends it and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import dashboard.child_process
from dashboard.learn_process import record_in_process
from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress


def test_it_says_how_far_it_is_and_closing_ends_the_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))
    children: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def remember(*arguments, **options):
        children.append(start(*arguments, **options))
        return children[-1]

    monkeypatch.setattr(dashboard.child_process.subprocess, "Popen", remember)
    steps = record_in_process(tmp_path / "out")
    assert next(steps).stage == "starting"
    second = next(steps)
    assert isinstance(second, Progress)
    assert second.stage != "starting"
    steps.close()
    assert children[0].poll() is not None
    assert not (tmp_path / "out").exists()


def test_a_child_that_ends_without_a_word_is_an_error_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard.child_process.sys, "executable", "/bin/false" if os.name == "posix" else "false")
    with pytest.raises(DixtillError, match="unchanged"):
        list(record_in_process(tmp_path / "out"))
