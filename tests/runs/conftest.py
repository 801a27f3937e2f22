"""Runs small enough to train in seconds."""

import pytest

from dixtill_core.config import DistillConfig, StudentConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.glove import load_glove
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore

STUDENT = StudentConfig(hidden_size=4, max_vocabulary=400)
CONFIG = DistillConfig(epochs=3, batch_size=16, augmented_texts=40, average_decay=0.9)
WATCHED = "shares of the company rose after better than expected earnings"


@pytest.fixture(scope="session", autouse=True)
def _glove_is_read_once():
    load_glove()


@pytest.fixture(scope="session")
def small_csv(tmp_path_factory):
    """Sixty sentences of the sample, twenty of each label."""
    dataset = load_dataset("sample")
    chosen = [int(i) for label in range(3) for i in (dataset.labels == label).nonzero()[0][:20]]
    path = tmp_path_factory.mktemp("data") / "small.csv"
    rows = [f'"{dataset.texts[i]}",{dataset.label_names[dataset.labels[i]]}' for i in chosen if '"' not in dataset.texts[i]]
    path.write_text("\n".join(["text,label", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("targets")


def make_spec(teacher_folder, small_csv):
    """A specification that trains in seconds."""
    return RunSpec(data=str(small_csv), teacher=str(teacher_folder("bert")), student=STUDENT, distill=CONFIG, watched=WATCHED)


@pytest.fixture
def spec(teacher_folder, small_csv):
    return make_spec(teacher_folder, small_csv)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")
