"""`dixtill benchmark`: what the models cost on this machine, as tables of sizes and times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dixtill_core.commands.options import DataOption, JsonOption, ModelsOption, TextColumnOption, given, whole_numbers
from dixtill_core.commands.output import follow, print_json
from dixtill_core.terminal import print_table

if TYPE_CHECKING:
    from dixtill_core.metrics.efficiency import EfficiencyRow


def benchmark(
    data: DataOption = "sample",
    models: ModelsOption = None,
    threads: Annotated[
        int | None, typer.Option("--threads", help="For every model; where left out, all cores for those that gain from them.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Three rounds instead of up to twenty, without the quantised teacher.")] = False,
    batches: Annotated[str, typer.Option("--batches", help="Texts at once, with commas between.")] = "1,8,32",
    lengths: Annotated[
        str | None,
        typer.Option(
            "--lengths", help="'corpus' for the texts' own, or a number to pad to; corpus,150 where left out, or what the teacher reads."
        ),
    ] = None,
    text_column: TextColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """What the models cost here and now: bytes, memory, latency, time per explanation, against a model of BERT-base's shape."""
    from dixtill_core.benchmark import benchmark as run
    from dixtill_core.config import EfficiencyConfig
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.metrics.efficiency import within_windows
    from dixtill_core.models.pair import load_pair
    from dixtill_core.paths import BUNDLED_PAIR

    shapes = {"batches": whole_numbers("--batches", batches)}
    if lengths is not None:
        shapes["lengths"] = whole_numbers("--lengths", lengths, corpus=None)
    config = EfficiencyConfig.from_dict(given(threads=threads) | shapes | ({"repetitions": 3, "seconds": 2.0} if quick else {}))
    texts = load_dataset(data, text_column=text_column, split="test").texts
    pair = load_pair(models or BUNDLED_PAIR, device="cpu")
    if lengths is None:
        config = within_windows({"teacher": pair.teacher}, config)
    rows = follow(run(pair, texts, config, with_quantized=not quick), list)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        print_efficiency(rows)


def print_efficiency(rows: Sequence[EfficiencyRow], console: Console | None = None) -> None:
    """A table of sizes, then one of times for each length of the texts."""
    from dixtill_core.benchmark import DESCRIPTIONS
    from dixtill_core.metrics.efficiency import CORPUS

    console = console or Console()
    sizes = Table("model", "parameters", "on disk", "compression", "one explanation")
    first_rows: dict[str, EfficiencyRow] = {}
    for row in rows:
        first_rows.setdefault(row.model, row)
    for row in first_rows.values():
        shown = "-" if row.explanation_ms is None else f"{_short(row.explanation_ms)} ms"
        sizes.add_row(row.model, f"{row.parameters:,}", f"{row.bytes / 1e6:,.2f} MB", f"{row.compression:,.1f}x", shown)
    print_table(sizes, console)
    for length in dict.fromkeys(row.length for row in rows):
        what = "the texts' own lengths, from text to logits" if length == CORPUS else f"padded to {length}, the network alone"
        times = Table("model", "batch", "threads", "ms", "quartiles", "texts/s", "speedup", "MB", title=what, title_justify="left")
        for row in (row for row in rows if row.length == length):
            memory = "-" if row.peak_memory_bytes is None else f"{row.peak_memory_bytes / 1e6:,.2f}"
            spread = f"{_short(row.low_ms)}..{_short(row.high_ms)}"
            shape = (row.model, str(row.batch), str(row.threads))
            times.add_row(*shape, _short(row.median_ms), spread, _short(row.texts_per_second), f"{_short(row.speedup)}x", memory)
        print_table(times, console)
    for name, description in DESCRIPTIONS.items():
        if any(row.model == name for row in rows):
            console.print(Text(f"{name}: {description}", style="dim"))
    console.print(
        "Models take turns on the same batches; medians and quartiles over the rounds, after a warm-up. "
        "MB: peak memory, the tensors of one forward pass, on top of the weights.",
        style="dim",
        highlight=False,
    )


def _short(value: float) -> str:
    """Three digits, but never fewer than the whole number has."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
