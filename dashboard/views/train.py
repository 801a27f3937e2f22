"""Train: a new run from data, teacher and settings; a run while it learns; all runs; a sweep over settings."""

from __future__ import annotations

import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs, load_store
from dixtill_core.errors import DixtillError

NEW, LIVE, RUNS, SWEEP = "New run", "Live", "Runs", "Sweep"
GO_TO = "train_go_to"
"""In the session's state: the section that the next run of this page opens."""


def show_new() -> None:
    from dashboard.train_new import show_new_run

    if show_new_run():
        st.session_state[GO_TO] = LIVE
        st.rerun()


def show_live() -> None:
    from dashboard.train_live import show_live as show

    show()


def show_runs() -> None:
    from dashboard.run_table import show_runs as show

    show()


def show_sweep() -> None:
    from dashboard.sweep_view import show_sweep as show

    show()


def link_of(section: str) -> str:
    """What a link calls a section."""
    return section.split()[0].lower()


def first_section() -> str:
    """What the link says; else whoever opens the page while something trains sees it."""
    from dashboard.train_jobs import is_active

    asked = {link_of(name): name for name in SECTIONS}.get(st.query_params.get("section", ""))
    if asked is not None:
        return asked
    jobs = load_jobs()
    return LIVE if any(is_active(jobs, card) for card in load_store().list()) else NEW


SECTIONS = {NEW: show_new, LIVE: show_live, RUNS: show_runs, SWEEP: show_sweep}

with st.spinner("Loading …"):
    if GO_TO in st.session_state:
        st.session_state["train_section"] = st.session_state.pop(GO_TO)
    elif "train_section" not in st.session_state:
        st.session_state["train_section"] = first_section()
section = st.segmented_control(
    "Section", list(SECTIONS), required=True, key="train_section", persist_state="session", label_visibility="collapsed", wrap=True
)
st.query_params["section"] = link_of(section or NEW)
if section != LIVE:
    st.query_params.pop("run", None)
try:
    SECTIONS[section or NEW]()
except DixtillError as error:
    st.error(as_markdown(str(error)))
