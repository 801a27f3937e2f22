"""`dixtill behaviour`: how often each model's answer changes where it should not, as a table on screen and as files."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dixtill_core.analysis.behaviour import BehaviourReport


def behaviour(
    data: Annotated[str, typer.Option("--data", help="A .csv, .tsv or .parquet file, 'sample', or a Hub dataset like owner/dataset.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for behaviour.csv, edits.csv and edits.parquet.")] = None,
    models: Annotated[Path | None, typer.Option("--models", help="Folder of a pair of models; the bundled one where left out.")] = None,
    tests: Annotated[
        str | None, typer.Option("--tests", help="negation, names, numbers, typos, case, synonyms; all where left out.")
    ] = None,
    text_column: Annotated[str | None, typer.Option("--text-column", help="Found by its usual names where left out.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed makes the same edits.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Do small edits change what the models say? Negation, names, numbers, typos, case, synonyms, with failure rates."""
    from dixtill_core.analysis.behaviour import BehaviourReport, run_behaviour, write_behaviour
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.models.pair import load_pair
    from dixtill_core.paths import BUNDLED_PAIR
    from dixtill_core.terminal import show_progress

    chosen = tuple(name.strip() for name in tests.split(",")) if tests else None
    texts = load_dataset(data, text_column=text_column, split="test").texts
    report = show_progress(run_behaviour(load_pair(models or BUNDLED_PAIR), texts, chosen, seed), BehaviourReport)
    if out is not None:
        write_behaviour(out, report)
    if as_json:
        rows = [asdict(row) for row in report.rows]
        finite = [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows]
        print(json.dumps({"seed": seed, "tests": finite}, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print_report(report)


def _print_report(report: BehaviourReport) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("test", "expected", "model", "texts", "failing", "rate", "95 % interval")
    for row in report.rows:
        rate = "-" if math.isnan(row.rate) else f"{row.rate:.1%}"
        interval = "-" if math.isnan(row.low) else f"{row.low:.1%} to {row.high:.1%}"
        table.add_row(row.test, row.expected, row.role, f"{row.texts:,}", f"{row.failing:,}", rate, interval)
    Console().print(table)
