"""The form of a sweep: what it tries, what it keeps, how many runs that is and how long they take; and its start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, get_args

import streamlit as st

from dashboard.job_panel import start_button
from dashboard.markdown import as_markdown
from dashboard.resources import load_sample, load_store
from dashboard.sweep_plan import create_sweep, expect, find_bases, open_base, planned_points, read_numbers, sweep_title
from dashboard.train_stages import duration
from dixtill_core.config import Method
from dixtill_core.data.words import split_words
from dixtill_core.errors import DixtillError
from dixtill_core.runs.layout import LONGEST_NAME
from dixtill_core.runs.sweep_grid import READ_BY, SIZES, SweepGrid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashboard.sweep_plan import Base
    from dixtill_core.runs.sweep_grid import SweepPoint

VALUES: dict[str, tuple[str, list[str], str]] = {
    "alpha": ("α, share of the teacher", ["0", "0.3", "0.5", "0.6", "0.7", "0.8", "0.9", "1"], "From 0 to 1."),
    "temperature": ("τ, temperature", ["1", "2", "3", "4", "5", "8"], "Above 0. Read by dixtill, dixtill_paper and kl."),
    "alignment_weight": ("Weight of the alignment", ["0", "0.5", "1", "2", "3", "5"], "0 or more. Read by dixtill alone."),
    "max_vocabulary": ("Words that it knows", ["1000", "2000", "4000", "8000", "15000", "30000"], "Most of the student's bytes."),
    "hidden_size": ("Units", ["8", "16", "32", "50", "64", "100"], "Of the LSTM, in each direction. Most of the student's time."),
}
"""Settings of the grid: label, values to choose from, and what they may be."""
FIRST = {"sweep_alpha": ["0.3", "0.6", "0.9"]}
"""What the form tries before anyone touches it."""
MOST_SEEDS, MOST_JOBS = 20, 16
WORDS_FROM = 5
"""Every so many texts of the sample are counted."""


def show_form(start: Callable[[Path, int], None]) -> None:
    """Ask for a sweep, say what it costs, and start it.

    Args:
        start: trains the sweep in a folder, so many students at once; raises DixtillError where it cannot now.
    """
    store = load_store()
    bases = find_bases(store.list())
    for key, values in FIRST.items():
        st.session_state.setdefault(key, values)
    if st.session_state.get("sweep_base") not in (None, *bases):
        del st.session_state["sweep_base"]  # The run was deleted.
    name = st.selectbox(
        "Everything else as in", list(bases), key="sweep_base", persist_state="session", format_func=lambda base: bases.get(base, base),
        help="Data, teacher, student and all settings that are not tried below. Train one run first to sweep around it.",
    )  # fmt: skip
    try:
        base = open_base(store, name, bases[name])
        grid, jobs, title = ask_grid(base)
        points = planned_points(base, grid)
    except DixtillError as error:
        st.warning(as_markdown(str(error)))
        return
    runs = len(points) * grid.seeds
    say_cost(base, grid, points, jobs)
    if start_button(f"Start the {runs} runs", "start_sweep"):
        try:
            start(create_sweep(store, title or sweep_title(grid, base), base, grid), jobs)
        except DixtillError as error:
            st.error(as_markdown(str(error)))


def ask_grid(base: Base) -> tuple[SweepGrid, int, str]:
    """What is tried, how many students are trained at once, and what the sweep is called, empty where nobody said.

    Raises:
        ConfigError: a value is no number, or of a kind that no sweep has.
    """
    columns = [*st.columns(3), *st.columns(3)]
    methods = columns[0].multiselect(
        "Method", get_args(Method), key="sweep_method", persist_state="session", placeholder=base.spec.distill.method, wrap=True,
        help="Losses to compare. With none, that of the base.",
    )  # fmt: skip
    found = {}
    for column, (setting, (label, options, meaning)) in zip(columns[1:], VALUES.items(), strict=True):
        chosen = column.multiselect(
            label, options, key=f"sweep_{setting}", persist_state="session", accept_new_options=True, wrap=True,
            placeholder=_of_base(base, setting), help=f"Choose values, or type others. {meaning}",
        )  # fmt: skip
        found[setting] = read_numbers([value.replace(",", "") if setting in SIZES else value for value in chosen], label)
    narrow = st.columns([1, 1, 2])
    seeds = narrow[0].number_input(
        "Seeds", 1, MOST_SEEDS, 2, key="sweep_seeds", persist_state="session",
        help="Students of each point. With two or more, the chart shows how much chance alone moves them.",
    )  # fmt: skip
    jobs = narrow[1].number_input(
        "Students at once", 1, min(MOST_JOBS, os.cpu_count() or 1), 1, key="sweep_jobs", persist_state="session",
        help="Each takes a core, and memory for a teacher of its own. Leave a core to the pages.",
    )  # fmt: skip
    grid = SweepGrid.from_dict({"method": tuple(methods), "seeds": int(seeds)} | found)
    title = narrow[2].text_input(
        "Name of the sweep", key="sweep_name", persist_state="session", max_chars=LONGEST_NAME, placeholder=sweep_title(grid, base)
    )
    return grid, int(jobs), (title or "").strip()


def _of_base(base: Base, setting: str) -> str:
    return f"{base.spec.student.to_dict()[setting]:,}" if setting in SIZES else f"{getattr(base.spec.distill, setting):g}"


def say_cost(base: Base, grid: SweepGrid, points: tuple[SweepPoint, ...], jobs: int) -> None:
    """Runs, points and time, before anything starts; and which values change nothing."""
    runs = len(points) * grid.seeds
    texts = load_sample().texts if base.run is None else ()
    counted = [len(split_words(text)) for text in texts[::WORDS_FROM]]
    expected = expect(base, runs, jobs, len(texts), sum(counted) / max(1, len(counted)))
    with st.container(horizontal=True):
        st.metric("points", len(points), help="Combinations that differ in what their loss reads.", border=True)
        st.metric("runs", runs, help="Points × seeds.", border=True)
        st.metric(
            "time, about", duration(expected.seconds) if expected else "unknown", border=True,
            help="Half or twice as much is no surprise." if expected else "The run that it starts from has not trained two epochs.",
        )  # fmt: skip
    st.caption(" ".join(filter(None, [expected.meaning if expected else "", *_unread(base, grid)])))
    with st.expander("All points"):
        st.markdown("\n".join(f"- {as_markdown(point.name)}" for point in points))


def _unread(base: Base, grid: SweepGrid) -> list[str]:
    """Tried values that some of the methods do not read."""
    methods = grid.method or (base.spec.distill.method,)
    notes = []
    for setting, readers in READ_BY.items():
        deaf = [method for method in methods if method not in readers]
        if len(getattr(grid, setting)) > 1 and deaf:
            notes.append(as_markdown(f"{VALUES[setting][0]} does not change {', '.join(deaf)}."))
    return notes
