from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from dixtill_core.data.datasets import load_dataset
from dixtill_core.errors import ConfigError, DataError, DixtillError
from dixtill_core.experiments.merge import add_results
from dixtill_core.experiments.reproduce import choose_steps, plan, reproduce
from dixtill_core.experiments.results import Results, read_results, read_rows, write_results
from dixtill_core.experiments.setup import Arguments, Step, load_setup
from dixtill_core.metrics.classification import classification_scores
from dixtill_core.models.checkpoint import load_student
from dixtill_core.paths import RESULTS_TABLE
from tests.experiments.conftest import CONFIG, Finished

ADDED = {("faithfulness", "ahp-2"), ("curve", "ahp-2")}
METHODS = {"ce", "kl", "mse", "dixtill_paper", "dixtill"}
IDENTITY = ["table", "model", "explainer", "metric", "k", "seed"]


def comparable(table: pd.DataFrame) -> pd.DataFrame:
    """Everything but times, which differ from run to run."""
    is_time = (table["table"] == "efficiency") & ~table["metric"].isin(["bytes", "parameters", "compression"])
    return table[~is_time].reset_index(drop=True)


def test_every_table_of_the_paper_has_its_rows(finished: Finished) -> None:
    table = finished.results.table
    assert set(table["table"]) == {
        "quality", "temperature", "agreement", "agreement_distribution", "faithfulness", "curve", "efficiency", "difference",
    }  # fmt: skip
    quality = table[table["table"] == "quality"]
    assert set(quality["model"]) == METHODS | {"teacher", "ptq"} | {f"ahp-{n}" for n in range(1, 5)}
    assert set(quality[quality["model"] == "dixtill"]["seed"]) == {0, 1}
    assert not table.duplicated(IDENTITY).any()
    agreement = table[table["table"] == "agreement"]
    assert set(agreement["explainer"]) == {"attention", "integrated_gradients"}
    assert set(agreement["k"].dropna()) == set(range(1, 11))
    assert set(table[table["table"] == "difference"]["model"]) == {f"dixtill-{other}" for other in METHODS - {"dixtill"}}


GRADIENTS = {"integrated_gradients", "saliency", "input_x_gradient"}
REMOVALS = {"occlusion", "lime", "kernel_shap"}
REFERENCES = {"random", "greedy"}


@pytest.mark.parametrize("table", ["faithfulness", "curve"])
def test_every_model_is_measured_under_every_explainer_that_it_has(finished: Finished, table: str) -> None:
    """An int8 network has no gradients, a teacher no attention of its own that explains it."""
    found = finished.results.select(table).groupby("model")["explainer"].agg(set).to_dict()
    whole = GRADIENTS | REMOVALS | REFERENCES
    assert found == {
        "teacher": whole, "ahp-2": whole, "ptq": REMOVALS | REFERENCES, **dict.fromkeys(METHODS, whole | {"attention"}),
    }  # fmt: skip


def test_compressed_teachers_are_measured_on_themselves(finished: Finished) -> None:
    """Their own answers, not the teacher's: no curve is the same, though texts and random rankings are."""
    curves = finished.results.select("curve", explainer="random", metric="deletion").set_index(["model", "k"])["value"]
    assert len({round(curves[model, 0], 9) for model in ("teacher", "ptq", "ahp-2")}) == 3


def test_single_steps_give_the_rows_of_the_whole_run_and_say_what_they_left_out(
    finished: Finished, data: Path, cache: Path, teacher_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    *_, part = reproduce(
        str(data), tmp_path / "out", CONFIG, teacher=str(teacher_folder("bert")), cache=cache, only=("faithfulness-ahp-2",)
    )
    assert isinstance(part, Results)
    whole = finished.results.table
    same = whole[whole["model"].str.startswith("ahp-") & (whole["table"] != "efficiency")].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.table, same, check_exact=False, rtol=1e-4, atol=1e-5)
    assert {path.name for path in (tmp_path / "out" / "models").iterdir()} == {"ahp-2"}
    assert {"teacher", "student-dixtill-0", "faithfulness-ptq"} < set(part.record["left_out"])
    assert not {"pruning", "faithfulness-ahp-2"} & set(part.record["left_out"])
    assert finished.results.record["left_out"] == []

    # Beside a run that lacks them they make the whole run's table.
    lacks = [row for row in read_rows(finished.out / RESULTS_TABLE) if (row.table, row.model) not in ADDED]
    write_results(tmp_path / "published", lacks, finished.results.record)
    add_results(tmp_path / "published", tmp_path / "out", "2026-01-31")
    merged = read_results(tmp_path / "published").table
    order = merged.sort_values(IDENTITY, ignore_index=True), whole.sort_values(IDENTITY, ignore_index=True)
    pd.testing.assert_frame_equal(*order, check_exact=False, rtol=1e-4, atol=1e-5)


def test_a_step_brings_what_it_needs_and_no_more() -> None:
    steps = [Step(name, name, 1, lambda _: iter(()), needs=needs) for name, needs in (("a", ()), ("b", ("a",)), ("c", ()), ("d", ("b",)))]
    assert [step.name for step in choose_steps(steps, ("d",))] == ["a", "b", "d"]
    assert [step.name for step in choose_steps(steps, ("c", "a"))] == ["a", "c"]
    assert choose_steps(steps, ()) == steps


def test_every_step_of_the_plan_comes_after_what_it_needs(data: Path, teacher_folder: Callable[[str], Path], tmp_path: Path) -> None:
    names: list[str] = []
    for step in plan(load_setup(Arguments(str(data), tmp_path, str(teacher_folder("bert")), None, CONFIG))):
        assert set(step.needs) <= set(names)
        assert step.needs or not step.name.startswith(("faithfulness-", "efficiency", "difference")) or step.name == "faithfulness-teacher"
        names.append(step.name)
    assert len(set(names)) == len(names)


