"""Which texts of an analysed corpus are looked at: filters that combine, and that a link can carry.

All filters that are set have to hold. Inside one filter of labels, outcomes, statuses or note tags one of the values is
enough; of smart tags every one has to be there. How many texts each value of each filter has is in `distributions`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
import regex

from dixtill_core.analysis.outcomes import OUTCOMES
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.errors import ConfigError
from dixtill_core.notes.note import STATUSES

if TYPE_CHECKING:
    from dixtill_core.notes.note import Note

SEARCH_SECONDS = 10.0
"""That a regular expression may take over all texts."""
LONGEST_SEARCH = 1000
MOST_LISTED = 20
TOLERANCE = 1e-9
"""A third of an agreement is a third, however it is written."""

LABEL_FILTERS = ("gold", "teacher", "student")
RANGES: Mapping[str, str] = {
    "teacher_confidence": "teacher_confidence",
    "student_confidence": "student_confidence",
    "teacher_margin": "teacher_margin",
    "student_margin": "student_margin",
    "agreement": "agreement_at_3",
    "length": "length",
}
"""Filters that are a range of numbers, and the columns that they are of."""


@dataclass(frozen=True)
class Range:
    """From `low` to `high`, both included; None is no bound. A text without a value (NaN) is in no range."""

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for bound in (self.low, self.high):
            if bound is not None and not math.isfinite(bound):
                raise ConfigError(f"A range ends at {bound}, but has to end at a number.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ConfigError(f"A range from {self.low:g} to {self.high:g} holds nothing. Its lower bound has to come first.")

    def holds(self, values: np.ndarray) -> np.ndarray:
        """Which values (texts,) lie in it, (texts,) bool."""
        low, high = -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high
        return (values >= low - TOLERANCE) & (values <= high + TOLERANCE)

    def __str__(self) -> str:
        return f"{'' if self.low is None else repr(float(self.low))}..{'' if self.high is None else repr(float(self.high))}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The range that `str` wrote.

        Raises:
            ConfigError: it is none.
        """
        low, dots, high = text.partition("..")
        try:
            if not dots:
                raise ValueError
            return cls(float(low) if low else None, float(high) if high else None)
        except ValueError as error:
            raise ConfigError(f"{text[:40]!r} is no range of numbers such as 0.5..1.") from error


