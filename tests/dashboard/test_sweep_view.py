"""A sweep from the page: what it will train and cost, its folder, its tables, and the section through `dashboard/app.py`."""

from __future__ import annotations

import json
import math
import time
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.jobs import Jobs
from dashboard.run_table import CHOSEN
from dashboard.sweep_plan import (
    Base,
    create_sweep,
    expect,
    find_bases,
    open_base,
    planned_points,
    read_numbers,
    sweep_title,
    training_seconds,
)
from dashboard.sweep_table import chart_table, numbers_table, points_table, status_text
from dashboard.sweep_view import KIND
from dixtill_core.config import TeachConfig
from dixtill_core.errors import ConfigError, DixtillError
from dixtill_core.paths import PROJECT
from dixtill_core.progress import Progress
from dixtill_core.runs.folder import Run
from dixtill_core.runs.records import EpochRecord
from dixtill_core.runs.spec import PRESETS, RunSpec
from dixtill_core.runs.store import RunStore, Upload
from dixtill_core.runs.sweep import TAUGHT
from dixtill_core.runs.sweep_grid import SweepGrid
from dixtill_core.runs.sweep_result import METRICS, read_plan, read_sweep
from tests.dashboard.made_run_folders import make_run, make_sweep
from tests.dashboard.train_page import CSV, STUDENT, TRAINING

pytestmark = pytest.mark.usefixtures("jobs")
SECONDS = 180
SMALL = RunSpec(watched="", student=STUDENT, distill=TRAINING)
"""Trains in seconds."""


@pytest.fixture
def teacher(pair_folder: Path) -> Path:
    return pair_folder / "teacher"


@pytest.fixture
def small_csv(tmp_path: Path) -> Path:
    """Sixty sentences of the sample, twenty of each label."""
    path = tmp_path / "small.csv"
    path.write_bytes(CSV)
    return path


def open_sweep(section: str = "Sweep") -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/train.py")
    page.session_state["train_section"] = section
    return page.run()


def said(page: AppTest) -> str:
    """Everything in messages, without the escapes of Markdown."""
    found = [*page.error, *page.warning, *page.info, *page.success, *page.caption, *page.markdown]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u200b", "")


