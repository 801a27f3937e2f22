"""What can be tried on a text of the page Errors: editing it in place, flipping it, and what training had that is like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.draw_component import draw_component
from dashboard.errors_flip import show_flip
from dashboard.errors_neighbours import show_neighbours
from dashboard.heatmap import heatmap_data
from dashboard.markdown import as_markdown
from dashboard.resources import compare_text, load_models
from dixtill_core.config import ExplainConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.errors_data import Request
    from dixtill_core.analysis.corpus import AnalysedCorpus

TOP = 3
"""Words by which agreement is measured, as in the analysis."""


def show_trials(request: Request, corpus: AnalysedCorpus, position: int) -> None:
    """Edit the text; flips and neighbours are those of what stands in the box."""
    row = corpus.table.iloc[position]
    key = f"errors_edit_{row['text_key'][:16]}"
    edited = show_editing(request, row, key)
    if split_words(edited):
        show_flip(request, edited, key)
        show_neighbours(request, edited)


def show_editing(request: Request, row: pd.Series, key: str) -> str:
    """The text in a box; what was edited is shown under both models, beside what they said of the original."""
    text: str = row["text"]
    with st.container(border=True):
        st.subheader("Edit it", anchor=False)
        st.session_state.setdefault(key, text)
        edited = st.text_area("Text", key=key, height=100, label_visibility="collapsed", help="Change it and press Ctrl+Enter.")
        if edited == text:
            st.caption("Change the text above and press Ctrl+Enter: both models read it anew, beside what they said of the original.")
            return text
        st.button("Back to the original", key="errors_edit_undo", on_click=_restore, args=(key, text))
        if not split_words(edited):
            st.info("No word is left of the text. Type some.")
            return edited
        try:
            with st.spinner("Reading the edited text …", show_time=True):
                load_models(request.folder, request.version)
                comparison = compare_text(
                    request.folder, request.version, edited, ExplainConfig(), None, "integrated_gradients", "attention"
                )  # fmt: skip
        except DixtillError as error:
            st.error(as_markdown(str(error)))
            return edited
        with st.container(horizontal=True):
            for role, answer in (("teacher", comparison.teacher), ("student", comparison.student)):
                before, was = row[role], float(row[f"{role}_confidence"])
                now = answer.probabilities[answer.label]
                kept = answer.probabilities.get(before, 0.0)
                changed = f"was {before} {was:.0%}" if answer.label != before else f"{(kept - was) * 100:+.1f} points"
                st.metric(
                    f"{role} says now", f"{answer.label} {now:.0%}", changed.replace("-", "−"), delta_color="off", delta_arrow="off",
                    border=True, help=f"On the original the {role} said {before} with {was:.1%}.",
                )  # fmt: skip
        draw_component("comparison", "errors_edited", heatmap_data(comparison, TOP, "scores"))
    return edited


def _restore(key: str, text: str) -> None:
    st.session_state[key] = text
