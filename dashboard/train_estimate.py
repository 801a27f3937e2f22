"""What a new run will cost, shown before it starts: measured here once it was asked for, else told from stored times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.resources import load_models, pair_version
from dashboard.train_stages import duration
from dixtill_core.data.words import split_words
from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore
from dixtill_core.errors import ModelError
from dixtill_core.export.numbers import format_bytes, format_parameters
from dixtill_core.models.teacher import BUNDLED, load_teacher
from dixtill_core.paths import BUNDLED_PAIR
from dixtill_core.runs.estimate import BUNDLED_PARAMETERS, Calibration, calibrate, estimate

if TYPE_CHECKING:
    from dashboard.train_data import Data
    from dixtill_core.data.datasets import Dataset
    from dixtill_core.models.teacher import Teacher
    from dixtill_core.runs.estimate import Estimate
    from dixtill_core.runs.spec import RunSpec

MEASURED = "train_measured"
"""In the session's state: the last measurement, with what it was of."""
STARTING_SECONDS = 10
"""Until a run's own process has loaded everything."""
LOOKED_AT = 200
"""Texts whose words are counted."""


@dataclass(frozen=True)
class _Measured:
    of: tuple[object, ...]
    calibration: Calibration
    explained_texts: int


def show_estimate(spec: RunSpec, data: Data, n_classes: int, teacher_parameters: int | None, *, measure: bool) -> None:
    """Time by stage, size and parameters.

    Args:
        teacher_parameters: None where they are not known.
        measure: run both models on a few texts now.

    Raises:
        ModelError: measuring was asked for, and the teacher is not on this machine.
    """
    if measure:
        _measure(spec, data)
    found = st.session_state.get(MEASURED)
    measured = found if found is not None and found.of == _measured_of(spec, data) else None
    expected = estimate(
        spec,
        len(data.dataset),
        mean_words(data.dataset),
        n_classes,
        calibration=measured.calibration if measured else None,
        teacher_parameters=teacher_parameters or BUNDLED_PARAMETERS,
        n_test=len(data.test_dataset) if data.test_dataset is not None else 0,
        explained_texts=measured.explained_texts if measured else 0,
    )
    _show(expected)


def mean_words(dataset: Dataset) -> float:
    sample = dataset.texts[:: max(1, len(dataset) // LOOKED_AT)]
    return float(np.mean([len(split_words(text)) for text in sample]))


def _show(expected: Estimate) -> None:
    with st.container(horizontal=True):
        st.metric(
            "time, about", duration(expected.total_seconds + STARTING_SECONDS), border=True,
            help=f"Half or twice as much is no surprise. {STARTING_SECONDS} s of it are for loading PyTorch.",
        )  # fmt: skip
        st.metric("student on disk, about", format_bytes(expected.student_bytes), border=True)
        st.metric("parameters of the student", format_parameters(expected.parameters).removesuffix(" parameters"), border=True)
    stages = " · ".join(f"{stage} {duration(seconds)}" for stage, seconds in expected.seconds.items() if seconds >= 1)
    notes = [f"{stages}." if stages else "", *expected.notes, "After a change in the form, press “Measure the time” for a new estimate."]
    st.caption(as_markdown(" ".join(filter(None, notes))))


def _measure(spec: RunSpec, data: Data) -> None:
    with st.spinner("Running both models on a few of the texts …", show_time=True):
        # A teacher that is taught here is as large as the bundled one.
        teacher = _load_teacher(BUNDLED if spec.teach is not None else spec.teacher)
        texts = data.dataset.texts
        known = 0 if spec.teach is not None else TargetStore(teacher, TARGET_CONFIG).count_known(texts)
        st.session_state[MEASURED] = _Measured(_measured_of(spec, data), calibrate(spec, teacher, texts), known)


def _measured_of(spec: RunSpec, data: Data) -> tuple[object, ...]:
    """What decides the cost of a text."""
    teacher = BUNDLED if spec.teach is not None else spec.teacher
    return (teacher, spec.student, spec.distill.batch_size, spec.distill.max_words, data.source, data.columns)


def _load_teacher(reference: str) -> Teacher:
    if reference == BUNDLED:
        folder = str(BUNDLED_PAIR)
        return load_models(folder, pair_version(folder)).teacher
    try:
        return _load_once(reference)
    except ModelError as error:
        raise ModelError(f"The time cannot be measured: {error}") from error


@st.cache_resource(max_entries=1, show_spinner=False)
def _load_once(reference: str) -> Teacher:
    """The last teacher that was measured; never downloads."""
    return load_teacher(reference, allow_download=False)
