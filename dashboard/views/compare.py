"""Compare: one sentence under both models, the teacher's reasons left, the student's right, word by word."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.draw_component import draw_component
from dashboard.examples import DEFAULT_TEXT, EXAMPLES, SURPRISE
from dashboard.explainer_choice import Explainers, choose_explainers, choose_settings, choose_student_view
from dashboard.heatmap import heatmap_data
from dashboard.markdown import as_markdown
from dashboard.resources import compare_text, find_pairs, load_models, load_sample, measure_faithfulness, pair_version
from dashboard.sentence_faithfulness import faithfulness_data, shown_attributions
from dixtill_core.config import ExplainConfig
from dixtill_core.errors import DixtillError
from dixtill_core.export.html import comparison_html
from dixtill_core.export.panels import StudentShows, comparison_figures
from dixtill_core.export.png import comparison_png
from dixtill_core.export.tables import comparison_csv, comparison_json

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from dixtill_core.comparison import Comparison

PREDICTED = ""  # Stands for the predicted class among the labels, none of which is empty.


@dataclass(frozen=True)
class Options:
    """What the sidebar asks for before the models are there."""

    folder: str
    explainers: Explainers
    config: ExplainConfig
    student_shows: StudentShows
    k: int


def show_example() -> None:
    """Put the chosen example into the text box; a surprise can be had again and again."""
    chosen = st.session_state.example
    if chosen == SURPRISE:
        st.session_state.text = random.choice(load_sample().texts)
        st.session_state.example = None
    elif chosen is not None:
        st.session_state.text = EXAMPLES[chosen]


def forget_example() -> None:
    st.session_state.example = None


def ask_text() -> tuple[str, DeltaGenerator]:
    """The text, and a place beside the examples where progress shows without moving the page."""
    st.session_state.setdefault("text", DEFAULT_TEXT)
    text = st.text_input(
        "Text",
        key="text",
        persist_state="session",
        on_change=forget_example,
        label_visibility="collapsed",
        placeholder="Type a sentence and press Enter",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.pills("Examples", [*EXAMPLES, SURPRISE], key="example", on_change=show_example, label_visibility="collapsed", wrap=True)
        place_for_progress = st.empty()
    return text or "", place_for_progress


def choose_models() -> str:
    """The folder of the pair; a choice only where there is one."""
    pairs = find_pairs()
    if len(pairs) == 1:
        return next(iter(pairs))
    return st.selectbox(
        "Models",
        list(pairs),
        key="pair",
        persist_state="session",
        format_func=lambda folder: pairs.get(folder, folder),
        help="A teacher with the student distilled from it.",
    )


def choose_target(labels: tuple[str, ...]) -> str | None:
    """The class that the teacher explains, None for the predicted one."""
    if st.session_state.get("target", PREDICTED) not in (PREDICTED, *labels):
        del st.session_state["target"]  # A label of the models chosen before.
    chosen = st.selectbox(
        "Explain the class",
        [PREDICTED, *labels],
        key="target",
        persist_state="session",
        format_func=lambda label: label or "predicted",
        help="The class that the words speak for or against. The student's attention always speaks about its own prediction.",
    )
    return chosen or None


def choose_k() -> int:
    help_text = "How many of each model's strongest words the agreement is measured on."
    return st.slider("Compare the top words", 1, 5, 3, key="k", persist_state="session", help=help_text)


def show_figures(comparison: Comparison, k: int) -> None:
    with st.container(horizontal=True):
        for figure in comparison_figures(comparison, k):
            st.metric(figure.meaning, figure.number, help=figure.explanation, border=True)


def show_downloads(comparison: Comparison, options: Options) -> None:
    """Each file is made when its button is pressed."""
    files = {
        "HTML": ("text/html", partial(comparison_html, comparison, options.k, options.student_shows)),
        "PNG": ("image/png", partial(comparison_png, comparison, options.k, options.student_shows)),
        "CSV": ("text/csv", partial(comparison_csv, comparison)),
        "JSON": ("application/json", partial(comparison_json, comparison)),
    }
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Download this comparison", width="content")
        for name, (mime, make) in files.items():
            suffix = name.lower()
            st.download_button(name, make, f"dixtill-comparison.{suffix}", mime, key=f"download_{suffix}", on_click="ignore")


def show_comparison(comparison: Comparison, options: Options) -> None:
    draw_component("comparison", "heatmap", heatmap_data(comparison, options.k, options.student_shows))
    show_figures(comparison, options.k)
    show_downloads(comparison, options)


def show_faithfulness(comparison: Comparison, options: Options, version: int) -> None:
    """Measured only when everything else is on the page, since it asks the teacher some hundred times."""
    with st.spinner("Reading the text again without its strongest words …", show_time=True):
        teacher, student = (
            measure_faithfulness(options.folder, version, answer.role, comparison.text, shown_attributions(answer, options.student_shows))
            for answer in (comparison.teacher, comparison.student)
        )
    draw_component("faithfulness", "faithfulness", faithfulness_data(comparison, options.student_shows, teacher, student))


with st.sidebar:
    folder = choose_models()
    place_for_target = st.container()
    explainers = choose_explainers()
    options = Options(folder, explainers, choose_settings(explainers), choose_student_view(explainers), choose_k())
text, place_for_progress = ask_text()
try:
    with place_for_progress, st.spinner("Loading both models …", show_time=True):
        version = pair_version(options.folder)
        pair = load_models(options.folder, version)
    with place_for_target:
        target = choose_target(pair.teacher.label_names)
    if text.strip():
        with place_for_progress, st.spinner("Explaining …"):
            comparison = compare_text(options.folder, version, text, options.config, target, *options.explainers)
        show_comparison(comparison, options)
        show_faithfulness(comparison, options, version)
    else:
        st.info("Type a sentence above and press Enter, or pick one of the examples.")
except DixtillError as error:
    st.error(as_markdown(str(error)))
