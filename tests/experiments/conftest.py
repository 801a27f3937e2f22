"""A reproduction small enough for a test: ninety texts, a random teacher, students of a few units."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from dixtill_core.config import DistillConfig, EfficiencyConfig, ReproduceConfig, StudentConfig
from dixtill_core.data.datasets import Dataset, load_dataset
from dixtill_core.experiments.reproduce import reproduce
from dixtill_core.experiments.results import Results
from dixtill_core.progress import Progress

CONFIG = ReproduceConfig(
    seeds=2,
    student=StudentConfig(hidden_size=4, max_vocabulary=400),
    distill=DistillConfig(epochs=2, batch_size=16, augmented_texts=30, average_decay=0.9),
    temperatures=(2,),
    pruned_heads=2,
    student_texts=3,
    teacher_texts=2,
    bootstrap_samples=100,
    efficiency=EfficiencyConfig(batches=(1, 32), lengths=(None, 64), repetitions=1),
    bert_base=False,
)


def write_table(path: Path, dataset: Dataset) -> None:
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        writer.writerows((text, dataset.label_names[label]) for text, label in zip(dataset.texts, dataset.require_labels(), strict=True))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.csv (90 texts) and test.csv (24)."""
    folder = tmp_path_factory.mktemp("data")
    sample = load_dataset("sample")
    by_label = [(sample.require_labels() == label).nonzero()[0] for label in range(3)]
    write_table(folder / "train.csv", sample.subset([int(i) for found in by_label for i in found[:30]]))
    write_table(folder / "test.csv", sample.subset([int(i) for found in by_label for i in found[30:38]]))
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("targets")


class Finished(NamedTuple):
    """A run from beginning to end."""

    out: Path
    results: Results
    progress: list[Progress]


@pytest.fixture(scope="session")
def finished(data: Path, cache: Path, teacher_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    out = tmp_path_factory.mktemp("reproduced") / "run"
    *progress, results = reproduce(str(data), out, CONFIG, teacher=str(teacher_folder("bert")), cache=cache)
    assert isinstance(results, Results)
    return Finished(out, results, [item for item in progress if isinstance(item, Progress)])
