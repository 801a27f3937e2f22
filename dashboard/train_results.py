"""What a run has learned, on the section Live of the page Train: its curves so far, and the numbers of its kept epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from dashboard.chart_card import show_chart
from dashboard.glossary import measure_of
from dashboard.markdown import as_markdown
from dashboard.training_charts import AGREEMENT_LINES, QUALITY_LINES, TEACHER_LINES, Line, epochs_figure, epochs_table, loss_lines
from dixtill_core.export.numbers import format_bytes
from dixtill_core.files import folder_bytes
from dixtill_core.models.pair_folder import STUDENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.records import EpochRecord, RunCard

SUMMARY = ("accuracy", "macro_f1", "fidelity", "feature_agreement@3", "sign_agreement@3")
LOSS_DEFINITION = (
    "The training loss and its terms, unweighted, are means over the steps of an epoch; the validation loss decides which epoch "
    "is kept.\n\n"
    "**τ² KL**: how far the student's answers are from the teacher's, softened by τ. **Alignment**: (1 − cosine of the two "
    "explanations) / 2, 0 where they point the same way. **Cross entropy**: with the gold labels. Made texts have neither a gold "
    "label nor an explanation."
)
TOP_WORDS = "@3 looks at the three strongest words, @1 at the strongest."


class _Chart(NamedTuple):
    name: str
    heading: str
    lines: Sequence[Line]
    definition: str


def show_curves(run: Run, card: RunCard) -> None:
    """Loss, quality and agreement by epoch; and the teacher's, where one was taught."""
    assert card.spec is not None
    epochs, taught = run.epochs(), run.epochs("teacher")
    kept = card.metrics.get("epoch")
    charts = [
        _Chart("loss", "Loss", loss_lines(card.spec.distill.method), LOSS_DEFINITION),
        _Chart("quality", "Quality", QUALITY_LINES, _definition("accuracy", "macro_f1", "fidelity")),
        _Chart("agreement", "Agreement", AGREEMENT_LINES, f"{_definition('feature_agreement', 'sign_agreement')}\n\n{TOP_WORDS}"),
    ]
    if epochs:
        planned, marked = card.spec.distill.epochs, None if kept is None else int(kept)
        _show(charts[0], epochs, planned, marked)
        for column, chart in zip(st.columns(2), charts[1:], strict=True):
            with column:
                _show(chart, epochs, planned, marked)
    if taught and card.spec.teach is not None:
        best = max((record.epoch for record in taught if record.is_best), default=None)
        chart = _Chart("teacher", "The teacher that was taught first", TEACHER_LINES, _definition("accuracy", "macro_f1"))
        _show(chart, taught, card.spec.teach.epochs, best)


def _show(chart: _Chart, records: Sequence[EpochRecord], planned: int, kept: int | None) -> None:
    figure = epochs_figure(records, chart.lines, planned, kept)
    show_chart(chart.heading, figure, epochs_table(records, chart.lines), chart.definition, f"run-{chart.name}")


def _definition(*metrics: str) -> str:
    return "\n\n".join(f"**{measure_of(metric).title}**: {measure_of(metric).meaning}" for metric in metrics)


def show_summary(card: RunCard) -> None:
    """Numbers of the kept epoch on the test texts, beside the teacher's; on the validation texts where there are no others."""
    student, teacher = dict(card.metrics), {}
    where = "the validation texts, on which the epoch was chosen"
    if card.test is not None:
        student = {**card.test.student, "fidelity": card.test.fidelity, **card.test.agreement}
        teacher = dict(card.test.teacher)
        where = f"{card.test.texts:,} test texts, on which nothing was trained or chosen"
    with st.container(horizontal=True):
        for name in SUMMARY:
            if name in student:
                _show_number(name, student[name], teacher.get(name))
        size = format_bytes(folder_bytes(card.folder / STUDENT))
        st.metric("student on disk", size, help="Everything that is needed to run it.", border=True)
    st.caption(as_markdown(f"Epoch {student_epoch(card)}, on {where}. {_settings(card)}"))


def student_epoch(card: RunCard) -> str:
    """Number of the epoch whose student is kept, for people."""
    return f"{card.metrics['epoch']:.0f} of {card.epochs}" if "epoch" in card.metrics else "unknown"


def _show_number(name: str, value: float, teacher: float | None) -> None:
    metric, _, k = name.partition("@")
    measure = measure_of(metric)
    title = f"{measure.title} @{k}" if k else measure.title
    beside = None if teacher is None else f"teacher {teacher:.3f}"
    st.metric(title, f"{value:.3f}", beside, delta_color="off", delta_arrow="off", help=measure.meaning, border=True)


def _settings(card: RunCard) -> str:
    assert card.spec is not None
    spec, training = card.spec, card.spec.distill
    made = f", {training.augmented_texts:,} made texts" if training.augmented_texts and training.method != "ce" else ""
    how = f"method {training.method}, α {training.alpha:g}, τ {training.temperature:g}, seed {training.seed}{made}"
    return f"Data {spec.data}, teacher {card.teacher_name or spec.teacher}; {how}."
