import csv
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from dixtill_core.config import TeachConfig
from dixtill_core.errors import CheckpointError, ConfigError, DixtillError
from dixtill_core.lock import LockedError
from dixtill_core.progress import Progress
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore, Upload
from dixtill_core.runs.sweep import plan_sweep, run_sweep
from dixtill_core.runs.sweep_grid import MOST_RUNS, SweepGrid, sweep_points
from dixtill_core.runs.sweep_result import METRICS, SweepResult, pareto_front, point_labels, read_sweep
from dixtill_core.runs.training import train_run

GRID = SweepGrid(method=("kl", "dixtill"), alpha=(0.5, 0.9), seeds=2)


@pytest.fixture
def base(spec):
    return replace(spec, distill=replace(spec.distill, epochs=2, augmented_texts=10), watched="")


def _result(steps):
    *_, last = steps
    assert isinstance(last, SweepResult)
    return last


def _weights(folder):
    return load_file(folder / "student" / "model.safetensors")


def _assert_same_students(first, second, names):
    for name in names:
        one, other = _weights(first / name), _weights(second / name)
        assert all(torch.equal(one[key], other[key]) for key in one), name


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, teacher_folder, small_csv, cache):
    """A sweep that nothing disturbed."""
    from tests.runs.conftest import CONFIG, STUDENT

    base = RunSpec(
        data=str(small_csv), teacher=str(teacher_folder("bert")), student=STUDENT, watched="",
        distill=replace(CONFIG, epochs=2, augmented_texts=10),
    )  # fmt: skip
    out = tmp_path_factory.mktemp("sweeps") / "whole"
    plan_sweep(out, base, GRID)
    return _result(run_sweep(out, cache=cache))


def test_a_setting_is_tried_only_where_the_method_reads_it():
    grid = SweepGrid(method=("ce", "kl", "mse", "dixtill_paper", "dixtill"), alpha=(0.5, 0.9), temperature=(1, 5), alignment_weight=(1, 2))
    count = {}
    for point in sweep_points(RunSpec(), grid):
        count[point.settings["method"]] = count.get(point.settings["method"], 0) + 1
    assert count == {"ce": 1, "kl": 4, "mse": 2, "dixtill_paper": 4, "dixtill": 8}


def test_points_keep_every_setting_that_is_not_swept():
    base = RunSpec(watched="x", distill=replace(RunSpec().distill, epochs=3, method="mse"))
    (point,) = sweep_points(base, SweepGrid(alpha=(0.25,), seeds=1))
    assert point.settings == {"method": "mse", "alpha": 0.25}
    assert dict(point.specs) == {"mse-alpha0.25-seed0": replace(base, distill=replace(base.distill, alpha=0.25))}


def test_sizes_are_tried_with_every_method_and_named_only_where_they_are():
    grid = SweepGrid(method=("ce", "dixtill"), max_vocabulary=(2000, 15_000), hidden_size=(8, 50))
    points = sweep_points(RunSpec(), grid)
    assert len(points) == 8
    assert [point.name for point in points[:2]] == ["ce, 2,000 words, 8 units", "dixtill, α 0.9, τ 5, w 2, 2,000 words, 8 units"]
    ((folder, spec),) = points[1].specs.items()
    assert folder == "dixtill-alpha0.9-temperature5-alignment-weight2-max-vocabulary2000-hidden-size8-seed0"
    assert (spec.student.max_vocabulary, spec.student.hidden_size) == (2000, 8)
    assert replace(spec, student=RunSpec().student) == RunSpec()
    vocabularies = [next(iter(point.specs.values())).student.max_vocabulary for point in points]
    assert vocabularies == sorted(vocabularies), "each vocabulary has a corpus of its own, which is made once"
    assert "hidden_size" not in sweep_points(RunSpec(), SweepGrid(alpha=(0.5,)))[0].settings


