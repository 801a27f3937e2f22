"""Labelled texts from the bundled sample, a CSV or Parquet file, or a dataset of the Hugging Face Hub."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import regex

from dixtill_core.data.words import normalize_word, split_words
from dixtill_core.errors import DataError
from dixtill_core.paths import SAMPLE_DATA

SAMPLE = "sample"
FINANCIAL_NEWS = "zeroshot/twitter-financial-news-sentiment"
KNOWN_LABEL_NAMES = {FINANCIAL_NEWS: ("bearish", "bullish", "neutral")}
"""Hub datasets whose files hold label numbers only."""

TEXT_COLUMNS = ("text", "sentence", "content", "tweet", "headline", "title", "review", "message", "document", "body")
LABEL_COLUMNS = ("label", "labels", "sentiment", "class", "target", "category", "gold", "y")


@dataclass(frozen=True)
class Dataset:
    """Texts with optional gold labels: `label_names[labels[i]]` is the label of `texts[i]`."""

    texts: tuple[str, ...]
    labels: np.ndarray | None  # (texts,) int64
    label_names: tuple[str, ...]
    source: str

    def __len__(self) -> int:
        return len(self.texts)

    def subset(self, positions: Sequence[int] | np.ndarray) -> Dataset:
        labels = None if self.labels is None else self.labels[np.asarray(positions, dtype=np.int64)]
        return replace(self, texts=tuple(self.texts[i] for i in positions), labels=labels)

    def require_labels(self) -> np.ndarray:
        """The labels, or a DataError that says that this needs them."""
        if self.labels is None:
            raise DataError(f"{self.source} has no label column, and this needs gold labels. Name it with --label-column.")
        return self.labels

    def with_label_names(self, names: Sequence[str]) -> Dataset:
        """The same texts with labels numbered as in `names`.

        Labels match by name, whatever their case; labels that are only numbers match by position.

        Raises:
            DataError: a label that `names` does not have.
        """
        labels = self.require_labels()
        names = tuple(names)
        position = {name.lower(): i for i, name in enumerate(names)}
        if all(name.lower() in position for name in self.label_names):
            mapping = [position[name.lower()] for name in self.label_names]
        elif all(name.isdecimal() and int(name) < len(names) for name in self.label_names):
            mapping = [int(name) for name in self.label_names]
        else:
            raise DataError(
                f"{self.source} has the labels {', '.join(self.label_names)}, the model has {', '.join(names)}. "
                "Rename the labels in the file, or choose a model that was trained on them."
            )
        return replace(self, labels=np.asarray(mapping, dtype=np.int64)[labels], label_names=names)


def load_dataset(
    reference: str | Path,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_names: Sequence[str] | None = None,
    split: str = "train",
) -> Dataset:
    """Read texts and, where there are any, labels.

    Args:
        reference: "sample", a path to a .csv, .tsv or .parquet file, or the name `owner/dataset` of a Hub dataset.
        text_column, label_column: found by their usual names where None.
        label_names: names of the labels 0, 1, 2 .. of a file that holds numbers.
        split: of a Hub dataset.

    Raises:
        DataError: names the file, the row (1 is the first below the header) and the column.
    """
    if str(reference) == SAMPLE:
        return load_dataset(SAMPLE_DATA, label_names=KNOWN_LABEL_NAMES[FINANCIAL_NEWS])
    source = str(reference)
    if not Path(reference).exists():
        label_names = label_names or KNOWN_LABEL_NAMES.get(source)
    path = find_table(reference, split)
    table = _read_table(path)
    text_column = choose_text_column(table, text_column, source)
    label_column = _choose_label_column(table, label_column, text_column, source)
    texts = read_texts(table[text_column], source)
    if label_column is None:
        return Dataset(texts, None, tuple(label_names or ()), source)
    labels, names = _read_labels(table[label_column], source, label_names)
    return Dataset(texts, labels, names, source)


def split_dataset(dataset: Dataset, validation_share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of a training and a validation part: stratified by label, repeated texts kept on one side.

    Two texts count as the same when their words are, URLs left out, so that no validation text was seen in training.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    labels = dataset.require_labels()
    # Numbered by first occurrence, so that the split does not hang on how keys are spelt.
    position: dict[str, int] = {}
    groups = np.array([position.setdefault(duplicate_key(text), len(position)) for text in dataset.texts])
    different = np.unique(np.stack([labels, groups]), axis=1)[0]  # a label once for each of its different texts
    counts = np.bincount(different, minlength=len(dataset.label_names))
    n_folds = max(2, round(1 / validation_share))
    rarest = int(counts[counts > 0].min())
    if np.count_nonzero(counts) < 2 or rarest < n_folds:
        name = dataset.label_names[int(np.flatnonzero(counts == rarest)[0])]
        raise DataError(
            f"{dataset.source} has {rarest} different text(s) with the label {name!r} and {np.count_nonzero(counts)} label(s) in use. "
            f"Training needs two labels or more, with {n_folds} texts each."
        )
    folds = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    train, validation = next(folds.split(np.zeros(len(dataset)), labels, groups))
    return train, validation


def text_key(text: str) -> str:
    """A short hash that stands for a text where the text itself is not to be kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def duplicate_key(text: str) -> str:
    """Equal for texts that differ only in URLs, case, white space or the names of tickers and mentions."""
    words = (normalize_word(word.text) for word in split_words(text))
    return " ".join(word for word in words if word != "<url>") or text


