"""A sweep in a process of its own: trained two students at once, stopped, failed. The tests of the page train one at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.sweep_process import sweep_in_process
from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore
from dixtill_core.runs.sweep import plan_sweep
from dixtill_core.runs.sweep_grid import SweepGrid
from dixtill_core.runs.sweep_result import read_sweep
from tests.dashboard.train_page import CSV, STUDENT, TRAINING


@pytest.fixture
def spec(tmp_path: Path, bert_folder: Path) -> RunSpec:
    """Trains in seconds."""
    (tmp_path / "news.csv").write_bytes(CSV)
    return RunSpec(data=str(tmp_path / "news.csv"), teacher=str(bert_folder), watched="", student=STUDENT, distill=TRAINING)


def test_a_sweep_trains_two_students_at_once_in_its_process_and_says_how_far_it_is(store: RunStore, spec: RunSpec) -> None:
    plan_sweep(store.root / "alphas", spec, SweepGrid(alpha=(0.5, 0.9)))
    steps = list(sweep_in_process(store.root / "alphas", jobs=2))
    assert all(isinstance(step, Progress) for step in steps)
    assert steps[0].stage == "starting"
    assert "training students" in {step.stage for step in steps}
    assert read_sweep(store.root / "alphas").is_finished


def test_a_sweep_that_is_stopped_keeps_what_it_has_and_goes_on(store: RunStore, spec: RunSpec) -> None:
    spec = replace(spec, distill=replace(spec.distill, epochs=30))
    folder = store.root / "alphas"
    plan_sweep(folder, spec, SweepGrid(alpha=(0.5, 0.9)))
    steps = sweep_in_process(folder, jobs=1)
    for _ in steps:
        if any(Run(folder / name).card().epochs for row in read_sweep(folder).rows for name in row.runs):
            break
    steps.close()  # type: ignore[attr-defined]
    cards = [Run(folder / name).card() for row in read_sweep(folder).rows for name in row.runs]
    assert not any(card.is_running for card in cards)
    assert "cancelled" in {card.status for card in cards}
    assert not read_sweep(folder).is_finished


def test_a_sweep_that_cannot_begin_says_why(store: RunStore, spec: RunSpec) -> None:
    plan_sweep(store.root / "alphas", replace(spec, data="nowhere.csv"), SweepGrid(seeds=2))
    with pytest.raises(DixtillError, match=r"nowhere\.csv"):
        list(sweep_in_process(store.root / "alphas", jobs=1))
