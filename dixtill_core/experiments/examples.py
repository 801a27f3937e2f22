"""The coloured texts of Fig. 5: one of each class, that both models get right, under teacher and student."""

from __future__ import annotations

from typing import Any

import numpy as np

from dixtill_core.comparison import compare
from dixtill_core.data.datasets import SAMPLE, Dataset, load_dataset
from dixtill_core.data.words import split_words
from dixtill_core.experiments.setup import Setup
from dixtill_core.experiments.students import student_folder, student_name
from dixtill_core.export.html import comparison_html
from dixtill_core.export.tables import comparison_record
from dixtill_core.files import write_atomic
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair import STUDENT, ModelPair

SHORTEST, LONGEST = 8, 14
"""Words of an example: enough to have reasons, few enough for one line."""
LOOKED_AT = 64
"""Texts of each class among which the first that both models get right is taken."""


def figure_examples(setup: Setup) -> list[dict[str, Any]]:
    """Comparisons as plain data; each is written as HTML too. A class that one of the models never gets has none."""
    folder = student_folder(setup, student_name("dixtill", 0))
    pair = ModelPair(setup.teacher, load_student(folder / STUDENT), folder)
    examples = []
    for label, text in _choose(example_source(setup), pair).items():
        comparison = compare(pair, text)
        write_atomic(setup.out / "figures" / f"example-{label}.html", comparison_html(comparison, 3, "scores"))
        examples.append({"label": label} | comparison_record(comparison))
    return examples


def example_source(setup: Setup) -> Dataset:
    """The bundled sample, whose texts may be shown anywhere, where it has the teacher's labels; the test texts elsewhere."""
    sample = load_dataset(SAMPLE)
    if set(sample.label_names) == set(setup.teacher.label_names):
        return sample.with_label_names(setup.teacher.label_names)
    return setup.test


def _choose(dataset: Dataset, pair: ModelPair) -> dict[str, str]:
    """By label, the first text of a readable length that both models get right."""
    labels = dataset.require_labels()
    is_readable = np.array([SHORTEST <= len(split_words(text)) <= LONGEST for text in dataset.texts])
    chosen = {}
    for index, label in enumerate(dataset.label_names):
        positions = np.flatnonzero((labels == index) & is_readable)[:LOOKED_AT]
        texts = [dataset.texts[i] for i in positions]
        if not texts:
            continue
        both_right = (pair.teacher.predict(texts).argmax(axis=1) == index) & (pair.student.predict(texts).argmax(axis=1) == index)
        if both_right.any():
            chosen[label] = texts[int(both_right.argmax())]
    return chosen
