"""`dixtill runs`: the training runs in a folder, as a table or as JSON."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from dixtill_core.commands.options import JsonOption
from dixtill_core.commands.output import print_json, say
from dixtill_core.errors import DixtillError
from dixtill_core.terminal import print_rows, visible

if TYPE_CHECKING:
    from dixtill_core.runs.records import RunCard

_SHOWN = ("macro_f1", "feature_agreement@3", "sign_agreement@3")


def runs(
    folder: Annotated[Path | None, typer.Argument(help="Where the runs are; DIXTILL_RUNS where left out, else runs.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Every training run in a folder: status, epochs, quality and agreement on validation data."""
    from dixtill_core.runs.store import RunStore

    folder = folder or Path(os.environ.get("DIXTILL_RUNS") or "runs").expanduser()
    if not folder.is_dir():
        raise DixtillError(f"There is no folder {folder}. Name the one that holds the runs.")
    cards = RunStore(folder).list()
    if as_json:
        print_json([run_record(card) for card in cards])
    elif cards:
        print_runs(cards)
    else:
        say(f"{folder} holds no run. Make one with: dixtill distill --out {folder / 'mine'}")


def print_runs(cards: Sequence[RunCard], console: Console | None = None) -> None:
    """A line for each run, and what is wrong with those that are not well."""
    console = console or Console()
    names = ("run", "name", "status", "epochs", "time", *(name.replace("_", " ") for name in _SHOWN))
    rows = []
    for card in cards:
        numbers = (_number(card.metrics, name) for name in _SHOWN)
        rows.append((visible(card.id), visible(card.name), card.status, str(card.epochs or "-"), _time(card.seconds), *numbers))
    print_rows(names, rows, console)
    for card in cards:
        for what in (card.error, card.problem):
            if what:
                console.print(Text(f"{visible(card.id)}: {visible(what)}", style="yellow"), soft_wrap=True)


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


def _number(metrics: Mapping[str, float], name: str) -> str:
    value = metrics.get(name, math.nan)
    return "-" if math.isnan(value) else f"{value:.3f}"


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
