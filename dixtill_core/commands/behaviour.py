"""`dixtill behaviour`: how often each model's answer changes where it should not, as a table on screen and as files."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dixtill_core.commands.options import DataOption, JsonOption, ModelsOption, TextColumnOption, chosen_pair, split_names
from dixtill_core.commands.output import follow, print_json, say
from dixtill_core.terminal import print_table

if TYPE_CHECKING:
    from dixtill_core.analysis.behaviour import BehaviourReport


def behaviour(
    data: DataOption,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for behaviour.csv, edits.csv and edits.parquet.")] = None,
    models: ModelsOption = None,
    tests: Annotated[
        str | None, typer.Option("--tests", help="negation, names, numbers, typos, case, synonyms; all where left out.")
    ] = None,
    text_column: TextColumnOption = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed makes the same edits.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Do small edits change what the models say? Negation, names, numbers, typos, case, synonyms, with failure rates."""
    from dixtill_core.analysis.behaviour import BehaviourReport, run_behaviour, write_behaviour
    from dixtill_core.data.datasets import load_dataset

    texts = load_dataset(data, text_column=text_column, split="test").texts
    found = follow(run_behaviour(chosen_pair(models), texts, split_names(tests), seed), BehaviourReport)
    if out is not None:
        write_behaviour(out, found)
        say(f"behaviour.csv, edits.csv and edits.parquet are in {out}.")
    if as_json:
        print_json({"seed": seed, "tests": [asdict(row) for row in found.rows]})
    else:
        print_behaviour(found)


def print_behaviour(report: BehaviourReport, console: Console | None = None) -> None:
    """A line for each test and model: how many texts failed, and between which shares the rate lies."""
    console = console or Console()
    table = Table("test", "expected", "model", "texts", "failing", "rate", "95 % interval")
    for row in report.rows:
        rate = "-" if math.isnan(row.rate) else f"{row.rate:.1%}"
        interval = "-" if math.isnan(row.low) else f"{row.low:.1%} to {row.high:.1%}"
        table.add_row(row.test, row.expected, row.role, f"{row.texts:,}", f"{row.failing:,}", rate, interval)
    print_table(table, console)
