"""The teacher of a new run, as the page Train asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from dashboard.markdown import as_markdown
from dixtill_core.config import TeachConfig
from dixtill_core.errors import DixtillError, ModelError
from dixtill_core.models.known_teachers import KNOWN_TEACHERS, known_teacher
from dixtill_core.models.teacher import BUNDLED
from dixtill_core.models.teacher_labels import read_teacher_labels
from dixtill_core.models.teacher_reference import has_tokenizer_files, is_adapter, no_tokenizer, require_undamaged

Kind = Literal["bundled", "known", "folder", "hub", "teach"]
KINDS: dict[Kind, str] = {
    "bundled": "Bundled", "known": "Known", "folder": "Folder on this machine", "hub": "Any Hub id", "teach": "Teach one here",
}  # fmt: skip
LOOKED_UP = "train_teacher_looked_up"
"""In the session's state: the Hub id whose config.json was asked for."""
BYTES_A_PARAMETER = 4


@dataclass(frozen=True)
class TeacherChoice:
    reference: str
    labels: tuple[str, ...]
    parameters: int | None = None
    teach: TeachConfig | None = None


def choose_teacher(data_labels: tuple[str, ...]) -> TeacherChoice | None:
    """The chosen teacher with its labels; None where something is still missing, which the page says."""
    kind: Kind = st.segmented_control(
        "Learn from", list(KINDS), default="bundled", required=True, key="train_teacher_kind", persist_state="session",
        format_func=KINDS.__getitem__, wrap=True,
    )  # fmt: skip
    try:
        if kind == "bundled":
            return _bundled()
        if kind == "known":
            return _ask_known()
        if kind == "folder":
            return _ask_folder()
        return _ask_hub() if kind == "hub" else _ask_teaching(data_labels)
    except DixtillError as error:
        st.error(as_markdown(str(error)))
        return None


def _bundled() -> TeacherChoice:
    known = known_teacher(BUNDLED)
    assert known is not None
    st.caption(as_markdown(f"{known.title}. {known.description}"))
    return TeacherChoice(BUNDLED, read_teacher_labels(BUNDLED))


def _ask_known() -> TeacherChoice:
    by_id = {teacher.reference: teacher for teacher in KNOWN_TEACHERS if teacher.reference != BUNDLED}
    reference = st.selectbox(
        "Classifier of the Hub", list(by_id), key="train_teacher_known", persist_state="session",
        format_func=lambda name: f"{by_id[name].title} · {by_id[name].download}" if name in by_id else name,
    )  # fmt: skip
    known = by_id[reference]
    st.caption(as_markdown(f"{known.reference}. {known.description} Nothing is fetched before the run starts."))
    size = known.download_bytes
    return TeacherChoice(reference, known.label_names, None if size is None else size // BYTES_A_PARAMETER)


def _ask_folder() -> TeacherChoice | None:
    typed = st.text_input(
        "Folder", key="train_teacher_folder", persist_state="session", placeholder="/path/to/model",
        help="What save_pretrained wrote (config.json, model.safetensors, tokenizer.json), or a teacher that DiXtill taught. "
        "`dixtill doctor --teacher FOLDER` says whether it can be a teacher.",
    )  # fmt: skip
    if not typed or not typed.strip():
        return None
    folder = Path(typed.strip()).expanduser().absolute()
    labels = read_teacher_labels(str(folder))
    if not is_adapter(folder) and not has_tokenizer_files(folder):
        raise ModelError(no_tokenizer(str(folder)))
    require_undamaged(folder)
    st.caption(as_markdown(f"Its labels: {', '.join(labels)}."))
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return TeacherChoice(str(folder), labels, weights // BYTES_A_PARAMETER or None)


def _ask_hub() -> TeacherChoice | None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = st.text_input(
            "Hub id", key="train_teacher_hub", persist_state="session", placeholder="owner/model",
            help="Any sequence classifier with a fast tokenizer and safetensors weights.",
        )  # fmt: skip
        reference = (typed or "").strip()
        st.button("Look it up", key="train_teacher_look_up", disabled=not reference, on_click=_look_up, args=(reference,))
    if not reference or st.session_state.get(LOOKED_UP) != reference:
        st.caption("Looking it up downloads its config.json, a few kB, for the labels. The model itself is downloaded when the run starts.")
        return None
    labels = _labels_of_hub_model(reference)
    st.caption(as_markdown(f"Its labels: {', '.join(labels)}. Starting the run downloads the model, unless it is here already."))
    return TeacherChoice(reference, labels)


def _look_up(reference: str) -> None:
    st.session_state[LOOKED_UP] = reference


@st.cache_data(max_entries=20, show_spinner="Asking the Hub …")
def _labels_of_hub_model(reference: str) -> tuple[str, ...]:
    return read_teacher_labels(reference, allow_download=True)


def _ask_teaching(data_labels: tuple[str, ...]) -> TeacherChoice:
    default = TeachConfig()
    st.caption(
        "all-MiniLM-L6-v2 is fine-tuned on the texts above by LoRA, then distilled: about three minutes an epoch for 10,000 headlines on "
        "two cores. Nothing is downloaded."
    )
    columns = st.columns(4)
    epochs = columns[0].number_input("Epochs of the teacher", 1, 50, default.epochs, key="teach_epochs", persist_state="session")
    rate = columns[1].number_input(
        "Its learning rate", 1e-6, 1e-1, default.learning_rate, 1e-4, format="%.5f", key="teach_learning_rate", persist_state="session"
    )
    rank = columns[2].number_input(
        "LoRA rank", 1, 256, default.lora_rank, key="teach_lora_rank", persist_state="session",
        help="Size of the adapter: more can learn more, and needs more texts.",
    )  # fmt: skip
    length = columns[3].number_input(
        "Longest text", 8, 256, default.max_length, 16, key="teach_max_length", persist_state="session",
        help="Pieces of a text that it is trained on.",
    )  # fmt: skip
    teach = TeachConfig(epochs=epochs, learning_rate=rate, lora_rank=rank, max_length=length)
    return TeacherChoice(BUNDLED, data_labels, teach=teach)
