"""Which runs train in this server's background, how one starts there, and how any run is asked to stop. No Streamlit here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.train_process import train_in_process
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dashboard.jobs import Job, Jobs
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.records import RunCard

KIND = "train "
"""Before the run's id in the name of its job's kind."""


def start_run(jobs: Jobs, run: Run) -> None:
    """Train a run in the background, from its beginning or from where it stopped.

    Raises:
        JobError: something else is running here.
        DixtillError: another process trains the run.
    """
    card = run.card()
    if card.is_running:
        raise DixtillError(f"“{card.name}” is being trained already.")
    jobs.start(KIND + run.id, card.name, lambda: train_in_process(run))


def job_of(jobs: Jobs, card: RunCard) -> Job | None:
    """The job that trains or trained a run here."""
    return jobs.latest(KIND + card.id)


def is_active(jobs: Jobs, card: RunCard) -> bool:
    """Whether a run is being trained: here, where its process may still be starting or ending, or by anyone else."""
    job = job_of(jobs, card)
    return card.is_running or (job is not None and job.state.is_running)


def cancel_run(jobs: Jobs, run: Run) -> None:
    """Ask whoever trains a run to stop and keep the best epoch."""
    job = job_of(jobs, run.card())
    if job is not None and job.state.is_running:
        job.cancel()
    else:
        run.ask_to_stop()


def is_stopping(jobs: Jobs, run: Run) -> bool:
    """Whether it was asked to stop and has not yet."""
    job = job_of(jobs, run.card())
    return run.is_asked_to_stop or (job is not None and job.state.is_stopping)
