"""Learn: distillation and attribution in eight steps on one sentence, which may be the audience's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from dashboard.draw_component import draw_component
from dashboard.examples import DEFAULT_TEXT, EXAMPLES
from dashboard.learn_models import FOLDER, load_lesson_pair, load_sentence
from dashboard.markdown import as_markdown
from dashboard.resources import pair_version
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dixtill_core.lesson.sentence import SentenceLesson

N_STEPS, TRAINING, TRUST = 8, 7, 8
LONGEST = 2000
"""Characters: longer texts are read up to the teacher's window anyway, and a link has to hold them."""
COMPONENT: Literal["lesson"] = "lesson"


def begin() -> None:
    """Step and sentence of the link that was opened; later the session knows better."""
    state = st.session_state
    if "learn_text" not in state:
        state.learn_text = st.query_params.get("text", DEFAULT_TEXT)[:LONGEST]
    if "learn_step" not in state:
        asked = st.query_params.get("step", "1")
        state.learn_step = int(asked) if asked in map(str, range(1, N_STEPS + 1)) else 1


def sent(name: str) -> Any:
    """What the component has just sent."""
    return getattr(st.session_state.get(COMPONENT), name, None)


def go() -> None:
    wanted = sent("go")
    if isinstance(wanted, int | float):
        st.session_state.learn_step = min(N_STEPS, max(1, int(wanted)))


def take_sentence() -> None:
    text = sent("sentence")
    if isinstance(text, str) and text.strip():
        set_text(text)


def take_deleted() -> None:
    deleted = sent("deleted")
    if isinstance(deleted, list):
        words = [int(i) for i in deleted if isinstance(i, int | float)]
        st.session_state.learn_deleted = (st.session_state.learn_text, words)


def set_text(text: str) -> None:
    st.session_state.learn_text = st.session_state.learn_box = text[:LONGEST]


def take_box() -> None:
    st.session_state.learn_text = st.session_state.learn_box or ""
    st.session_state.learn_example = None


def take_example() -> None:
    if st.session_state.learn_example is not None:
        set_text(EXAMPLES[st.session_state.learn_example])


def ask_sentence() -> str:
    st.session_state.setdefault("learn_box", st.session_state.learn_text)
    st.text_input(
        "A sentence from the audience", key="learn_box", on_change=take_box, max_chars=LONGEST,
        placeholder="A sentence from the audience, used in every step",
    )  # fmt: skip
    st.pills("Examples", list(EXAMPLES), key="learn_example", on_change=take_example, label_visibility="collapsed", wrap=True)
    return st.session_state.learn_text


def step_data(step: int, lesson: SentenceLesson) -> dict[str, Any]:
    """Everything that the component shows of one step."""
    from dashboard.learn_data import PICTURES, deletion_data, own_deletion, training_data
    from dashboard.learn_training import choose_recording
    from dixtill_core.lesson.questions import STEPS, question

    if step == TRAINING:
        kind, picture = "training", training_data(lesson, choose_recording())
    elif step == TRUST:
        text, deleted = st.session_state.get("learn_deleted", ("", []))
        own = own_deletion(lesson, deleted) if text == st.session_state.learn_text else None
        kind, picture = "deletion", deletion_data(lesson, own)
    else:
        kind, make = PICTURES[step]
        picture = make(lesson)
    asked = question(step, lesson)
    return {
        "step": step,
        "titles": [each.title for each in STEPS],
        "idea": STEPS[step - 1].idea,
        "formula": STEPS[step - 1].formula,
        "question": asked.question,
        "answer": asked.answer,
        "sentence": st.session_state.learn_text,
        "longest": LONGEST,
        "notes": list(lesson.comparison.notes),
        "kind": kind,
        "picture": picture,
    }


def show_worksheet(lesson: SentenceLesson) -> None:
    """Made when the button is pressed."""
    from dixtill_core.lesson.worksheet import worksheet_html

    st.download_button(
        "Worksheet to print", lambda: worksheet_html(lesson), "dixtill-worksheet.html", "text/html", key="learn_worksheet",
        on_click="ignore", help="This sentence's numbers, exercises to work out by hand, and the answers on pages of their own.",
    )  # fmt: skip


begin()
text = ask_sentence()
step = st.session_state.learn_step
st.query_params.from_dict({"step": str(step), "text": text})
try:
    with st.spinner("Loading both models …", show_time=True):
        load_lesson_pair()
    if text.strip():
        with st.spinner("Working it out …"):
            lesson = load_sentence(text, pair_version(FOLDER))
            data = step_data(step, lesson)
        draw_component(COMPONENT, COMPONENT, data, on_go_change=go, on_sentence_change=take_sentence, on_deleted_change=take_deleted)
        with st.container(horizontal=True):
            show_worksheet(lesson)
            if step == TRAINING:
                from dashboard.learn_training import show_training

                show_training()
    else:
        st.info("Type a sentence above and press Enter, or pick one of the examples.")
except DixtillError as error:
    st.error(as_markdown(str(error)))
