"""Corrected labels as a training set: what people found to be wrong in the data goes back into it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dixtill_core.errors import ConfigError, DataError
from dixtill_core.export.tables import safe_cell
from dixtill_core.files import write_atomic
from dixtill_core.notes.note import Note


@dataclass(frozen=True)
class TrainingSet:
    """Texts with the labels that people gave them."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    contradictions: tuple[str, ...] = ()
    """Texts with different corrections in the notes on different pairs of models; the last one written counts."""

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def guarded(self) -> int:
        """How many texts start like a formula: in CSV they have an apostrophe before them, for spreadsheets."""
        return sum(safe_cell(text) != text for text in self.texts)


def corrected_labels(notes: Iterable[Note]) -> TrainingSet:
    """Every text with a corrected label, once, in the order written.

    Raises:
        DataError: no note has one.
    """
    corrections: dict[str, str] = {}
    contradictions: list[str] = []
    for note in sorted(notes, key=lambda note: note.written):
        label = note.content.corrected_label
        if label is None:
            continue
        if corrections.get(note.text, label) != label:
            contradictions.append(note.text)
        corrections[note.text] = label
    if not corrections:
        raise DataError("No note has a corrected label, so there is no training set. Correct a label first.")
    return TrainingSet(tuple(corrections), tuple(corrections.values()), tuple(dict.fromkeys(contradictions)))


def training_csv(found: TrainingSet) -> bytes:
    """Columns text and label, in UTF-8."""
    stream = io.StringIO(newline="")
    table = csv.writer(stream, quoting=csv.QUOTE_ALL)
    table.writerow(("text", "label"))
    table.writerows((safe_cell(text), safe_cell(label)) for text, label in zip(found.texts, found.labels, strict=True))
    return stream.getvalue().encode("utf-8-sig")


def training_parquet(found: TrainingSet) -> bytes:
    """The same columns, every text exactly as it was typed."""
    stream = io.BytesIO()
    pd.DataFrame({"text": found.texts, "label": found.labels}).to_parquet(stream, index=False)
    return stream.getvalue()


def write_training_set(path: Path, found: TrainingSet) -> None:
    """Write a .csv or .parquet file that `load_dataset` reads.

    Raises:
        ConfigError: another kind of file.
    """
    writers = {".csv": training_csv, ".parquet": training_parquet}
    if path.suffix.lower() not in writers:
        raise ConfigError(f"A training set is written as .csv or .parquet, not as {path.name!r}.")
    write_atomic(path, writers[path.suffix.lower()](found))
