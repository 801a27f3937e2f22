"""The section Live of the page Train: a run while it learns, how it ended, and where to go from there."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.jobs import Jobs
from dashboard.train_jobs import KIND
from dixtill_core.distill.targets import WAITING
from dixtill_core.paths import PROJECT
from dixtill_core.progress import Progress
from dixtill_core.runs.folder import Run
from dixtill_core.runs.store import RunStore
from tests.dashboard.train_page import (
    HOSTILE,
    SECONDS,
    component,
    open_page,
    press,
    said,
    wait,
)


def test_a_finished_run_shows_both_models_its_curves_and_its_words(own_run: Run) -> None:
    page = open_page("Live")
    assert f"{HOSTILE} finished" in said(page)
    assert [metric.label for metric in page.metric][:3] == ["accuracy", "macro F1", "fidelity"]
    assert page.metric[0].delta.startswith("teacher ")
    assert "60 test texts" in said(page)
    data = component(page)
    assert len(data["epochs"]) == 2
    page.segmented_control(key="watched_shows").set_value("weights").run()
    assert component(page)["has_sign"] is False
    assert not page.error
    assert not page.exception


@pytest.mark.parametrize(
    ("status", "message", "button"),
    [
        ("queued", "has not begun", "Start"),
        ("cancelled", "was cancelled", "Resume"),
        ("running", "was interrupted", "Resume"),  # Nobody holds it.
        ("failed", "the teacher ran away", "Resume"),
    ],
)
def test_a_run_that_did_not_end_says_how_and_can_be_resumed(
    own_run: Run, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, status: str, message: str, button: str
) -> None:
    started: list[str] = []
    monkeypatch.setattr("dashboard.train_jobs.train_in_process", lambda run: iter(started.append(run.id) or ()))  # type: ignore[func-returns-value]
    own_run.update(status=status, error="the teacher ran away")
    page = open_page("Live")
    assert message in said(page)
    assert page.button(key="resume_run").label == button
    press(page, "resume_run")
    wait(lambda: started == [own_run.id])
    assert not page.exception


def test_a_run_that_another_process_trains_is_shown_and_can_be_stopped(own_run: Run) -> None:
    own_run.update(status="running", progress={"stage": "training the student", "done": 3, "total": 9, "epoch": 2, "seconds_left": 61.0})
    with own_run.hold():
        page = open_page()
        assert page.segmented_control(key="train_section").value == "Live"  # Who opens the page sees what is going on.
        assert "Training the student · epoch 2 of 2 · about 61 s left" in page.get("progress")[0].proto.text.replace("\\", "")
        press(page, "cancel_run")
        assert own_run.is_asked_to_stop
        assert page.button(key="cancel_run").disabled
        assert not page.exception


def test_a_run_that_is_starting_or_stopping_says_what_takes_the_time(own_run: Run, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def start(run: Run) -> Iterator[Progress]:
        yield Progress("starting", 0, 0)
        go_on.wait(SECONDS)
        yield Progress("done", 1, 1)

    monkeypatch.setattr("dashboard.train_jobs.train_in_process", start)
    own_run.update(status="cancelled")
    page = press(open_page("Live"), "resume_run")
    assert "loads PyTorch" in page.get("progress")[0].proto.text
    job = jobs.latest(KIND + own_run.id)
    assert job is not None
    own_run.update(status="running", progress={"stage": "training the student", "done": 3, "total": 9, "epoch": 2})
    with own_run.hold():
        press(page, "cancel_run")
        assert page.get("progress")[0].proto.text.startswith("Stopping after the step in progress")
    go_on.set()
    job.join(SECONDS)
    assert not page.exception


def test_a_run_that_waits_for_another_process_says_so(own_run: Run) -> None:
    progress = {"stage": "explaining with the teacher", "done": 3, "total": 9, "detail": WAITING}
    own_run.update(status="running", progress=progress)
    with own_run.hold():
        assert f"3 of 9 · {WAITING}" in open_page().get("progress")[0].proto.text.replace("\\", "")


def test_a_run_opens_in_compare_with_its_own_pair(own_run: Run) -> None:
    page = press(open_page("Live"), "compare_run")
    assert page.selectbox(key="pair").value == str(own_run.folder)
    assert not page.exception


def test_a_run_opens_in_metrics_with_its_own_pair(own_run: Run) -> None:
    page = press(open_page("Live"), "measure_run")
    assert page.selectbox(key="machine_pair").value == str(own_run.folder)
    assert not page.exception


def test_a_link_opens_the_section_and_the_run_and_those_of_sweeps_come_last(own_run: Run, store: RunStore, finished: Path) -> None:
    newer = Run(Path(shutil.copytree(finished, store.root / "99999999-newer")))
    newer.update(id=newer.folder.name, name="Newer", created="2099-01-01T00:00:00+00:00")
    (store.root / "swept").mkdir()
    (store.root / "swept" / "sweep.json").write_text("{}")
    swept = Run(Path(shutil.copytree(finished, store.root / "swept" / "0001")))
    swept.update(id="0001", name="Swept", created="2099-02-01T00:00:00+00:00")
    page = open_page("Live")
    assert page.selectbox(key="live_run").value == newer.id
    assert page.query_params["section"] == "live"
    assert page.query_params["run"] == newer.id
    assert page.selectbox(key="live_run").options[-1].startswith("Swept")
    linked = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    linked.switch_page("views/train.py")
    linked.query_params["section"], linked.query_params["run"] = "live", own_run.id
    linked.run()
    assert linked.selectbox(key="live_run").value == own_run.id
    linked.segmented_control(key="train_section").set_value("Runs").run()
    assert linked.query_params["section"] == "runs"
    assert "run" not in linked.query_params
    assert not linked.exception


def test_a_run_cannot_be_resumed_while_something_else_runs(own_run: Run, jobs: Jobs) -> None:
    own_run.update(status="cancelled")
    is_over = threading.Event()

    def wait():  # type: ignore[no-untyped-def]
        while not is_over.wait(0.05):
            yield Progress("waiting", 0, 1)

    jobs.start("other", "Something else", wait)
    page = open_page("Live")
    assert page.button(key="resume_run").disabled
    assert "Something else” is running" in page.button(key="resume_run").help.replace("\\", "")
    is_over.set()


def test_without_a_run_the_section_says_how_to_get_one(store: RunStore) -> None:
    page = open_page("Live")
    assert "There is no run yet" in said(page)
    assert not page.exception


def test_a_damaged_run_does_not_stop_the_page(own_run: Run, store: RunStore) -> None:
    (store.root / "broken").mkdir()
    (store.root / "broken" / "run.json").write_text("{")
    (own_run.folder / "epochs.jsonl").write_text('{"epoch"\n[]\nnull\n')
    (own_run.folder / "watched.jsonl").write_text("\0\n")
    for section in ("Live", "Runs"):
        page = open_page(section)
        assert not page.exception
