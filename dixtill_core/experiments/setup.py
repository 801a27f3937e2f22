"""What every step of the reproduction starts from: data, teacher, settings, and the folder where results go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from dixtill_core.config import DistillConfig, Method, ReproduceConfig, StudentConfig
from dixtill_core.data.datasets import SAMPLE, Dataset, load_dataset, split_dataset
from dixtill_core.distill.corpus import Corpus, prepare_corpus, split_as_taught
from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore, TeacherTargets
from dixtill_core.errors import DataError
from dixtill_core.experiments.results import Row
from dixtill_core.files import sha256_of_json
from dixtill_core.models.teacher import Teacher, load_teacher
from dixtill_core.progress import Progress

SUFFIXES = (".csv", ".tsv", ".parquet")
TEST_SHARE = 0.2
"""Of the sample corpus, which has no test file of its own."""
METHODS: tuple[Method, ...] = ("ce", "kl", "mse", "dixtill_paper", "dixtill")


@dataclass(frozen=True)
class Arguments:
    """What was asked for, as plain data that another process can be handed."""

    data: str
    """A folder with train and test files, or "sample"."""
    out: Path
    teacher: str
    cache: Path | None
    config: ReproduceConfig


@dataclass(frozen=True, eq=False)
class Setup:
    """The arguments with everything loaded that they name."""

    arguments: Arguments
    train: Dataset
    test: Dataset
    teacher: Teacher

    @property
    def config(self) -> ReproduceConfig:
        return self.arguments.config

    @property
    def out(self) -> Path:
        return self.arguments.out

    @property
    def fingerprints(self) -> dict[str, str]:
        """Of both data sets and the teacher: with the settings, what decides every result."""
        return {
            "train": fingerprint(self.train),
            "test": fingerprint(self.test),
            "teacher": self.teacher.fingerprint,
        }

    @cached_property
    def validation(self) -> Dataset:
        """The validation part of the training data."""
        return self.train.subset(split_as_taught(self.train, self.teacher, self.config.distill)[1])

    @cached_property
    def corpus(self) -> Corpus:
        """What students train on; all targets have to be on disk, which the first step sees to."""
        prepared = prepare_corpus(self.train, self.teacher, self.config.student, self.config.distill, TARGET_CONFIG, self.arguments.cache)
        return next(item for item in prepared if isinstance(item, Corpus))

    @cached_property
    def test_targets(self) -> TeacherTargets:
        return TargetStore(self.teacher, TARGET_CONFIG, self.arguments.cache).load(self.test.texts)

    @cached_property
    def test_logits(self) -> np.ndarray:
        """What the teacher answers on the test texts, (texts, classes); seconds, where its reasons take minutes."""
        return TargetStore(self.teacher, None, self.arguments.cache).load(self.test.texts).logits

    def configs(self, method: Method, seed: int, temperature: float | None = None) -> tuple[StudentConfig, DistillConfig]:
        """Student and training of a method: all alike, but for the paper's attention in the paper's form."""
        student, training = self.config.student, replace(self.config.distill, method=method, seed=seed)
        if method == "dixtill_paper":
            student = replace(student, attention="signed")
        return student, training if temperature is None else replace(training, temperature=temperature)


@dataclass(frozen=True)
class Step:
    """One part of the work: its rows are kept under its name, and it is never done twice."""

    name: str
    title: str
    seconds: float
    """A rough guess for two cores, for the time that is left."""
    run: Callable[[Setup], Iterator[Progress | list[Row]]]
    is_parallel: bool = False
    """May run beside others; measurements of time may not."""
    needs: tuple[str, ...] = ()
    """Earlier steps whose models it reads."""


def load_setup(arguments: Arguments) -> Setup:
    """Read data and teacher.

    Raises:
        DataError: no train or test file, or labels that the teacher does not have.
    """
    teacher = load_teacher(arguments.teacher)
    if arguments.data == SAMPLE:
        whole = load_dataset(SAMPLE)
        train_positions, test_positions = split_dataset(whole, TEST_SHARE, seed=0)
        train, test = whole.subset(train_positions), whole.subset(test_positions)
    else:
        train, test = (load_dataset(find_table(Path(arguments.data), name)) for name in ("train", "test"))
    return Setup(arguments, train.with_label_names(teacher.label_names), test.with_label_names(teacher.label_names), teacher)


def find_table(folder: Path, name: str) -> Path:
    """The file `name` in a folder, whichever of the known endings it has."""
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Give one with train.csv and test.csv (or .tsv, .parquet), or 'sample'.")
    found = [folder / f"{name}{suffix}" for suffix in SUFFIXES if (folder / f"{name}{suffix}").is_file()]
    if not found:
        raise DataError(f"{folder} has no {name}.csv, {name}.tsv or {name}.parquet. It needs train and test, as one file each.")
    return found[0]


def fingerprint(dataset: Dataset) -> str:
    """Of texts and labels in their order."""
    return sha256_of_json([list(dataset.texts), np.asarray(dataset.require_labels()).tolist(), list(dataset.label_names)])[:16]
