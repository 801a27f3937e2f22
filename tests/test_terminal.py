"""What a log sees of a long computation."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from dixtill_core import terminal
from dixtill_core.progress import Progress
from dixtill_core.terminal import LINE_SECONDS, ProgressLines


def lines_of(steps: list[tuple[float, Progress]], monkeypatch: pytest.MonkeyPatch, is_terminal: bool = False) -> list[str]:
    stream = io.StringIO()
    lines = ProgressLines(Console(file=stream, force_terminal=is_terminal, width=100))
    for now, step in steps:
        monkeypatch.setattr(terminal.time, "monotonic", lambda now=now: now)
        lines.see(step)
    return stream.getvalue().splitlines()


STEPS = [
    (0.0, Progress("reading the data", 0, 1)),
    (1.0, Progress("asking the teacher", 0, 5000)),
    (2.0, Progress("asking the teacher", 64, 5000)),
    (1.0 + LINE_SECONDS, Progress("asking the teacher", 2000, 5000, detail="[b]x[/b]")),
]


def test_a_log_has_a_line_for_each_stage_and_one_now_and_then(monkeypatch):
    assert lines_of(STEPS, monkeypatch) == [
        "reading the data",
        "asking the teacher: 0 of 5,000",
        "asking the teacher: 2,000 of 5,000 · [b]x[/b]",
    ]


def test_a_terminal_has_the_bar_alone(monkeypatch):
    assert lines_of(STEPS, monkeypatch, is_terminal=True) == []
