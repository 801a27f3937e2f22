"""Training runs as rows of a table, and which of them a reader asks for. No Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dixtill_core.files import folder_bytes
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.runs.layout import UPLOAD
from dixtill_core.runs.sweep_grid import READ_BY

if TYPE_CHECKING:
    from dixtill_core.config import DistillConfig
    from dixtill_core.runs.records import RunCard

NO_METHOD = "unknown"
METRIC_COLUMNS = {
    "macro F1": "macro_f1",
    "accuracy": "accuracy",
    "agreement @3": "feature_agreement@3",
    "fidelity": "fidelity",
}
"""Columns that hold a number of the kept epoch, on validation texts, by what they are called on screen."""
TEST_COLUMN, NOTE_COLUMN = "test macro F1", "note"
"""Shown only where a run has something to put there."""


@dataclass(frozen=True)
class RunFilter:
    """What a reader asks for; nothing chosen asks for everything."""

    text: str = ""
    """Words that all have to occur somewhere in a row."""
    statuses: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """One of them is enough."""
    with_sweeps: bool = True


def filter_runs(cards: Iterable[RunCard], wanted: RunFilter) -> tuple[RunCard, ...]:
    """The runs that are asked for, in the order given."""
    return tuple(card for card in cards if _is_wanted(card, wanted))


def runs_table(cards: Sequence[RunCard]) -> pd.DataFrame:
    """A row a run. Missing numbers are NaN, sizes are megabytes, times are minutes, dates are UTC."""
    table = pd.DataFrame([_row(card) for card in cards])
    if not any(note_of(card) for card in cards):
        table = table.drop(columns=NOTE_COLUMN, errors="ignore")
    if not any(card.test for card in cards):
        table = table.drop(columns=TEST_COLUMN, errors="ignore")
    return table


def method_of(card: RunCard) -> str:
    return NO_METHOD if card.spec is None else card.spec.distill.method


def sweep_of(card: RunCard) -> str:
    """Name of the sweep that a run belongs to; empty where it is none's."""
    return card.id.rpartition("/")[0]


def note_of(card: RunCard) -> str:
    """What is wrong with a run, or why it failed, in one line."""
    note = card.problem or (card.error if card.status == "failed" else "") or ""
    return note.replace(f"{card.folder}/", "")  # Which run it is stands beside it.


def data_of(card: RunCard) -> str:
    """The data by their file's name, or the sample, or a Hub id."""
    return "" if card.spec is None else _short(card.spec.data)


def teacher_of(card: RunCard) -> str:
    return card.teacher_name or ("" if card.spec is None else _short(card.spec.teacher))


def choices(values: Iterable[str]) -> list[str]:
    """Every value once, in order, for a filter to choose from."""
    return sorted(set(values), key=str.casefold)


def _is_wanted(card: RunCard, wanted: RunFilter) -> bool:
    def allows(chosen: Collection[str], values: Iterable[str]) -> bool:
        return not chosen or any(value in chosen for value in values)

    words = wanted.text.casefold().split()
    told = " ".join(
        [card.name, *card.tags, data_of(card), teacher_of(card), method_of(card), card.status, card.id, note_of(card)]
    ).casefold()
    return (
        allows(wanted.statuses, [card.status])
        and allows(wanted.methods, [method_of(card)])
        and allows(wanted.tags, card.tags)
        and (wanted.with_sweeps or not sweep_of(card))
        and all(word in told for word in words)
    )


def _row(card: RunCard) -> dict[str, Any]:
    training = card.spec.distill if card.spec is not None else None
    return {
        "name": card.name,
        "status": card.status,
        NOTE_COLUMN: note_of(card),
        "tags": list(card.tags),
        **{title: card.metrics.get(metric, math.nan) for title, metric in METRIC_COLUMNS.items()},
        TEST_COLUMN: math.nan if card.test is None else card.test.student.get("macro_f1", math.nan),
        "method": method_of(card),
        "α": _read(training, "alpha"),
        "τ": _read(training, "temperature"),
        "seed": training.seed if training is not None else None,
        "epochs": card.epochs if card.spec is not None else None,
        "size": folder_bytes(card.folder / STUDENT) / 1e6 if card.has_student else math.nan,
        "time": card.seconds / 60 if card.seconds else math.nan,
        "data": data_of(card),
        "teacher": teacher_of(card),
        "created": pd.to_datetime(card.created, errors="coerce", utc=True),
    }


def _read(training: DistillConfig | None, setting: str) -> float:
    """A setting where the method's loss has it: elsewhere its value decides nothing."""
    return float(getattr(training, setting)) if training is not None and training.method in READ_BY[setting] else math.nan


def _short(reference: str) -> str:
    """A file or folder by its name alone; a Hub id as it is."""
    path = Path(reference)
    return path.name if path.is_absolute() or path.parts[:1] == (UPLOAD,) else reference
