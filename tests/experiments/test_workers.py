from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dixtill_core.errors import DixtillError
from dixtill_core.experiments.results import Row
from dixtill_core.experiments.setup import Arguments, Setup, Step
from dixtill_core.experiments.workers import run_in_processes
from dixtill_core.progress import Progress
from tests.experiments.conftest import CONFIG


def slow(setup: Setup) -> Iterator[Progress | list[Row]]:
    """Is done when the step "other" is, in another process."""
    until = time.monotonic() + 120
    while not (setup.out / "done-other").exists() and time.monotonic() < until:
        time.sleep(0.05)
    yield []


def quick(setup: Setup) -> Iterator[Progress | list[Row]]:
    yield []


def failing(setup: Setup) -> Iterator[Progress | list[Row]]:
    raise DixtillError("No such thing.")
    yield []


def keep(setup: Setup, step: Step, rows: list[Row]) -> None:
    """Writes down which steps were done before."""
    before = sorted(path.name for path in setup.out.glob("done-*"))
    (setup.out / f"done-{step.name}").write_text(" ".join(before), encoding="utf-8")


@pytest.fixture
def arguments(data: Path, cache: Path, teacher_folder: Callable[[str], Path], tmp_path: Path) -> Arguments:
    return Arguments(str(data), tmp_path, str(teacher_folder("bert")), cache, CONFIG)


def test_a_step_begins_when_those_that_it_needs_are_done_while_others_go_on(arguments: Arguments) -> None:
    steps = [
        Step("student", "a student", 1, slow, True),
        Step("measurement", "a measurement", 1, quick, True, needs=("student", "earlier")),
        Step("other", "another student", 1, quick, True),
    ]
    done = [report.step for report in run_in_processes(arguments, steps, 2, keep) if report.share == 1]
    assert set(done) == {"student", "measurement", "other"}
    assert done.index("student") < done.index("measurement")
    assert (arguments.out / "done-measurement").read_text(encoding="utf-8") == "done-other done-student"


def test_what_went_wrong_in_a_worker_is_raised_with_the_name_of_its_step(arguments: Arguments) -> None:
    with pytest.raises(DixtillError, match=r"^second: No such thing"):
        list(run_in_processes(arguments, [Step("first", "", 1, quick, True), Step("second", "", 1, failing, True)], 1, keep))
