"""A run in a process of its own: trained, cancelled, failed, ended from outside. Real processes and small models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.train_process import train_in_process
from dixtill_core.errors import DixtillError
from dixtill_core.runs.folder import Run
from tests.runs.conftest import small_csv, spec, store, targets  # noqa: F401 - fixtures

SECONDS = 300
"""Many times what it takes, since a machine may be busy."""


@pytest.fixture(autouse=True)
def _own_cache(targets: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("DIXTILL_CACHE", str(targets))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def test_the_child_trains_and_the_parent_sees_how_far_it_is(store, spec) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run = store.create(spec, "Child")
    steps = list(train_in_process(run))
    assert steps[0].stage == "starting"
    assert run.card().status == "finished"
    assert len(run.epochs()) == spec.distill.epochs


def test_closing_while_it_starts_leaves_a_cancelled_run_that_can_be_resumed(store, spec) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run = store.create(spec, "Closed at once")
    steps = train_in_process(run)
    next(steps)
    steps.close()
    assert (run.card().status, run.card().can_resume, run.is_training) == ("cancelled", True, False)


def test_closing_while_it_trains_keeps_the_best_epoch(store, spec) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run = store.create(long(spec), "Closed")
    steps = train_in_process(run)
    next(step for step in steps if run.epochs())
    steps.close()
    card = run.card()
    assert (card.status, card.has_student, run.is_training) == ("cancelled", True, False)
    assert 1 <= card.epochs < 400


def test_a_child_that_is_killed_leaves_an_interrupted_run_and_says_so(store, spec) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run = store.create(long(spec), "Killed")
    steps = train_in_process(run)
    next(step for step in steps if run.epochs())
    kill_children()
    with pytest.raises(DixtillError, match=r"ended without a word.*exit code -9"):
        list(steps)
    assert run.card().status == "interrupted"


def test_what_a_run_fails_of_is_raised_in_its_words(store, spec, tmp_path: Path) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run = store.create(spec.__class__.from_dict(spec.to_dict() | {"data": str(tmp_path / "gone.csv")}), "No data")
    with pytest.raises(DixtillError, match=r"gone\.csv"):
        list(train_in_process(run))
    assert run.card().status == "failed"


def test_the_child_ends_with_its_parent_and_the_run_is_interrupted(store, spec) -> None:  # type: ignore[no-untyped-def] # noqa: F811
    run = store.create(long(spec), "Orphan")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(run.folder)])
    wait_until(lambda: bool(run.epochs()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_until(lambda: not run.is_training)
    assert run.card().status == "interrupted"
    short = run.epochs()[-1].epoch
    assert run.card().can_resume
    run_again = Run(run.folder)
    steps = train_in_process(run_again)
    next(step for step in steps if run_again.epochs()[-1].epoch > short)
    steps.close()
    assert run.card().status == "cancelled"


PARENT = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from dashboard.train_process import train_in_process
    from dixtill_core.runs.folder import Run
    for _ in train_in_process(Run(Path(sys.argv[1]))):
        pass
    """
)


def long(spec):  # type: ignore[no-untyped-def] # noqa: F811
    """More epochs than any test waits for."""
    return spec.__class__.from_dict(spec.to_dict() | {"distill": spec.distill.to_dict() | {"epochs": 400}})


def kill_children() -> None:
    """End the processes that this one started."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True)
    for line in found.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        if "dashboard.train_process" in command:
            os.kill(int(pid), signal.SIGKILL)
