import dataclasses
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from dixtill_core.distill.corpus import Examples
from dixtill_core.distill.trainer import STATE, _run_of, _train_step, distill, one_cycle
from dixtill_core.errors import CheckpointError, DataError, DixtillError
from dixtill_core.models.checkpoint import load_student, read_student_config
from dixtill_core.models.student import Student
from tests.distill.conftest import CONFIG, EXPLAIN, STUDENT


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("targets")


@pytest.fixture
def start(bert, corpus, cache):
    """Start a distillation into a folder."""

    def run(out, config=CONFIG, dataset=None, **options):
        return distill(dataset or corpus, bert, out, STUDENT, config, explain=EXPLAIN, cache=cache, **options)

    return run


def _weights(out):
    return load_file(out / "student" / "model.safetensors")


def _assert_same_student(first, second):
    one, other = _weights(first), _weights(second)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert read_student_config(first / "student")["metrics"] == read_student_config(second / "student")["metrics"]


def test_the_seed_decides_everything(start, tmp_path):
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        list(start(tmp_path / name, dataclasses.replace(CONFIG, seed=seed)))
    _assert_same_student(tmp_path / "a", tmp_path / "b")
    assert not torch.equal(_weights(tmp_path / "a")["classifier.weight"], _weights(tmp_path / "c")["classifier.weight"])


def test_sgd_is_the_paper_s_and_goes_on_with_its_momentum(start, tmp_path):
    config = dataclasses.replace(CONFIG, optimizer="sgd", learning_rate=0.05)
    list(start(tmp_path / "whole", config))
    steps = start(tmp_path / "stopped", config)
    next(step for step in steps if step.metrics and step.epoch == 2)
    steps.close()
    list(start(tmp_path / "stopped", config))
    _assert_same_student(tmp_path / "whole", tmp_path / "stopped")
    list(start(tmp_path / "adamw", dataclasses.replace(config, optimizer="adamw")))
    assert not torch.equal(_weights(tmp_path / "whole")["classifier.weight"], _weights(tmp_path / "adamw")["classifier.weight"])


def test_a_step_of_sgd_is_that_of_its_formula():
    """v = 0.9 v + g and w = w - rate v (Sutskever et al. 2013, as PyTorch writes it), at a constant rate."""
    config = dataclasses.replace(CONFIG, optimizer="sgd", learning_rate=0.05, weight_decay=0.0, word_dropout=0.0)
    torch.manual_seed(0)
    network = Student(dataclasses.replace(STUDENT, dropout=0.0), 20, 3)
    random = np.random.default_rng(0)
    examples = Examples(
        [random.integers(2, 20, 4) for _ in range(8)], random.integers(0, 3, 8), random.normal(size=(8, 3)).astype(np.float32),
        [random.normal(size=4).astype(np.float32) for _ in range(8)],
    )  # fmt: skip
    run = _run_of(network, config, unknown_id=1)
    weight = network.classifier.weight
    velocity = torch.zeros_like(weight)
    for step in range(3):
        before = weight.detach().clone()
        _train_step(run, examples, np.arange(8), 100, config, np.random.default_rng(step))
        velocity = 0.9 * velocity + weight.grad
        torch.testing.assert_close(weight.detach(), before - 0.05 * velocity)


@pytest.mark.parametrize("stop_in_epoch", [2, 3])
def test_a_run_stopped_within_an_epoch_and_resumed_gives_the_same_model(start, tmp_path, stop_in_epoch):
    list(start(tmp_path / "whole"))
    steps = start(tmp_path / "stopped")
    for step in steps:
        if step.stage == "training the student" and step.epoch == stop_in_epoch:
            break
    steps.close()
    assert (tmp_path / "stopped" / STATE).exists()
    resumed = list(start(tmp_path / "stopped"))
    assert min(step.epoch for step in resumed if step.stage == "training the student") == stop_in_epoch
    assert f"after epoch {stop_in_epoch - 1}" in next(step.note for step in resumed if step.stage == "resuming")
    _assert_same_student(tmp_path / "whole", tmp_path / "stopped")
    assert not (tmp_path / "stopped" / STATE).exists()


