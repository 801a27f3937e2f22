"""What a sweep found as tables: one for the chart, one for people. No Streamlit here."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import pandas as pd

from dashboard.run_figures import measure_title
from dixtill_core.runs.sweep_grid import SETTINGS, SHORT, SIZES
from dixtill_core.runs.sweep_result import point_labels

if TYPE_CHECKING:
    from dixtill_core.runs.records import Status
    from dixtill_core.runs.sweep_result import SweepResult

SHOWN = ("macro_f1", "feature_agreement@3", "accuracy", "fidelity", "sign_agreement@3")
"""Metrics of the table; the two of the chart come first."""
ORDER: tuple[Status, ...] = ("finished", "running", "failed", "cancelled", "interrupted", "damaged", "queued")


def chart_table(result: SweepResult) -> pd.DataFrame:
    """A row a point, as `run_charts.front_figure` takes it."""
    columns = ["name", "label", "method", "quality", "quality_sd", "agreement", "agreement_sd", "seeds", "is_on_front"]
    found = [
        (
            row.name, label, row.settings["method"], row.means[result.quality], row.spreads[result.quality],
            row.means[result.agreement], row.spreads[result.agreement], row.seeds, row.is_on_front,
        )
        for row, label in zip(result.rows, point_labels(result.rows), strict=True)
    ]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def has_sizes(result: SweepResult) -> bool:
    """Whether the sweep tries students of several sizes."""
    return any(name in row.settings for row in result.rows for name in SIZES)


def size_table(result: SweepResult) -> pd.DataFrame:
    """A row a point, as `run_charts.size_figure` takes it: those that have a student and a quality."""
    found = [
        (row.name, label, row.settings["method"], row.megabytes, row.means[result.quality], row.spreads[result.quality], row.seeds)
        for row, label in zip(result.rows, point_labels(result.rows), strict=True)
    ]
    table = pd.DataFrame(found, columns=["name", "label", "method", "megabytes", "quality", "quality_sd", "seeds"])
    return table.dropna(subset=["megabytes", "quality"])


def points_table(result: SweepResult) -> pd.DataFrame:
    """A row a point for people: its settings, each metric as mean ± standard deviation, and how many of its runs are done."""
    metrics = dict.fromkeys((result.quality, result.agreement, *SHOWN))
    rows = []
    for row in result.rows:
        settings = {"method": row.settings["method"]} | {SHORT[name]: row.settings.get(name, math.nan) for name in SHORT}
        if has_sizes(result):
            settings["MB"] = round(row.megabytes, 2)
        numbers = {measure_title(metric): _mean_text(row.means[metric], row.spreads[metric]) for metric in metrics}
        rows.append({"front": "●" if row.is_on_front else "", **settings, **numbers, "runs": f"{row.seeds} of {len(row.runs)}"})
    table = pd.DataFrame(rows)
    return table.drop(columns=[name for name in SHORT.values() if table[name].isna().all()])


def numbers_table(result: SweepResult) -> pd.DataFrame:
    """Every number of every point, for a file: the columns of sweep.csv."""
    rows: list[dict[str, Any]] = []
    for row in result.rows:
        settings = {name: row.settings.get(name) for name in SETTINGS} | {"megabytes": row.megabytes}
        spreads = {f"{metric}_sd": value for metric, value in row.spreads.items()}
        rows.append({**settings, "seeds": row.seeds, "is_on_front": row.is_on_front, **row.means, **spreads})
    return pd.DataFrame(rows)


def status_text(result: SweepResult) -> str:
    """How many runs are where: `5 of 18 runs are finished, 1 failed`."""
    counts = Counter(status for row in result.rows for status in row.runs.values())
    total = sum(counts.values())
    others = [f"{counts[status]} {status}" for status in ORDER[1:] if counts[status]]
    return ", ".join([f"{counts['finished']} of {total} runs are finished", *others])


def _mean_text(mean: float, spread: float) -> str:
    if math.isnan(mean):
        return ""
    return f"{mean:.3f}" if math.isnan(spread) else f"{mean:.3f} ± {spread:.3f}"
