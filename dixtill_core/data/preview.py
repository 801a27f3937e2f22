"""A first look at a table, before anybody has said which columns hold the texts and the labels.

It works wherever the file is a table at all, so that a user can choose columns that cannot be guessed. Columns are
judged by the first `LOOKED_AT` rows; all rows are counted, or in a very large CSV file estimated.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow.parquet as parquet

from dixtill_core.data.columns import cells, choose_label_column, choose_text_column, label_text, text_lengths
from dixtill_core.data.sources import find_table
from dixtill_core.data.tables import csv_options, is_parquet, require_table, table_errors
from dixtill_core.data.upload import MOST_UPLOAD_BYTES, named_upload
from dixtill_core.errors import DataError, Setting

LOOKED_AT = 2000
COUNTED_BYTES = 200 * 2**20
"""Of a CSV file, above which rows are estimated: reading it through would take more than some seconds."""
SHOWN_CHARACTERS = 300
MOST_VALUES = 50
"""Different values of a column, above which they are not listed, because it holds no labels."""

Role = Literal["text", "label"]


@dataclass(frozen=True)
class ColumnPreview:
    """A column by its first rows."""

    name: str
    role: Role | None
    """What it is taken for where nobody says otherwise."""
    mean_characters: float
    """Of the cells that hold text; 0 where none does."""
    missing: int
    different: int
    values: tuple[str, ...]
    """All that occur, the most frequent first; empty where there are more than `MOST_VALUES`."""


@dataclass(frozen=True)
class TablePreview:
    source: str
    n_rows: int
    is_counted: bool
    """False where `n_rows` is estimated."""
    columns: tuple[ColumnPreview, ...]
    rows: tuple[tuple[str, ...], ...]
    """The first rows as shown: long cells are cut, missing ones empty."""
    notes: tuple[str, ...]
    """What a user has to look at: a column that could not be guessed, a header that looks like a row."""
    asked: tuple[Setting, ...]
    """What has to be said before the table can be read with labels."""

    @property
    def text_column(self) -> str | None:
        return self._with_role("text")

    @property
    def label_column(self) -> str | None:
        return self._with_role("label")

    def table(self) -> pd.DataFrame:
        """The first rows as a table of strings."""
        return pd.DataFrame(list(self.rows), columns=[column.name for column in self.columns])

    def _with_role(self, role: Role) -> str | None:
        return next((column.name for column in self.columns if column.role == role), None)


def preview(reference: str | Path, split: str = "train", rows: int = 10) -> TablePreview:
    """The first rows of "sample", a file or a Hub dataset (which is fetched), and what its columns seem to be.

    Raises:
        DataError: no such file, or no table.
    """
    return _preview(find_table(reference, split), None, str(reference), rows)


def preview_upload(name: str, content: bytes, rows: int = 10, most_bytes: int = MOST_UPLOAD_BYTES) -> TablePreview:
    """The same of an uploaded file.

    Raises:
        DataError: it is too large, or no table.
    """
    path = named_upload(name, content, most_bytes)
    return _preview(path, content, path.name, rows)


def _preview(path: Path, content: bytes | None, source: str, shown: int) -> TablePreview:
    first, n_rows, is_counted = _first_rows(path, content)
    require_table(first, path)
    first.columns = [str(name) for name in first.columns]
    for name in first.columns:
        deque(cells(first[name], source), maxlen=0)  # Says which cannot be decoded.
    notes: list[str] = []
    asked: list[Setting] = []
    text: str | None = None
    try:
        text = choose_text_column(first, None, source)
        if not text_lengths(first[text]).any():
            text, problem = None, f"The column {text!r} holds no texts."
    except DataError:
        problem = "No column looks like texts."
    if text is None:
        notes.append(f"{problem} Choose the one that holds them.")
        asked.append("text_column")
    label = choose_label_column(first, None, text, source)
    if label is None:
        notes.append("No column is called label, sentiment, class or the like. Choose the one that holds the labels.")
        asked.append("label_column")
    if not is_parquet(path) and _header_is_a_row(first):
        notes.append("The first line is read as the names of the columns, but it looks like a row. Put a line with names above it.")
    columns = tuple(
        _column(str(name), first[name], "text" if name == text else "label" if name == label else None) for name in first.columns
    )
    rows = tuple(tuple(_shown(value) for value in row) for row in first.head(shown).itertuples(index=False))
    return TablePreview(source, n_rows, is_counted, columns, rows, tuple(notes), tuple(asked))


def _first_rows(path: Path, content: bytes | None) -> tuple[pd.DataFrame, int, bool]:
    """The first rows, how many there are, and whether they were counted."""
    stream = path if content is None else BytesIO(content)
    with table_errors(path, content):
        if is_parquet(path):
            with parquet.ParquetFile(stream) as file:
                first = next((batch.to_pandas() for batch in file.iter_batches(LOOKED_AT)), pd.DataFrame())
                return first.reset_index(drop=True), file.metadata.num_rows, True
        size = path.stat().st_size if content is None else len(content)
        with pd.read_csv(stream, chunksize=LOOKED_AT, **csv_options(path, content)) as reader:
            first = next(iter(reader), pd.DataFrame())
        if size <= COUNTED_BYTES or len(first) < LOOKED_AT:
            stream = path if content is None else BytesIO(content)
            with pd.read_csv(stream, chunksize=100_000, **csv_options(path, content)) as reader:
                return first, sum(len(piece) for piece in reader), True
        characters = sum(int(text_lengths(first[name]).sum()) + len(first) for name in first)
        return first, round(size / (characters / len(first))), False


def _header_is_a_row(table: pd.DataFrame) -> bool:
    """Whether a name is also a value below it, as a label would be, or all there is are one or two and one is a sentence."""
    names = [str(name) for name in table.columns]
    if any(name in set(table[name]) for name in names):
        return True
    return len(names) <= 2 and any(len(name.split()) >= 6 for name in names)


def _column(name: str, column: pd.Series, role: Role | None) -> ColumnPreview:
    lengths = text_lengths(column)
    texts = lengths[lengths > 0]
    counts = column.dropna().map(label_text).value_counts()
    values = tuple(_shown(value) for value in counts.index) if len(counts) <= MOST_VALUES else ()
    return ColumnPreview(name, role, float(texts.mean()) if len(texts) else 0.0, int(column.isna().sum()), len(counts), values)


def _shown(value: object) -> str:
    """A cell in a table for people."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value):
        return ""
    text = str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