def test_a_process_killed_while_training_and_started_again_gives_the_same_model(start, teacher_folder, corpus, cache, tmp_path):
    """kill -9 at an arbitrary moment, as a power cut would."""
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\n"
        "from dixtill_core.data.datasets import load_dataset\n"
        "from dixtill_core.distill.trainer import distill\n"
        "from dixtill_core.models.teacher import load_teacher\n"
        "from tests.distill.conftest import CONFIG, EXPLAIN, STUDENT\n"
        "dataset = load_dataset('sample')\n"
        "chosen = sorted(i for label in range(3) for i in (dataset.labels == label).nonzero()[0][:30])\n"
        "for step in distill(dataset.subset(chosen), load_teacher(sys.argv[1], device='cpu'), Path(sys.argv[2]), STUDENT, CONFIG,\n"
        "                    explain=EXPLAIN, cache=Path(sys.argv[3])):\n"
        "    print(step.stage, step.epoch, flush=True)\n"
    )
    out = tmp_path / "killed"
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(script), str(teacher_folder("bert")), str(out), str(cache)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout:
            if line.startswith("training the student 2"):
                time.sleep(0.01)
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    load_student(out / "student")  # What the kill left can be used.
    list(start(out))
    list(start(tmp_path / "whole"))
    _assert_same_student(out, tmp_path / "whole")


def test_stopping_keeps_the_best_epoch(start, tmp_path):
    steps = start(tmp_path / "out")
    losses = {}
    for step in steps:
        if step.metrics:
            losses[step.epoch] = step.metrics["loss"]
        if step.epoch == 2 and step.metrics:
            break
    steps.close()
    kept = read_student_config(tmp_path / "out" / "student")["metrics"]
    assert kept["loss"] == min(losses.values())
    assert kept["epoch"] == min(losses, key=losses.__getitem__)


def test_the_last_progress_repeats_the_kept_epoch(start, tmp_path):
    *_, last = start(tmp_path / "out")
    assert last.stage == "done"
    assert last.metrics == read_student_config(tmp_path / "out" / "student")["metrics"]


@pytest.mark.parametrize("method", ["ce", "kl", "mse", "dixtill_paper", "dixtill"])
def test_every_method_lowers_its_own_training_loss(start, tmp_path, method):
    config = dataclasses.replace(CONFIG, method=method, epochs=6, learning_rate=0.01, augmented_texts=0)
    means = {step.epoch: step.losses["loss"] for step in start(tmp_path / "out", config) if step.losses}
    assert means[6] < means[1]


def test_alignment_brings_the_students_scores_to_the_teachers(start, tmp_path):
    def last_alignment(name, method):
        config = dataclasses.replace(CONFIG, method=method, epochs=20, learning_rate=0.01, alignment_weight=10, augmented_texts=0)
        steps = [step for step in start(tmp_path / name, config) if step.metrics]
        return steps[-1].metrics["feature_agreement@3"]

    assert last_alignment("aligned", "dixtill") > last_alignment("plain", "kl")


def test_a_finished_student_is_not_overwritten_unasked(start, tmp_path):
    list(start(tmp_path / "out"))
    other = dataclasses.replace(CONFIG, seed=5)
    with pytest.raises(DixtillError, match="already holds a student"):
        next(start(tmp_path / "out", other))
    list(start(tmp_path / "out", other, overwrite=True))


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_computed(start, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DixtillError, match="Choose another folder"):
        next(start(tmp_path / "file"))


def test_a_damaged_training_state_starts_the_run_again(start, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / STATE).write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    list(start(tmp_path / "out"))
    list(start(tmp_path / "whole"))
    _assert_same_student(tmp_path / "out", tmp_path / "whole")


def test_a_state_of_the_right_run_that_lacks_tensors_is_refused_with_a_message(start, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import save_file

    steps = start(tmp_path / "out")
    next(step for step in steps if step.metrics)
    next(steps)
    steps.close()
    with safe_open(tmp_path / "out" / STATE, "pt") as state:
        metadata = state.metadata()
    save_file({"network.classifier.bias": torch.zeros(3)}, tmp_path / "out" / STATE, metadata)
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        list(start(tmp_path / "out"))


def test_labels_that_the_teacher_does_not_have_are_an_error(start, corpus, tmp_path):
    strange = dataclasses.replace(corpus, label_names=("good", "bad", "ugly"))
    with pytest.raises(DataError, match="good, bad, ugly"):
        next(start(tmp_path / "out", dataset=strange))


def test_the_learning_rate_rises_then_falls_to_zero():
    rates = [one_cycle(i / 100) for i in range(101)]
    assert max(rates) == pytest.approx(1)
    assert rates[-1] == pytest.approx(0)
    top = int(np.argmax(rates))
    assert all(np.diff(rates[: top + 1]) > 0)
    assert all(np.diff(rates[top:]) < 0)
