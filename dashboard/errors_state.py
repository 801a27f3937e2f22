"""What the page Errors is looking at: models, data, section, filters, open text. Kept in the session, and in the link.

The link is read once, when a browser opens the page; from then on the session knows better, and the link follows it. A
parameter that means nothing is said and ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from dixtill_core.analysis.filters import Filters
from dixtill_core.errors import ConfigError

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus

OVERVIEW, TEXTS, REASONS, BEHAVIOUR, NOTES = "Overview", "Texts", "Reasons", "Behaviour", "Notes"
SECTIONS = (OVERVIEW, TEXTS, REASONS, BEHAVIOUR, NOTES)
PAIR, DATA, SECTION, FILTERS, ROW, PAGE = (f"errors_{name}" for name in ("pair", "data", "section", "filters", "row", "page"))
"""Keys of the session's state. FILTERS is the truth about the filters: their widgets show it and their callbacks change it."""
_LINK, _CORPUS, _WRONG = "errors_link", "errors_corpus", "errors_wrong"
OWN = ("pair", "data", "section", "row")
"""Parameters of the link that are no filters."""


def read_link() -> None:
    """Take the link's parameters into the session, once."""
    state = st.session_state
    if _LINK in state:
        return
    given = {name: st.query_params.get_all(name) for name in st.query_params}
    state[_LINK] = {name: values for name, values in given.items() if name not in OWN}
    state[_WRONG] = []
    state[SECTION] = OVERVIEW
    for name, key in (("pair", PAIR), ("data", DATA)):
        if name in given:
            state[key] = given[name][-1]
    if "section" in given:
        asked = given["section"][-1]
        found = next((section for section in SECTIONS if section.lower() == asked.lower()), None)
        if found is None:
            state[_WRONG].append(f"The link asks for a section {asked[:40]!r}, which does not exist.")
        state[SECTION] = found or OVERVIEW
    elif state[_LINK] or "row" in given:
        state[SECTION] = TEXTS
    state[ROW] = given["row"][-1] if "row" in given else None


def ignore_in_link(problem: str) -> None:
    """Say that a part of the link means nothing here."""
    st.session_state.setdefault(_WRONG, []).append(problem)


def settle(corpus: AnalysedCorpus) -> list[str]:
    """Make filters and open text those of this corpus; what was in the link and cannot be is returned, in sentences."""
    state = st.session_state
    if state.get(_CORPUS) != corpus.key:
        query = state.pop(_LINK) or {} if FILTERS not in state else state[FILTERS].to_query()
        state[_LINK] = {}  # Read.
        filters, problems = Filters.from_query(query, corpus.label_names, OWN)
        row, wrong = _row_number(state.get(ROW), len(corpus))
        state[_WRONG] = [*state.get(_WRONG, []), *problems, *wrong]
        state[FILTERS], state[ROW], state[PAGE], state[_CORPUS] = filters, row, 0, corpus.key
    return state.pop(_WRONG, [])


def _row_number(asked: Any, n: int) -> tuple[int | None, list[str]]:
    if asked is None:
        return None, []
    if str(asked).isdecimal() and len(str(asked)) < 10 and 1 <= int(asked) <= n:
        return int(asked), []
    return None, [f"The row {str(asked)[:20]!r} does not exist in these {n:,} texts."]


def write_link() -> None:
    """Make the link say what is shown."""
    state = st.session_state
    query: dict[str, Any] = {}
    for name, key in (("pair", PAIR), ("data", DATA)):
        if state.get(key):
            query[name] = state[key]
    query["section"] = state[SECTION].lower()
    if state.get(ROW) is not None:
        query["row"] = str(state[ROW])
    if FILTERS in state:
        query |= state[FILTERS].to_query()
    st.query_params.from_dict(query)


def filters() -> Filters:
    return st.session_state.get(FILTERS, Filters())


def set_filters(wanted: Filters) -> None:
    """Look at other texts, from their first page on."""
    st.session_state[FILTERS] = wanted
    st.session_state[PAGE] = 0
    st.session_state[ROW] = None


def open_texts(**wanted: Any) -> None:
    """Show the texts that these filters leave, and no others of those set before; for clicks on charts and words."""
    try:
        set_filters(Filters(**wanted))
    except ConfigError as error:  # A word with more characters than a filter takes.
        ignore_in_link(str(error))
        return
    st.session_state[SECTION] = TEXTS


def open_row(row: int | None) -> None:
    """Open a text by its number, or go back to the table."""
    st.session_state[ROW] = row
