"""`dixtill doctor` as a user runs it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from huggingface_hub import constants
from rich.console import Console

from dixtill_core import doctor_checks
from dixtill_core.commands.doctor import print_diagnosis
from tests.commands.conftest import Command
from tests.small_models import save_architecture
from tests.test_doctor import NAMES, diagnosis_of


def test_it_prints_json_and_nothing_else_and_ends_with_0_for_a_good_model_in_the_hubs_cache(
    run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = tmp_path / "models--someone--good"
    save_architecture("distilbert", cached / "snapshots" / ("a" * 40), ("👍🏽", "<b>"))
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text("a" * 40)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(doctor_checks, "TIMED_SECONDS", 0.01)
    result = run("doctor", "--teacher", "someone/good", "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) == {"ok", "checks"}
    assert found["ok"] is True
    assert [check["name"] for check in found["checks"]] == NAMES
    assert all(set(check) == {"name", "ok", "detail"} and check["ok"] is True and check["detail"] for check in found["checks"])


def test_it_reports_a_model_that_cannot_be_loaded_and_ends_with_1(run: Command, tmp_path: Path) -> None:
    for reference, said in (("nobody/nothing-here", "cannot be loaded"), (tmp_path, "The folder is empty")):
        result = run("doctor", "--teacher", reference, "--json")
        assert result.returncode == 1
        found = json.loads(result.stdout)
        assert found["ok"] is False
        assert [(check["name"], check["ok"], said in check["detail"]) for check in found["checks"]] == [("loading", False, True)]


def test_the_table_says_what_to_do_and_obeys_nothing_that_a_model_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "TIMED_SECONDS", 0.01)
    folder = save_architecture("bert", tmp_path / "\x1b[31mred", ("a", "[bold]b[/]\x1b[0m"), problem_type="regression")
    console = Console(file=StringIO(), width=100)
    print_diagnosis(diagnosis_of(folder), console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in shown
    assert "[bold]b[/]" in shown
    assert all(name in shown for name in NAMES)
    assert "It cannot be a teacher as it is: classifier." in " ".join(shown.split())
