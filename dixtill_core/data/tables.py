"""A .csv, .tsv, .txt or .parquet file as a table, and what is wrong with one that cannot be read.

Whatever reads tables (all at once, a piece at a time, from memory) passes through `csv_options`, `table_errors` and
`require_table`, so that a damaged file has the same message everywhere. A file is known by its path; where its content
is given too, as for one that was uploaded, nothing is read from the disk and the path only names it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import regex

from dixtill_core.data.file_kinds import ENOUGH_BYTES, first_undecodable, kind_of, wide_encoding_of
from dixtill_core.errors import DataError

SEPARATORS = (",", ";", "\t", "|")
_CALLED = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SAVE_AS_CSV = "Save the table as CSV (UTF-8) in the program that made it, and give that file."
_OTHER_KINDS = {
    (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"): _SAVE_AS_CSV,
    (".json", ".jsonl", ".ndjson"): "Convert it, for example with pandas: read_json(..., lines=True).to_csv(..., index=False).",
    (".gz", ".zip", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz"): "Unpack it, and give the table in it.",
}


def read_table(path: Path, content: bytes | None = None) -> pd.DataFrame:
    """All rows of a table; everything in a CSV file stays as it was typed.

    Raises:
        DataError: it cannot be read, has no rows, or two columns of one name.
    """
    with table_errors(path, content):
        if is_parquet(path):
            with parquet.ParquetFile(path if content is None else BytesIO(content)) as file:
                table = file.read().to_pandas()
        else:
            table = pd.read_csv(path if content is None else BytesIO(content), **csv_options(path, content))
    require_table(table, path)
    return table


def is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


@contextmanager
def table_errors(path: Path, content: bytes | None = None) -> Iterator[None]:
    """Turn what pandas and pyarrow raise over a table into a DataError that names the file and the place in it."""
    try:
        yield
    except DataError:
        raise
    except UnicodeDecodeError as error:
        raise DataError(_undecodable(path, content)) from error
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path} is empty.") from error
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: permission denied. Ask for access, or copy the file to a folder of your own.") from error
    except (pd.errors.ParserError, csv.Error, pa.ArrowException, ValueError, OSError) as error:
        why = _damaged_parquet(path, content) if is_parquet(path) else _damaged_rows(path, content, str(error))
        raise DataError(why or f"{path} cannot be read as a table: {str(error).strip()}") from error


def csv_options(path: Path, content: bytes | None = None) -> dict[str, Any]:
    """How `pandas.read_csv` is told to leave everything as it was typed, so that a text "NaN" or a label "007" stays one.

    Raises:
        DataError: no kind of table that is read here, or what the start of the file shows to be none.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".tsv", ".txt"):
        advice = next((advice for suffixes, advice in _OTHER_KINDS.items() if suffix in suffixes), "")
        raise DataError(f"{path} ends in {suffix or 'nothing'}; DiXtill reads .csv, .tsv, .txt and .parquet. {advice}".strip())
    with _opened(path, content) as stream:
        head = stream.read(ENOUGH_BYTES)
    return {
        "dtype": str,
        "keep_default_na": False,
        "na_values": [""],
        "encoding": "utf-8-sig",
        "sep": _separator(path, head),
        "on_bad_lines": "error",
    }


def require_table(table: pd.DataFrame, path: Path) -> None:
    """Raise a DataError where the header does not fit the rows, or there are none."""
    if not isinstance(table.index, pd.RangeIndex) and not is_parquet(path):
        # pandas makes an index of fields that the header has no name for.
        raise DataError(f"{path}, row 1 has more fields than the header. Put texts that hold the separator into double quotes.")
    if len(table) == 0:
        raise DataError(f"{path} has a header but no rows.")
    _refuse_twins(list(table.columns), path)


def _refuse_twins(names: list[Any], path: Path) -> None:
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise DataError(f"{path} has two columns named {twice!r}. Rename one.")


