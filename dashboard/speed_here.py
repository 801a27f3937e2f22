"""Times taken on this machine beside the stored ones, as one table. No Streamlit here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from dashboard.glossary import model_name
from dashboard.result_tables import speed_table
from dixtill_core.export.numbers import format_seconds
from dixtill_core.progress import Progress, result_of

if TYPE_CHECKING:
    from dixtill_core.config import EfficiencyConfig
    from dixtill_core.experiments.results import Results
    from dixtill_core.metrics.efficiency import EfficiencyRow
    from dixtill_core.models.classifier import Classifier

CORPUS = "corpus"


@dataclass(frozen=True, eq=False)
class MeasuredHere:
    rows: Sequence[EfficiencyRow]
    was_busy: bool
    """Whether other processes kept the machine busy when measuring began."""


def measure_here(models: dict[str, Classifier], texts: Sequence[str], config: EfficiencyConfig) -> Iterator[Progress | MeasuredHere]:
    """Yield progress, and last the `MeasuredHere`."""
    from dixtill_core.benchmark import is_busy
    from dixtill_core.metrics.efficiency import measure_efficiency

    was_busy = is_busy()
    rows: list[EfficiencyRow] = yield from result_of(measure_efficiency(models, texts, config), list)
    yield MeasuredHere(rows, was_busy)


def here_table(measured: Sequence[EfficiencyRow], stored: Results | None) -> pd.DataFrame:
    """A row a model, length and batch size: milliseconds and speed-up against the teacher, here and stored.

    Without a result set, or where it lacks a row, the stored columns are empty.
    """
    rows = [
        {"model": row.model, "texts": str(row.length), "batch": row.batch, "ms here": row.median_ms, "speed-up here": row.speedup}
        for row in measured
    ]
    table = pd.DataFrame(rows).merge(
        _stored_times(stored, {str(row.length) for row in measured}), how="left", on=["model", "texts", "batch"]
    )
    table["model"] = table["model"].map(model_name)
    table["texts"] = table["texts"].map(lambda length: "own lengths" if length == CORPUS else f"padded to {length}")
    numbers = table.select_dtypes("number").columns.drop("batch")
    return table.round(dict.fromkeys(numbers, 2))


def explanation_times(measured: Sequence[EfficiencyRow]) -> str:
    """A sentence: how long each model takes for one text with its explanation."""
    times = [f"{model_name(row.model)} {format_seconds(row.explanation_ms / 1000)}" for row in measured if row.explanation_ms is not None]
    return f"One text with its explanation: {', '.join(times)}." if times else ""


def _stored_times(stored: Results | None, lengths: set[str]) -> pd.DataFrame:
    names = {"median_ms": "ms stored", "speedup": "speed-up stored"}
    empty = pd.DataFrame(columns=["model", "texts", "batch", *names.values()]).astype({"batch": "Int64", "ms stored": float})
    if stored is None:
        return empty.astype({"speed-up stored": float})
    found = [speed_table(stored, length).assign(texts=length) for length in sorted(lengths)]
    table = pd.concat(found).drop(columns="name").rename(columns=names)
    return table if len(table) else empty
