"""Labelled texts from the bundled sample, a CSV or Parquet file, or a dataset of the Hugging Face Hub."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from dixtill_core.data.columns import choose_label_column, choose_text_column, missing_labels, missing_texts, read_labels, read_texts
from dixtill_core.data.columns import text_lengths as text_lengths
from dixtill_core.data.sources import SAMPLE, find_table, is_there
from dixtill_core.data.tables import csv_options as csv_options
from dixtill_core.data.tables import read_table
from dixtill_core.data.tables import require_table as require_table
from dixtill_core.data.tables import table_errors as table_errors
from dixtill_core.data.words import URL, normalize_word, split_words
from dixtill_core.errors import DataError
from dixtill_core.paths import SAMPLE_DATA

FINANCIAL_NEWS = "zeroshot/twitter-financial-news-sentiment"
KNOWN_LABEL_NAMES = {FINANCIAL_NEWS: ("bearish", "bullish", "neutral")}
"""Hub datasets whose files hold label numbers only."""
VALIDATION_SHARE = 0.1


@dataclass(frozen=True)
class MissingCells:
    """Cells of a column that say nothing."""

    kind: str
    """"text" or "label"."""
    column: str
    rows: tuple[int, ...]
    """All of them, from 1."""


@dataclass(frozen=True)
class Dataset:
    """Texts with optional gold labels: `label_names[labels[i]]` is the label of `texts[i]`."""

    texts: tuple[str, ...]
    labels: np.ndarray | None  # (texts,) int64
    label_names: tuple[str, ...]
    source: str
    missing: tuple[MissingCells, ...] = ()
    """What `load_complete_rows` left out."""
    rows: tuple[int, ...] | None = None
    """Place of each text in the file, from 1; None where every row is there."""

    def __len__(self) -> int:
        return len(self.texts)

    def subset(self, positions: Sequence[int] | np.ndarray) -> Dataset:
        labels = None if self.labels is None else self.labels[np.asarray(positions, dtype=np.int64)]
        rows = tuple(self.row(int(i)) for i in positions) if self.rows is not None else None
        return replace(self, texts=tuple(self.texts[i] for i in positions), labels=labels, rows=rows)

    def row(self, position: int) -> int:
        """Where a text stands in the file: 1 is the first row below the header."""
        return position + 1 if self.rows is None else self.rows[position]

    def require_labels(self) -> np.ndarray:
        """The labels, or a DataError that says that this needs them."""
        if self.labels is None:
            raise DataError(f"{self.source} has no label column, and this needs gold labels.", "label_column")
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
    source, table, names = _read_reference(reference, label_names, split)
    return dataset_of_table(table, source, text_column=text_column, label_column=label_column, label_names=names)


def load_complete_rows(
    reference: str | Path,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_names: Sequence[str] | None = None,
    split: str = "train",
) -> Dataset:
    """The same without the rows that lack a text or a label, which `missing` then names: for looking at data, not for training.

    Arguments and errors as for `load_dataset`; a file without any whole row is refused as there.
    """
    if str(reference) == SAMPLE:  # Nothing is missing in it.
        return load_dataset(SAMPLE)
    source, table, names = _read_reference(reference, label_names, split)
    text_column = choose_text_column(table, text_column, source)
    label_column = choose_label_column(table, label_column, text_column, source)
    columns, lacking = {"text": text_column}, {"text": missing_texts(table[text_column], source)}
    if label_column is not None:
        columns["label"], lacking["label"] = label_column, missing_labels(table[label_column], source)
    is_whole = ~np.logical_or.reduce(list(lacking.values()))
    if is_whole.any():  # Filled in, so that what else is wrong is still said with its row of the file.
        filler, table = int(np.flatnonzero(is_whole)[0]), table.copy()
        for kind, is_missing in lacking.items():
            column = table[columns[kind]]
            table[columns[kind]] = column.where(~is_missing, column.iloc[filler])
    dataset = dataset_of_table(table, source, text_column=text_column, label_column=label_column, label_names=names)
    if is_whole.all():
        return dataset
    missing = tuple(MissingCells(kind, columns[kind], _row_numbers(where)) for kind, where in lacking.items() if where.any())
    return replace(dataset.subset(np.flatnonzero(is_whole)), missing=missing, rows=_row_numbers(is_whole))


def _row_numbers(chosen: np.ndarray) -> tuple[int, ...]:
    return tuple(int(position) + 1 for position in np.flatnonzero(chosen))


def _read_reference(reference: str | Path, label_names: Sequence[str] | None, split: str) -> tuple[str, pd.DataFrame, Sequence[str] | None]:
    """What data are called, their table, and the names of their labels where those are known."""
    source = str(reference)
    path = find_table(reference, split)
    if label_names is None and source in KNOWN_LABEL_NAMES and not is_there(Path(source)):
        label_names = KNOWN_LABEL_NAMES[source]
    return source, read_table(path), label_names


def dataset_of_table(
    table: pd.DataFrame,
    source: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_names: Sequence[str] | None = None,
) -> Dataset:
    """The texts and labels of a table that was read; arguments and errors as for `load_dataset`."""
    text_column = choose_text_column(table, text_column, source)
    label_column = choose_label_column(table, label_column, text_column, source)
    texts = read_texts(table[text_column], source)
    if label_column is None:
        return Dataset(texts, None, tuple(label_names or ()), source)
    labels, names = read_labels(table[label_column], source, label_names)
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
    n_folds = folds(validation_share)
    if problem := why_not_split(different_texts(labels, groups, len(dataset.label_names)), dataset.label_names, n_folds):
        raise DataError(f"{dataset.source} {problem}")
    splits = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    train, validation = next(splits.split(np.zeros(len(dataset)), labels, groups))
    return train, validation


def folds(validation_share: float = VALIDATION_SHARE) -> int:
    """Parts that the texts are split into, one of them to validate on; each label needs a text for each of them."""
    return max(2, round(1 / validation_share))


def different_texts(labels: np.ndarray, groups: np.ndarray, n_labels: int) -> np.ndarray:
    """How many different texts have each label, (labels,) int64; texts of one group are the same."""
    different = np.unique(np.stack([labels, groups]), axis=1)[0]
    return np.bincount(different, minlength=n_labels)


def why_not_split(counts: np.ndarray, names: Sequence[str], n_folds: int) -> str | None:
    """What keeps texts from being split for training, to be read after the name of their source; None where nothing does.

    Args:
        counts: different texts of each label.
    """
    used = np.flatnonzero(counts)
    if len(used) < 2:
        return f"has only one label, {names[int(used[0])]!r}. A classifier needs texts of two labels or more."
    rare = used[counts[used] < n_folds]
    if not len(rare):
        return None
    listed = ", ".join(f"{int(counts[i])} with the label {names[int(i)]!r}" for i in rare[:10])
    return (
        f"has too few different texts: {listed}. Training needs {n_folds} of each label, because one in {n_folds} is kept to validate on. "
        "Texts that differ in numbers, names and links alone count as one. Add texts, or leave out the label or join it with another."
    )


def text_key(text: str) -> str:
    """A short hash that stands for a text where the text itself is not to be kept."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def duplicate_key(text: str) -> str:
    """Equal for texts that differ only in URLs, case, white space, numbers of a kind or the names of tickers and mentions."""
    return key_of_words((normalize_word(word.text) for word in split_words(text)), text)


def key_of_words(normalized: Iterable[str], text: str) -> str:
    """The `duplicate_key` of a text whose words are known."""
    return " ".join(word for word in normalized if word != URL) or text
