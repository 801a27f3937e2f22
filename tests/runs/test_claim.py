"""A folder that holds a run already: gone on with, or refused with what differs; its progress is never lost unseen."""

from dataclasses import replace

import pytest

from dixtill_core.config import TeachConfig
from dixtill_core.errors import DixtillError
from dixtill_core.files import write_json
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.runs.card import start_record
from dixtill_core.runs.claim import claim_run
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import EPOCHS, RUN
from dixtill_core.runs.spec import RunSpec, differences

SPEC = RunSpec()


def other(**changes):
    return replace(SPEC, distill=replace(SPEC.distill, **changes))


@pytest.fixture
def interrupted(tmp_path):
    """A run that was killed after its third epoch."""
    folder = tmp_path / "my run"
    folder.mkdir()
    write_json(folder / RUN, start_record(SPEC, "mine", "mine") | {"status": "running", "epochs": 3})
    (folder / EPOCHS).write_text("{}\n")
    return folder


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_settings_go_on(interrupted):
    before = content(interrupted)
    assert claim_run(interrupted, SPEC, "mine").card().epochs == 3
    assert content(interrupted) == before


def test_other_settings_are_refused_with_what_differs_and_what_to_do(interrupted):
    before = content(interrupted)
    with pytest.raises(DixtillError) as error:
        claim_run(interrupted, other(epochs=30, alpha=0.25), "mine")
    said = str(error.value)
    assert f"holds a run of other settings, interrupted after epoch 3 of {SPEC.distill.epochs}: " in said
    assert f"epochs is {SPEC.distill.epochs} there and 30 here" in said
    assert f"alpha is {SPEC.distill.alpha} there and 0.25 here" in said
    assert f"dixtill resume '{interrupted}'" in said
    assert "--out" in said
    assert "--overwrite" in said
    assert content(interrupted) == before


def test_overwrite_starts_anew(interrupted):
    run = claim_run(interrupted, other(epochs=30), "mine", overwrite=True)
    assert (run.card().status, run.card().epochs, run.spec.distill.epochs) == ("queued", 0, 30)
    assert not (interrupted / EPOCHS).exists()


def test_a_run_that_cannot_be_read_is_not_thrown_away_unasked(interrupted):
    (interrupted / RUN).write_text("{")
    with pytest.raises(DixtillError, match=r"cannot be read.*is damaged.*--overwrite"):
        claim_run(interrupted, SPEC, "mine")
    assert (interrupted / EPOCHS).exists()
    assert claim_run(interrupted, SPEC, "mine", overwrite=True).card().status == "queued"


def test_a_finished_run_is_refused_as_a_student_that_is_there(interrupted):
    write_json(interrupted / RUN, Run(interrupted).read() | {"status": "finished"})
    (interrupted / STUDENT).mkdir()
    with pytest.raises(DixtillError, match="already holds a student"):
        claim_run(interrupted, other(epochs=30), "mine")


def test_differences_name_every_setting_that_is_another():
    assert differences(SPEC, SPEC) == []
    assert differences(SPEC, replace(SPEC, teacher="owner/model")) == ["teacher is 'bundled' there and 'owner/model' here"]
    assert differences(SPEC, replace(SPEC, label_map={"pos": "bullish"})) == ["label map is not set there and {'pos': 'bullish'} here"]
    assert differences(replace(SPEC, teach=TeachConfig(epochs=5)), replace(SPEC, teach=TeachConfig(epochs=6))) == [
        "epochs is 5 there and 6 here"
    ]
    assert differences(SPEC, replace(SPEC, teach=TeachConfig(epochs=5)))[0].startswith("teach is not set there and {'epochs': 5")
    assert differences(SPEC, replace(SPEC, watched="a" * 100))[0].endswith("a… here")
