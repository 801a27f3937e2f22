"""Add what was measured later to a result set: only rows that the same settings, data and teacher gave.

Older rows stay as they are and where they are. A figure that is there already is not taken again but compared, times
left out: one that differs shows that the addition measured other models, and nothing is added. The record keeps what it
says of the older rows; its list `added` says what came when, with which versions, on which machine.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Hashable
from pathlib import Path
from typing import Any

from dixtill_core.config import ReproduceConfig
from dixtill_core.errors import DixtillError
from dixtill_core.experiments.results import Row, read_results, read_rows, write_results
from dixtill_core.files import replace_folder
from dixtill_core.paths import RESULTS_TABLE

DECIDES = ("format", "settings", "explain", "directions", "label_names", "fingerprints")
"""Parts of a record that decide what a row means and what it comes to."""
TIMED = "efficiency"
TOLERANCE = 2e-3
"""Of a figure that both have: another processor's rounding moves about one text in a thousand, other models move more."""


def add_results(folder: Path, addition: Path, date: str) -> dict[str, Any]:
    """Add the rows of the result set `addition` that `folder` does not have, and return the new entry of its record.

    Args:
        date: of today, ISO 8601.

    Raises:
        DixtillError: a set is not there or damaged, the two do not belong together, or there is nothing to add.
    """
    folder, addition = Path(folder), Path(addition)
    record, found = read_results(folder).record, read_results(addition).record
    if parts := differing_parts(record, found):
        raise DixtillError(
            f"{addition} does not belong to the results in {folder}: they differ in {', '.join(parts)}. "
            "Measure with the same settings, data and teacher, or publish a whole run."
        )
    rows, measured = (read_rows(path / RESULTS_TABLE) for path in (folder, addition))
    known = {_identity(row): row.value for row in rows}
    new = [row for row in measured if _identity(row) not in known]
    again = {row: _distance(row.value, known[_identity(row)]) for row in measured if _identity(row) in known and row.table != TIMED}
    for row, distance in again.items():
        if distance > TOLERANCE:
            raise DixtillError(
                f"{addition} measured other models than the results in {folder}: {row.table} of {row.model}, {row.metric}, "
                f"is {row.value:.4f} there and {known[_identity(row)]:.4f} here. Publish a whole run."
            )
    if not new:
        raise DixtillError(f"{addition} has no rows that the results in {folder} do not have.")
    entry = {
        "date": date,
        "rows": len(new),
        "models": {table: sorted({row.model for row in new if row.table == table}) for table in sorted({row.table for row in new})},
        "measured_again": {"rows": len(again), "largest_difference": max(again.values(), default=0.0)},
        "versions": found["versions"],
        "machine": found["machine"],
    }
    with replace_folder(folder) as fresh:
        shutil.copytree(folder, fresh, dirs_exist_ok=True)
        write_results(fresh, [*rows, *new], record | {"added": [*record.get("added", ()), entry]})
    return entry


def differing_parts(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The parts of `DECIDES` in which two records differ, with the names inside them: "settings (seeds)"."""
    parts = []
    for part in DECIDES:
        ours, theirs = (_with_defaults(record.get(part)) if part == "settings" else record.get(part) for record in (one, other))
        if isinstance(ours, dict) and isinstance(theirs, dict):
            names = [name for name in ours | theirs if ours.get(name) != theirs.get(name)]
            parts += [f"{part} ({', '.join(names)})"] if names else []
        elif ours != theirs:
            parts.append(part)
    return parts


def _with_defaults(settings: Any) -> Any:
    """A setting that there was not yet when a record was written had the value that is its default."""
    if not isinstance(settings, dict):
        return settings
    defaults = ReproduceConfig().to_dict()
    return {
        name: defaults[name] | value if isinstance(value, dict) and isinstance(defaults.get(name), dict) else value
        for name, value in settings.items()
    }


def _identity(row: Row) -> Hashable:
    """What a row measures, without how much it is."""
    return row._replace(value=0.0)


def _distance(one: float, other: float) -> float:
    """0 where both do not exist, infinite where one of them does not."""
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return abs(one - other)
