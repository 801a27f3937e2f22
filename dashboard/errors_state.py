"""What the page Errors is looking at: models, data, section, filters, order, page, open text. Kept in the session, and in the link.

The link is read once, when a browser opens the page; from then on the session knows better, and the link follows it. A
parameter that means nothing is said and ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from dixtill_core.analysis.filters import Filters
from dixtill_core.errors import ConfigError

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus

OVERVIEW, TEXTS, REASONS, BEHAVIOUR, NOTES = "Overview", "Texts", "Reasons", "Behaviour", "Notes"
SECTIONS = (OVERVIEW, TEXTS, REASONS, BEHAVIOUR, NOTES)
PAIR, DATA, SECTION, FILTERS, ROW, ORDER, PAGE = (
    f"errors_{name}" for name in ("pair", "data", "section", "filters", "row", "order", "page")
)
"""Keys of the session's state, and the truth about what is shown: widgets show it and their callbacks change it. PAGE counts from 0."""
_LINK, _CORPUS, _WRONG = "errors_link", "errors_corpus", "errors_wrong"
OWN = ("pair", "data", "section", "row", "order", "page")
"""Parameters of the link that are no filters."""
ROWS = 100
"""Of a page of the table: what is sent to the browser at once."""


class Order(NamedTuple):
    """By a column of the table of texts."""

    title: str
    column: str
    ascending: bool


ORDERS: Mapping[str, Order] = {
    "data": Order("order in the data", "row", True),
    "least_agreement": Order("agreement @3, lowest first", "agreement_at_3", True),
    "most_agreement": Order("agreement @3, highest first", "agreement_at_3", False),
    "student_surest": Order("student surest first", "student_confidence", False),
    "student_least_sure": Order("student least sure first", "student_confidence", True),
    "teacher_surest": Order("teacher surest first", "teacher_confidence", False),
    "teacher_least_sure": Order("teacher least sure first", "teacher_confidence", True),
    "longest": Order("longest first", "length", False),
}
"""By their names in the link; the first is what is not in it."""
FIRST_ORDER = next(iter(ORDERS))


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
    elif state[_LINK] or {"row", "order", "page"} & set(given):
        state[SECTION] = TEXTS
    for name, key in (("row", ROW), ("order", ORDER), ("page", PAGE)):
        state[key] = given[name][-1] if name in given else None


def ignore_in_link(problem: str) -> None:
    """Say that a part of the link means nothing here."""
    st.session_state.setdefault(_WRONG, []).append(problem)


def settle(corpus: AnalysedCorpus) -> list[str]:
    """Make filters, open text, order and page those of this corpus; what was in the link and cannot be is returned, in sentences."""
    state = st.session_state
    if state.get(_CORPUS) != corpus.key:
        is_link = FILTERS not in state
        query = state.pop(_LINK) or {} if is_link else state[FILTERS].to_query()
        state[_LINK] = {}  # Read.
        filters, problems = Filters.from_query(query, corpus.label_names, OWN)
        row, of_row = _number(state.get(ROW), len(corpus), "row")
        page, of_page = _number(state.get(PAGE) if is_link else None, max(1, -(-len(corpus) // ROWS)), "page")
        order, of_order = _known_order(state.get(ORDER))
        state[_WRONG] = [*state.get(_WRONG, []), *problems, *of_row, *of_page, *of_order]
        state[FILTERS], state[ROW], state[ORDER], state[_CORPUS] = filters, row, order, corpus.key
        state[PAGE] = (page or 1) - 1
    return state.pop(_WRONG, [])


def _number(asked: Any, last: int, what: str) -> tuple[int | None, list[str]]:
    """A row or page of the link, from 1."""
    if asked is None:
        return None, []
    if str(asked).isdecimal() and len(str(asked)) < 10 and 1 <= int(asked) <= last:
        return int(asked), []
    return None, [f"The {what} {str(asked)[:20]!r} does not exist. The {what}s of these texts are 1 to {last:,}."]


def _known_order(asked: Any) -> tuple[str, list[str]]:
    if asked is None or asked in ORDERS:
        return asked or FIRST_ORDER, []
    return FIRST_ORDER, [f"The link asks for an order {str(asked)[:40]!r}, which does not exist. Choose from {', '.join(ORDERS)}."]


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
    if state.get(ORDER) not in (None, FIRST_ORDER):
        query["order"] = state[ORDER]
    if isinstance(state.get(PAGE), int) and state[PAGE] > 0:
        query["page"] = str(state[PAGE] + 1)
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