def find_table(reference: str | Path, split: str = "train") -> Path:
    """The file that `load_dataset` reads for a reference, fetched from the Hub where it is a name of a dataset there."""
    if str(reference) == SAMPLE:
        return SAMPLE_DATA
    path = Path(reference)
    source = str(reference)
    if not path.exists():
        if not regex.fullmatch(r"[\w.\-]+/[\w.\-]+", source) or path.suffix in (".csv", ".tsv", ".parquet"):
            raise DataError(f"There is no file {path}. Give a .csv, .tsv or .parquet file, 'sample', or a Hub name like owner/dataset.")
        path = _download(source, split)
    if path.is_dir():
        raise DataError(f"{path} is a folder. Name the .csv, .tsv or .parquet file in it.")
    return path


@contextmanager
def table_errors(path: Path) -> Iterator[None]:
    """Turn what pandas and pyarrow raise over a table into a DataError that names the file."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}). Save it as UTF-8 and try again.") from error
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path} is empty.") from error
    except (pd.errors.ParserError, csv.Error, ValueError, OSError) as error:
        raise DataError(f"{path} cannot be read as a table: {str(error).strip()}") from error


def csv_options(path: Path) -> dict[str, Any]:
    """How `pandas.read_csv` is told to leave everything as it was typed, so that a text "NaN" or a label "007" stays one.

    Raises:
        DataError: no kind of table that is read here.
    """
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".tsv", ".txt"):
        raise DataError(f"{path} ends in {suffix or 'nothing'}; DiXtill reads .csv, .tsv and .parquet.")
    return {
        "dtype": str,
        "keep_default_na": False,
        "na_values": [""],
        "encoding": "utf-8-sig",
        "sep": "\t" if suffix == ".tsv" else _separator(path),
        "on_bad_lines": "error",
    }


def require_table(table: pd.DataFrame, path: Path) -> None:
    """Raise a DataError where the header does not fit the rows, or there are none."""
    if not isinstance(table.index, pd.RangeIndex) and path.suffix.lower() != ".parquet":
        # pandas makes an index of fields that the header has no name for.
        raise DataError(f"{path}, row 1 has more fields than the header. Put texts that hold the separator into double quotes.")
    if len(table) == 0:
        raise DataError(f"{path} has a header but no rows.")
    duplicated = table.columns[table.columns.duplicated()]
    if len(duplicated):
        raise DataError(f"{path} has two columns named {duplicated[0]!r}. Rename one.")


def _read_table(path: Path) -> pd.DataFrame:
    with table_errors(path):
        table = pd.read_parquet(path) if path.suffix.lower() == ".parquet" else pd.read_csv(path, **csv_options(path))
    require_table(table, path)
    return table


def _separator(path: Path) -> str:
    """Comma unless the header has none of it and another usual separator."""
    with open(path, encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader([stream.readline()]), [])
    if len(header) == 1:
        for separator in (";", "\t", "|"):
            if separator in header[0]:
                return separator
    return ","


def choose_text_column(
    table: pd.DataFrame, wanted: str | None, source: str, mean_lengths: Callable[[], Mapping[Hashable, float]] | None = None
) -> str:
    """The wanted column, one with a usual name, or the one with the longest texts.

    Args:
        mean_lengths: characters of a text in each column, where `table` does not hold all rows.
    """
    if wanted is not None:
        return _require_column(table, wanted, source)
    by_lower = {str(column).strip().lower(): column for column in table.columns}
    for name in TEXT_COLUMNS:
        if name in by_lower:
            return by_lower[name]
    lengths = mean_lengths() if mean_lengths else {column: float(text_lengths(table[column]).mean()) for column in table}
    best = max(lengths, key=lengths.__getitem__)
    if lengths[best] < 10:
        raise DataError(f"{source} has no column that looks like texts among {_columns(table)}. Name it with --text-column.")
    return str(best)


def text_lengths(column: pd.Series) -> pd.Series:
    """Characters of each value that is a text, 0 for anything else."""
    return column.map(lambda value: len(value) if isinstance(value, str) else 0)


def _choose_label_column(table: pd.DataFrame, wanted: str | None, text_column: str, source: str) -> str | None:
    if wanted is not None:
        return _require_column(table, wanted, source)
    by_lower = {str(column).strip().lower(): column for column in table.columns if column != text_column}
    return next((by_lower[name] for name in LABEL_COLUMNS if name in by_lower), None)


def _require_column(table: pd.DataFrame, name: str, source: str) -> str:
    if name not in table.columns:
        raise DataError(f"{source} has no column {name!r}. It has {_columns(table)}.")
    return name


def _columns(table: pd.DataFrame) -> str:
    return ", ".join(repr(str(column)) for column in table.columns[:20])


def read_texts(column: pd.Series, source: str, first_row: int = 1) -> tuple[str, ...]:
    """The texts of a column, of which none may be missing; `first_row` is the number of its first row in the file."""
    for row, value in enumerate(column, start=first_row):
        if not isinstance(value, str) or not value.strip():
            raise DataError(f"{source}, row {row}, column {column.name!r}: the text is missing. Fill it in or delete the row.")
    return tuple(column)


def _read_labels(column: pd.Series, source: str, names: Sequence[str] | None) -> tuple[np.ndarray, tuple[str, ...]]:
    written: list[str] = []
    for row, value in enumerate(column, start=1):
        label = "" if value is None or value is pd.NA or value != value else _label_text(value)
        if not label:
            raise DataError(f"{source}, row {row}, column {column.name!r}: the label is missing. Fill it in or delete the row.")
        written.append(label)
    distinct = sorted(set(written))
    if names is not None:
        position = {str(name).lower(): i for i, name in enumerate(names)}
        position |= {str(i): i for i in range(len(names)) if str(i) not in position}
        for row, label in enumerate(written, start=1):
            if label.lower() not in position:
                raise DataError(f"{source}, row {row}, column {column.name!r}: {label!r} is none of the labels {', '.join(names)}.")
        return np.array([position[label.lower()] for label in written], dtype=np.int64), tuple(str(name) for name in names)
    if len(distinct) > 1000 or (len(distinct) > 50 and len(distinct) > len(written) / 2):
        raise DataError(
            f"{source}, column {column.name!r} has {len(distinct)} different values; that is no label column. Name it with --label-column."
        )
    if all(label.isdecimal() for label in distinct):
        written = [str(int(label)) for label in written]
        numbers = sorted({int(label) for label in written})
        distinct = [str(i) for i in (range(numbers[-1] + 1) if numbers[-1] < 1000 else numbers)]
    position = {name: i for i, name in enumerate(distinct)}
    return np.array([position[label] for label in written], dtype=np.int64), tuple(distinct)


def _label_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _download(name: str, split: str) -> Path:
    """The file of a Hub dataset that holds `split`, through the Hub's cache."""
    from huggingface_hub import hf_hub_download, list_repo_files
    from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    aliases = {"validation": ("valid", "val", "dev"), "test": ("test",), "train": ("train",)}.get(split, (split,))
    try:
        files = list_repo_files(name, repo_type="dataset")
        tables = [file for file in files if file.endswith((".csv", ".tsv", ".parquet"))]
        matching = [file for file in tables if any(alias in file.lower() for alias in aliases)]
        if not matching:
            raise DataError(f"The dataset {name} has no file for the split {split!r}. It has {', '.join(tables[:20]) or 'no table'}.")
        return Path(hf_hub_download(name, matching[0], repo_type="dataset"))
    except DataError:
        raise
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise DataError(f"The Hub has no public dataset {name}. Check the spelling.") from error
    except Exception as error:  # Offline, the Hub's client raises what its HTTP library raises.
        raise DataError(
            f"The dataset {name} could not be fetched from the Hub. Check the connection, or give a local .csv or .parquet file."
        ) from error