@dataclass(frozen=True)
class Filters:
    """What has to be true of a text; as it is made, nothing. Two that ask the same are equal and have the same link.

    Raises:
        ConfigError: an outcome or smart tag that there is not, a search that is too long, or a pattern that is no
            regular expression.
    """

    gold: tuple[str, ...] = ()
    teacher: tuple[str, ...] = ()
    student: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    teacher_confidence: Range | None = None
    student_confidence: Range | None = None
    teacher_margin: Range | None = None
    student_margin: Range | None = None
    agreement: Range | None = None
    """Of `agreement_at_3`."""
    length: Range | None = None
    """In words."""
    word: str = ""
    """A whole word or phrase, whatever its case."""
    pattern: str = ""
    """A regular expression of the `regex` module, whatever the case."""
    tags: tuple[str, ...] = ()
    """Smart tags, all of which the text has."""
    note_tags: tuple[str, ...] = ()
    has_note: bool | None = None
    status: tuple[str, ...] = ()
    """Of the note."""

    def __post_init__(self) -> None:
        for name in _SETS:
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        for name in RANGES:
            if getattr(self, name) == Range():
                object.__setattr__(self, name, None)
        object.__setattr__(self, "word", " ".join(self.word.split()))
        _require_known("outcome", self.outcome, OUTCOMES)
        _require_known("smart tag", self.tags, SMART_TAGS)
        for name in ("word", "pattern"):
            if len(getattr(self, name)) > LONGEST_SEARCH:
                raise ConfigError(f"The {name} to look for has more than {LONGEST_SEARCH:,} characters. Shorten it.")
        if self.pattern:
            compile_pattern(self.pattern)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the filters that are set."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) != field.default)

    def apply(self, table: pd.DataFrame, notes: Iterable[Note] | None = None) -> np.ndarray:
        """Which rows of the table are left, (texts,) bool.

        Args:
            notes: the current notes on this pair, where filters ask for them.

        Raises:
            ConfigError: the regular expression takes longer than `SEARCH_SECONDS`.
        """
        left = np.ones(len(table), dtype=bool)
        for mask in masks(self, table, notes).values():
            left &= mask
        return left

    def to_query(self) -> dict[str, list[str]]:
        """As query parameters of a link; nothing for what is not set."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            value = getattr(self, name)
            if isinstance(value, bool):
                found[name] = ["yes" if value else "no"]
            else:
                found[name] = list(value) if isinstance(value, tuple) else [str(value)]
        return found

    @classmethod
    def from_query(
        cls, query: Mapping[str, str | Iterable[str]], label_names: Sequence[str], others: Collection[str] = ()
    ) -> tuple[Self, list[str]]:
        """The filters of a link, and a sentence for each of its parameters that is ignored.

        Args:
            label_names: of the corpus; other labels are ignored.
            others: names of parameters that belong to somebody else.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for name, given in query.items():
            if name in others:
                continue
            texts = [given] if isinstance(given, str) else [str(value) for value in given]
            if name not in _DEFAULTS:
                problems.append(
                    f"The link has a filter {_shown(name)} that does not exist. It is ignored. Choose from {_listed(_DEFAULTS)}."
                )
                continue
            try:
                read, lost = _read(name, texts, label_names)
                problems += lost
                cls(**{name: read})
                values[name] = read
            except ConfigError as error:
                problems.append(f"The filter {name} of the link is ignored: {error}")
        return cls(**values), problems


_DEFAULTS = {field.name: field.default for field in fields(Filters) if field.default is not MISSING}
_SETS = tuple(name for name, default in _DEFAULTS.items() if default == ())


def masks(filters: Filters, table: pd.DataFrame, notes: Iterable[Note] | None = None) -> dict[str, np.ndarray]:
    """Rows of the table that each filter which is set leaves, (texts,) bool by its name."""
    found: dict[str, np.ndarray] = {}
    for name in filters.names:
        value = getattr(filters, name)
        if name in LABEL_FILTERS or name == "outcome":
            found[name] = table[name].isin(value).to_numpy(dtype=bool)
        elif name in RANGES:
            found[name] = value.holds(table[RANGES[name]].to_numpy(dtype=np.float64))
        elif name == "tags":
            found[name] = np.all(tag_matrix(table, value), axis=1)
        elif name == "word":
            pattern = word_pattern(value)  # Without repeats that could run away, so without a limit of time.
            found[name] = np.fromiter((pattern.search(text) is not None for text in table["text"]), dtype=bool, count=len(table))
        elif name == "pattern":
            found[name] = search(table["text"], compile_pattern(value))
    if {"note_tags", "has_note", "status"} & set(filters.names):
        found |= _note_masks(filters, table, notes)
    return found


