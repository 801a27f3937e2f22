"""Runs and sweeps as tables for the command line, and as plain data for `--json`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dixtill_core.runs.records import RunCard
from dixtill_core.runs.sweep_grid import SIZES
from dixtill_core.runs.sweep_result import SweepResult, point_labels

_SHOWN = ("macro_f1", "feature_agreement@3", "sign_agreement@3")


def print_runs(cards: Sequence[RunCard], console: Console | None = None) -> None:
    """A line for each run, and what is wrong with those that are not well."""
    console = console or Console()
    table = Table("run", "name", "status", "epochs", "time", *(_title(name) for name in _SHOWN))
    for card in cards:
        numbers = (_number(card.metrics, name) for name in _SHOWN)
        table.add_row(Text(card.id), Text(_printable(card.name)), card.status, str(card.epochs or "-"), _time(card.seconds), *numbers)
    console.print(table)
    for card in cards:
        for what in (card.error, card.problem):
            if what:
                console.print(Text(f"{card.id}: {_printable(what)}", style="yellow"))


def run_record(card: RunCard) -> dict[str, Any]:
    """A run as plain data."""
    return {
        "id": card.id,
        "folder": str(card.folder),
        "name": card.name,
        "status": card.status,
        "created": card.created,
        "tags": list(card.tags),
        "epochs": card.epochs,
        "seconds": card.seconds,
        "metrics": dict(card.metrics),
        "test": None if card.test is None else asdict(card.test),
        "teacher": card.teacher_name,
        "error": card.error,
        "problem": card.problem,
        "spec": None if card.spec is None else card.spec.to_dict(),
    }


def print_sweep(result: SweepResult, console: Console | None = None) -> None:
    """A line for each point: means over its seeds, and whether it is on the front of quality and agreement."""
    console = console or Console()
    shown = tuple(dict.fromkeys(("accuracy", result.quality, "fidelity", result.agreement, "sign_agreement@3")))
    has_sizes = any(name in row.settings for row in result.rows for name in SIZES)
    table = Table("", "point", *(["MB"] if has_sizes else []), "seeds", *(_title(name) for name in shown))
    for row, label in zip(result.rows, point_labels(result.rows), strict=True):
        numbers = (_with_spread(row.means[name], row.spreads[name]) for name in shown)
        size = [] if not has_sizes else ["-" if math.isnan(row.megabytes) else f"{row.megabytes:.2f}"]
        style = "bold" if row.is_on_front else ""
        table.add_row("*" if row.is_on_front else "", label, *size, str(row.seeds), *numbers, style=style)
    console.print(table)
    console.print(
        f"Validation data, mean over seeds ± standard deviation. * no other point has both more {_title(result.quality)} and more "
        f"{_title(result.agreement)}. Choose here, and measure the chosen one on test data.",
        style="dim",
        highlight=False,
    )


def _title(metric: str) -> str:
    return metric.replace("_", " ")


def _number(metrics: Mapping[str, float], name: str) -> str:
    value = metrics.get(name, math.nan)
    return "-" if math.isnan(value) else f"{value:.3f}"


def _with_spread(mean: float, spread: float) -> str:
    if math.isnan(mean):
        return "-"
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ±{spread:.3f}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _printable(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() else "�" for character in text)
