"""How many texts each value of each filter has: in the whole corpus, and under all the other filters.

The counts under the others say what a click would leave. For labels, outcomes, statuses and note tags, of which one is
enough, a filter's own choice is left out of its counts. Smart tags have to be there all, so theirs are counted under
everything that is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dixtill_core.analysis.filters import LABEL_FILTERS, RANGES, Filters, masks, notes_by_text, tag_matrix
from dixtill_core.analysis.outcomes import OUTCOMES
from dixtill_core.analysis.smart_tags import SMART_TAGS

if TYPE_CHECKING:
    from dixtill_core.notes.note import Note

BINS = 20
NO_NOTE, WITH_NOTE = "no", "yes"


@dataclass(frozen=True, eq=False)
class Counts:
    """Of a filter of names."""

    values: tuple[str, ...]
    all: np.ndarray  # (values,) int64, texts of the whole corpus
    left: np.ndarray  # (values,) int64, texts under the other filters


@dataclass(frozen=True, eq=False)
class Histogram:
    """Of a filter of numbers; a text without a value is in no bin."""

    edges: np.ndarray  # (bins + 1,) float64; the last bin holds its upper edge
    all: np.ndarray  # (bins,) int64
    left: np.ndarray  # (bins,) int64


@dataclass(frozen=True, eq=False)
class Selection:
    """What filters leave of a table, and the distribution of each filter by its name."""

    mask: np.ndarray  # (texts,) bool
    counts: dict[str, Counts]
    histograms: dict[str, Histogram]


def select(table: pd.DataFrame, filters: Filters, label_names: Sequence[str], notes: Iterable[Note] | None = None) -> Selection:
    """Apply filters and count.

    Raises:
        ConfigError: as `Filters.apply`.
    """
    notes = list(notes or ())
    found = masks(filters, table, notes)
    lacking = np.zeros(len(table), dtype=np.int64)  # filters that a text does not pass
    for mask in found.values():
        lacking += ~mask
    left = lacking == 0

    def under_others(name: str) -> np.ndarray:
        return left if name not in found else lacking - ~found[name] == 0

    counts = {name: _count(table[name], label_names, under_others(name)) for name in LABEL_FILTERS}
    counts["outcome"] = _count(table["outcome"], tuple(OUTCOMES), under_others("outcome"))
    has_tag = tag_matrix(table, tuple(SMART_TAGS))
    counts["tags"] = Counts(tuple(SMART_TAGS), has_tag.sum(axis=0), has_tag[left].sum(axis=0))
    counts |= _note_counts(table, notes, {name: under_others(name) for name in ("has_note", "status", "note_tags")})
    histograms = {name: _histogram(table[column].to_numpy(dtype=np.float64), name, under_others(name)) for name, column in RANGES.items()}
    return Selection(left, counts, histograms)


def _count(column: pd.Series, values: Sequence[str], left: np.ndarray) -> Counts:
    # Codes of pandas: -1 for what is none of the values.
    codes = pd.Categorical(column, categories=list(values)).codes
    return Counts(tuple(values), *(np.bincount(part[part >= 0], minlength=len(values)) for part in (codes, codes[left])))


def _note_counts(table: pd.DataFrame, notes: Sequence[Note], left: dict[str, np.ndarray]) -> dict[str, Counts]:
    from dixtill_core.notes.note import STATUSES

    by_text = notes_by_text(notes)
    rows = np.flatnonzero(table["text_key"].isin(list(by_text)).to_numpy(dtype=bool))
    noted = [by_text[key].content for key in table["text_key"].iloc[rows]]
    has_note = np.zeros(len(table), dtype=bool)
    has_note[rows] = True
    statuses: list[set[str]] = [{content.status} for content in noted]
    tags = [set(content.tags) for content in noted]
    known_tags = tuple(sorted(set().union(*tags)))
    values = (NO_NOTE, WITH_NOTE)
    return {
        "has_note": Counts(values, *(np.array([(~has_note & part).sum(), (has_note & part).sum()]) for part in (True, left["has_note"]))),
        "status": _count_sets(statuses, STATUSES, left["status"][rows]),
        "note_tags": _count_sets(tags, known_tags, left["note_tags"][rows]),
    }


def _count_sets(sets: Sequence[set[str]], values: Sequence[str], left: np.ndarray) -> Counts:
    has = np.array([[value in one for value in values] for one in sets], dtype=bool).reshape(len(sets), len(values))
    return Counts(tuple(values), has.sum(axis=0), has[left].sum(axis=0))


def _histogram(values: np.ndarray, name: str, left: np.ndarray) -> Histogram:
    known = ~np.isnan(values)
    edges = _length_edges(values[known]) if name == "length" else np.linspace(0, 1, BINS + 1)
    return Histogram(edges, *(np.histogram(values[known & part], edges)[0] for part in (True, left)))


def _length_edges(lengths: np.ndarray) -> np.ndarray:
    """Equal whole-numbered steps up to the 99th percentile; the last bin holds all that are longer."""
    longest = int(lengths.max(initial=0))
    usual = int(np.ceil(np.percentile(lengths, 99))) if len(lengths) else 0
    width = max(1, -(-(usual + 1) // BINS))
    edges = np.arange(0, usual + width + 1, width, dtype=np.float64)
    edges[-1] = max(edges[-1], longest + 1)
    return edges