def test_an_unknown_step_is_named_with_those_that_there_are_and_nothing_is_begun(
    data: Path, teacher_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"no step 'ptg'.* teacher, .*faithfulness-ptq"):
        list(reproduce(str(data), tmp_path / "out", CONFIG, teacher=str(teacher_folder("bert")), only=("ptq", "ptg")))
    assert list((tmp_path / "out").iterdir()) == []


def test_quality_is_that_of_the_saved_student_on_the_test_file(finished: Finished, data: Path) -> None:
    out, results, _ = finished
    student = load_student(out / "models" / "kl-1" / "student")
    test = load_dataset(data / "test.csv").with_label_names(student.label_names)
    expected = classification_scores(test.require_labels(), student.predict(test.texts))
    found = results.select("quality", model="kl", seed=1).set_index("metric")["value"]
    for metric in ("accuracy", "macro_f1", "mcc", "macro_auc"):
        assert found[metric] == pytest.approx(expected[metric])


def test_pruned_teachers_have_fewer_parameters_the_fewer_heads_are_left(finished: Finished) -> None:
    compression = finished.results.select("efficiency", metric="compression_over_teacher").set_index("model")["value"]
    assert compression["ahp-1"] > compression["ahp-2"] > compression["ahp-3"] > 1.0


def test_the_record_says_what_made_the_results(finished: Finished) -> None:
    record = finished.results.record
    assert record["settings"]["seeds"] == 2
    assert record["data"] == {"train_texts": 90, "validation_texts": record["data"]["validation_texts"], "test_texts": 24}
    assert set(record["fingerprints"]) == {"train", "test", "teacher"}
    assert record["versions"]["torch"]
    json.dumps(record)


def test_tables_are_written_in_three_formats(finished: Finished) -> None:
    names = {path.name for path in (finished.out / "tables").iterdir()}
    assert {"table1.csv", "table1.tex", "table2.csv", "table3.csv", "table4.tex", "figure3.csv", "figure4.csv", "tables.md"} <= names


def test_no_text_of_the_data_is_in_the_results(finished: Finished, data: Path) -> None:
    """Results are passed on; the texts may not be. Examples come from the bundled sample, of which these data are made."""
    text = load_dataset(data / "test.csv").texts[0]
    assert not any(text.encode() in path.read_bytes() for path in (finished.out / "readings").iterdir())


def test_a_finished_run_does_nothing_again_and_gives_the_same(
    finished: Finished, data: Path, cache: Path, teacher_folder: Callable[[str], Path]
) -> None:
    out, results, _ = finished
    before = {path: path.stat().st_mtime_ns for path in (out / "steps").iterdir()}
    *_, again = reproduce(str(data), out, CONFIG, teacher=str(teacher_folder("bert")), cache=cache)
    assert isinstance(again, Results)
    pd.testing.assert_frame_equal(again.table, results.table)
    assert {path: path.stat().st_mtime_ns for path in (out / "steps").iterdir()} == before


def test_another_run_in_the_same_folder_is_refused(finished: Finished, data: Path, teacher_folder: Callable[[str], Path]) -> None:
    with pytest.raises(DixtillError, match="other settings"):
        list(reproduce(str(data), finished.out, replace(CONFIG, seeds=3), teacher=str(teacher_folder("bert"))))


def test_a_folder_without_a_test_file_is_refused(tmp_path: Path, data: Path, teacher_folder: Callable[[str], Path]) -> None:
    shutil.copy(data / "train.csv", tmp_path)
    with pytest.raises(DataError, match=r"no test\.csv"):
        list(reproduce(str(tmp_path), tmp_path / "out", CONFIG, teacher=str(teacher_folder("bert"))))


def test_progress_never_goes_back_and_ends_at_its_total(finished: Finished) -> None:
    seen = [item for item in finished.progress if item.stage == "reproducing"]
    done = [item.done for item in seen]
    assert done == sorted(done)
    assert seen[-1].done == seen[-1].total
    assert all(item.detail for item in seen)
    assert any(item.detail.startswith("faithfulness of PTQ: measuring") and item.detail.endswith("1 of 2") for item in seen)


KILLED = """
import sys
from pathlib import Path
from dixtill_core.experiments.reproduce import reproduce
from tests.experiments.conftest import CONFIG
import torch
torch.set_num_threads(1)
if __name__ == "__main__":
    data, out, teacher, cache = sys.argv[1:]
    for item in reproduce(data, Path(out), CONFIG, teacher=teacher, cache=Path(cache), jobs=2):
        print(getattr(item, "detail", ""), flush=True)
"""


def test_killed_at_a_random_point_and_resumed_in_two_processes_gives_the_same_tables(
    finished: Finished, data: Path, cache: Path, teacher_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    script = tmp_path / "run.py"
    script.write_text(KILLED, encoding="utf-8")
    command = [sys.executable, str(script), str(data), str(tmp_path / "out"), str(teacher_folder("bert")), str(cache)]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    lines_before_kill = random.randrange(5, 200)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True)
    assert process.stdout is not None
    for _, _ in zip(range(lines_before_kill), process.stdout, strict=False):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(1.5)  # Workers notice within a step that nobody is left to work for.
    ended = subprocess.run(command, check=True, capture_output=True, env=environment, text=True)
    assert "leaked" not in ended.stderr  # Workers that have nothing left to do leave by themselves.
    resumed, whole = comparable(read_results(tmp_path / "out").table), comparable(finished.results.table)
    pd.testing.assert_frame_equal(resumed, whole, check_exact=False, rtol=1e-4, atol=1e-5)
