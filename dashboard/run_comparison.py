"""Two runs side by side, on the page Train: their settings, curves and numbers, and the same sentence under both students."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.chart_card import show_buttons, show_chart
from dashboard.draw_component import draw_component
from dashboard.examples import DEFAULT_TEXT
from dashboard.explainer_choice import STUDENT_VIEWS
from dashboard.glossary import measure_of
from dashboard.markdown import as_markdown
from dashboard.resources import compare_text, load_student_alone, pair_version
from dashboard.run_charts import LETTERS, Curve, curves_figure, curves_table, loss_curves, metric_curves
from dashboard.run_figures import figures, figures_table, measure_title, plain_table
from dashboard.run_sentence import StudentSide, students_data
from dashboard.run_settings import differences_table
from dixtill_core.config import ExplainConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import DixtillError
from dixtill_core.runs.compare import compare_runs
from dixtill_core.runs.spec import LONGEST_WATCHED

if TYPE_CHECKING:
    from dixtill_core.comparison import Answer
    from dixtill_core.runs.compare import RunComparison
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.records import RunCard

MARKS = (":blue[●]", ":orange[■]")
"""Of A and B, as in the curves."""
LOSS_DEFINITION = (
    "**A** and **B**, solid: the loss on validation texts, by which the epoch is chosen. **train**, hollow: the mean over the training "
    "steps of an epoch.\n\nRuns of other methods, α, τ or weights have other losses, whose sizes cannot be compared."
)
RING = "The large ring marks the epoch that is kept."
ONE_SEED = (
    "Each number is that of one run, and another seed would move it too: a small difference may be chance. "
    "A sweep over seeds shows how much they vary."
)


def show_run_comparison(first: Run, second: Run) -> None:
    """Everything about two runs; what one of them lacks is left out, and a note above says why."""
    comparison = compare_runs(first, second)
    cards = comparison.first, comparison.second
    names = _names(cards)
    with st.container(horizontal=True, gap="large"):
        for letter, mark, name, card in zip(LETTERS, MARKS, names, cards, strict=True):
            st.markdown(f"{mark} **{letter}** {as_markdown(name)} {as_markdown(_status(card))}", width="content")
    for note in comparison.notes:
        st.info(as_markdown(note))
    if not comparison.metrics:
        show_differences(comparison)
        return
    left, right = st.columns(2)
    with left:
        show_differences(comparison)
        show_metric(comparison, "macro_f1", "Macro F1")
    with right:
        show_figures(comparison)
    if all(card.has_student for card in cards):
        show_sentence(first, second, names)
    left, right = st.columns(2)
    with left:
        show_metric(comparison, "feature_agreement@3", "Agreement @3")
    with right:
        show_losses(comparison)


def show_differences(comparison: RunComparison) -> None:
    st.subheader("What differs in their settings", anchor=False)
    without = [card for card in (comparison.first, comparison.second) if card.spec is None]
    for card in without:
        st.caption(as_markdown(f"{card.name} has no settings to compare. {card.problem or ''}"))
    table = differences_table(comparison.differences)
    if not without and table.empty:
        st.caption("Nothing: both were asked to do the same.")
    elif not without:
        st.dataframe(table, hide_index=True, key="run_differences")


def show_figures(comparison: RunComparison) -> None:
    found = figures(comparison)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("What came of them", anchor=False)
        show_buttons(plain_table(found), _definitions(), "two-runs")
    st.dataframe(figures_table(found), hide_index=True, key="run_figures", height="content")
    st.caption(ONE_SEED)


def _definitions() -> str:
    names = ("macro_f1", "accuracy", "mcc", "macro_auc", "fidelity", "feature_agreement", "sign_agreement")
    meanings = [f"**{measure_of(name).title}**: {measure_of(name).meaning}" for name in names]
    return "\n\n".join([*meanings, "**loss**: what the run minimises, on its validation texts; lower is better. Of all others, higher is."])


def show_metric(comparison: RunComparison, metric: str, heading: str) -> None:
    """A number of both runs by epoch."""
    name = metric.partition("@")[0]
    definition = f"**{measure_title(metric)}**: {measure_of(name).meaning}"
    _show_curves(heading, metric_curves(*comparison.epochs, _kept(comparison), metric), definition, name)


def show_losses(comparison: RunComparison) -> None:
    """What both minimise, by epoch."""
    _show_curves("Loss", loss_curves(*comparison.epochs, _kept(comparison)), LOSS_DEFINITION, "loss")


def _show_curves(heading: str, curves: list[Curve], definition: str, name: str) -> None:
    table = curves_table(curves)
    if len(table):
        show_chart(heading, curves_figure(curves), table, f"{definition}\n\n{RING}", f"two-runs-{name}")


def _kept(comparison: RunComparison) -> tuple[int | None, int | None]:
    """The epochs whose students are on disk."""
    first, second = (card.metrics.get("epoch") for card in (comparison.first, comparison.second))
    return None if first is None else int(first), None if second is None else int(second)


def show_sentence(first: Run, second: Run, names: tuple[str, str]) -> None:
    """The same words under both students, and under the teacher where both have the same."""
    st.subheader("The same sentence under both", anchor=False)
    st.session_state.setdefault("runs_text", DEFAULT_TEXT)
    text = st.text_input(
        "Sentence", key="runs_text", persist_state="session", max_chars=LONGEST_WATCHED, label_visibility="collapsed",
        placeholder="Type a sentence and press Enter",
    )  # fmt: skip
    shows = st.segmented_control(
        "Student shows", list(STUDENT_VIEWS), default="scores", required=True, key="runs_shows", persist_state="session",
        format_func=STUDENT_VIEWS.__getitem__, label_visibility="collapsed",
    )  # fmt: skip
    if not split_words(text or ""):
        st.info("Type a sentence above and press Enter.")
        return
    try:
        with st.spinner("Reading it with both students …", show_time=True):
            teacher, text, notes = _read_teacher(first, second, text)
            sides = [
                StudentSide(letter, name, _read_student(run, text))
                for letter, run, name in zip(LETTERS, (first, second), names, strict=True)
            ]
    except DixtillError as error:
        st.error(as_markdown(str(error)))
        return
    draw_component("runs", "runs_heatmap", students_data(sides, teacher, notes, shows))


def _read_student(run: Run, text: str) -> Answer:
    from dixtill_core.comparison import student_answer

    folder = str(run.folder)
    return student_answer(load_student_alone(folder, pair_version(folder)), text)


def _read_teacher(first: Run, second: Run, text: str) -> tuple[Answer | None, str, list[str]]:
    """The teacher's answer, where both have the same and it can be loaded; the text that it reads, and what to know."""
    if not have_same_teacher(first, second):
        return None, text, ["The runs have different teachers, so only their students are shown."]
    folder = str(first.folder)
    try:
        comparison = compare_text(folder, pair_version(folder), text, ExplainConfig(), None, "integrated_gradients", "attention")
    except DixtillError as error:
        return None, text, [f"Their teacher cannot be shown. {error}"]
    # What a note says about "the student" is about one of the two; the component says it of both.
    return comparison.teacher, comparison.text, [note for note in comparison.notes if "student" not in note]


def have_same_teacher(first: Run, second: Run) -> bool:
    """By the fingerprint of its weights, which every run notes when it begins."""
    found = [_teacher_fingerprint(run) for run in (first, second)]
    return found[0] is not None and found[0] == found[1]


def _teacher_fingerprint(run: Run) -> str | None:
    try:
        found = run.read().get("fingerprints")
    except DixtillError:
        return None
    return found.get("teacher") if isinstance(found, dict) else None


def _names(cards: tuple[RunCard, RunCard]) -> tuple[str, str]:
    """With the end of their numbers where both are called the same, as a run and its import are."""
    first, second = cards
    if first.name != second.name:
        return first.name, second.name
    return f"{first.name} ({first.id[-4:]})", f"{second.name} ({second.id[-4:]})"


def _status(card: RunCard) -> str:
    return "" if card.status == "finished" else f"({card.status})"
