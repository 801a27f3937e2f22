"""The overview of the page Errors: who is right where, and every group one click away."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.chart_card import show_chart
from dashboard.errors_charts import agreement_figure, calibration_figure, confusion_figure, outcomes_figure
from dashboard.errors_state import open_texts
from dixtill_core.analysis.corpus import ROLES, Role
from dixtill_core.analysis.filters import Range
from dixtill_core.analysis.outcomes import (
    OUTCOMES,
    agreement_levels,
    calibration,
    calibration_error,
    confusion_matrix,
    foreign_reasons,
    outcome_table,
)
from dixtill_core.analysis.overview import tag_outcomes
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.paths import PROJECT, SAMPLE_DATA

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus

MOST_LABELS = 12
"""A confusion matrix of more is shown as a table alone."""
CLICK = "Click a mark to see its texts."


def show_overview(corpus: AnalysedCorpus) -> None:
    table = corpus.table
    groups = outcome_table(table)
    show_figures(corpus)
    definition = "\n\n".join(f"**{outcome.title}**: {outcome.description}" for outcome in OUTCOMES.values())
    show_chart(
        "Who is right?",
        outcomes_figure(groups),
        groups.reset_index(),
        f"{definition}\n\n{CLICK}",
        "errors-outcomes",
        on_point=_open_outcome,
    )
    for column, role in zip(st.columns(2), ROLES, strict=True):
        with column:
            show_confusion(corpus, role)
    left, right = st.columns(2)
    with left:
        show_agreement(table)
    with right:
        show_calibration(table)
    show_tags(corpus)


def show_figures(corpus: AnalysedCorpus) -> None:
    table = corpus.table
    with st.container(horizontal=True):
        st.metric("texts", f"{len(table):,}", border=True)
        for role in ROLES:
            share = (table[role] == table["gold"]).mean()
            st.metric(f"{role} right", f"{share:.1%}", border=True, help="Share of texts whose gold label is predicted.")
        same = (table["teacher"] == table["student"]).mean()
        st.metric("same label", f"{same:.1%}", border=True, help="Fidelity: texts on which student and teacher predict the same.")
        mean = table["agreement_at_3"].mean()
        st.metric(
            "agreement @3", "–" if pd.isna(mean) else f"{mean:.2f}", border=True,
            help="Share of the teacher's 3 strongest words that are also among the student's, in the mean.",
        )  # fmt: skip
    if Path(corpus.data_name) == SAMPLE_DATA.relative_to(PROJECT):
        st.caption(
            "The sample's sentences are our own, in another style than the tweets that the bundled pair learned from: fewer answers are "
            "right than on test texts of the same kind, which the page Metrics shows."
        )


def show_confusion(corpus: AnalysedCorpus, role: Role) -> None:
    matrix = confusion_matrix(corpus.table, role, corpus.label_names)
    names = list(corpus.label_names)
    if len(names) > MOST_LABELS:
        st.subheader(f"What the {role} predicts", anchor=False)
        st.dataframe(matrix, key=f"errors_confusion_{role}")
        return
    definition = f"Rows are gold labels, columns what the {role} predicts; a cell is the darker the larger its share of its row. {CLICK}"
    show_chart(
        f"What the {role} predicts", confusion_figure(matrix, role), matrix.reset_index(), definition, f"errors-confusion-{role}",
        on_point=partial(_open_cell, role, names),
    )  # fmt: skip


def show_agreement(table: pd.DataFrame) -> None:
    levels = agreement_levels(table)
    if levels.empty:
        st.caption("No text has words, so there is no agreement.")
        return
    found = foreign_reasons(table)
    definition = (
        "How often each model is right on the texts at each level of agreement, with the 95 % interval of the student's share (Wilson). "
        f"{CLICK}"
    )
    show_chart(
        "Foreign reasons, wrong answers?", agreement_figure(levels), levels, definition, "errors-agreement",
        on_point=lambda point: _open_level(float(point["x"])),
    )  # fmt: skip
    if found.n_right and found.n_wrong:
        st.caption(
            f"Mean agreement is {found.right:.2f} where the student is right and {found.wrong:.2f} where it is wrong. A right answer has "
            f"the more agreement with a probability of {found.probability:.2f}; 0.5 is chance (Mann-Whitney, p = {found.p_value:.2g})."
        )


def show_calibration(table: pd.DataFrame) -> None:
    bins: dict[str, pd.DataFrame] = {role: calibration(table, role) for role in ROLES}
    together = pd.concat([part.assign(model=role) for role, part in bins.items()], ignore_index=True)
    definition = (
        "Texts in ten bins by the probability of the predicted label: on the dotted line a model is right as often as it is sure, below it "
        "it is too sure. Bars are 95 % intervals (Wilson): long where a bin has few texts. **Calibration error**: the mean distance from "
        "that line over all texts (Guo et al. 2017); 0 is best."
    )
    show_chart("Is it right as often as sure?", calibration_figure(bins), together, definition, "errors-calibration")
    errors = ", ".join(f"{role} {calibration_error(table, role):.3f}" for role in ROLES)
    st.caption(f"Calibration error: {errors}.")


def show_tags(corpus: AnalysedCorpus) -> None:
    """Smart tags as a table; a selected row opens its texts."""
    found = tag_outcomes(corpus)
    number = st.column_config.NumberColumn
    with st.container(border=True):
        st.subheader("What is remarkable about the texts", anchor=False)
        st.caption("Share of right answers on the texts with each smart tag. Select a row to see its texts.")
        shown = found.reset_index(drop=True)
        shown.insert(0, "smart tag", [SMART_TAGS[name].title for name in found.index])
        shown["meaning"] = [SMART_TAGS[name].definition for name in found.index]
        shares = ["teacher_right", "student_right", "student_right_without"]
        shown[shares] *= 100  # Streamlit's own percentages have as many digits as each number happens to have.
        st.dataframe(
            shown, hide_index=True, key="errors_tags", on_select=partial(_open_tag, list(found.index)), selection_mode="single-row",
            height="content", placeholder="–",
            column_config={
                "smart tag": st.column_config.TextColumn(pinned=True),
                "texts": number(format="%d", width=58, help="Empty where it was not looked for."),
                "teacher_right": number("teacher right", format="%.0f %%", width=100),
                "student_right": number("student right", format="%.0f %%", width=104),
                "student_right_without": number(
                    "without", format="%.0f %%", width=72, help="The student's right answers on the texts that do not have the tag."
                ),
                "agreement": number("agree", format="%.2f", width=62, help="Mean agreement @3."),
            },
        )  # fmt: skip


def _open_outcome(point: dict[str, Any]) -> None:
    place = point.get("point_index")
    if isinstance(place, int):
        open_texts(outcome=(list(OUTCOMES)[place],))


def _open_cell(role: Role, names: list[str], point: dict[str, Any]) -> None:
    i, j = round(float(point["y"])), round(float(point["x"]))
    open_texts(gold=(names[i],), **{role: (names[j],)})


def _open_level(level: float) -> None:
    open_texts(agreement=Range(max(0.0, round(level - 0.005, 3)), min(1.0, round(level + 0.005, 3))))


def _open_tag(names: list[str]) -> None:
    rows = st.session_state["errors_tags"].selection.rows
    if rows:
        open_texts(tags=(names[rows[0]],))
