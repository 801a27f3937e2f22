"""What the lesson keeps between reruns and sessions: sentences with their numbers, recorded trainings, the pair itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.resources import load_models, pair_version
from dixtill_core.paths import BUNDLED_PAIR

if TYPE_CHECKING:
    from dixtill_core.lesson.sentence import SentenceLesson
    from dixtill_core.lesson.training import Recording
    from dixtill_core.models.pair import ModelPair

FOLDER = str(BUNDLED_PAIR)
"""The lesson is about the pair that everyone has."""


def load_lesson_pair() -> ModelPair:
    return load_models(FOLDER, pair_version(FOLDER))


@st.cache_resource(max_entries=100, show_spinner=False)
def load_sentence(text: str, version: int) -> SentenceLesson:
    """A sentence, whose steps are computed when they are first shown."""
    from dixtill_core.lesson.sentence import SentenceLesson

    pair = load_lesson_pair()
    with pair.teacher.lock:
        return SentenceLesson(pair, text)


def recording_version(folder: Path) -> int:
    """Changes when both students are trained again; 0 where there is no recording."""
    from dixtill_core.lesson.training import TRAINING

    card = Path(folder) / TRAINING
    return card.stat().st_mtime_ns if card.exists() else 0


@st.cache_resource(max_entries=2, show_spinner=False)
def load_training(folder: str, version: int) -> Recording:
    from dixtill_core.lesson.training import load_recording

    return load_recording(Path(folder))
