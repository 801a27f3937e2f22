"""What a sweep found: a row for each point, the mean over its seeds, and which points nothing beats in both quality and agreement.

The numbers are those of the kept epochs on validation data, which chose the epoch too: good for choosing settings, not
for publishing. Agreement is of the student's attention with the teacher's Integrated Gradients, for every method.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from dixtill_core.errors import CheckpointError, ConfigError
from dixtill_core.files import folder_bytes, write_atomic, write_json
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.runs.folder import Run
from dixtill_core.runs.journal import finite
from dixtill_core.runs.layout import FORMAT, SWEEP
from dixtill_core.runs.records import Status
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.sweep_grid import SETTINGS, SweepGrid, SweepPoint, setting_text, sweep_points

TABLE = "sweep.csv"
SAME = 1e-9
QUALITY, AGREEMENT = "macro_f1", "feature_agreement@3"
METRICS = (
    "accuracy", "macro_f1", "mcc", "macro_auc", "fidelity", "feature_agreement@1", "feature_agreement@3", "feature_agreement@5",
    "sign_agreement@1", "sign_agreement@3", "sign_agreement@5",
)  # fmt: skip
"""Of the table: those that mean the same for every method. The loss does not."""


@dataclass(frozen=True)
class SweepRow:
    """One point of the grid."""

    name: str
    settings: Mapping[str, Any]
    runs: Mapping[str, Status]
    """Status of the run of each seed, by folder."""
    seeds: int
    """Finished runs, over which the means are."""
    means: Mapping[str, float]
    """Of each of `METRICS`; NaN while no run is finished."""
    spreads: Mapping[str, float]
    """Standard deviation over seeds (n - 1); NaN with fewer than two."""
    megabytes: float
    """Of the student on disk; NaN while there is none."""
    is_on_front: bool = False
    """No other point has both more quality and more agreement."""


@dataclass(frozen=True)
class SweepResult:
    """A sweep as it is now: finished, or on its way."""

    folder: Path
    rows: tuple[SweepRow, ...]
    quality: str = QUALITY
    agreement: str = AGREEMENT

    @property
    def is_finished(self) -> bool:
        return all(status == "finished" for row in self.rows for status in row.runs.values())

    @property
    def front(self) -> tuple[SweepRow, ...]:
        """The points on the front, from the best quality to the best agreement."""
        return tuple(sorted((row for row in self.rows if row.is_on_front), key=lambda row: -row.means[self.quality]))

    def to_dict(self) -> dict[str, Any]:
        return {
            "quality": self.quality,
            "agreement": self.agreement,
            "is_finished": self.is_finished,
            "rows": [
                {
                    "name": row.name, "settings": dict(row.settings), "megabytes": row.megabytes, "seeds": row.seeds,
                    "is_on_front": row.is_on_front,
                    "means": dict(row.means), "spreads": dict(row.spreads), "runs": dict(row.runs),
                }
                for row in self.rows
            ],
        }  # fmt: skip


def read_sweep(folder: Path, *, quality: str = QUALITY, agreement: str = AGREEMENT) -> SweepResult:
    """The table of a sweep from the runs in its folder, at any time while it goes on or after.

    Raises:
        CheckpointError: there is no sweep in the folder.
        ConfigError: a metric that is not in the table.
    """
    for metric in (quality, agreement):
        if metric not in METRICS:
            raise ConfigError(f"The table of a sweep has no {metric}. It has {', '.join(METRICS)}.")
    base, grid = read_plan(folder)
    rows = [_row(Path(folder), point) for point in sweep_points(base, grid)]
    is_on_front = pareto_front([(row.means[quality], row.means[agreement]) for row in rows])
    marked = tuple(replace(row, is_on_front=chosen) for row, chosen in zip(rows, is_on_front, strict=True))
    return SweepResult(Path(folder), marked, quality, agreement)


def pareto_front(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether each point is beaten by none: no other is at least as good in both and better in one. NaN is on no front.

    Numbers that differ by less than `SAME` are one: means of the same counts, added up in another order.
    """
    points = [(_rounded(quality), _rounded(agreement)) for quality, agreement in points]

    def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
        return one[0] >= other[0] and one[1] >= other[1] and one != other

    return [not any(math.isnan(value) for value in point) and not any(beats(other, point) for other in points) for point in points]


def _rounded(value: float) -> float:
    return value if math.isnan(value) else round(value / SAME) * SAME


def point_labels(rows: Sequence[SweepRow]) -> list[str]:
    """A short name for each point: only what tells it from the others."""
    tried = [name for name in SETTINGS if len({row.settings[name] for row in rows if name in row.settings}) > 1]
    labels = []
    for row in rows:
        parts = [row.settings["method"]] if "method" in tried else []
        parts += [setting_text(name, row.settings[name]) for name in tried if name != "method" and name in row.settings]
        labels.append(", ".join(parts) or row.name)
    return labels


def write_plan(folder: Path, base: RunSpec, grid: SweepGrid) -> None:
    write_json(folder / SWEEP, {"format": FORMAT, "grid": grid.to_dict(), "spec": base.to_dict()})


def read_plan(folder: Path) -> tuple[RunSpec, SweepGrid]:
    """What a sweep was asked to do.

    Raises:
        CheckpointError: there is none, or it cannot be read.
    """
    path = Path(folder) / SWEEP
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise CheckpointError(f"{path} has format {found['format']!r}, this version of DiXtill reads format {FORMAT}.")
        return RunSpec.from_dict(found["spec"]), SweepGrid.from_dict(found["grid"])
    except FileNotFoundError as error:
        raise CheckpointError(f"{folder} holds no {SWEEP}, so it is no sweep.") from error
    except (OSError, ValueError, KeyError, TypeError, ConfigError) as error:
        raise CheckpointError(f"{path} is damaged: {error}.") from error


def write_result(result: SweepResult) -> None:
    """sweep.json with the plan and the result, sweep.csv with a row a point."""
    path = result.folder / SWEEP
    write_json(path, finite(json.loads(path.read_text(encoding="utf-8")) | {"result": result.to_dict()}))
    write_atomic(result.folder / TABLE, _table(result).encode())


def _table(result: SweepResult) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    spreads = [f"{name}_sd" for name in METRICS]
    writer.writerow([*SETTINGS, "megabytes", "seeds", "is_on_front", *METRICS, *spreads])
    for row in result.rows:
        settings = [row.settings.get(name, "") for name in SETTINGS]
        numbers = [*row.means.values(), *row.spreads.values()]
        counts = [_cell(row.megabytes), row.seeds, int(row.is_on_front)]
        writer.writerow([*settings, *counts, *(_cell(value) for value in numbers)])
    return stream.getvalue()


def _cell(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def _row(folder: Path, point: SweepPoint) -> SweepRow:
    cards = {name: Run(folder / name).card() for name in point.specs}
    runs: dict[str, Status] = {name: card.status if (folder / name).exists() else "queued" for name, card in cards.items()}
    done = [card.metrics for card in cards.values() if card.status == "finished"]
    means, spreads = {}, {}
    for metric in METRICS:
        values = [metrics[metric] for metrics in done if metric in metrics]
        means[metric] = mean(values) if values else math.nan
        spreads[metric] = stdev(values) if len(values) > 1 else math.nan
    students = [folder / name / STUDENT for name, card in cards.items() if card.has_student]
    megabytes = folder_bytes(students[0]) / 1e6 if students else math.nan
    return SweepRow(point.name, point.settings, runs, len(done), means, spreads, megabytes)
