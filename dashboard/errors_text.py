"""One text of the page Errors: both heatmaps, what is known of it, the note on it, and what can be tried on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard.draw_component import draw_component
from dashboard.errors_edit import show_trials
from dashboard.errors_note import show_note
from dashboard.errors_state import open_row
from dashboard.heatmap import LONG_TEXT, panel_data
from dixtill_core.analysis.outcomes import OUTCOMES
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.export.panels import ends_of_scale, joined_words, unsigned_scale
from dixtill_core.report.contents import corpus_panel, cut_note

if TYPE_CHECKING:
    from dashboard.errors_data import Request
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.notes.note import Note


def show_text(request: Request, corpus: AnalysedCorpus, position: int, positions: np.ndarray, notes: Sequence[Note]) -> None:
    """Everything about the text at a position of the table; `positions` are those that the filters leave, in their order."""
    show_way(corpus, position, positions)
    show_tags(corpus, position)
    draw_component("comparison", "errors_heatmap", corpus_heatmap(corpus, position))
    show_note(corpus, position, notes)
    show_trials(request, corpus, position)


def show_way(corpus: AnalysedCorpus, position: int, positions: np.ndarray) -> None:
    """Back to the table, and on to the text before and after."""
    places = np.flatnonzero(positions == position)
    among = positions if len(places) else np.arange(len(corpus))
    place = int(places[0]) if len(places) else position
    rows = corpus.table["row"].to_numpy()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("All texts", key="errors_back", icon=":material/arrow_back:", on_click=open_row, args=(None,))
        for label, icon, other in (("Previous", "chevron_left", place - 1), ("Next", "chevron_right", place + 1)):
            is_there = 0 <= other < len(among)
            row = int(rows[among[other]]) if is_there else None
            st.button(
                label, key=f"errors_{label.lower()}", icon=f":material/{icon}:", on_click=open_row, args=(row,), disabled=not is_there
            )
        where = f"Text {place + 1:,} of {len(among):,}" + (" that the filters leave" if len(among) < len(corpus) else "")
        if not len(places):
            where = "The filters leave this text out"
        st.markdown(f"**Row {rows[position]:,}**", width="content")
        st.caption(where, width="content")


def show_tags(corpus: AnalysedCorpus, position: int) -> None:
    tags = [SMART_TAGS[name] for name in corpus.table["tags"].iloc[position] if name in SMART_TAGS]
    if tags:
        with st.container(horizontal=True):
            for tag in tags:
                st.badge(tag.title, color="gray", help=tag.definition)


def corpus_heatmap(corpus: AnalysedCorpus, position: int) -> dict[str, Any]:
    """A text as the analysis has it, as data for the component of Compare; no model is asked."""
    row = corpus.table.iloc[position]
    panels = (corpus_panel(corpus, position, "teacher"), corpus_panel(corpus, position, "student"))
    words = corpus.attributions(position, "teacher").words
    against, speaks_for = ends_of_scale(panels) or (None, None)
    agreement = row["agreement_at_3"]
    agrees = "" if np.isnan(agreement) else f" Agreement of the 3 strongest words: {agreement:.2f}."
    summary = [
        [f"{OUTCOMES[row['outcome']].title}: the gold label is ", False], [str(row["gold"]), True], [", the teacher says ", False],
        [str(row["teacher"]), True], [", the student ", False], [str(row["student"]), True], [f".{agrees}", False],
    ]  # fmt: skip
    return {
        "summary": summary,
        "notes": list(filter(None, [cut_note(corpus, position)])) if words else ["The text has no words."],
        "words": [{"text": word.text, "is_joined": joined} for word, joined in zip(words, joined_words(words), strict=True)],
        "panels": [panel_data(panel) for panel in panels],
        "order": "teacher left, student right, each scaled to its strongest word",
        "scale": {"against": against, "for": speaks_for, "unsigned": unsigned_scale(panels)},
        "is_long": len(words) > LONG_TEXT,
    }
