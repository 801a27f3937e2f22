"""Metrics: what distillation with explanations buys, from one measured result set; and the same on one's own machine and file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.chart_card import choose_picture
from dashboard.live_sections import MACHINE_PAIR, show_machine, show_my_file
from dashboard.markdown import as_markdown
from dashboard.metric_sections import choose, show_agreement, show_faithfulness, show_quality, show_speed
from dashboard.resources import find_result_sets, load_results, results_version
from dixtill_core.errors import DixtillError
from dixtill_core.paths import BUNDLED_PAIR

if TYPE_CHECKING:
    from dixtill_core.experiments.results import Results

MAKE_RESULTS = "dixtill reproduce --data DIR --out runs/NAME"
SIZE_AND_SPEED, MY_FILE = "Size and speed", "My file"
STORED: dict[str, Callable[[Results], None]] = {
    "Quality": show_quality,
    "Agreement": show_agreement,
    "Faithfulness": show_faithfulness,
    SIZE_AND_SPEED: show_speed,
}
"""Sections that show the result set."""


def find_results() -> Results | None:
    """The chosen result set, None where there is none."""
    sets = find_result_sets()
    if not sets:
        return None
    folder = next(iter(sets))
    if len(sets) > 1:
        folder = st.selectbox(
            "Results",
            list(sets),
            key="result_set",
            persist_state="session",
            format_func=lambda chosen: sets.get(chosen, chosen),
            help="Each folder that `dixtill reproduce` wrote.",
        )
    return load_results(folder, results_version(folder))


def show_record(results: Results) -> None:
    """What was measured, in a line or two."""
    record = results.record
    data, settings = record.get("data", {}), record.get("settings", {})
    facts = [
        f"teacher {record['teacher']}" if "teacher" in record else "",
        f"{data['test_texts']:,} test texts" if "test_texts" in data else "",
        f"{settings['seeds']} training seeds" if "seeds" in settings else "",
    ]
    st.caption(as_markdown(" · ".join(filter(None, facts))))


def say_nothing_measured() -> None:
    st.info("Nothing has been measured yet. This command trains and measures every model, which takes hours; this page then shows it:")
    st.code(MAKE_RESULTS, language=None)


section = choose("Section", [*STORED, MY_FILE], "metrics_section", str, hide_label=True)
# Whoever comes to time a run does not look for other models' charts.
measures_first = section == SIZE_AND_SPEED and st.session_state.get(MACHINE_PAIR) not in (None, str(BUNDLED_PAIR))
results = None
try:
    with st.sidebar:
        results = find_results()
        choose_picture()
        if results is not None:
            show_record(results)
    if measures_first:
        show_machine(results)
    if section == MY_FILE:
        show_my_file()
    elif results is not None:
        if measures_first:
            st.subheader("Measured before", anchor=False)
        STORED[section](results)
    else:
        say_nothing_measured()
except DixtillError as error:
    from dashboard.file_evaluation import worded

    st.error(as_markdown(worded(error)))
if section == SIZE_AND_SPEED and not measures_first:
    show_machine(results)
