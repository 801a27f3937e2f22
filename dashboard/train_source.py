"""Where the texts of a new run come from, as they were chosen on the page; read through caches that know when they change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from dixtill_core.errors import DataError, DixtillError, Setting

if TYPE_CHECKING:
    from dixtill_core.data.datasets import Dataset
    from dixtill_core.data.preview import TablePreview
    from dixtill_core.runs.store import Upload

Kind = Literal["sample", "upload", "path", "hub"]
WORDS: Mapping[Setting, str] = {
    "text_column": "Choose the column that holds the texts under “Text column”.",
    "label_column": "Choose the column that holds the labels under “Label column”.",
    "label_names": "Name the labels, in the order of their numbers, under “Label names”.",
    "label_map": "Say which label of the data is which of the teacher's, or leave it out.",
}
"""What this page says of each setting that mends an error."""


@dataclass(frozen=True)
class Source:
    """One table of texts."""

    kind: Kind
    reference: str
    """"sample", an absolute path, the name of a Hub dataset, or the name of an uploaded file."""
    version: str = ""
    """Changes with the content."""
    split: str = "train"
    """Of a Hub dataset."""
    content: bytes | None = field(default=None, repr=False, compare=False)
    """Of an upload."""

    @property
    def upload(self) -> Upload | None:
        """What the run's folder will hold."""
        from dixtill_core.runs.store import Upload

        return None if self.content is None else Upload(self.reference, self.content)

    @property
    def name(self) -> str:
        """Short, for people."""
        return Path(self.reference).name if self.kind == "path" else self.reference


@dataclass(frozen=True)
class Columns:
    """How a table is read."""

    text: str | None = None
    label: str | None = None
    label_names: tuple[str, ...] | None = None


HASHES: dict[str | type[Any], Callable[[Any], Any]] = {
    "dashboard.train_source.Source": lambda source: (source.kind, source.reference, source.version, source.split)
}


def path_source(typed: str) -> Source:
    """A file on this machine, by its whole path, so that the run finds it from any folder."""
    try:
        path = Path(typed.strip()).expanduser().absolute()
        stat = path.stat()
    except (OSError, ValueError, RuntimeError):  # What is wrong with it is said when it is read.
        return Source("path", typed.strip())
    return Source("path", str(path), f"{stat.st_mtime_ns}-{stat.st_size}")


@st.cache_resource(max_entries=8, show_spinner="Looking at the data …", hash_funcs=HASHES)
def look_at(source: Source) -> TablePreview:
    """The first rows and what the columns seem to be; a Hub dataset is fetched.

    Raises:
        DataError: no such file, or no table.
    """
    from dixtill_core.data.preview import preview, preview_upload

    if source.content is not None:
        return preview_upload(source.reference, source.content)
    return preview(source.reference, source.split)


@st.cache_resource(max_entries=4, show_spinner="Reading the data …", hash_funcs=HASHES)
def read(source: Source, columns: Columns) -> Dataset:
    """All texts with their labels.

    Raises:
        DataError: the table cannot be read, or has no labels.
    """
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.data.upload import read_upload

    if source.content is not None:
        dataset = read_upload(
            source.reference, source.content, text_column=columns.text, label_column=columns.label, label_names=columns.label_names
        )
    else:
        dataset = load_dataset(
            source.reference, text_column=columns.text, label_column=columns.label, label_names=columns.label_names, split=source.split
        )
    dataset.require_labels()
    return dataset


def message(error: DixtillError) -> str:
    """What went wrong, in the words of this page."""
    return error.worded(WORDS) if isinstance(error, DataError) else str(error)
