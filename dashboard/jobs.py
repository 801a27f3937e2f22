"""Long work in the background: a thread iterates one of the core's generators and publishes how far it is.

A `Job` is started once and looked at as often as anyone likes: `Job.state` is an immutable picture of it. It is asked to
stop at its next yield and never in the middle of a step. `Jobs` runs one at a time, since all of them want the same
cores, and keeps the latest of each kind. No Streamlit here: nothing in the thread draws anything.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress

Status = Literal["running", "finished", "cancelled", "failed"]
Work = Callable[[], Iterator[Any]]
"""Makes the generator. It is called in the thread, so that loading models there holds nobody up."""

WHERE_DETAILS_ARE = "The terminal that runs the dashboard has the details."

log = logging.getLogger(__name__)


class JobError(DixtillError):
    """A job cannot be started now."""


@dataclass(frozen=True)
class JobState:
    """A job at one moment."""

    title: str
    status: Status = "running"
    stage: str = "starting"
    done: int = 0
    total: int = 0
    """0 while nothing is known."""
    seconds: float = 0.0
    """Since the start, until the end."""
    is_stopping: bool = False
    """Asked to stop, and still on its way to the next yield."""
    progress: Progress | None = None
    """The latest, with its losses."""
    epochs: tuple[Progress, ...] = ()
    """Every progress that carried metrics."""
    result: Any = None
    """The last thing yielded that is no `Progress`."""
    error: str | None = None
    """For people, with what to do."""

    @property
    def is_running(self) -> bool:
        return self.status == "running"

    @property
    def share(self) -> float:
        """Of the current stage, from 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


class Job:
    """One run of one generator in a daemon thread, which ends with the process."""

    def __init__(self, kind: str, title: str, work: Work) -> None:
        self.kind = kind
        self._work = work
        self._state = JobState(title)
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"job {kind}", daemon=True)
        self._thread.start()

    @property
    def state(self) -> JobState:
        """A picture that does not change any more."""
        state = self._state  # One reference: the thread replaces it as a whole.
        if not state.is_running:
            return state
        return replace(state, seconds=time.monotonic() - self._started, is_stopping=self._stop.is_set())

    def cancel(self) -> None:
        """Ask the job to stop at its next yield; a job that has ended stays as it is."""
        self._stop.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            self._finish(self._iterate())
        except DixtillError as error:
            self._finish("failed", str(error))
        except Exception as error:
            log.exception("The job %r stopped.", self._state.title)
            self._finish("failed", f"It stopped because of an unexpected {type(error).__name__}. {WHERE_DETAILS_ARE}")

    def _iterate(self) -> Status:
        steps = self._work()
        try:
            for item in steps:
                if isinstance(item, Progress):
                    self._publish(item)
                    if self._stop.is_set():
                        return "cancelled"
                else:
                    self._state = replace(self._state, result=item)
        finally:
            close = getattr(steps, "close", None)  # A generator's own clean-up runs here, not whenever it is collected.
            if close is not None:
                close()
        return "finished"

    def _publish(self, progress: Progress) -> None:
        epochs = (*self._state.epochs, progress) if progress.metrics else self._state.epochs
        self._state = replace(self._state, stage=progress.stage, done=progress.done, total=progress.total, progress=progress, epochs=epochs)

    def _finish(self, status: Status, error: str | None = None) -> None:
        self._state = replace(self._state, status=status, error=error, seconds=time.monotonic() - self._started)


class Jobs:
    """One running job at most, and the latest of each kind."""

    def __init__(self) -> None:
        self._latest: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, kind: str, title: str, work: Work) -> Job:
        """Start a job in place of the last of its kind.

        Raises:
            JobError: another job is running.
        """
        with self._lock:
            self.require_idle()
            job = self._latest[kind] = Job(kind, title, work)
            return job

    def require_idle(self) -> None:
        """Raise a JobError where a job is running."""
        running = self.running()
        if running is not None:
            state = running.state
            raise JobError(f"“{state.title}” is still running ({_how_far(state)}). Wait for it or cancel it, then start again.")

    def latest(self, kind: str) -> Job | None:
        return self._latest.get(kind)

    def running(self) -> Job | None:
        return next((job for job in list(self._latest.values()) if job.state.is_running), None)

    def forget(self, kind: str) -> None:
        """Let go of a job that has ended, and of its result."""
        with self._lock:
            job = self._latest.get(kind)
            if job is not None and not job.state.is_running:
                del self._latest[kind]


def _how_far(state: JobState) -> str:
    return f"{state.stage}, {state.done:,} of {state.total:,}" if state.total else state.stage
