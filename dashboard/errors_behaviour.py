"""Behavioural tests on the page Errors: texts are edited, and both models are asked whether they notice, or should not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.chart_card import show_chart
from dashboard.errors_charts import behaviour_figure
from dashboard.errors_state import SECTION, TEXTS, open_row
from dashboard.job_panel import follow_job, start_button, start_job
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs, load_models
from dixtill_core.analysis.corpus import ROLES
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dashboard.errors_data import Request
    from dixtill_core.analysis.behaviour import BehaviourReport
    from dixtill_core.analysis.corpus import AnalysedCorpus

KIND = "errors_behaviour"
SIZES = (50, 100, 300, 1000, 3000)
SEED = 0
MOST_SHOWN = 1000
"""Failing edits that are listed; the file has all."""
TITLES = {
    "negation": "Negation added", "names": "Names and cashtags swapped", "numbers": "Numbers changed", "typos": "A typo",
    "case": "Case changed", "synonyms": "Synonyms",
}  # fmt: skip
WHAT_IS_DONE = {
    "negation": "The main verb is negated: “does not beat”, “will not rise”. The meaning turns round, so the predicted label should "
    "change, or lose at least 0.05 of its probability. Applies where that label takes a side.",
    "names": "Other companies stand where companies stood: cashtags and names. The label should stay.",
    "numbers": "Amounts and percentages are multiplied by one factor between 1.1 and 1.5, so what was larger stays larger. "
    "The label should stay.",
    "typos": "Two neighbouring letters inside one word change places. The label should stay.",
    "case": "All in lower case, and all in capitals; a text fails if either changes the label. "
    "A model that lower-cases its input, as both bundled ones do, never fails.",
    "synonyms": "One word is replaced by a near GloVe neighbour from a reviewed list of pairs. The label should stay.",
}
DEFINITION = (
    "Each text is edited, and predictions before and after are compared; no gold label is read. A test applies to the texts that it "
    "finds something to edit in. **Negation added** fails where the predicted label stays and its probability does not fall by 0.05. "
    "**All others** fail where an edit that keeps the meaning changes the predicted label. Intervals: 95 %, Wilson, over the texts that a "
    "test applies to."
)


def show_behaviour(request: Request, corpus: AnalysedCorpus) -> None:
    from dixtill_core.analysis.edits import EDITS

    with st.container(border=True):
        tests = st.pills(
            "Tests", list(EDITS), selection_mode="multi", default=list(EDITS), key="errors_behaviour_tests", persist_state="session",
            format_func=lambda name: TITLES.get(name, name), wrap=True, help=explain_tests(list(EDITS)),
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            sizes = [size for size in SIZES if size < len(corpus)]
            options = [*sizes, len(corpus)]
            n = options[0]
            if len(options) > 1:
                n = st.select_slider(
                    "Texts", options, min(100, options[-1]) if 100 in options else options[0],
                    key=f"errors_behaviour_n_{len(corpus)}", width=260,
                    format_func=lambda size: f"{size:,}", help="How many texts are edited. Drawn at random, the same in every run.",
                )  # fmt: skip
            if start_button("Run", "errors_behaviour_run", disabled=not tests):
                try:
                    start(request, corpus, list(tests or ()), n)
                    st.rerun()
                except DixtillError as error:
                    st.error(as_markdown(str(error)))
        st.caption("Every text is edited in some ways and read by both models: about a minute for 100 texts.")
    state = follow_job(KIND)
    if state is None or not isinstance(state.result, tuple):
        return
    key, rows, report = state.result
    if key == (request.folder, request.version, corpus.key):
        show_report(report, rows)


def start(request: Request, corpus: AnalysedCorpus, tests: list[str], n: int) -> None:
    """Raises JobError where something else is running."""
    from dixtill_core.metrics.faithfulness_corpus import sample_positions

    load_jobs().require_idle()
    with st.spinner("Loading both models …", show_time=True):
        pair = load_models(request.folder, request.version)
    positions = np.arange(len(corpus)) if n >= len(corpus) else np.asarray(sample_positions(len(corpus), n, SEED))
    texts = corpus.table["text"].iloc[positions].to_list()
    rows = corpus.table["row"].to_numpy()[positions]

    def work() -> Iterator[Any]:
        from dixtill_core.analysis.behaviour import BehaviourReport, run_behaviour

        for item in run_behaviour(pair, texts, tests, SEED):
            yield ((request.folder, request.version, corpus.key), rows, item) if isinstance(item, BehaviourReport) else item

    start_job(KIND, "Testing behaviour", work)


def explain_tests(names: list[str]) -> str:
    """A paragraph for each test: what it does, and how far its edits can be trusted."""
    return "\n\n".join(f"**{TITLES[name]}.** {explain_test(name)}" for name in names)


def explain_test(name: str) -> str:
    from dixtill_core.analysis.edits import RIGHT

    wrong = 1 - RIGHT[name]
    found = f"about {wrong:.0%} were wrong, so a rate near {wrong:.0%} says nothing" if wrong > 0.005 else "all were right"
    return f"{WHAT_IS_DONE[name]} Of 60 such edits of financial tweets that were read, {found}."


def show_report(report: BehaviourReport, rows: np.ndarray) -> None:
    summary = pd.DataFrame([asdict(row) for row in report.rows])
    summary["test"] = summary["test"].str.capitalize()  # The titles leave a narrow chart no room.
    show_chart("How often does it fail?", behaviour_figure(summary), summary, DEFINITION, "errors-behaviour")
    with st.container(border=True):
        st.subheader("Where it fails", anchor=False)
        tests = list(dict.fromkeys(row.test for row in report.rows))
        if st.session_state.get("errors_behaviour_test") not in (None, *tests):
            del st.session_state["errors_behaviour_test"]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            test = st.selectbox("Test", tests, key="errors_behaviour_test", format_func=lambda name: TITLES.get(name, name), width=280)
            role = st.segmented_control("Model", ROLES, default="student", required=True, key="errors_behaviour_role")
            failing = report.failing(str(test), role or "student")
            st.download_button(
                "CSV", lambda: _csv(failing, rows), f"dixtill-{test}-{role}.csv", "text/csv", key="errors_behaviour_csv", on_click="ignore",
                disabled=failing.empty,
            )  # fmt: skip
        st.caption(explain_test(str(test)))
        if failing.empty:
            st.markdown(f"The {role} fails this test on none of these texts.")
            return
        shown = failing.head(MOST_SHOWN)
        places = rows[shown["row"].to_numpy() - 1]
        table = pd.DataFrame(
            {
                "row": places, "change": [_changes(changes) for changes in shown["changed"]], "edited": shown["edited"].to_numpy(),
                "before": shown[f"{role}_before"].to_numpy(), "after": shown[f"{role}_after"].to_numpy(),
                "p before": shown[f"{role}_p_before"].to_numpy(), "p after": shown[f"{role}_p_after"].to_numpy(),
            }
        )  # fmt: skip
        number = st.column_config.NumberColumn(format="%.2f", width=65, help="Probability of the label that was predicted before.")
        key = f"errors_failing_{test}_{role}"
        st.dataframe(
            table, hide_index=True, key=key, selection_mode="single-row", on_select=lambda: _open(key, places.tolist()),
            column_config={
                "row": st.column_config.NumberColumn(help="Of the text in the data, from 1.", width=55),
                "change": st.column_config.TextColumn(width=150, help="What stood there → what stands there now."),
                "edited": st.column_config.TextColumn(width=290, help="The edited text."),
                "before": st.column_config.TextColumn(width=70, help="Label predicted before the edit."),
                "after": st.column_config.TextColumn(width=70, help="Label predicted for the edited text."),
                "p before": number, "p after": number,
            },
        )  # fmt: skip
        more = f" These are the first {MOST_SHOWN:,}; the file has all {len(failing):,}." if len(failing) > MOST_SHOWN else ""
        st.caption(f"Select a row to open its text.{more}")


MOST_CHANGES = 3
"""Of one edit that are written out; a change of case changes every word."""


def _changes(changes: Iterable[Sequence[str]]) -> str:
    written = [f"{old} → {new}" for old, new in changes]
    left = len(written) - MOST_CHANGES
    return "; ".join(written[:MOST_CHANGES]) + (f" and {left} more" if left > 0 else "")


def _csv(failing: pd.DataFrame, rows: np.ndarray) -> bytes:
    from dixtill_core.analysis.export import csv_bytes

    changed = ["; ".join(f"{old} → {new}" for old, new in changes) for changes in failing["changed"]]
    return csv_bytes(failing.assign(row=rows[failing["row"].to_numpy() - 1], changed=changed))


def _open(key: str, rows: list[int]) -> None:
    chosen = st.session_state[key].selection.rows
    if chosen:
        open_row(int(rows[chosen[0]]))
        st.session_state[SECTION] = TEXTS
