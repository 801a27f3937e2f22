"""`dixtill reproduce`: the paper's tables and figures, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dixtill_core.commands.options import CacheOption, TeacherOption, split_names
from dixtill_core.commands.output import follow, say
from dixtill_core.errors import DixtillError


def reproduce(
    out: Annotated[Path, typer.Option("--out", help="Folder for models, results and tables; the same one goes on after a kill.")],
    data: Annotated[str | None, typer.Option("--data", help="Folder with train.csv and test.csv (or .tsv, .parquet), or 'sample'.")] = None,
    teacher: TeacherOption = "bundled",
    seeds: Annotated[int | None, typer.Option("--seeds", min=1, help="Students of each method; 5, or 2 with --quick.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="All of it, small: minutes, on the sample unless --data says otherwise.")] = False,
    jobs: Annotated[int, typer.Option("--jobs", help="Processes that train students; all cores where 0.")] = 0,
    only: Annotated[str | None, typer.Option("--only", help="Names of single steps, commas between; what they need comes too.")] = None,
    cache: CacheOption = None,
) -> None:
    """The paper's tables and figures, measured: every method over several seeds, compressed teachers, speed, faithfulness."""
    from dixtill_core.config import ReproduceConfig
    from dixtill_core.experiments.reproduce import reproduce as run
    from dixtill_core.experiments.results import Results
    from dixtill_core.metrics.efficiency import available_threads

    if data is None and not quick:
        raise DixtillError("Say which data with --data DIR, a folder with train.csv and test.csv, or try everything with --quick.")
    config = ReproduceConfig.quick(seeds or 2) if quick else ReproduceConfig(seeds or 5)
    chosen = split_names(only) or ()
    follow(run(data or "sample", out, config, teacher=teacher, cache=cache, jobs=jobs or available_threads(), only=chosen), Results)
    say(f"The results are in {out}: results.parquet, results.json, and the tables in {out / 'tables' / 'tables.md'}")