def test_students_of_several_sizes_are_those_of_runs_of_their_own(base, cache, tmp_path):
    plan_sweep(tmp_path / "out", base, SweepGrid(max_vocabulary=(20, 40), hidden_size=(3, 6)))
    result = _result(run_sweep(tmp_path / "out", cache=cache))
    assert result.is_finished
    sizes = [row.megabytes for row in result.rows]
    assert len(set(sizes)) == 4
    assert sizes[0] == min(sizes)
    assert sizes[3] == max(sizes)
    for row in result.rows:
        ((name, _),) = row.runs.items()
        alone = RunStore(tmp_path / "runs").create(Run(result.folder / name).spec, "alone")
        list(train_run(alone, cache=cache))
        one, other = _weights(result.folder / name), _weights(alone.folder)
        assert all(torch.equal(one[key], other[key]) for key in one), row.name
    rows = list(csv.DictReader((result.folder / "sweep.csv").read_text(encoding="utf-8").splitlines()))
    assert [(row["max_vocabulary"], row["hidden_size"]) for row in rows] == [("20", "3"), ("20", "6"), ("40", "3"), ("40", "6")]
    assert float(rows[0]["megabytes"]) == pytest.approx(sizes[0], rel=1e-5)


def test_a_point_is_named_by_what_tells_it_from_the_others(tmp_path):
    plan_sweep(tmp_path / "alphas", RunSpec(), SweepGrid(alpha=(0.1, 0.2), hidden_size=(8,)))
    assert point_labels(read_sweep(tmp_path / "alphas").rows) == ["α 0.1", "α 0.2"]
    plan_sweep(tmp_path / "two", RunSpec(), SweepGrid(method=("kl", "ce"), temperature=(1.0, 2.0), hidden_size=(8, 16)))
    labels = point_labels(read_sweep(tmp_path / "two").rows)
    assert sorted(labels[:3]) == ["ce, 8 units", "kl, τ 1, 8 units", "kl, τ 2, 8 units"]


def test_the_papers_method_has_the_papers_attention():
    points = sweep_points(RunSpec(), SweepGrid(method=("dixtill_paper", "dixtill")))
    assert [next(iter(point.specs.values())).student.attention for point in points] == ["signed", "magnitude"]


@pytest.mark.parametrize(
    "values",
    [
        {"method": ("magic",)},
        {"seeds": 0},
        {"alpha": (2.0,)},
        {"temperature": (0,)},
        {"alignment_weight": (-1,)},
        {"seeds": 101},
        {"hidden_size": (0,)},
        {"max_vocabulary": (20.5,)},
    ],
)
def test_a_value_out_of_range_is_said_before_anything_is_made(tmp_path, base, values):
    with pytest.raises(ConfigError):
        plan_sweep(tmp_path / "out", base, SweepGrid(**values))
    assert not (tmp_path / "out").exists()


def test_a_sweep_has_an_end(tmp_path):
    alphas = tuple(i / 1000 for i in range(MOST_RUNS + 1))
    with pytest.raises(ConfigError, match=str(MOST_RUNS)):
        sweep_points(RunSpec(), SweepGrid(alpha=alphas))


def test_a_point_is_on_the_front_where_no_other_beats_it():
    points = [(0.8, 0.5), (0.7, 0.6), (0.7, 0.5), (0.8, 0.4), (0.9, 0.1), (0.8, 0.5), (math.nan, 0.9)]
    assert pareto_front(points) == [True, True, False, False, True, True, False]
    assert pareto_front([]) == []
    assert pareto_front([(0.9, 8 / 15), (0.3, 8 / 15 + 1e-16)]) == [True, False]  # The same number, added up otherwise.


def test_the_table_has_the_mean_and_the_spread_over_the_seeds_of_each_point(undisturbed):
    assert [row.name for row in undisturbed.rows] == [
        "kl, α 0.5, τ 5",
        "kl, α 0.9, τ 5",
        "dixtill, α 0.5, τ 5, w 2",
        "dixtill, α 0.9, τ 5, w 2",
    ]
    assert undisturbed.is_finished
    for row in undisturbed.rows:
        values = [Run(undisturbed.folder / name).card().metrics["fidelity"] for name in row.runs]
        assert len(values) == row.seeds == 2
        assert row.means["fidelity"] == pytest.approx(sum(values) / 2)
        assert row.spreads["fidelity"] == pytest.approx(abs(values[0] - values[1]) / math.sqrt(2))
    expected = pareto_front([(row.means["macro_f1"], row.means["feature_agreement@3"]) for row in undisturbed.rows])
    assert [row.is_on_front for row in undisturbed.rows] == expected
    assert any(expected)


