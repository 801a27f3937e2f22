"""The section New run of the page Train: data, teacher, settings, what it will cost, and the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.label_map import ask_label_map
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs, load_store
from dashboard.train_data import choose_data
from dashboard.train_estimate import show_estimate
from dashboard.train_jobs import start_run
from dashboard.train_settings import ask_settings, choose_preset, suggest_watched
from dashboard.train_source import message
from dashboard.train_teacher import choose_teacher
from dixtill_core.data.datasets import folds, why_not_split
from dixtill_core.data.label_map import match_labels
from dixtill_core.errors import DataError, DixtillError
from dixtill_core.runs.spec import PRESETS, RunSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashboard.train_data import Data
    from dashboard.train_settings import Settings
    from dashboard.train_teacher import TeacherChoice


def show_new_run() -> bool:
    """Ask for everything and start; whether a run was started."""
    if (running := load_jobs().running()) is not None:
        st.info(as_markdown(f"“{running.state.title}” is running in the background. The next run can start when it has ended."))
    with st.container(border=True):
        st.subheader("1 · Data", anchor=False)
        data = choose_data()
    with st.container(border=True):
        st.subheader("2 · Teacher", anchor=False)
        teacher = choose_teacher(data.dataset.label_names if data else ())
        label_map, labels_fit = _map(data, teacher)
    with st.container(border=True):
        st.subheader("3 · Student and training", anchor=False)
        choose_preset()
        if data is not None:
            suggest_watched(data)
        try:
            settings, place_for_estimate = ask_settings()
            if data is None or teacher is None or not labels_fit:
                if settings.action != "show":
                    st.error("Before that, the boxes above need an answer: " + _missing(data, teacher))
                return False
            spec = make_spec(data, teacher, label_map, settings)
            with place_for_estimate:
                show_estimate(spec, data, len(teacher.labels), teacher.parameters, measure=settings.action == "estimate")
            if settings.action == "start":
                _start(spec, data, teacher, settings)
                return True
        except DixtillError as error:
            st.error(as_markdown(message(error)))
    return False


def make_spec(data: Data, teacher: TeacherChoice, label_map: Mapping[str, str | None] | None, settings: Settings) -> RunSpec:
    """What the run is asked to do. Uploads are put into its folder and named when it is made."""
    return RunSpec(
        data=data.source.reference,
        text_column=data.columns.text,
        label_column=data.columns.label,
        label_names=data.columns.label_names,
        label_map=label_map,
        teacher=teacher.reference,
        teach=teacher.teach,
        student=settings.student,
        distill=settings.distill,
        watched=settings.watched.strip(),
        test_data=None if data.test is None else data.test.reference,
    )


def _map(data: Data | None, teacher: TeacherChoice | None) -> tuple[Mapping[str, str | None] | None, bool]:
    """The label map, and whether every text that is trained or tested on has a label of the teacher's."""
    if data is None or teacher is None:
        return None, False
    try:
        if teacher.teach is None:
            return ask_label_map(data.dataset, teacher.labels, data.test_dataset), True
        if data.test_dataset is not None:
            match_labels(data.test_dataset, teacher.labels)
    except DataError as error:
        is_taught = teacher.teach is not None and error.setting == "label_map"
        st.error(as_markdown(f"{error.problem} Give the test texts the labels of the training texts." if is_taught else message(error)))
        return None, False
    except DixtillError as error:
        st.error(as_markdown(message(error)))
        return None, False
    return None, True


def _missing(data: Data | None, teacher: TeacherChoice | None) -> str:
    return "choose the data." if data is None else "choose a teacher." if teacher is None else "say which label is which."


def _start(spec: RunSpec, data: Data, teacher: TeacherChoice, settings: Settings) -> None:
    """Make the run's folder and train it in the background.

    Raises:
        DixtillError: something else is running, or the folder cannot be written.
    """
    jobs = load_jobs()
    jobs.require_idle()  # Before a folder is made that nothing would train.
    _require_enough(data, teacher, spec)
    name = settings.name or f"{PRESETS[settings.preset].title}, {data.source.name}"[:100]
    upload, test = data.source.upload, data.test.upload if data.test else None
    run = load_store().create(spec, name, upload=upload, test_upload=test, tags=settings.tags)
    st.session_state["live_run"] = run.id
    start_run(jobs, run)


def _require_enough(data: Data, teacher: TeacherChoice, spec: RunSpec) -> None:
    """Raise a DataError where labels, once they are the teacher's, have too few texts to validate on."""
    labels = match_labels(data.dataset, teacher.labels, spec.label_map, is_shared=True).require_labels()
    counts = np.bincount(labels, minlength=len(teacher.labels))
    if problem := why_not_split(counts, teacher.labels, folds(spec.distill.validation_share)):
        raise DataError(f"{data.source.name} {problem}")
