"""Lines of JSON that are only ever appended, so that a reader never sees an old line change.

A crash can cut the last line short: readers pass over what is no JSON, and the next line starts on its own.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dixtill_core.errors import DixtillError


def append_line(path: Path, record: Mapping[str, Any]) -> None:
    """Append a record and flush it to the disk."""
    line = json.dumps(finite(record), ensure_ascii=False, allow_nan=False).encode() + b"\n"
    try:
        with open(path, "ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":  # A crash cut the last line short.
                    line = b"\n" + line
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise DixtillError(f"Cannot write {path}: {error.strerror or error}. What was there before is unchanged.") from error


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole record, in the order written; none where there is no file."""
    try:
        content = path.read_bytes()
    except OSError:
        return []
    records = []
    for line in content.splitlines():
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


def finite(value: Any) -> Any:
    """The same data with null in place of NaN and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {name: finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def numbers(values: Any) -> dict[str, float]:
    """The metrics of a record as they were before `finite`; anything else is left out."""
    if not isinstance(values, dict):
        return {}
    return {
        str(name): math.nan if value is None else float(value)
        for name, value in values.items()
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    }
