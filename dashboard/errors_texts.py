"""The texts that the filters leave: a table that is sent in pages, whatever the size of the corpus, and files of all of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.errors_filters import selection, show_filters
from dashboard.errors_report import offer_csv, offer_report
from dashboard.errors_state import ORDER, ORDERS, PAGE, ROW, ROWS, filters, open_row, set_filters
from dashboard.errors_text import show_text
from dashboard.markdown import as_markdown
from dixtill_core.analysis.filters import Filters, notes_by_text
from dixtill_core.analysis.outcomes import OUTCOMES
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.errors import ConfigError

if TYPE_CHECKING:
    from dashboard.errors_data import Request
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.notes.note import Note

MOST_WHOLE = 16
"""Rows of a table that is shown in full; in a longer one, one scrolls."""
LONGEST_TEXT = 300
"""Characters of a text in the table; all of it is a click away."""
WHO_IS_RIGHT = dict(zip(OUTCOMES, ("both", "teacher", "student", "none, alike", "none"), strict=True))
"""Outcomes in a narrow column."""


def show_texts(request: Request, corpus: AnalysedCorpus, notes: Sequence[Note]) -> None:
    try:
        found = selection(corpus, notes)
    except ConfigError as error:
        st.error(as_markdown(str(error)))
        st.button("Take the filters away", key="errors_clear_slow", on_click=set_filters, args=(Filters(),))
        return
    positions = ordered(corpus.table, found.mask, st.session_state[ORDER])
    if st.session_state[ROW] is not None:
        show_text(request, corpus, st.session_state[ROW] - 1, positions, notes)
        return
    show_filters(corpus, found)
    if not len(positions):
        st.info("No text is like that. Take a filter away.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state["errors_order_box"] = st.session_state[ORDER]
        st.selectbox(
            "Order", list(ORDERS), key="errors_order_box", format_func=lambda name: ORDERS[name].title, on_change=_take_order, width=250
        )  # fmt: skip
        first = choose_page(len(positions))
        offer_csv(corpus, positions)
        offer_report(request, corpus, positions, notes)
    show_page(corpus, positions[first : first + ROWS], notes)


def ordered(table: pd.DataFrame, mask: np.ndarray, order: str) -> np.ndarray:
    """Positions of the texts that are left in one of `ORDERS`, those without a value last."""
    positions = np.flatnonzero(mask)
    by = ORDERS[order]
    values = table[by.column].to_numpy(dtype=np.float64)[positions]
    return positions[np.argsort(values if by.ascending else -values, kind="stable")]


def choose_page(n: int) -> int:
    """The place of the page's first row."""
    pages = -(-n // ROWS)
    page = st.session_state[PAGE] = min(max(0, st.session_state.get(PAGE, 0)), pages - 1)
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="bottom", width="content"):  # Kept together where a line is short.
            st.button(
                "", key="errors_page_back", icon=":material/chevron_left:", on_click=_turn, args=(page - 1,), disabled=page == 0,
                help="Page back",
            )  # fmt: skip
            st.session_state["errors_page_box"] = page + 1
            st.number_input(f"Page of {pages:,}", 1, pages, key="errors_page_box", on_change=_take_page, width=140)
            st.button(
                "", key="errors_page_on", icon=":material/chevron_right:", on_click=_turn, args=(page + 1,), disabled=page == pages - 1,
                help="Page on",
            )  # fmt: skip
    return page * ROWS


def _turn(page: int) -> None:
    st.session_state[PAGE] = page


def _take_order() -> None:
    st.session_state[ORDER], st.session_state[PAGE] = st.session_state["errors_order_box"], 0


def _take_page() -> None:
    st.session_state[PAGE] = int(st.session_state["errors_page_box"]) - 1


def show_page(corpus: AnalysedCorpus, positions: np.ndarray, notes: Sequence[Note]) -> None:
    rows = corpus.table["row"].iloc[positions].tolist()
    digest = hashlib.sha256(json.dumps([corpus.key, rows, filters().to_query()]).encode()).hexdigest()[:12]
    key = f"errors_table_{digest}"  # Other rows are another table: a selection means nothing in it.
    st.dataframe(
        page_table(corpus, positions, notes), hide_index=True, key=key, on_select=lambda: _open_selected(key, rows),
        selection_mode="single-row", column_config=_columns(), height="content" if len(rows) < MOST_WHOLE else 560,
        alt="Texts that the filters leave",
    )  # fmt: skip
    st.caption("Select a row with the box at its left to open the text.")


def _open_selected(key: str, rows: list[int]) -> None:
    chosen = st.session_state[key].selection.rows
    if chosen and chosen[0] < len(rows):
        open_row(int(rows[chosen[0]]))


def page_table(corpus: AnalysedCorpus, positions: np.ndarray, notes: Sequence[Note]) -> pd.DataFrame:
    """What the table shows of some texts."""
    table = corpus.table.iloc[positions]
    by_text = notes_by_text(notes)
    noted = [by_text.get(key) for key in table["text_key"]]
    return pd.DataFrame(
        {
            "row": table["row"].to_numpy(),
            "text": [_short(text) for text in table["text"]],
            "gold": table["gold"].to_numpy(),
            "teacher": table["teacher"].to_numpy(),
            "student": table["student"].to_numpy(),
            "right": [WHO_IS_RIGHT[name] for name in table["outcome"]],
            "agree": table["agreement_at_3"].to_numpy(),
            "teacher p": table["teacher_confidence"].to_numpy(),
            "student p": table["student_confidence"].to_numpy(),
            "note": ["" if note is None else _short(f"{note.content.status}: {note.content.comment}".rstrip(": ")) for note in noted],
            "smart tags": [[SMART_TAGS[name].title for name in tags if name in SMART_TAGS] for tags in table["tags"]],
            "words": table["length"].to_numpy(),
        }
    )


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def _columns() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    return {
        "row": number(format="%d", width=56, pinned=True, help="Place of the text in the data."),
        "text": text(width=230),
        "right": text(
            width=84,
            help="\n\n".join(f"**{WHO_IS_RIGHT[name]}**: {outcome.title}. {outcome.description}" for name, outcome in OUTCOMES.items()),
        ),
        "agree": number(
            format="%.2f", width=62, help="Agreement @3: share of the teacher's 3 strongest words that are also among the student's."
        ),
        "teacher p": number(format="%.2f", width=76, help="Probability of the label that the teacher predicts."),
        "student p": number(format="%.2f", width=76, help="Probability of the label that the student predicts."),
        "note": text(width=160),
        "smart tags": st.column_config.ListColumn(width="medium"),
    }
