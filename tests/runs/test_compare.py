import math
import shutil
from dataclasses import replace

import numpy as np
import pytest

from dixtill_core.config import TeachConfig
from dixtill_core.errors import CheckpointError, DataError
from dixtill_core.models.checkpoint import load_student
from dixtill_core.runs.compare import compare_runs, explain_with_both, spec_differences
from dixtill_core.runs.layout import RUN
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore
from dixtill_core.runs.training import train_run


@pytest.fixture(scope="module")
def pair(tmp_path_factory, teacher_folder, small_csv, cache):
    """Two finished runs that differ in two settings."""
    from tests.runs.conftest import make_spec

    store = RunStore(tmp_path_factory.mktemp("compare"))
    spec = make_spec(teacher_folder, small_csv)
    other = replace(spec, distill=replace(spec.distill, method="kl", epochs=2))
    runs = store.create(spec, "one"), store.create(other, "two")
    for run in runs:
        list(train_run(run, cache=cache))
    return runs


def test_only_the_settings_that_differ_are_named(pair):
    found = compare_runs(*pair)
    assert [(one.setting, one.first, one.second) for one in found.differences] == [
        ("distill.method", "dixtill", "kl"), ("distill.epochs", 3, 2),
    ]  # fmt: skip
    assert compare_runs(pair[0], pair[0]).differences == ()


def test_curves_and_metrics_of_both_stand_side_by_side(pair):
    found = compare_runs(*pair)
    assert found.epochs == (pair[0].epochs(), pair[1].epochs())
    assert found.metrics["macro_f1"] == tuple(run.card().metrics["macro_f1"] for run in pair)
    assert found.notes == ()


def test_the_same_sentence_under_both_students_is_what_each_says_alone(pair):
    text = "Shares rose after better earnings"
    found = explain_with_both(*pair, text)
    for run, attributions in zip(pair, found, strict=True):
        reading = load_student(run.folder / "student").run([text])[0]
        np.testing.assert_array_equal(attributions.scores, reading.scores)
        assert [word.text for word in attributions.words] == text.split()
    assert not np.array_equal(found[0].scores, found[1].scores)
    with pytest.raises(DataError, match="no words"):
        explain_with_both(*pair, "  ")


def test_a_run_that_has_not_begun_is_compared_as_far_as_it_goes(pair, store):
    waiting = store.create(pair[0].spec, "waiting")
    found = compare_runs(pair[0], waiting)
    assert found.differences == ()
    assert math.isnan(found.metrics["macro_f1"][1])
    assert found.epochs[1] == ()
    assert found.notes == ("waiting has not begun, so it has neither numbers nor a student. Start it to get them.",)
    with pytest.raises(CheckpointError, match="no student yet"):
        explain_with_both(pair[0], waiting, "shares rose")


@pytest.mark.parametrize(
    ("status", "said"), [("cancelled", "was cancelled"), ("running", "was interrupted"), ("failed", "failed")]
)  # Nobody holds the one that says that it is running.
def test_a_run_that_ended_before_its_first_epoch_is_said_to_have_nothing(pair, store, status, said):
    cut = store.create(pair[0].spec, "cut")
    cut.update(status=status)
    expected = f"cut {said} before the end of its first epoch, so it has neither numbers nor a student. Resume it to get them."
    assert compare_runs(pair[0], cut).notes == (expected,)
    shutil.copytree(pair[0].folder / "student", cut.folder / "student")
    assert ["so its numbers are not final" in note for note in compare_runs(pair[0], cut).notes] == [True]


def test_runs_on_other_data_are_said_to_be(pair, store, cache, small_csv, tmp_path):
    data = tmp_path / "other.csv"
    data.write_text("\n".join(small_csv.read_text().splitlines()[:-1]) + "\n")
    other = store.create(replace(pair[0].spec, data=str(data), distill=replace(pair[0].spec.distill, epochs=1)), "other")
    list(train_run(other, cache=cache))
    notes = " ".join(compare_runs(pair[0], other).notes)
    assert "different data" in notes
    assert "different teacher" not in notes


def test_settings_that_only_one_has_are_differences(store):
    plain, taught = store.create(RunSpec(), "plain"), store.create(RunSpec(teach=TeachConfig(epochs=2), label_map={"a": "b"}), "taught")
    found = {one.setting: (one.first, one.second) for one in spec_differences(plain.card(), taught.card())}
    assert found["teach.epochs"] == (None, 2)
    assert found["label_map"] == (None, {"a": "b"})


def test_a_damaged_run_is_compared_without_its_settings(pair, store):
    broken = store.create(RunSpec(), "broken")
    (broken.folder / RUN).write_text("{")
    found = compare_runs(pair[0], broken)
    assert found.second.status == "damaged"
    assert any("damaged" in note for note in found.notes)