def tag_matrix(table: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """Which row has which smart tag, (texts, names) bool."""
    position = {name: i for i, name in enumerate(names)}
    tags = table["tags"].to_list()
    rows = np.repeat(np.arange(len(tags)), np.fromiter(map(len, tags), dtype=np.int64, count=len(tags)))
    columns = np.fromiter((position.get(tag, -1) for tag in chain.from_iterable(tags)), dtype=np.int64, count=len(rows))
    matrix = np.zeros((len(tags), len(position)), dtype=bool)
    matrix[rows[columns >= 0], columns[columns >= 0]] = True
    return matrix


def search(texts: Iterable[str], pattern: regex.Pattern[str], seconds: float = SEARCH_SECONDS) -> np.ndarray:
    """Which texts hold the pattern, (texts,) bool.

    Raises:
        ConfigError: it takes longer than `seconds` for all of them, as some expressions do on some texts.
    """
    texts = list(texts)
    found = np.zeros(len(texts), dtype=bool)
    end, i = time.monotonic() + seconds, 0
    try:
        for i, text in enumerate(texts):
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            found[i] = pattern.search(text, timeout=left) is not None
    except TimeoutError as error:
        raise ConfigError(
            f"The regular expression {_shown(pattern.pattern)} takes too long: after {seconds:g} s it was at text {i + 1:,} of "
            f"{len(texts):,}. Make it simpler: repeats inside repeats, such as (a+)+, are what takes long."
        ) from error
    return found


def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """A regular expression that ignores case.

    Raises:
        ConfigError: it is none.
    """
    try:
        return regex.compile(pattern, regex.IGNORECASE)
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        reason = str(error) or type(error).__name__
        raise ConfigError(
            f"{_shown(pattern)} is no regular expression: {reason}. A sign such as ( or * that is meant itself needs a \\ before it."
        ) from error


def word_pattern(word: str) -> regex.Pattern[str]:
    """A word or phrase with nothing of a longer word around it, whatever case and spaces."""
    start = r"(?<!\w)" if regex.match(r"\w", word) else ""
    end = r"(?!\w)" if regex.search(r"\w\Z", word) else ""
    return regex.compile(start + r"\s+".join(regex.escape(part) for part in word.split()) + end, regex.IGNORECASE)


def _note_masks(filters: Filters, table: pd.DataFrame, notes: Iterable[Note] | None) -> dict[str, np.ndarray]:
    by_text = notes_by_text(notes)
    has_note = table["text_key"].isin(list(by_text)).to_numpy(dtype=bool)
    found: dict[str, np.ndarray] = {}
    if filters.has_note is not None:
        found["has_note"] = has_note == filters.has_note
    if filters.status:
        keys = [key for key, note in by_text.items() if note.content.status in filters.status]
        found["status"] = table["text_key"].isin(keys).to_numpy(dtype=bool)
    if filters.note_tags:
        keys = [key for key, note in by_text.items() if set(filters.note_tags) & set(note.content.tags)]
        found["note_tags"] = table["text_key"].isin(keys).to_numpy(dtype=bool)
    return found


def notes_by_text(notes: Iterable[Note] | None) -> dict[str, Note]:
    """Notes that say something, by the key of their text."""
    return {note.text_key: note for note in notes or () if not note.content.is_empty}


def _read(name: str, texts: list[str], label_names: Sequence[str]) -> tuple[Any, list[str]]:
    """The value of a filter from its query parameters, and what was left out of it."""
    if name in _SETS:
        known = {
            **dict.fromkeys(LABEL_FILTERS, tuple(label_names)),
            "outcome": tuple(OUTCOMES),
            "tags": tuple(SMART_TAGS),
            "status": STATUSES,
        }.get(name)
        kept = [text for text in texts if text and (known is None or text in known)]
        lost = [text for text in texts if text not in kept]
        there = f" Choose from {_listed(known)}." if known else ""
        return tuple(kept), [f"The link asks for {name} {_shown(text)}, which does not exist here. It is ignored.{there}" for text in lost]
    text = texts[-1] if texts else ""
    if name == "has_note":
        if text not in ("yes", "no"):
            raise ConfigError(f"it is {_shown(text)}, but has to be yes or no.")
        return text == "yes", []
    return (Range.parse(text) if name in RANGES else text), []


def _require_known(kind: str, given: Sequence[str], known: Collection[str]) -> None:
    if unknown := [name for name in given if name not in known]:
        raise ConfigError(f"There is no {kind} {_shown(unknown[0])}. Choose from {_listed(known)}.")


def _listed(names: Collection[str]) -> str:
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return ", ".join(_shown(name) if " " in name else name for name in [*names][:MOST_LISTED]) + more


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:59] + "…")
