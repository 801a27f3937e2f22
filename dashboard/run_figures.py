"""What came of two runs, as one table: a row a measure, a column a run. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from dashboard.chart_parts import signed
from dashboard.glossary import measure_of
from dashboard.run_settings import NONE
from dashboard.train_stages import duration
from dixtill_core.export.numbers import format_bytes
from dixtill_core.files import folder_bytes
from dixtill_core.models.pair_folder import STUDENT

if TYPE_CHECKING:
    from dixtill_core.runs.compare import RunComparison
    from dixtill_core.runs.records import RunCard, TestScores

MEASURES = (
    "accuracy", "macro_f1", "mcc", "macro_auc", "fidelity", "feature_agreement@1", "feature_agreement@3", "feature_agreement@5",
    "sign_agreement@1", "sign_agreement@3", "sign_agreement@5", "loss",
)  # fmt: skip
VALIDATION, TEST, RUN = "validation texts", "test texts", "run"


class Figure(NamedTuple):
    """One measure of both runs; NaN where a run does not have it."""

    where: str
    measure: str
    first: float
    second: float


def measure_title(metric: str) -> str:
    """`feature_agreement@3` as it stands on screen."""
    if metric == "loss":
        return "loss"
    name, _, k = metric.partition("@")
    return measure_of(name).title + (f" @{k}" if k else "")


def figures(comparison: RunComparison) -> list[Figure]:
    """Every number that both runs can have, in the order of the table; those that neither has are left out."""
    found = list(_measured(VALIDATION, comparison.first.metrics, comparison.second.metrics))
    tests = comparison.first.test, comparison.second.test
    if tests[0] is not None and tests[1] is not None:
        found += _measured(TEST, _test_numbers(tests[0]), _test_numbers(tests[1]))
    for name, numbers in (
        ("kept epoch", [card.metrics.get("epoch", math.nan) for card in (comparison.first, comparison.second)]),
        ("epochs", [float(card.epochs) if card.spec is not None else math.nan for card in (comparison.first, comparison.second)]),
        ("student on disk, bytes", [_student_bytes(card) for card in (comparison.first, comparison.second)]),
        ("time, seconds", [card.seconds or math.nan for card in (comparison.first, comparison.second)]),
    ):
        found.append(Figure(RUN, name, *numbers))
    return [figure for figure in found if not (math.isnan(figure.first) and math.isnan(figure.second))]


def figures_table(found: list[Figure]) -> pd.DataFrame:
    """The numbers as people read them, with B − A where that means something."""
    rows = [
        {
            "on": figure.where,
            "measure": figure.measure.partition(",")[0],
            "A": _text(figure, figure.first),
            "B": _text(figure, figure.second),
            "B − A": _difference(figure),
        }
        for figure in found
    ]
    return pd.DataFrame(rows, columns=["on", "measure", "A", "B", "B − A"])


def plain_table(found: list[Figure]) -> pd.DataFrame:
    """The numbers themselves, for a file."""
    return pd.DataFrame([(*figure, figure.second - figure.first) for figure in found], columns=["on", "measure", "A", "B", "B - A"])


def _measured(where: str, first: Mapping[str, float], second: Mapping[str, float]) -> Iterator[Figure]:
    for metric in MEASURES:
        if metric in first or metric in second:
            yield Figure(where, measure_title(metric), first.get(metric, math.nan), second.get(metric, math.nan))


def _test_numbers(test: TestScores) -> dict[str, float]:
    return {**test.student, "fidelity": test.fidelity, **test.agreement}


def _student_bytes(card: RunCard) -> float:
    return float(folder_bytes(card.folder / STUDENT)) if card.has_student else math.nan


def _text(figure: Figure, value: float) -> str:
    if math.isnan(value):
        return NONE
    if figure.measure.endswith("bytes"):
        return format_bytes(int(value))
    if figure.measure.endswith("seconds"):
        return duration(value)
    return f"{value:.0f}" if figure.where == RUN else f"{value:.3f}"


def _difference(figure: Figure) -> str:
    difference = figure.second - figure.first
    if figure.where == RUN or math.isnan(difference):
        return ""
    return signed(difference) if abs(difference) >= 0.0005 else "0.000"
