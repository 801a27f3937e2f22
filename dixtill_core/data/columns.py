"""Which columns of a table hold the texts and the labels, and what their cells say."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import regex

from dixtill_core.errors import DataError

TEXT_COLUMNS = ("text", "sentence", "content", "tweet", "headline", "title", "review", "message", "document", "body")
LABEL_COLUMNS = ("label", "labels", "sentiment", "class", "target", "category", "gold", "y")
SHORTEST_MEAN = 10
"""Characters of a text on average, below which a column without a usual name is not taken for texts."""
MOST_LABELS = 1000


def choose_text_column(
    table: pd.DataFrame, wanted: str | None, source: str, mean_lengths: Callable[[], Mapping[Hashable, float]] | None = None
) -> str:
    """The wanted column, one with a usual name, or the one with the longest texts.

    Args:
        mean_lengths: characters of a text in each column, where `table` does not hold all rows.
    """
    if wanted is not None:
        return _require_column(table, wanted, source)
    if (usual := _usual_name(table.columns, TEXT_COLUMNS)) is not None:
        return usual
    try:
        lengths = mean_lengths() if mean_lengths else {column: float(text_lengths(table[column]).mean()) for column in table}
    except UnicodeDecodeError as error:
        raise DataError(f"{source} cannot be read: a text in it is not UTF-8. Write the file again from the texts.") from error
    best = max(lengths, key=lengths.__getitem__)
    if lengths[best] < SHORTEST_MEAN:
        raise DataError(f"{source} has no column that looks like texts among {_columns(table)}.", "text_column")
    return str(best)


def text_lengths(column: pd.Series) -> pd.Series:
    """Characters of each value that is a text, 0 for anything else."""
    return column.map(lambda value: len(value) if isinstance(value, str) else 0)


def choose_label_column(table: pd.DataFrame, wanted: str | None, text_column: str | None, source: str) -> str | None:
    """The wanted column, or one with a usual name; None where there is no such."""
    if wanted is not None:
        return _require_column(table, wanted, source)
    return _usual_name([column for column in table.columns if column != text_column], LABEL_COLUMNS)


def read_texts(column: pd.Series, source: str, first_row: int = 1) -> tuple[str, ...]:
    """The texts of a column, of which none may be missing; `first_row` is the number of its first row in the file."""
    for row, value in cells(column, source, first_row):
        if isinstance(value, str) and value.strip():
            if "\0" in value:
                raise DataError(
                    f"{_cell(source, row, column)}: the text holds a zero byte, so the file is damaged. Save it again as UTF-8."
                )
        elif isinstance(value, str) or _is_missing(value):
            raise DataError(f"{_cell(source, row, column)}: the text is missing. Fill it in or delete the row.")
        else:
            raise DataError(f"{_cell(source, row, column)} holds {_kind(value)} and not a text.", "text_column")
    return tuple(column)


def read_labels(column: pd.Series, source: str, names: Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
    """Labels as numbers, (rows,) int64, and their names in the order of the numbers.

    Args:
        names: of the labels 0, 1, 2 .., where the file holds numbers or these names.
    """
    written: list[str] = []
    for row, value in cells(column, source):
        if _is_missing(value) or not (label := label_text(value)):
            raise DataError(f"{_cell(source, row, column)}: the label is missing. Fill it in or delete the row.")
        if not isinstance(value, str) and _kind(value) in _NO_LABELS:
            raise DataError(f"{_cell(source, row, column)} holds {_kind(value)} and not a label.", "label_column")
        written.append(label)
    if names is not None:
        return _named(written, _checked_names(names), column, source)
    distinct = sorted(set(written))
    if len(distinct) > MOST_LABELS or (len(distinct) > 50 and len(distinct) > len(written) / 2):
        raise DataError(
            f"{source}, column {column.name!r} has {len(distinct):,} different values in {len(written):,} rows, "
            "so it holds numbers, names or texts and no labels.",
            "label_column",
        )
    if all(regex.fullmatch(r"[0-9]+(\.0+)?", label) for label in distinct):
        written = [str(int(float(label))) for label in written]
        numbers = sorted({int(label) for label in written})
        distinct = [str(i) for i in (range(numbers[-1] + 1) if numbers[-1] < MOST_LABELS else numbers)]
    position = {name: i for i, name in enumerate(distinct)}
    return np.array([position[label] for label in written], dtype=np.int64), tuple(distinct)


def missing_texts(column: pd.Series, source: str) -> np.ndarray:
    """Which cells hold no text that could be read, (rows,) bool."""
    return np.array([_is_missing(value) or (isinstance(value, str) and not value.strip()) for _, value in cells(column, source)], bool)


def missing_labels(column: pd.Series, source: str) -> np.ndarray:
    """Which cells hold no label, (rows,) bool."""
    return np.array([_is_missing(value) or not label_text(value) for _, value in cells(column, source)], bool)


def cells(column: pd.Series, source: str, first_row: int = 1) -> Iterator[tuple[int, object]]:
    """Row and value of each cell. Strings of Parquet are decoded only now.

    Raises:
        DataError: one is not UTF-8.
    """
    row = first_row - 1
    try:
        for row, value in enumerate(column, start=first_row):
            yield row, value
    except UnicodeDecodeError as error:  # Of the cell after the last one that was read.
        raise DataError(f"{_cell(source, row + 1, column)} is not UTF-8. Write the file again from the texts.") from error


def label_text(value: object) -> str:
    """A label as it is called; 2.0, as numbers beside a missing one are stored, is 2."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _named(written: list[str], names: tuple[str, ...], column: pd.Series, source: str) -> tuple[np.ndarray, tuple[str, ...]]:
    position = {name.lower(): i for i, name in enumerate(names)}
    position |= {str(i): i for i in range(len(names)) if str(i) not in position}
    for row, label in enumerate(written, start=1):
        if label.lower() not in position:
            raise DataError(f"{_cell(source, row, column)}: {label!r} is none of the labels {', '.join(names)}.")
    return np.array([position[label.lower()] for label in written], dtype=np.int64), names


def _checked_names(names: Sequence[str]) -> tuple[str, ...]:
    checked = tuple(str(name).strip() for name in names)
    if not all(checked):
        raise DataError("One of the given label names is empty.", "label_names")
    if len({name.lower() for name in checked}) < len(checked):
        raise DataError(f"Two of the given label names are the same: {', '.join(checked)}.", "label_names")
    return checked


def _usual_name(columns: Iterable[str], names: Sequence[str]) -> str | None:
    by_lower = {str(column).strip().lower(): column for column in columns}
    return next((by_lower[name] for name in names if name in by_lower), None)


def _require_column(table: pd.DataFrame, name: str, source: str) -> str:
    if name not in table.columns:
        raise DataError(f"{source} has no column {name!r}. It has {_columns(table)}.")
    return name


def _columns(table: pd.DataFrame) -> str:
    return ", ".join(repr(str(column)) for column in table.columns[:20])


def _cell(source: str, row: int, column: pd.Series) -> str:
    return f"{source}, row {row}, column {column.name!r}"


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


_NO_LABELS = ("a list", "a table of its own", "bytes")


def _kind(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "a truth value"
    if isinstance(value, int | float | np.number):
        return "a number"
    if isinstance(value, list | tuple | np.ndarray):
        return "a list"
    if isinstance(value, dict):
        return "a table of its own"
    if isinstance(value, bytes):
        return "bytes"
    return f"a {type(value).__name__}"
