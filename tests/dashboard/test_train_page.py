"""The section New run of the page Train: the form, its presets, the estimate, and a run that is started there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.jobs import Jobs
from dashboard.train_jobs import KIND
from dixtill_core.config import TeachConfig
from dixtill_core.progress import Progress
from dixtill_core.runs.spec import PRESETS
from dixtill_core.runs.store import RunStore
from tests.dashboard.train_page import (
    HOSTILE,
    SECONDS,
    choose_folder,
    component,
    open_page,
    press,
    said,
    set_numbers,
    table,
    upload,
    wait,
)


def test_the_page_opens_with_the_sample_the_bundled_teacher_and_an_estimate(store: RunStore) -> None:
    page = open_page()
    assert page.segmented_control(key="train_section").value == "New run"
    assert [heading.value for heading in page.subheader] == ["1 · Data", "2 · Teacher", "3 · Student and training"]
    assert [metric.label for metric in page.metric] == [
        "texts", "labels", "median words", "repeats", "time, about", "student on disk, about", "parameters of the student"
    ]  # fmt: skip
    assert "explaining with the teacher" in said(page)
    assert not page.error
    assert not page.exception


def test_a_preset_fills_the_form_with_its_own_settings(store: RunStore) -> None:
    page = open_page()
    for name, preset in PRESETS.items():
        page.segmented_control(key="train_preset").set_value(name).run()
        for setting, value in (preset.student.to_dict() | preset.distill.to_dict()).items():
            assert page.session_state[f"train_{setting}"] == value, (name, setting)
        assert preset.description in [caption.value for caption in page.caption]
    assert not page.exception


def test_what_was_typed_is_still_there_after_another_page_was_looked_at(store: RunStore, jobs: Jobs) -> None:
    page = open_page()
    page.number_input(key="train_epochs").set_value(3)
    with a_busy_job(jobs):  # The form is read and nothing is started.
        press(page, "start_training")
    page.switch_page("views/metrics.py").run()
    page.switch_page("views/train.py").run()
    assert page.number_input(key="train_epochs").value == 3
    assert not page.exception


def test_an_uploaded_file_is_trained_on_and_ends_in_a_run_that_can_be_compared(store: RunStore, jobs: Jobs, bert_folder: Path) -> None:
    page = choose_folder(upload(open_page()), bert_folder)
    set_numbers(page)
    page.text_input(key="train_name").set_value("From the page")
    page.text_input(key="train_tags").set_value("course, first")
    press(page, "start_training")
    assert page.segmented_control(key="train_section").value == "Live"
    (card,) = store.list()
    assert (card.name, card.tags) == ("From the page", ("course", "first"))
    job = jobs.latest(KIND + card.id)
    assert job is not None
    job.join(SECONDS)
    page.run()
    assert store.list()[0].status == "finished"
    assert "From the page finished" in said(page)
    assert len(component(page)["epochs"]) == 2
    assert len(page.get("plotly_chart")) == 3
    assert not page.error
    assert not page.exception


def test_a_teacher_can_be_taught_on_the_labels_of_the_data(store: RunStore, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.train_jobs.train_in_process", lambda run: iter(()))
    page = upload(open_page(), table(("up", "down", "flat")))
    page.segmented_control(key="train_teacher_kind").set_value("teach").run()
    page.number_input(key="teach_epochs").set_value(2).run()
    assert not [box for box in page.selectbox if str(box.key).startswith("label_map_")]
    assert "training the teacher" in said(page)
    press(page, "start_training")
    (card,) = store.list()
    assert card.spec is not None
    assert card.spec.teach == TeachConfig(epochs=2)
    assert not page.exception


def test_a_run_is_not_made_while_another_job_runs(store: RunStore, jobs: Jobs) -> None:
    with a_busy_job(jobs):
        page = press(open_page(), "start_training")
    assert "is still running (counting" in said(page)
    assert not store.list()
    assert not page.exception


@contextmanager
def a_busy_job(jobs: Jobs) -> Iterator[None]:
    """Something that runs as long as the block."""
    is_over = threading.Event()

    def count() -> Iterator[Progress]:
        yield Progress("counting", 1, 2)
        is_over.wait(SECONDS)

    job = jobs.start("busy", HOSTILE, count)
    wait(lambda: job.state.total == 2)
    try:
        yield
    finally:
        is_over.set()
        job.join(SECONDS)


def test_the_time_is_measured_once_it_is_asked_for_and_kept(store: RunStore, bert_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = choose_folder(upload(open_page()), bert_folder)
    assert "Nothing was measured here" in said(page)
    press(page, "estimate_training")
    assert "Nothing was measured here" not in said(page)
    monkeypatch.setattr("dashboard.train_estimate.calibrate", lambda *_: pytest.fail("measured again"))
    page.run()
    assert "Nothing was measured here" not in said(page)
    assert not page.exception
