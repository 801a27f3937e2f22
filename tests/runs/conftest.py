"""Runs small enough to train in seconds, two of them trained once for all tests."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dixtill_core.config import DistillConfig, StudentConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.glove import load_glove
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore, Upload
from dixtill_core.runs.training import train_run

STUDENT = StudentConfig(hidden_size=4, max_vocabulary=400)
CONFIG = DistillConfig(epochs=3, batch_size=16, augmented_texts=40, average_decay=0.9)
WATCHED = "shares of the company rose after better than expected earnings"
TEST_TEXTS = 12


@pytest.fixture(scope="session", autouse=True)
def _glove_is_read_once():
    load_glove()


def made_csv(first, last):
    """Sentences of the sample as CSV: of each label those from `first` to `last`."""
    dataset = load_dataset("sample")
    rows = ["text,label"]
    for label, name in enumerate(dataset.label_names):
        texts = [dataset.texts[i] for i in (dataset.labels == label).nonzero()[0] if '"' not in dataset.texts[i]]
        rows += [f'"{text}",{name}' for text in texts[first:last]]
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="session")
def small_csv(tmp_path_factory):
    """Sixty sentences of the sample, twenty of each label."""
    path = tmp_path_factory.mktemp("data") / "small.csv"
    path.write_text(made_csv(0, 20), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def targets(tmp_path_factory):
    return tmp_path_factory.mktemp("targets")


@pytest.fixture(scope="session")
def cache(targets, whole):
    """Teacher targets that `whole` asked for first, in one thread: their last bits depend on the number of threads."""
    return targets


def make_spec(teacher_folder, small_csv):
    """A specification that trains in seconds."""
    return RunSpec(data=str(small_csv), teacher=str(teacher_folder("bert")), student=STUDENT, distill=CONFIG, watched=WATCHED)


@pytest.fixture
def spec(teacher_folder, small_csv):
    return make_spec(teacher_folder, small_csv)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


@pytest.fixture(scope="session")
def whole(tmp_path_factory, teacher_folder, small_csv, targets):
    """A run that nothing disturbed. Copy before you change it."""
    run = RunStore(tmp_path_factory.mktemp("whole")).create(make_spec(teacher_folder, small_csv), "Whole")
    list(train_run(run, cache=targets))
    return run


@pytest.fixture(scope="session")
def tested(tmp_path_factory, teacher_folder, small_csv, cache):
    """The same with test data that it was not trained on. Copy before you change it."""
    test = Upload("held out.csv", made_csv(20, 20 + TEST_TEXTS // 3).encode())
    run = RunStore(tmp_path_factory.mktemp("tested")).create(make_spec(teacher_folder, small_csv), "Tested", test_upload=test)
    list(train_run(run, cache=cache))
    return run


def begin_evaluation(store, tested):
    """A run whose epochs are over and whose test data are to be evaluated."""
    run = Run(Path(shutil.copytree(tested.folder, store.root / "nearly")))
    run.update(status="cancelled", test=None)
    return run


def weights(run, part="student", name="model.safetensors"):
    return load_file(run.folder / part / name)


def assert_same(first, second, *where):
    """Two runs ended in the same weights."""
    one, other = weights(first, *where), weights(second, *where)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
