"""Below step 7 of the lesson: which recording is shown, and a button that trains both students again here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.job_panel import follow_job, start_job
from dashboard.learn_models import load_training, recording_version
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs
from dixtill_core.errors import CheckpointError, DixtillError

if TYPE_CHECKING:
    from dixtill_core.lesson.training import Recording

KIND = "lesson"
SHIPPED, OWN = "as shipped", "trained here"


def choose_recording() -> Recording:
    """The recording that comes with the project, or the one made here, which is shown first where there is one.

    Raises:
        CheckpointError: the chosen one cannot be read.
    """
    from dixtill_core.lesson.training import RECORDED, own_recording

    own = own_recording()
    if not recording_version(own):
        return _load(RECORDED)
    chosen = st.segmented_control(
        "Students", [OWN, SHIPPED], default=OWN, required=True, key="learn_recording", persist_state="session",
        label_visibility="collapsed",
    )  # fmt: skip
    if chosen == SHIPPED:
        return _load(RECORDED)
    try:
        return _load(own)
    except CheckpointError as error:
        st.warning(as_markdown(f"{error} The students as shipped are shown."))
        return _load(RECORDED)


def _load(folder: Path) -> Recording:
    return load_training(str(folder), recording_version(folder))


def show_training() -> None:
    """The button, and the training while it runs."""
    from dashboard.learn_process import record_in_process
    from dixtill_core.lesson.training import own_recording

    is_asked = st.button(
        "Train both again here",
        key="learn_train",
        disabled=load_jobs().running() is not None,
        help="On the 680 sentences of the sample: the teacher explains them once, then each student learns for 16 epochs. "
        "A few minutes the first time, less after that. The page stays usable.",
    )
    if is_asked:
        try:
            start_job(KIND, "Training both students", lambda: record_in_process(own_recording()))
        except DixtillError as error:
            st.error(as_markdown(str(error)))
        else:
            st.rerun()
    state = follow_job(KIND)
    if state is not None and state.status == "finished":
        st.success("Both students are trained. Step 7 shows them.")
