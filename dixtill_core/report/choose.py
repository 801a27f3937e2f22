"""Which texts go into a report: rows by number, a filter as the page Errors has it in its link, or what is most worth a look."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs

import numpy as np

from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.filters import Filters, notes_by_text
from dixtill_core.errors import ConfigError
from dixtill_core.notes.note import Note

MOST_TEXTS = 2000
"""In a report; more pages than anyone reads."""
UNASKED_TEXTS = 50
"""Shown where nobody says which."""


def choose(corpus: AnalysedCorpus, rows: str | None, query: str | None, notes: Iterable[Note] = ()) -> tuple[np.ndarray, str]:
    """Positions of the chosen texts, and how they were chosen, for people.

    Raises:
        ConfigError: both are asked for, or one of them means nothing here.
    """
    if rows is not None and query is not None:
        raise ConfigError("Choose the texts either by --rows or by --filter.")
    if rows is not None:
        return choose_rows(corpus, rows), f"the rows {rows}"
    if query is not None:
        return choose_filtered(corpus, query, notes), f"those with {query.strip().removeprefix('?')}"
    return choose_unasked(corpus, notes)


def choose_rows(corpus: AnalysedCorpus, rows: str) -> np.ndarray:
    """Positions of rows such as "1,5,10-20", in the order given, each once.

    Raises:
        ConfigError: no such row, no numbers, or too many.
    """
    n = len(corpus)
    found: dict[int, None] = {}
    for part in rows.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ConfigError(f"The rows are {rows[:60]!r}, but have to be numbers and ranges with commas between, as in 1,5,10-20.")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= n:
            raise ConfigError(f"The rows {part.strip()!r} do not exist. The data have the rows 1 to {n:,}.")
        found |= dict.fromkeys(range(low - 1, min(high, low + MOST_TEXTS)))
    return _bounded(np.array(list(found), dtype=np.int64))


def choose_filtered(corpus: AnalysedCorpus, query: str, notes: Iterable[Note] = ()) -> np.ndarray:
    """Positions of the texts that a filter leaves, such as "outcome=only_teacher&length=5..20": what a link of the page holds.

    Raises:
        ConfigError: a part of the filter means nothing here, no text is left, or too many are.
    """
    asked = parse_qs(query.strip().removeprefix("?"), keep_blank_values=True)
    if not asked:
        raise ConfigError(f"The filter {query[:60]!r} asks for nothing. It has to be like outcome=only_teacher&length=5..20.")
    filters, problems = Filters.from_query(asked, corpus.label_names)
    if problems:
        raise ConfigError(" ".join(_of_a_filter(problem) for problem in problems))
    found = np.flatnonzero(filters.apply(corpus.table, notes))
    if not len(found):
        raise ConfigError(f"No text is left by the filter {query[:200]!r}. Ask for less.")
    return _bounded(found)


def choose_unasked(corpus: AnalysedCorpus, notes: Iterable[Note] = ()) -> tuple[np.ndarray, str]:
    """Texts with notes, or else what the student gets wrong and is surest of; and how they were chosen.

    Raises:
        ConfigError: there is neither.
    """
    table = corpus.table
    noted = np.flatnonzero(table["text_key"].isin(list(notes_by_text(notes))).to_numpy())
    if len(noted):
        return noted[:MOST_TEXTS], "those with notes" if len(noted) <= MOST_TEXTS else f"the first {MOST_TEXTS:,} with notes"
    wrong = np.flatnonzero((table["student"] != table["gold"]).to_numpy())
    if not len(wrong):
        raise ConfigError(
            "There is nothing to report: no text has a note, and the student gets none wrong. Choose texts by --rows or --filter."
        )
    surest = wrong[np.argsort(-table["student_confidence"].to_numpy()[wrong], kind="stable")]
    return surest[:UNASKED_TEXTS], "what the student gets wrong, those first of which it is surest"


def _of_a_filter(problem: str) -> str:
    """What is ignored in a link is an error in a filter that somebody typed."""
    said = problem.replace("The link", "The filter").replace(" of the link", "")
    return said.replace(" It is ignored.", "").replace(" is ignored: ", ": ")


def _bounded(positions: np.ndarray) -> np.ndarray:
    if len(positions) > MOST_TEXTS:
        raise ConfigError(
            f"These are {len(positions):,} texts; a report holds {MOST_TEXTS:,}. Choose fewer, by --rows or a narrower --filter."
        )
    return positions
