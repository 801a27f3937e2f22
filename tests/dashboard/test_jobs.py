from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest

from dashboard.jobs import Job, JobError, Jobs, JobState
from dixtill_core.errors import DataError
from dixtill_core.progress import Progress

SECONDS = 10


class Steps:
    """A generator that takes a step each time it is let, and says when it was closed."""

    def __init__(self, n: int = 3) -> None:
        self.n, self.closed = n, False
        self.go, self.arrived = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self) -> Iterator[Progress | str]:
        try:
            for i in range(self.n):
                self.arrived.release()
                assert self.go.acquire(timeout=SECONDS)
                yield Progress("counting", i + 1, self.n)
            yield "counted"
        finally:
            self.closed = True

    def let(self, steps: int) -> None:
        """Return when that many steps were taken and the next one is being waited for."""
        for _ in range(steps):
            assert self.arrived.acquire(timeout=SECONDS)
            self.go.release()
        assert self.arrived.acquire(timeout=SECONDS)
        self.arrived.release()

    def finish(self) -> None:
        for _ in range(self.n):
            self.go.release()


def ended(job: Job) -> JobState:
    job.join(SECONDS)
    assert not job.state.is_running
    return job.state


def test_a_finished_job_holds_its_result_and_how_long_it_took() -> None:
    state = ended(Job("count", "Counting", lambda: iter([Progress("counting", 1, 2), "result"])))
    assert (state.status, state.result, state.stage, state.done, state.total) == ("finished", "result", "counting", 1, 2)
    assert state.error is None
    assert 0 < state.seconds < SECONDS


def test_the_seconds_of_an_ended_job_stand_still() -> None:
    job = Job("count", "Counting", lambda: iter([1]))
    first = ended(job).seconds
    assert job.state.seconds == first


def test_a_running_job_shows_its_latest_progress() -> None:
    steps = Steps()
    job = Job("count", "Counting", steps)
    steps.let(2)
    state = job.state
    assert state.is_running
    assert (state.stage, state.done, state.total, state.share) == ("counting", 2, 3, pytest.approx(2 / 3))
    assert state.seconds > 0
    steps.finish()
    ended(job)
    assert state.done == 2  # The picture taken before did not move.
    with pytest.raises(dataclasses.FrozenInstanceError):
        state.done = 3  # type: ignore[misc]


def test_cancelling_stops_at_the_next_yield_and_closes_the_generator() -> None:
    steps = Steps(1000)
    job = Job("count", "Counting", steps)
    steps.let(1)
    assert not job.state.is_stopping
    job.cancel()
    assert job.state.is_stopping
    steps.go.release()
    state = ended(job)
    assert (state.status, state.done, state.result) == ("cancelled", 2, None)
    assert not state.is_stopping
    assert steps.closed


def test_cancelling_a_finished_job_changes_nothing() -> None:
    job = Job("count", "Counting", lambda: iter(["result"]))
    ended(job)
    job.cancel()
    assert (job.state.status, job.state.result) == ("finished", "result")


def test_a_users_error_is_shown_as_it_is() -> None:
    def work() -> Iterator[Progress]:
        yield Progress("reading", 0, 1)
        raise DataError("a.csv is empty. Choose another file.")

    state = ended(Job("read", "Reading", work))
    assert (state.status, state.error) == ("failed", "a.csv is empty. Choose another file.")


def test_an_unexpected_error_is_named_without_its_text_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def work() -> Iterator[Progress]:
        raise ValueError("secret")
        yield

    state = ended(Job("read", "Reading", work))
    assert state.status == "failed"
    assert "ValueError" in (state.error or "")
    assert "secret" not in (state.error or "")
    assert "secret" in caplog.text


def test_an_error_before_the_first_step_is_caught_too() -> None:
    def work() -> Iterator[Progress]:
        raise DataError("There is no such pair.")

    assert ended(Job("read", "Reading", work)).error == "There is no such pair."


def test_epochs_are_kept_and_steps_are_not() -> None:
    epoch = Progress("training", 10, 10, epoch=1, metrics={"macro_f1": 0.5})
    last = Progress("training", 3, 10, epoch=2, losses={"loss": 0.1})
    state = ended(Job("train", "Training", lambda: iter([Progress("training", 9, 10), epoch, last])))
    assert state.epochs == (epoch,)
    assert state.progress == last


def test_a_second_job_is_refused_with_the_name_of_the_first() -> None:
    jobs, steps = Jobs(), Steps()
    first = jobs.start("count", "Counting sheep", steps)
    steps.let(1)
    with pytest.raises(JobError, match=r"Counting sheep.*counting, 1 of 3"):
        jobs.start("other", "Something else", lambda: iter([]))
    with pytest.raises(JobError):
        jobs.start("count", "The same again", lambda: iter([]))
    assert jobs.latest("other") is None
    steps.finish()
    ended(first)
    assert ended(jobs.start("other", "Something else", lambda: iter(["now"]))).result == "now"


def test_of_many_that_start_at_once_one_is_taken() -> None:
    jobs, steps, refused = Jobs(), Steps(), []
    barrier = threading.Barrier(8)

    def start(i: int) -> None:
        barrier.wait(SECONDS)
        try:
            jobs.start(f"kind {i}", "Counting", steps)
        except JobError:
            refused.append(i)

    threads = [threading.Thread(target=start, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert len(refused) == 7
    running = jobs.running()
    assert running is not None
    steps.finish()
    ended(running)


def test_the_latest_of_each_kind_stays_until_it_is_forgotten() -> None:
    jobs = Jobs()
    ended(jobs.start("a", "A", lambda: iter([1])))
    ended(jobs.start("b", "B", lambda: iter([2])))
    assert [jobs.latest(kind).state.result for kind in "ab"] == [1, 2]  # type: ignore[union-attr]
    assert jobs.running() is None
    jobs.forget("a")
    assert jobs.latest("a") is None
    assert jobs.latest("b") is not None


def test_a_running_job_is_not_forgotten() -> None:
    jobs, steps = Jobs(), Steps()
    job = jobs.start("count", "Counting", steps)
    jobs.forget("count")
    assert jobs.latest("count") is job
    steps.finish()
    ended(job)