def test_the_result_is_in_json_and_csv(undisturbed):
    found = json.loads((undisturbed.folder / "sweep.json").read_text())
    assert found["result"]["rows"][0]["settings"] == {"method": "kl", "alpha": 0.5, "temperature": 5.0}
    assert found["result"]["is_finished"] is True
    rows = list(csv.DictReader((undisturbed.folder / "sweep.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 4
    assert float(rows[2]["macro_f1"]) == pytest.approx(undisturbed.rows[2].means["macro_f1"], rel=1e-5)
    assert rows[0]["alignment_weight"] == ""
    assert rows[2]["alignment_weight"] == "2.0"
    assert set(METRICS) <= rows[0].keys()


def test_every_point_is_a_run_like_any_other(undisturbed, spec, cache, tmp_path):
    store = RunStore(undisturbed.folder.parent)
    assert {card.id for card in store.list()} == {f"whole/{name}" for row in undisturbed.rows for name in row.runs}
    assert all(card.status == "finished" and card.tags == ("whole",) for card in store.list())
    name = next(iter(undisturbed.rows[3].runs))
    alone = RunStore(tmp_path).create(Run(undisturbed.folder / name).spec, "alone")
    list(train_run(alone, cache=cache))
    one, other = _weights(undisturbed.folder / name), _weights(alone.folder)
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_students_of_gold_labels_alone_are_the_same_in_a_sweep_and_outside(base, cache, tmp_path):
    plan_sweep(tmp_path / "out", base, SweepGrid(method=("ce", "kl")))
    result = _result(run_sweep(tmp_path / "out", cache=cache))
    name = next(iter(result.rows[0].runs))
    alone = RunStore(tmp_path / "runs").create(replace(base, distill=replace(base.distill, method="ce")), "alone")
    list(train_run(alone, cache=cache))
    one, other = _weights(tmp_path / "out" / name), _weights(alone.folder)
    assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_sweep_that_was_cancelled_goes_on_where_it_was(undisturbed, base, cache, tmp_path):
    out = tmp_path / "whole"
    plan_sweep(out, base, GRID)
    steps = run_sweep(out, cache=cache)
    for _ in steps:
        statuses = [status for row in read_sweep(out).rows for status in row.runs.values()]
        if statuses.count("finished") == 3 and "running" in statuses:
            break
    steps.close()
    before = read_sweep(out)
    assert not before.is_finished
    assert before.rows[0].seeds == 2
    plan_sweep(out, base, GRID)  # The same command again.
    steps = list(run_sweep(out, cache=cache))
    assert "3 of 8 runs are finished already" in " ".join(step.note for step in steps if isinstance(step, Progress))
    result = steps[-1]
    _assert_same_students(out, undisturbed.folder, [name for row in undisturbed.rows for name in row.runs])
    assert [row.means for row in result.rows] == [row.means for row in undisturbed.rows]


def test_a_sweep_killed_in_one_process_and_resumed_in_two_gives_the_same(undisturbed, base, cache, tmp_path):
    out = tmp_path / "whole"
    plan_sweep(out, base, GRID)
    script = (
        "import sys\nfrom pathlib import Path\nfrom dixtill_core.runs.sweep import run_sweep\n"
        "for step in run_sweep(Path(sys.argv[1]), cache=Path(sys.argv[2])):\n    print(step.done, flush=True)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", script, str(out), str(cache)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        for _ in process.stdout:
            if sum(status == "finished" for row in read_sweep(out).rows for status in row.runs.values()) >= 2:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    assert not read_sweep(out).is_finished
    result = _result(run_sweep(out, cache=cache, jobs=2))
    _assert_same_students(out, undisturbed.folder, [name for row in undisturbed.rows for name in row.runs])
    assert [row.means for row in result.rows] == [row.means for row in undisturbed.rows]


def test_progress_counts_the_epochs_of_all_runs_and_tells_the_time_left(base, cache, tmp_path):
    plan_sweep(tmp_path / "out", base, SweepGrid(seeds=2))
    steps = [step for step in run_sweep(tmp_path / "out", cache=cache) if isinstance(step, Progress) and step.stage == "training students"]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total == 4
    assert any(step.seconds_left is not None for step in steps)
    assert sum("macro_f1" in step.note for step in steps) == 2


def test_another_sweep_is_not_mixed_in(base, tmp_path):
    plan_sweep(tmp_path / "out", base, GRID)
    with pytest.raises(DixtillError, match="another sweep"):
        plan_sweep(tmp_path / "out", base, replace(GRID, seeds=3))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(DixtillError, match="not empty"):
        plan_sweep(tmp_path / "full", base, GRID)
    with pytest.raises(CheckpointError, match="no sweep"):
        next(run_sweep(tmp_path / "full"))


def test_a_point_that_fails_does_not_take_the_others_with_it(base, cache, tmp_path):
    plan_sweep(tmp_path / "out", base, SweepGrid(alpha=(0.5, 0.9)))
    broken = Run(tmp_path / "out" / next(iter(read_sweep(tmp_path / "out").rows[0].runs)))
    broken.update(fingerprints={"data": "other", "teacher": "other"})
    result = _result(run_sweep(tmp_path / "out", cache=cache))
    assert [row.seeds for row in result.rows] == [0, 1]
    assert math.isnan(result.rows[0].means["macro_f1"])
    assert [row.is_on_front for row in result.rows] == [False, True]
    assert broken.card().status == "failed"
    assert not result.is_finished


def test_data_that_cannot_be_read_are_said_before_any_point(base, tmp_path):
    plan_sweep(tmp_path / "out", replace(base, data="nowhere.csv"), GRID)
    with pytest.raises(DixtillError, match=r"nowhere\.csv"):
        list(run_sweep(tmp_path / "out"))
    assert {status for row in read_sweep(tmp_path / "out").rows for status in row.runs.values()} == {"queued"}


def test_one_teacher_is_taught_for_all_points_and_uploaded_data_travel_with_the_sweep(base, cache, tmp_path, small_csv):
    teach = TeachConfig(epochs=1, lora_rank=2, max_length=32, validation_share=0.5)
    base = replace(base, data="sample", teach=teach, distill=replace(base.distill, augmented_texts=0, epochs=1, validation_share=0.5))
    header, *rows = small_csv.read_text().splitlines()
    few = "\n".join([header, *rows[::5]]).encode()
    out = tmp_path / "taught"
    plan_sweep(out, base, SweepGrid(alpha=(0.5, 0.9)), upload=Upload("my texts.csv", few))
    steps = list(run_sweep(out, cache=cache))
    assert steps[-1].is_finished
    assert {step.epoch for step in steps[:-1] if step.stage == "training the teacher"} == {1}
    cards = [Run(out / name).card() for row in steps[-1].rows for name in row.runs]
    assert {card.spec.teacher for card in cards} == {str(out / "teacher")}
    assert {card.spec.data for card in cards} == {str(out / "upload" / "train-my-texts.csv")}
    (out / next(iter(steps[-1].rows[0].runs)) / "run.json").unlink()  # A lost point is trained again, its teacher is not.
    again = list(run_sweep(out, cache=cache))
    assert not any(step.stage == "training the teacher" for step in again[:-1])
    assert again[-1].is_finished


def test_a_sweep_that_is_prepared_is_neither_started_twice_nor_deleted(base, cache, tmp_path):
    store = RunStore(tmp_path)
    plan_sweep(tmp_path / "out", base, SweepGrid(alpha=(0.1, 0.2)))
    first = run_sweep(tmp_path / "out", cache=cache)
    next(first)  # It reads the data; no run is being trained yet.
    assert not any(Run(folder).is_training for folder in (tmp_path / "out").iterdir() if folder.is_dir())
    with pytest.raises(LockedError, match="being trained already"):
        next(run_sweep(tmp_path / "out", cache=cache))
    with pytest.raises(DixtillError, match="The sweep out is being trained"):
        store.delete("out")
    first.close()
    assert store.delete("out")
