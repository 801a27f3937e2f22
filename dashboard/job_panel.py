"""A background job on a page: its progress and a way to stop it while it runs, how it ended afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs

if TYPE_CHECKING:
    from dashboard.jobs import Job, JobState, Work

EVERY_SECOND = 1.0


def start_job(kind: str, title: str, work: Work) -> None:
    """Start it, or say what is running instead.

    Raises:
        JobError: another job is running.
    """
    load_jobs().start(kind, title, work)


def why_nothing_starts() -> str | None:
    """What else is running; None where something can be started."""
    other = load_jobs().running()
    return None if other is None else f"“{as_markdown(other.state.title)}” is running. Wait for it or cancel it."


def start_button(label: str, key: str, help: str | None = None, *, disabled: bool = False) -> bool:
    """A button that starts a background job; while another one runs it is off and says why."""
    reason = why_nothing_starts()
    return st.button(label, key=key, type="primary", disabled=disabled or reason is not None, help=reason or help)


def follow_job(kind: str) -> JobState | None:
    """Show the latest job of a kind while it runs, and return how it ended; None where there is nothing to show yet.

    While the job runs, only its own few lines are drawn anew, once a second; when it ends, the page is.
    """
    job = load_jobs().latest(kind)
    if job is None:
        return None
    if job.state.is_running:
        st.fragment(_show_running, run_every=EVERY_SECOND)(job)
        return None
    return _show_end(job)


def _show_running(job: Job) -> None:
    state = job.state
    if not state.is_running:
        st.rerun()
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        st.progress(state.share, as_markdown(progress_text(state)))
        label = "Stopping …" if state.is_stopping else "Cancel"
        st.button(label, key=f"cancel_{job.kind}", on_click=job.cancel, disabled=state.is_stopping)


def progress_text(state: JobState) -> str:
    counted = f"{state.done:,} of {state.total:,}" if state.total else ""
    return " · ".join(filter(None, [state.title, state.stage, counted, f"{state.seconds:.0f} s"]))


def _show_end(job: Job) -> JobState:
    state = job.state
    if state.status == "failed":
        st.error(as_markdown(state.error or "It failed."))
    elif state.status == "cancelled":
        st.info(f"Cancelled after {state.seconds:.0f} s.")
    return state
