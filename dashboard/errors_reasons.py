"""Global reasons on the page Errors: the words that speak for and against a label in each model, and where the two part."""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.chart_card import show_buttons, show_chart
from dashboard.errors_charts import reasons_figure
from dashboard.errors_state import open_texts
from dashboard.markdown import as_markdown
from dixtill_core.analysis.corpus import ROLES, Role
from dixtill_core.data.words import CASHTAG, MONEY, NUMBER, PERCENT, PERCENT_DOWN, PERCENT_UP, URL, USER, YEAR

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.analysis.global_reasons import GlobalReasons

KEPT = 4
FOR, AGAINST, APART = 12, 6, 30
"""Words that are shown."""
KINDS: dict[str, dict[str, Any]] = {
    CASHTAG: {"tags": ("cashtag",)},
    URL: {"pattern": r"https?://|www\."},
    USER: {"pattern": r"(?<!\w)@\w"},
    **{kind: {"pattern": r"\d"} for kind in (NUMBER, YEAR)},
    MONEY: {"pattern": r"[$€£¥]\.?\d"},
    **{kind: {"pattern": r"\d(%|‰|bps?\b)"} for kind in (PERCENT, PERCENT_UP, PERCENT_DOWN)},
}
"""Filters for words that the student knows by kind only."""
DEFINITION = (
    "Each score is taken as a share of its text's reasons; a word has the mean over the texts with it that the model predicts so, drawn "
    "towards 0 where these are few: above 0 it speaks for the label, below 0 against it. Words are lower-cased; numbers, cashtags, links "
    "and mentions are counted by kind. Click a word to see its texts."
)


@st.cache_resource(show_spinner=False)
def _kept() -> OrderedDict[str, GlobalReasons]:
    return OrderedDict()


def find_reasons(corpus: AnalysedCorpus) -> GlobalReasons:
    """Collected once for a corpus, with a bar; leaving the page stops it."""
    from dixtill_core.analysis.global_reasons import GlobalReasons, global_reasons

    kept = _kept()
    if corpus.key not in kept:
        place = st.empty()
        for item in global_reasons(corpus.table, corpus.label_names):
            if isinstance(item, GlobalReasons):
                kept[corpus.key] = item
            else:
                place.progress(item.done / max(1, item.total), f"{item.stage} · {item.done:,} of {item.total:,}")
        place.empty()
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return kept[corpus.key]


def show_reasons(corpus: AnalysedCorpus) -> None:
    found = find_reasons(corpus)
    names = list(corpus.label_names)
    if st.session_state.get("errors_reasons_label") not in (None, *names):
        del st.session_state["errors_reasons_label"]
    label = st.segmented_control(
        "Label", names, default=names[0], required=True, key="errors_reasons_label", persist_state="session", wrap=True
    )
    for column, role in zip(st.columns(2), ROLES, strict=True):
        with column:
            show_model(found, role, str(label))
    show_parting(found, str(label))


def show_model(found: GlobalReasons, role: Role, label: str) -> None:
    speaks_for, against = found.strongest(role, label, FOR), found.strongest(role, label, AGAINST, against=True)
    table = pd.concat([speaks_for, against.iloc[::-1]], ignore_index=True)
    heading = f"The {role}'s words for and against {label}"
    if table.empty:
        with st.container(border=True):
            st.subheader(heading, anchor=False)
            st.caption(f"The {role} predicts it on too few texts to say.")
        return
    show_chart(
        heading, reasons_figure(table, role), table, DEFINITION, f"errors-reasons-{role}",
        on_point=partial(_open_point, role, label, table["word"].to_list()),
    )  # fmt: skip


def show_parting(found: GlobalReasons, label: str) -> None:
    table = found.most_apart(label, APART)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Where the two part most", anchor=False)
            show_buttons(table, "On the texts that both models predict so. " + DEFINITION, "errors-parting")
        if table.empty:
            st.caption("Both predict this label on too few texts to say.")
            return
        st.caption(
            as_markdown(
                f"Words of texts that both predict as {label}, the most telling first: a difference counts the less, the fewer texts it "
                "rests on. Select a row to see its texts."
            )
        )
        words = table["word"].to_list()
        number = st.column_config.NumberColumn(format="%+.3f")
        st.dataframe(
            table.drop(columns=["label", "strength"]), hide_index=True, key="errors_parting", selection_mode="single-row",
            on_select=lambda: _open_row("errors_parting", label, words),
            column_config={"teacher": number, "student": number, "difference": number, "word": st.column_config.TextColumn(pinned=True)},
        )  # fmt: skip


def open_word(word: str, **wanted: Any) -> None:
    """Show the texts with a word as the student knows it."""
    open_texts(**(KINDS.get(word) or {"word": word}), **wanted)


def _open_point(role: Role, label: str, words: list[str], point: dict[str, Any]) -> None:
    place = point.get("point_index")
    if isinstance(place, int) and 0 <= place < len(words):
        open_word(words[place], **{role: (label,)})


def _open_row(key: str, label: str, words: list[str]) -> None:
    rows = st.session_state[key].selection.rows
    if rows:
        open_word(words[rows[0]], teacher=(label,), student=(label,))
