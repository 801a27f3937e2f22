"""Commands as a user runs them, but in this process, which has loaded everything already."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from dixtill_core.cli import main
from dixtill_core.data.datasets import load_dataset

TEXT = "shares of the company rose after better than expected earnings"
SMALL = ("--epochs", "2", "--augmented-texts", "0", "--hidden-size", "4")
"""Of a student that trains in seconds."""


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Result]


@pytest.fixture(scope="session")
def targets_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def run(targets_cache: Path) -> Command:
    """Run `dixtill` with these arguments. An exception that is no message for users fails the test, as a traceback would."""

    def run_command(*arguments: object) -> Result:
        out, error, status = io.StringIO(), io.StringIO(), 0
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(error):
            patch.setattr(sys, "argv", ["dixtill", *map(str, arguments)])
            for name, value in {"DIXTILL_CACHE": str(targets_cache), "COLUMNS": "120"}.items():
                patch.setitem(os.environ, name, value)
            try:
                main()
            except SystemExit as ended:
                status = int(ended.code or 0)
        return Result(status, out.getvalue(), error.getvalue())

    return run_command


@pytest.fixture(scope="session")
def small_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty sentences of the sample, twenty of each label, with the labels as numbers."""
    dataset = load_dataset("sample")
    labels = dataset.require_labels()
    chosen = [int(i) for label in range(3) for i in (labels == label).nonzero()[0][:20]]
    path = tmp_path_factory.mktemp("data") / "small.csv"
    rows = [f'"{dataset.texts[i]}",{labels[i]}' for i in chosen if '"' not in dataset.texts[i]]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


def assert_message(result: Result, status: int, *parts: str) -> None:
    """The command said all of this on stderr, and nothing on stdout."""
    assert result.returncode == status, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    for part in parts:
        assert part in result.stderr