def _separator(path: Path, head: bytes) -> str:
    """The usual separator that splits the header into the most columns; the file's suffix decides where none does.

    Raises:
        DataError: the start of the file is no table's.
    """
    if encoding := wide_encoding_of(head):
        raise DataError(f"{path} is not UTF-8 but {encoding}. Save it as UTF-8 (in Excel as “CSV UTF-8”) and try again.")
    if kind := kind_of(head):
        raise DataError(f"{path} is no table but {kind}, whatever its name says. Give a CSV or Parquet file.")
    if b"\0" in head:
        line = head[: head.index(0)].count(b"\n") + 1
        raise DataError(f"{path} holds a zero byte in line {line}, so it is damaged or no text file. Save it again as CSV (UTF-8).")
    text = head.decode("utf-8-sig", errors="replace")
    if len(head) == ENOUGH_BYTES and not regex.search(r"[\r\n]", text.strip()):
        raise DataError(f"{path} cannot be read as a table: its first line, which has to name the columns, does not end.")
    usual = ("\t", *SEPARATORS) if path.suffix.lower() == ".tsv" else SEPARATORS
    rows = {separator: _first_rows(text, separator) for separator in usual}
    best = max(usual, key=lambda separator: len(rows[separator][0]))
    header, first = rows[best]
    _refuse_twins([name for name in header if name], path)
    if len(header) > 1 and len(first) == 1:
        other = next((separator for separator in SEPARATORS if separator != best and len(rows[separator][1]) == len(header)), None)
        if other is not None:
            raise DataError(
                f"{path} has a {_CALLED[best]} between the columns of the header, but a {_CALLED[other]} in row 1. Use one of them."
            )
    return best


def _first_rows(text: str, separator: str) -> tuple[list[str], list[str]]:
    """The header and the first row that are not blank; empty where there is none, or where they cannot be told."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(StringIO(text, newline=""), delimiter=separator):
            if any(field.strip() for field in row):
                rows.append(row)
            if len(rows) == 2:
                break
    except csv.Error:
        pass
    return rows[0] if rows else [], rows[1] if len(rows) > 1 else []


def _undecodable(path: Path, content: bytes | None) -> str:
    with _opened(path, content) as stream:
        found = first_undecodable(iter(lambda: stream.read(2**20), b""))
    if found is None:
        return f"{path} is not UTF-8. Save it as UTF-8 and try again."
    line, byte = found
    meant = bytes([byte]).decode("cp1252", errors="ignore")
    guess = f", which is {meant!r} in Windows-1252" if meant.isprintable() and meant else ""
    return f"{path} is not UTF-8: line {line} holds the byte 0x{byte:02X}{guess}. Save it as UTF-8 (in Excel as “CSV UTF-8”) and try again."


def _damaged_parquet(path: Path, content: bytes | None) -> str | None:
    """What the first and last bytes say of a Parquet file that cannot be read."""
    with _opened(path, content) as stream:
        head = stream.read(ENOUGH_BYTES)
        stream.seek(max(0, stream.seek(0, 2) - 4))
        tail = stream.read()
    start = f"{path} cannot be read as a table: "
    if not head:
        return f"{path} is empty."
    if not head.startswith(b"PAR1"):
        return f"{start}it is {kind_of(head) or 'no Parquet file'}, whatever its name says. Give a CSV or Parquet file."
    if tail != b"PAR1":
        return f"{start}its end is missing, as when a copy or a download is cut off. Copy it again."
    return f"{start}it is damaged. Copy or download it again."


def _damaged_rows(path: Path, content: bytes | None, error: str) -> str | None:
    """Which row of a CSV file does not fit, found by reading it once more; None where the error is another."""
    too_long = regex.search(r"Expected (\d+) fields in line \d+, saw (\d+)", error)
    if too_long:
        width, fields = (int(number) for number in too_long.groups())
        place = _place(path, content, lambda found: found > width)
        return (
            f"{path}, {place} has {fields} fields, but the header has {width}. "
            "Put texts that hold the separator or a line break into double quotes."
        )
    if "EOF inside string" in error:
        place = _place(path, content, None)
        return (
            f"{path}, {place} begins a field with a double quote that is never closed. Close it, or write it twice to mean the sign itself."
        )
    return None


def _place(path: Path, content: bytes | None, is_wrong: Callable[[int], bool] | None) -> str:
    """The first row whose number of fields is wrong, or the last one; as rows are counted everywhere, and as an editor counts."""
    separator = csv_options(path, content)["sep"]
    number, line = -1, 1  # The header has number 0.
    with TextIOWrapper(_opened(path, content), encoding="utf-8-sig", errors="replace", newline="") as stream:
        reader = csv.reader(stream, delimiter=separator)
        after = 1
        try:
            for row in reader:
                if any(field.strip() for field in row):
                    number, line = number + 1, after
                    if is_wrong is not None and is_wrong(len(row)):
                        break
                after = reader.line_num + 1
        except csv.Error:  # A field longer than this reader allows, which an open quote makes of all that follows.
            if is_wrong is not None:
                return "one row"
            number, line = number + 1, after
    return f"row {number} (line {line} of the file)"


def _opened(path: Path, content: bytes | None) -> BinaryIO:
    return open(path, "rb") if content is None else BytesIO(content)