def press(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def numbers(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def wait_for(jobs: Jobs, name: str) -> None:
    job = jobs.latest(KIND + name)
    assert job is not None
    job.join(SECONDS)
    assert not job.state.is_running


def test_a_sweep_starts_from_runs_or_presets_but_not_from_runs_of_sweeps(store: RunStore, teacher: Path) -> None:
    early, done = make_run(store, "early", teacher, status="cancelled"), make_run(store, "done", teacher)
    make_sweep(store.root / "alphas", teacher, [0.3, 0.4], seeds=1)
    titles = find_bases(store.list())
    assert list(titles)[:2] == [done.id, early.id]
    assert len(titles) == 2 + len(PRESETS)
    assert open_base(store, "preset quick", "").spec.distill == PRESETS["quick"].distill


def test_settings_are_never_chosen_on_the_test_texts(store: RunStore) -> None:
    run = store.create(RunSpec(test_data="test.csv"), "mine")
    assert open_base(store, run.id, "").spec.test_data is None


@pytest.mark.parametrize("value", ["much", "nan", "inf", ""])
def test_what_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match=f"{value!r}"):
        read_numbers(["0.5", value], "α")
    assert read_numbers(["0,5", "1e-1"], "α") == (0.5, 0.1)


def test_one_run_is_no_sweep() -> None:
    base = Base("", RunSpec())
    with pytest.raises(ConfigError, match="one run"):
        planned_points(base, SweepGrid(alpha=(0.5,)))
    assert len(planned_points(base, SweepGrid(seeds=2))) == 1


def test_the_time_is_that_of_the_epochs_of_the_run_it_starts_from(store: RunStore, teacher: Path) -> None:
    run = make_run(store, "mine", teacher)  # Three epochs of ten seconds.
    base = open_base(store, run.id, "")
    found = expect(base, runs=5, jobs=2, n_texts=0, mean_words=0.0)
    assert found is not None
    assert found.seconds == pytest.approx(90)  # Three rounds of 30 seconds.
    assert expect(open_base(store, store.create(RunSpec(), "new").id, ""), 5, 1, 0, 0.0) is None


def test_the_time_from_a_preset_counts_the_teacher_once() -> None:
    base = Base("", PRESETS["quick"].apply(RunSpec()))
    one, two = (expect(base, runs, 1, 680, 15.0) for runs in (1, 2))
    assert one is not None
    assert two is not None
    training = two.seconds - one.seconds
    assert 0 < training < one.seconds / 2


def test_the_time_of_an_epoch_is_the_median_and_unknown_with_one() -> None:
    def records(*seconds: float) -> list[EpochRecord]:
        return [EpochRecord(i, {}, {}, True, seconds=value) for i, value in enumerate(seconds, start=1)]

    assert training_seconds(records(50, 60, 70, 170), 10) == 100
    assert training_seconds(records(50), 10) is None
    assert training_seconds(records(50, 50), 10) is None


def test_a_sweep_without_a_name_is_called_after_what_it_tries(store: RunStore) -> None:
    run = store.create(RunSpec(), "mine")
    assert sweep_title(SweepGrid(alpha=(0.1, 0.2), method=("kl", "mse")), Base("", RunSpec(), run)) == "method and alpha of mine"
    assert sweep_title(SweepGrid(seeds=3), Base("", RunSpec())) == "seeds of the sample"


def test_two_sweeps_of_one_name_are_two_folders(store: RunStore) -> None:
    base, grid = Base("", RunSpec()), SweepGrid(seeds=2)
    made = [create_sweep(store, "My α!", base, grid) for _ in range(2)]
    assert [folder.name for folder in made] == ["my", "my-2"]
    assert read_plan(made[1]) == (RunSpec(), grid)


def test_a_sweep_around_a_run_takes_its_data_and_its_teacher_along(store: RunStore, pair_folder: Path) -> None:
    run = store.create(RunSpec(teach=TeachConfig()), "mine", upload=Upload("news.csv", b"text,label\na b,bullish\n"))
    (run.folder / "teacher").mkdir()
    (run.folder / "teacher" / "teacher.json").write_text("{}")
    run.update(is_taught=True)
    folder = create_sweep(store, "around", open_base(store, run.id, ""), SweepGrid(seeds=2))
    assert (folder / "upload" / "train-news.csv").read_bytes() == b"text,label\na b,bullish\n"
    assert (folder / "teacher" / "teacher.json").exists()
    assert (folder / "teacher" / TAUGHT).exists()  # It is not taught again.
    assert read_plan(folder)[0].teach == TeachConfig()
    (run.folder / "upload" / "train-news.csv").unlink()
    with pytest.raises(DixtillError, match="gone"):
        create_sweep(store, "again", open_base(store, run.id, ""), SweepGrid(seeds=2))


def test_tables_of_a_sweep_have_means_spreads_and_what_is_missing(store: RunStore, teacher: Path) -> None:
    result = read_sweep(make_sweep(store.root / "alphas", teacher, [0.3, 0.5, math.nan]))
    chart = chart_table(result)
    assert list(chart["label"]) == ["α 0.1", "α 0.2", "α 0.3"]
    assert chart["quality"].iloc[1] == pytest.approx(0.54)  # The mean of .53 and .55.
    assert chart["quality_sd"].iloc[1] == pytest.approx(0.02 / math.sqrt(2))
    assert list(chart["is_on_front"]) == [False, True, False]
    shown = points_table(result)
    assert list(shown["macro F1"]) == ["0.340 ± 0.014", "0.540 ± 0.014", ""]
    assert list(shown["runs"]) == ["2 of 2", "2 of 2", "0 of 2"]
    assert list(shown["front"]) == ["", "●", ""]
    assert {f"{metric}_sd" for metric in METRICS} <= set(numbers_table(result).columns)
    assert status_text(result) == "4 of 6 runs are finished, 2 queued"


def test_another_metric_can_be_on_the_axes(store: RunStore, teacher: Path) -> None:
    result = read_sweep(make_sweep(store.root / "alphas", teacher, [0.3, 0.5]), quality="mcc", agreement="sign_agreement@1")
    assert list(points_table(result).columns)[5:7] == ["MCC", "sign agreement @1"]


def test_without_sweeps_the_form_is_open_and_says_what_it_would_train(store: RunStore) -> None:
    page = open_sweep()
    assert "There is no sweep yet" in said(page)
    assert page.expander[0].proto.expanded
    assert (numbers(page)["points"], numbers(page)["runs"]) == ("3", "6")
    page.multiselect(key="sweep_method").set_value(["kl", "ce"]).run()
    assert (numbers(page)["points"], numbers(page)["runs"]) == ("4", "8")  # Gold labels alone do not read α.
    assert "does not change ce" in said(page)
    assert page.button(key="start_sweep").label == "Start the 8 runs"
    assert not page.exception


@pytest.mark.parametrize(
    ("values", "message"), [(["2"], "alpha is 2.0"), (["much"], "is no number"), (["0.5"], "one run")], ids=["range", "word", "one"]
)
def test_values_that_cannot_be_tried_are_a_message(store: RunStore, values: list[str], message: str) -> None:
    page = open_sweep()
    page.number_input(key="sweep_seeds").set_value(1)
    page.session_state["sweep_alpha"] = values
    page.run()
    assert message in said(page)
    assert "start_sweep" not in [button.key for button in page.button]
    assert not page.exception


def test_a_sweep_is_started_followed_and_shown(
    store: RunStore, jobs: Jobs, teacher: Path, small_csv: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = store.create(replace(SMALL, data=str(small_csv), teacher=str(teacher)), "base")
    page = open_sweep()
    assert page.selectbox(key="sweep_base").value == base.id
    page.session_state["sweep_alpha"] = ["0.5", "0.9"]
    page.number_input(key="sweep_seeds").set_value(1).run()
    page.text_input(key="sweep_name").set_value("Two alphas").run()
    press(page, "start_sweep")
    assert page.selectbox(key="sweep_folder").value == "two-alphas"
    assert "loads PyTorch" in page.get("progress")[0].proto.text
    assert not page.error
    wait_for(jobs, "two-alphas")
    page.run()
    assert "2 of 2 runs are finished" in said(page)
    assert len(page.get("plotly_chart")) == 1
    assert "Macro F1 against feature agreement @3" in [heading.value for heading in page.subheader]
    assert not page.exception


def test_a_sweep_that_runs_here_is_cancelled_and_offers_to_go_on(store: RunStore, jobs: Jobs, teacher: Path) -> None:
    make_sweep(store.root / "alphas", teacher, [0.3, math.nan])

    def count():  # type: ignore[no-untyped-def]
        for i in range(10_000):
            time.sleep(0.02)
            yield Progress("training students", i, 10_000, seconds_left=100.0)

    jobs.start(KIND + "alphas", "Sweep alphas", count)
    page = open_sweep()
    assert page.button(key="start_sweep").disabled
    assert "2 of 4 runs are finished, 2 queued" in said(page)
    press(page, "cancel_sweep")
    wait_for(jobs, "alphas")
    page.run()
    assert page.button(key="resume_sweep")
    assert len(page.get("plotly_chart")) == 1
    assert not page.exception


def test_a_sweep_of_the_terminal_is_followed_but_not_stopped_here(store: RunStore, teacher: Path) -> None:
    folder = make_sweep(store.root / "alphas", teacher, [0.3, math.nan], seeds=1)
    run = Run(folder / next(iter(read_sweep(folder).rows[1].runs)))
    with run.hold():
        run.update(status="running")
        page = open_sweep()
        assert "Another program trains this sweep" in said(page)
        assert "Now: dixtill, α 0.2" in said(page)
        assert not {"cancel_sweep", "resume_sweep"} & {button.key for button in page.button}
        assert not page.exception


def test_a_sweep_that_failed_says_why_and_runs_that_failed_do_too(store: RunStore, jobs: Jobs, teacher: Path) -> None:
    folder = make_sweep(store.root / "alphas", teacher, [0.3, math.nan, math.nan], seeds=1)
    for row in read_sweep(folder).rows[1:]:
        Run(folder / next(iter(row.runs))).update(status="failed", error="The data changed.")

    def fail():  # type: ignore[no-untyped-def]
        raise DixtillError("No memory is left.")
        yield

    jobs.start(KIND + "alphas", "Sweep alphas", fail).join(SECONDS)
    page = open_sweep()
    assert "No memory is left." in said(page)
    assert "dixtill, α 0.2, τ 5, w 2, seed 0 and 1 more: The data changed." in said(page)
    assert "1 of 3 runs are finished, 2 failed" in said(page)
    assert not page.exception


def test_a_damaged_sweep_is_a_message_and_can_be_deleted(store: RunStore, teacher: Path) -> None:
    folder = make_sweep(store.root / "alphas", teacher, [0.3], seeds=2)
    (folder / "sweep.json").write_text("{")
    page = open_sweep()
    assert "damaged" in said(page)
    press(page, "delete_sweep")
    assert store.sweeps() == ()
    press(page, "undo_delete")
    assert [sweep.name for sweep in store.sweeps()] == ["alphas"]
    assert not page.exception


def test_a_damaged_run_leaves_the_other_points(store: RunStore, teacher: Path) -> None:
    folder = make_sweep(store.root / "alphas", teacher, [0.3, 0.5], seeds=1)
    (folder / next(iter(read_sweep(folder).rows[0].runs)) / "run.json").write_text("{")
    page = open_sweep()
    assert "1 of 2 runs are finished, 1 damaged" in said(page)
    assert len(page.get("plotly_chart")) == 1
    assert not page.exception


def select_point(page: AppTest, row: int) -> AppTest:
    (key,) = [table.key for table in page.dataframe if table.key is not None and table.key.startswith("sweep_points")]
    page.session_state[key] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    return page.run()


def test_a_point_opens_in_compare_and_its_runs_in_the_table(store: RunStore, teacher: Path) -> None:
    folder = make_sweep(store.root / "alphas", teacher, [0.3, 0.5])
    names = list(read_sweep(folder).rows[1].runs)
    page = press(select_point(open_sweep(), 1), "sweep_compare")
    assert page.selectbox(key="pair").value == str(folder / names[0])
    assert not page.exception
    page = press(select_point(open_sweep(), 1), "sweep_runs")
    assert page.session_state["train_section"] == "Runs"
    assert sorted(page.session_state[CHOSEN]) == sorted(f"alphas/{name}" for name in names)
    assert len(page.dataframe[0].value) == 2
    assert len(page.get("plotly_chart")) == 3  # Both seeds are compared.
    assert not page.exception


def test_the_table_of_a_chart_is_the_one_that_is_drawn(store: RunStore, teacher: Path) -> None:
    make_sweep(store.root / "alphas", teacher, [0.3, 0.5])
    page = open_sweep()
    page.selectbox(key="sweep_quality").set_value("accuracy").run()
    chart = json.loads(page.get("plotly_chart")[0].proto.spec)
    assert chart["layout"]["yaxis"]["title"]["text"] == "accuracy →"
    assert not page.exception
