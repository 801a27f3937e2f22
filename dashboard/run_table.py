"""The section Runs of the page Train: every run in a table, and what can be done with those that are selected.

Which rows are selected is kept by the runs' ids and not by their places, since runs come and go while a page is open.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.glossary import measure_of
from dashboard.resources import load_jobs, load_store
from dashboard.run_actions import Resume, show_actions, show_group_actions
from dashboard.run_bin import offer_undo, show_bin
from dashboard.run_comparison import show_run_comparison
from dashboard.run_details import show_details
from dashboard.run_import import say_imported, show_import
from dashboard.run_rows import (
    METRIC_COLUMNS,
    NOTE_COLUMN,
    TEST_COLUMN,
    RunFilter,
    choices,
    filter_runs,
    method_of,
    runs_table,
    sweep_of,
)
from dashboard.train_jobs import is_active

if TYPE_CHECKING:
    from dixtill_core.runs.records import RunCard

CHOSEN = "runs_chosen"
"""In the session's state: ids of the selected runs."""
WITH_SWEEPS = "runs_sweeps"
"""Key of the switch that lists the runs of sweeps."""
LOOK_SECONDS = 3.0
"""Between two looks at the runs' folders while something trains."""


def show_runs(resume: Resume | None = None) -> None:
    """The whole section.

    Args:
        resume: how a run is trained, or goes on; in the background of this server where None.
    """
    cards = load_store().list()
    with st.container():  # There always, so that what stands below keeps its place in the page, and its state.
        offer_undo()
        say_imported()
    shown = show_filters(cards)
    chosen: list[RunCard] = []
    if not cards:
        st.info("There is no run yet. Start one in “New run”, or import one that was downloaded elsewhere.")
    elif not shown:
        st.info("No run is like that. Take a filter away.")
    else:
        # Above the table, which has buttons of its own where a pointer is over it: they would cover those of the line before.
        st.caption("Select a run with the box at its left to open, download, rename or delete it; select two to compare them.")
        chosen = show_table(shown)
    tags = choices(tag for card in cards for tag in card.tags)
    if len(chosen) == 1:
        show_actions(chosen[0], tags, resume)
        show_details(load_store().open(chosen[0].id), chosen[0])
    elif chosen:
        show_group_actions(chosen, tags)
        if len(chosen) == 2:
            show_run_comparison(*(load_store().open(card.id) for card in chosen))
    if any(is_active(load_jobs(), card) for card in cards):
        st.fragment(_watch, run_every=LOOK_SECONDS)(_picture(cards))


def show_filters(cards: Sequence[RunCard]) -> tuple[RunCard, ...]:
    """Ask which runs are wanted, and offer what is about all of them: an import and the bin."""
    text, statuses, methods, tags = "", [], [], []
    swept = sum(bool(sweep_of(card)) for card in cards)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if cards:
            text = st.text_input(
                "Search", key="runs_search", persist_state="session", placeholder="name, tag, data, teacher …", icon=":material/search:"
            )
            statuses = _ask("Status", "runs_status", choices(card.status for card in cards))
            methods = _ask("Method", "runs_method", choices(method_of(card) for card in cards))
            tags = _ask("Tag", "runs_tag", choices(tag for card in cards for tag in card.tags))
        show_import(CHOSEN)
        show_bin()
    with_sweeps = True
    if swept:
        with_sweeps = st.toggle(f"Show the {swept} runs of sweeps too", key=WITH_SWEEPS, persist_state="session")
    return filter_runs(cards, RunFilter(text or "", tuple(statuses), tuple(methods), tuple(tags), with_sweeps))


def _ask(label: str, key: str, options: Sequence[str]) -> list[str]:
    """A filter; what was chosen and is not there any more is let go."""
    if key in st.session_state:
        st.session_state[key] = [value for value in st.session_state[key] if value in options]
    return st.multiselect(label, options, key=key, persist_state="session", placeholder="any", disabled=not options)


def show_table(cards: Sequence[RunCard]) -> list[RunCard]:
    """The table; returns the selected runs in its order."""
    ids = [card.id for card in cards]
    before = [i for i, id in enumerate(ids) if id in st.session_state.get(CHOSEN, ())]
    event = st.dataframe(
        runs_table(cards),
        hide_index=True,
        key=f"runs_table_{_digest(ids)}",  # Other rows are another table: places of the old one mean nothing in it.
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": before, "columns": [], "cells": []}},
        column_config=_columns(),
        placeholder="",
        alt="All training runs",
    )
    rows = [i for i in event["selection"]["rows"] if i < len(cards)]
    st.session_state[CHOSEN] = [ids[i] for i in rows]
    return [cards[i] for i in sorted(rows)]


def _columns() -> dict[str, Any]:
    columns: dict[str, Any] = {
        "name": st.column_config.TextColumn(pinned=True, width="medium"),
        "status": st.column_config.TextColumn(width="small"),
        "tags": st.column_config.ListColumn(),
        "α": st.column_config.NumberColumn(format="%.2f", help="Share of the teacher; empty where the method does not read it."),
        "τ": st.column_config.NumberColumn(format="%.1f", help="Temperature; empty where the method does not read it."),
        "seed": st.column_config.NumberColumn(format="%d"),
        "epochs": st.column_config.NumberColumn(format="%d", help="Epochs of the student that are done."),
        "size": st.column_config.NumberColumn(format="%.2f MB", help="Of the student on disk."),
        "time": st.column_config.NumberColumn(format="%.1f min", help="Spent on the run, all resumptions together."),
        "created": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", help="UTC"),
        TEST_COLUMN: st.column_config.NumberColumn(format="%.3f", help="On test texts, where the run was given some."),
        NOTE_COLUMN: st.column_config.TextColumn(width=150, help="What is wrong with it."),
    }
    for title, metric in METRIC_COLUMNS.items():
        meaning = measure_of(metric.partition("@")[0]).meaning
        columns[title] = st.column_config.NumberColumn(format="%.3f", help=f"Of the kept epoch, on validation texts. {meaning}")
    return columns


def _watch(picture: object) -> None:
    """Draw the page anew when a run has moved on."""
    if _picture(load_store().list()) != picture:
        st.rerun()


def _picture(cards: Sequence[RunCard]) -> tuple[tuple[object, ...], ...]:
    """What of the runs the table shows and training changes."""
    return tuple((card.id, card.name, card.status, card.epochs, is_active(load_jobs(), card)) for card in cards)


def _digest(ids: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
