"""The texts of a file that is larger than memory, read a piece at a time.

Columns are chosen and texts are checked as `load_dataset` does it, with the same messages; labels are not read. A piece
holds `PIECE_ROWS` rows of the file, so memory follows the longest rows and not how many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as parquet

from dixtill_core.data.datasets import choose_text_column, csv_options, find_table, read_texts, require_table, table_errors, text_lengths

PIECE_ROWS = 1024
BUFFER_BYTES = 2**20
"""Of a Parquet column that is read ahead; without it, all of a row group's column is held."""


@dataclass(frozen=True)
class TextStream:
    """The texts of one column, read anew from the file by each iteration.

    Raises:
        DataError, while it is read: names the file, the row (1 is the first below the header) and the column.
    """

    path: Path
    column: str
    source: str

    def __iter__(self) -> Iterator[str]:
        row = 1
        for piece in _pieces(self.path, [self.column]):
            yield from read_texts(piece[self.column], self.source, first_row=row)
            row += len(piece)


def stream_texts(reference: str | Path, text_column: str | None = None, split: str = "train") -> TextStream:
    """The texts of "sample", of a .csv, .tsv or .parquet file, or of a Hub dataset, without holding them.

    Args:
        text_column: found by its usual names where None; where none of them is there, the file is read once to see
            which column has the longest texts.

    Raises:
        DataError: no such file or column, or no table.
    """
    path = find_table(reference, split)
    first = next(_pieces(path), pd.DataFrame())
    require_table(first, path)
    column = choose_text_column(first, text_column, str(reference), lambda: _mean_lengths(path))
    return TextStream(path.resolve(), column, str(reference))


def _pieces(path: Path, columns: list[str] | None = None) -> Iterator[pd.DataFrame]:
    """Consecutive rows of a table; only `columns` of a Parquet file, where the others need not be read."""
    with table_errors(path):
        if path.suffix.lower() == ".parquet":
            with parquet.ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False) as file:
                yield from (batch.to_pandas() for batch in file.iter_batches(PIECE_ROWS, columns=columns, use_threads=False))
        else:
            with pd.read_csv(path, chunksize=PIECE_ROWS, **csv_options(path)) as reader:
                yield from reader


def _mean_lengths(path: Path) -> dict[Hashable, float]:
    """Characters of a text in each column, as a mean over all rows."""
    total: Counter[Hashable] = Counter()
    rows = 0
    for piece in _pieces(path):
        rows += len(piece)
        for column in piece:
            total[column] += int(text_lengths(piece[column]).sum())
    return {column: count / rows for column, count in total.items()}
