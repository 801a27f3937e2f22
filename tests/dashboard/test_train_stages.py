"""Stages, shares and times of a run in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.train_stages import STARTING_TEXT, duration, progress_text, run_share, run_stages
from dixtill_core.config import DistillConfig, TeachConfig
from dixtill_core.runs.records import RunProgress
from dixtill_core.runs.spec import RunSpec
from tests.dashboard.made_runs import made_card

SPEC = RunSpec()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (89, "89 s"), (91, "2 min"), (5340, "89 min"), (5400, "1 h 30 min"), (7200, "2 h"), (36_060, "10 h 01 min")],
)
def test_a_duration_is_said_as_people_say_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_stages_before_the_present_one_are_done_and_those_after_it_to_come() -> None:
    stages = run_stages(SPEC, RunProgress("asking the teacher", 1, 9), "running")
    assert stages == (("Teacher", "done"), ("Explanations", "done"), ("Teacher's answers", "now"), ("Epochs", "later"))


def test_only_the_stages_that_a_run_has_are_named() -> None:
    plain = replace(SPEC, distill=DistillConfig(augmented_texts=0), test_data="test.csv")
    assert [stage.name for stage in run_stages(plain, RunProgress(), "running")] == ["Teacher", "Explanations", "Epochs", "Test"]
    assert {stage.state for stage in run_stages(plain, RunProgress("evaluated", 3, 3), "finished")} == {"done"}


def test_a_stage_of_another_version_does_not_break_the_page() -> None:
    assert run_stages(SPEC, RunProgress("dreaming", 1, 2), "running")[0] == ("Teacher", "now")


def test_the_share_of_a_training_counts_whole_epochs_and_the_part_of_the_present_one() -> None:
    spec = replace(SPEC, distill=DistillConfig(epochs=4))
    assert run_share(spec, RunProgress("explaining with the teacher", 25, 100)) == 0.25
    assert run_share(spec, RunProgress("training the student", 50, 100, epoch=3)) == 0.625
    assert run_share(spec, RunProgress("validating the student", 3, 4, epoch=3)) == 0.75
    taught = replace(spec, teach=TeachConfig(epochs=2))
    assert run_share(taught, RunProgress("training the teacher", 1, 2, epoch=1)) == 0.25


def test_progress_says_what_is_done_how_much_and_how_long_it_takes() -> None:
    card = made_card(progress=RunProgress("explaining with the teacher", 320, 1680, seconds_left=125.0), seconds=34.0)
    assert progress_text(card) == "Explaining with the teacher · 320 of 1,680 · about 2 min left · 34 s so far"
    card = made_card(progress=RunProgress("training the student", 5, 26, epoch=3), seconds=100.0)
    assert progress_text(card) == "Training the student · epoch 3 of 12 · 2 min so far"
    card = made_card(progress=RunProgress("explaining with the teacher", 320, 1680, detail="waiting for another process"), seconds=34.0)
    assert progress_text(card) == "Explaining with the teacher · 320 of 1,680 · waiting for another process · 34 s so far"
    assert progress_text(made_card(progress=RunProgress())) == STARTING_TEXT
