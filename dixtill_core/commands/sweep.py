"""`dixtill sweep`: settings tried each with each, and which are on the front."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from dixtill_core.commands.options import (
    CacheOption,
    DataOption,
    JsonOption,
    LabelColumnOption,
    LabelMapOption,
    PrecisionName,
    PrecisionOption,
    TeacherOption,
    TextColumnOption,
    given,
    numbers,
    read_label_map,
    split_names,
)
from dixtill_core.commands.output import follow, print_json, say
from dixtill_core.terminal import print_rows

if TYPE_CHECKING:
    from dixtill_core.runs.sweep_result import SweepResult


def sweep(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the sweep; the same command goes on after a kill.")],
    teacher: TeacherOption = "bundled",
    method: Annotated[str | None, typer.Option("--method", help="Methods to try, with commas between.")] = None,
    alpha: Annotated[str | None, typer.Option("--alpha", help="Values to try, with commas between.")] = None,
    temperature: Annotated[str | None, typer.Option("--temperature", help="Values to try, with commas between.")] = None,
    alignment_weight: Annotated[str | None, typer.Option("--alignment-weight", help="Values to try, with commas between.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", help="Students of each point.")] = 1,
    epochs: Annotated[int | None, typer.Option("--epochs")] = None,
    augmented_texts: Annotated[int | None, typer.Option("--augmented-texts")] = None,
    max_vocabulary: Annotated[
        str | None, typer.Option("--max-vocabulary", help="Words of the student to try, with commas between.")
    ] = None,
    hidden_size: Annotated[
        str | None, typer.Option("--hidden-size", help="Units of the LSTM in each direction to try, with commas between.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=0, help="Processes that train; all cores where 0.")] = 0,
    precision: PrecisionOption = PrecisionName.FLOAT32,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try settings each with each and say which are on the front of quality and agreement with the teacher."""
    from dixtill_core.config import DistillConfig
    from dixtill_core.metrics.efficiency import available_threads
    from dixtill_core.runs.claim import place
    from dixtill_core.runs.spec import RunSpec
    from dixtill_core.runs.sweep import plan_sweep, run_sweep
    from dixtill_core.runs.sweep_grid import SweepGrid
    from dixtill_core.runs.sweep_result import SweepResult

    training = given(epochs=epochs, augmented_texts=augmented_texts)
    base = RunSpec(
        place(data), text_column, label_column, label_map=read_label_map(label_map), teacher=place(teacher), precision=precision.value,
        distill=DistillConfig.from_dict(training), watched="",
    )  # fmt: skip
    listed = {"alpha": alpha, "temperature": temperature, "alignment_weight": alignment_weight}
    listed |= {"max_vocabulary": max_vocabulary, "hidden_size": hidden_size}
    values = {name: numbers(f"--{name.replace('_', '-')}", given) for name, given in listed.items()}
    grid = SweepGrid.from_dict({"method": split_names(method) or (), "seeds": seeds} | values)
    plan_sweep(out, base, grid)
    result = follow(run_sweep(out, cache=cache, jobs=jobs or available_threads()), SweepResult)
    if as_json:
        print_json(result.to_dict())
    else:
        print_sweep(result)
    say(f"The sweep is in {out}: sweep.json, sweep.csv, and a run for each point and seed.")


def print_sweep(result: SweepResult, console: Console | None = None) -> None:
    """A line for each point: means over its seeds, and whether it is on the front of quality and agreement."""
    from dixtill_core.runs.sweep_grid import SIZES
    from dixtill_core.runs.sweep_result import point_labels

    console = console or Console()
    shown = tuple(dict.fromkeys(("accuracy", result.quality, "fidelity", result.agreement, "sign_agreement@3")))
    has_sizes = any(name in row.settings for row in result.rows for name in SIZES)
    names = ("point", *(["MB"] if has_sizes else []), "seeds", *(_title(name) for name in shown))
    rows = []
    for row, label in zip(result.rows, point_labels(result.rows), strict=True):
        numbers = (_with_spread(row.means[name], row.spreads[name]) for name in shown)
        size = [] if not has_sizes else ["-" if math.isnan(row.megabytes) else f"{row.megabytes:.2f}"]
        rows.append((f"{'*' if row.is_on_front else ' '} {label}", *size, str(row.seeds), *numbers))
    print_rows(names, rows, console, [position for position, row in enumerate(result.rows) if row.is_on_front])
    console.print(
        f"Validation data, mean over seeds ± standard deviation. * no other point has both more {_title(result.quality)} and more "
        f"{_title(result.agreement)}. Choose here, and measure the chosen one on test data.",
        style="dim",
        highlight=False,
    )


def _title(metric: str) -> str:
    return metric.replace("_", " ")


def _with_spread(mean: float, spread: float) -> str:
    if math.isnan(mean):
        return "-"
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ±{spread:.3f}"
