"""The form of the page Train: method, student and training, each with what it means, and presets that fill it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import streamlit as st

from dashboard.examples import DEFAULT_TEXT
from dashboard.glossary import model_name
from dixtill_core.config import Attention, DistillConfig, Method, Optimizer, StudentConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import ConfigError
from dixtill_core.runs.layout import LONGEST_NAME
from dixtill_core.runs.spec import LONGEST_WATCHED, PRESETS

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from dashboard.train_data import Data

ATTENTIONS = {"magnitude": "over magnitudes", "signed": "over signed scores (paper)"}
OPTIMIZERS = {"adamw": "AdamW", "sgd": "SGD (paper)"}
PRESET, NAME, TAGS, WATCHED = "train_preset", "train_name", "train_tags", "train_watched"
SUGGESTED = "train_watched_suggested"
"""In the session's state: the sentence that was put into the form, and not typed."""
LOOKED_THROUGH = 200
"""Texts of the data, for a sentence to suggest."""
MOST_SEED = 2**32 - 1
Action = Literal["show", "estimate", "start"]


class Number(NamedTuple):
    """A number of one of the two configurations, as the form asks for it."""

    setting: str
    label: str
    meaning: str
    low: float
    high: float
    step: float
    format: str | None = None


MAIN: tuple[tuple[str | Number, ...], ...] = (
    (
        "method",
        Number(
            "alpha", "α, share of the teacher", "Weight of what the teacher says against the gold label: 1 is the teacher alone. "
            "Not read by “gold labels only”.", 0.0, 1.0, 0.05, "%.2f",
        ),
        Number(
            "temperature", "τ, temperature", "Softens both models' answers before they are compared: more shows more of what the teacher "
            "thinks of the other labels. Read by DiXtill and KL.", 0.1, 50.0, 0.5, "%.1f",
        ),
        Number(
            "alignment_weight", "Weight of the alignment", "How much the student is pulled towards the teacher's reasons, beside its "
            "answers. Read by DiXtill alone; the paper has 1.", 0.0, 100.0, 0.5, "%.1f",
        ),
    ),
    (
        Number("epochs", "Epochs", "Times that the student sees every text. The best epoch on the validation texts is kept.", 1, 10_000, 1),
        Number("batch_size", "Batch size", "Texts in a training step.", 1, 4096, 8),
        Number(
            "learning_rate", "Learning rate", "Highest step size. AdamW's rises over the first tenth and falls to 0, SGD's stays.",
            1e-5, 1.0, 5e-4, "%.5f",
        ),
        Number("seed", "Seed", "Of the student's first weights and the order of texts.", 0, MOST_SEED, 1),
    ),
    (
        Number("hidden_size", "Units", "Of the LSTM, in each direction. The paper has 50.", 1, 1024, 10),
        Number(
            "embedding_size", "Embedding size", "Numbers that stand for a word. With 50 they start from GloVe's, with any other size from "
            "chance.", 1, 1024, 10,
        ),
        Number(
            "max_vocabulary", "Vocabulary", "Words with a vector of their own: those of the texts, then GloVe's most frequent. It makes "
            "nearly all of the student's size.", 16, 400_000, 1000,
        ),
        Number("dropout", "Dropout", "Share of the student's activations that training leaves out at random.", 0.0, 0.95, 0.05, "%.2f"),
    ),
    (
        Number(
            "augmented_texts", "Made texts", "Texts made from yours (words dropped, replaced, halves spliced), which the teacher labels: "
            "the largest lever there is for quality. 0 for none.", 0, 2_000_000, 1000,
        ),
        "attention",
        Number("word_dropout", "Word dropout", "Share of words that training hides: the unknown word is learned.", 0.0, 0.9, 0.02, "%.2f"),
        Number("validation_share", "Validation share", "Of the texts, kept apart to choose the best epoch by.", 0.01, 0.5, 0.05, "%.2f"),
    ),
)  # fmt: skip
MORE: tuple[tuple[str | Number, ...], ...] = (
    (
        "optimizer",
        Number(
            "average_decay", "Average of weights", "Decay of the moving average of the weights that is evaluated and kept; 0 keeps the "
            "last weights.", 0.0, 0.9999, 0.001, "%.4f",
        ),
        Number("weight_decay", "Weight decay", "Pulls all weights towards 0.", 0.0, 1.0, 0.01, "%.3f"),
        Number("max_words", "Longest text", "Words after which a text is cut for the student.", 1, 10_000, 10),
    ),
    (
        Number("split_seed", "Seed of the split", "Decides which texts are kept to validate on.", 0, MOST_SEED, 1),
        Number("augmentation_seed", "Seed of made texts", "The teacher labels the same texts only once.", 0, MOST_SEED, 1),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What the form holds now."""

    student: StudentConfig
    distill: DistillConfig
    name: str
    tags: tuple[str, ...]
    watched: str
    action: Action
    preset: str


def choose_preset() -> None:
    """One press fills the form."""
    for name, value in _preset_values("default").items():
        st.session_state.setdefault(_key(name), value)
    st.session_state.setdefault(WATCHED, DEFAULT_TEXT)
    preset = st.segmented_control(
        "Fill the form with",
        list(PRESETS),
        default="default",
        required=True,
        key=PRESET,
        persist_state="session",
        format_func=lambda name: PRESETS[name].title,
        on_change=_fill,
        wrap=True,
    )
    st.caption(PRESETS[preset].description)


def suggest_watched(data: Data) -> None:
    """Watch a sentence of the data, unless one was typed: the one for the sample means nothing to other labels."""
    state = st.session_state
    if state.get(WATCHED) not in (None, DEFAULT_TEXT, state.get(SUGGESTED)):
        return
    of_some_words = (
        text for text in data.dataset.texts[:LOOKED_THROUGH] if 5 <= len(split_words(text)) <= 20 and len(text) <= LONGEST_WATCHED
    )
    found = DEFAULT_TEXT if data.source.kind == "sample" else next(of_some_words, DEFAULT_TEXT)
    state[WATCHED] = state[SUGGESTED] = found


def ask_settings() -> tuple[Settings, DeltaGenerator]:
    """The form, and the place above its buttons where the estimate goes.

    Raises:
        ConfigError: a number is missing.
    """
    with st.form("train_settings", enter_to_submit=False, border=False):
        for row in MAIN:
            _ask_row(row)
        with st.expander("More settings"):
            for more in MORE:
                _ask_row(more)
        watched = st.text_input(
            "Sentence to watch",
            key=WATCHED,
            persist_state="session",
            max_chars=LONGEST_WATCHED,
            help="After every epoch its words are drawn as the student weighs them, beside the teacher's reasons. Leave it empty for none.",
        )
        columns = st.columns(2)
        name = columns[0].text_input(
            "Name of the run", key=NAME, persist_state="session", max_chars=LONGEST_NAME, placeholder="named after preset and data"
        )
        tags = columns[1].text_input("Tags", key=TAGS, persist_state="session", placeholder="separated by commas")
        place = st.container()
        with st.container(horizontal=True):
            start = st.form_submit_button("Start training", key="start_training", type="primary")
            estimate = st.form_submit_button(
                "Measure the time", key="estimate_training", help="Runs both models on a few of your texts, for some seconds."
            )
    action: Action = "start" if start else "estimate" if estimate else "show"
    found = {name: st.session_state[_key(name)] for name in _preset_values("default")}
    if empty := [number.label for row in (*MAIN, *MORE) for number in row if isinstance(number, Number) and found[number.setting] is None]:
        raise ConfigError(f"{', '.join(empty)} is empty. Type a number.")
    student = StudentConfig(**{field.name: found[field.name] for field in fields(StudentConfig)})
    distill = DistillConfig(**{field.name: found[field.name] for field in fields(DistillConfig)})
    given = tuple(tag.strip() for tag in (tags or "").split(",") if tag.strip())
    return Settings(student, distill, (name or "").strip(), given, watched or "", action, st.session_state[PRESET]), place


def _ask_row(row: tuple[str | Number, ...]) -> None:
    for column, asked in zip(st.columns(4), row, strict=False):
        with column:
            if isinstance(asked, Number):
                _ask_number(asked)
            elif asked == "method":
                st.selectbox(
                    "Method", get_args(Method), key=_key(asked), persist_state="session", format_func=model_name,
                    help="What the student is trained to minimise. **DiXtill**: τ² KL and the alignment with the teacher's reasons. "
                    "**DiXtill, paper's loss**: 1 − exp(−KL) and the alignment. **KL**, **MSE**: the teacher's answers alone. "
                    "**Gold labels only**: no teacher at all.",
                )  # fmt: skip
            elif asked == "optimizer":
                st.selectbox(
                    "Optimiser", get_args(Optimizer), key=_key(asked), persist_state="session", format_func=OPTIMIZERS.__getitem__,
                    help="The paper trains by SGD with a momentum of 0.9 at a constant rate of 0.01, and 15 epochs: too little for so few "
                    "texts.",
                )  # fmt: skip
            else:
                st.selectbox(
                    "Attention", get_args(Attention), key=_key(asked), persist_state="session", format_func=ATTENTIONS.__getitem__,
                    help="Over magnitudes, words that speak against the prediction are read too; over signed scores they get almost none.",
                )  # fmt: skip


def _ask_number(number: Number) -> None:
    kind = type(_preset_values("default")[number.setting])
    st.number_input(
        number.label, min_value=kind(number.low), max_value=kind(number.high), step=kind(number.step), format=number.format,
        key=_key(number.setting), persist_state="session", help=number.meaning,
    )  # fmt: skip


def _fill() -> None:
    for name, value in _preset_values(st.session_state[PRESET]).items():
        st.session_state[_key(name)] = value


def _preset_values(preset: str) -> dict[str, Any]:
    return PRESETS[preset].student.to_dict() | PRESETS[preset].distill.to_dict()


def _key(setting: str) -> str:
    return f"train_{setting}"
