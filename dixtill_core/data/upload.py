"""A file that came through a browser: a name that somebody else chose, and bytes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import regex

from dixtill_core.data.datasets import Dataset, dataset_of_table
from dixtill_core.data.tables import read_table
from dixtill_core.errors import DataError

MOST_UPLOAD_BYTES = 50 * 2**20
"""What a browser may hand over, as `.streamlit/config.toml` says too. A larger file is given by its path."""
LONGEST_NAME = 100


def read_upload(
    name: str,
    content: bytes,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_names: Sequence[str] | None = None,
    most_bytes: int = MOST_UPLOAD_BYTES,
) -> Dataset:
    """An uploaded file as a dataset, under its own name; nothing is written to the disk.

    Arguments and errors as for `load_dataset`.

    Raises:
        DataError: also if it is larger than `most_bytes`.
    """
    path = named_upload(name, content, most_bytes)
    return dataset_of_table(
        read_table(path, content), path.name, text_column=text_column, label_column=label_column, label_names=label_names
    )


def named_upload(name: str, content: bytes, most_bytes: int = MOST_UPLOAD_BYTES) -> Path:
    """The safe name of an upload that is not too large, as a path that lies nowhere.

    Raises:
        DataError: it is larger than `most_bytes`.
    """
    path = Path(safe_file_name(name))
    if len(content) > most_bytes:
        raise DataError(f"{path} has {len(content) / 2**20:,.1f} MB; {most_bytes / 2**20:,.0f} MB is the most. Give the path of the file.")
    return path


def safe_file_name(name: str) -> str:
    """The last part of a name, of letters, digits, spaces and `._-()` alone, that can be created in any folder.

    The suffix stays, since it says how the file is read.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    kept = regex.sub(r"[^\p{L}\p{M}\p{N} ._()\-]+", "_", last)
    stem, dot, suffix = kept.rpartition(".") if "." in kept else (kept, "", "")
    suffix = suffix.strip()[:10]
    stem = _shortened(stem.strip(" .-"), LONGEST_NAME - len(suffix) - 1) or "upload"
    return f"{stem}{dot}{suffix}" if suffix else stem


def _shortened(stem: str, most_bytes: int) -> str:
    """File systems count bytes."""
    return stem.encode()[:most_bytes].decode(errors="ignore")
