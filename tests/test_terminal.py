"""What a log sees of a long computation."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console
from rich.table import Table

from dixtill_core import terminal
from dixtill_core.progress import Progress
from dixtill_core.terminal import LINE_SECONDS, ProgressLines, print_rows, print_table


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


NAMES = ("run", "name", "status", "feature agreement@3")
ROWS = [
    ("20261124-213000-tweets-about-shares-a1b2c3", "Tweets about shares", "interrupted", "0.570"),
    ("sweep/kl, α 0.5", "第一", "finished", "-"),
]


def shown(width: int, is_terminal: bool = True) -> list[str]:
    stream = io.StringIO()
    print_rows(NAMES, ROWS, Console(file=stream, force_terminal=is_terminal, no_color=True, width=width, legacy_windows=False), strong=[])
    return stream.getvalue().splitlines()


def test_rows_are_a_table_where_it_fits() -> None:
    lines = shown(120)
    assert len(lines) == 6
    assert all(cell in lines[3] for cell in ROWS[0])


def test_rows_that_do_not_fit_are_a_few_lines_each_with_the_first_cell_whole_and_nothing_cut() -> None:
    assert shown(80) == [
        "20261124-213000-tweets-about-shares-a1b2c3",
        "    name Tweets about shares · status interrupted · feature agreement@3 0.570",
        "sweep/kl, α 0.5",
        "    name 第一 · status finished",
    ]
    narrow = shown(40)
    assert narrow[0] == ROWS[0][0]
    assert narrow[1:4] == ["    name Tweets about shares", "    status interrupted", "    feature agreement@3 0.570"]
    assert all(len(line) <= 40 for line in narrow[1:])


def test_a_pipe_gets_the_table_whole_whatever_its_width() -> None:
    lines = shown(20, is_terminal=False)
    assert len(lines) == 6
    assert all(cell in lines[3] for cell in ROWS[0])


def test_a_table_in_a_narrow_window_breaks_words_and_cuts_none() -> None:
    stream = io.StringIO()
    table = Table("agreement@3")
    table.add_row("abcdefghijklmnopqrstuvwxyz")
    console = Console(file=stream, force_terminal=True, no_color=True, width=14)
    print_table(table, console)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())
    letters = "".join(character for character in plain if character.isalpha() or character in "@3…")
    assert letters == "agreement@3abcdefghijklmnopqrstuvwxyz"
    assert console.width == 14
