"""The sidebar of Compare: which explainer speaks for either model, and the settings that this explainer has."""

from __future__ import annotations

from typing import NamedTuple, get_args

import streamlit as st

from dixtill_core.config import Baseline, ExplainConfig, Output
from dixtill_core.explain.explainers import EXPLAINERS, Role
from dixtill_core.export.panels import StudentShows

DEFAULTS: dict[Role, str] = {"teacher": "integrated_gradients", "student": "attention"}
STEPS = (10, 20, 50, 100, 200)
STUDENT_VIEWS: dict[StudentShows, str] = {"scores": "signed scores", "weights": "attention weights"}


class Explainers(NamedTuple):
    """Names from `EXPLAINERS`."""

    teacher: str
    student: str


def choose_explainers() -> Explainers:
    return Explainers(_choose_explainer("teacher"), _choose_explainer("student"))


def choose_settings(explainers: Explainers) -> ExplainConfig:
    """Settings of the chosen explainers; those that none of them reads are greyed out."""
    has_path = "integrated_gradients" in explainers
    n_steps = st.select_slider(
        "Steps",
        STEPS,
        50,
        key="n_steps",
        persist_state="session",
        disabled=not has_path,
        help="Gradient evaluations of Integrated Gradients, which alone has them: more are slower and closer to the exact integral.",
    )
    baseline = st.selectbox(
        "Baseline",
        get_args(Baseline),
        key="baseline",
        persist_state="session",
        disabled=not has_path,
        help="What every word starts from in Integrated Gradients: the padding token, the mask token or a zero vector.",
    )
    output = st.selectbox(
        "Explained output",
        get_args(Output),
        key="output",
        persist_state="session",
        help="The probability of the class, which saturates near 100%, or its logit, which does not. Attention has no such choice.",
    )
    return ExplainConfig(n_steps=n_steps, baseline=baseline, output=output)


def choose_student_view(explainers: Explainers) -> StudentShows:
    return st.selectbox(
        "Student shows",
        list(STUDENT_VIEWS),
        key="student_shows",
        persist_state="session",
        format_func=STUDENT_VIEWS.__getitem__,
        disabled=explainers.student != "attention",
        help="Of its attention: scores before the softmax have a sign; attention weights are shares of 100% without one.",
    )


def _choose_explainer(role: Role) -> str:
    names = [name for name, explainer in EXPLAINERS.items() if role in explainer.roles]
    return st.selectbox(
        f"{role.capitalize()}'s explainer",
        names,
        names.index(DEFAULTS[role]),
        key=f"{role}_explainer",
        persist_state="session",
        format_func=lambda name: EXPLAINERS[name].title,
        help="\n".join(_described(name) for name in names),
    )


def _described(name: str) -> str:
    explainer = EXPLAINERS[name]
    return f"- **{explainer.title}**: {explainer.description} *Cost: {explainer.cost}.*"
