"""Each example shows what its name says, with the bundled pair once it is trained."""

from __future__ import annotations

import pytest

from dashboard.examples import EXAMPLES
from dixtill_core.comparison import Comparison, compare
from dixtill_core.models.checkpoint import read_student_config
from dixtill_core.models.pair import ModelPair, load_pair
from dixtill_core.paths import BUNDLED_PAIR


@pytest.fixture(scope="module")
def bundled() -> ModelPair:
    if not read_student_config(BUNDLED_PAIR / "student")["metrics"]:
        pytest.skip("the bundled student has not been trained yet")
    return load_pair()


def labels(comparison: Comparison) -> tuple[str, str]:
    return comparison.teacher.label, comparison.student.label


@pytest.mark.parametrize("label", ["bearish", "bullish", "neutral"])
def test_both_models_read_the_example_of_a_label_so(bundled: ModelPair, label: str) -> None:
    assert labels(compare(bundled, EXAMPLES[label])) == (label, label)


def test_they_agree_on_label_and_on_most_of_the_strongest_words(bundled: ModelPair) -> None:
    made = compare(bundled, EXAMPLES["they agree"])
    assert made.teacher.label == made.student.label
    assert made.agreement["sign_agreement@3"] > 0.5


def test_they_differ_on_the_label(bundled: ModelPair) -> None:
    teacher, student = labels(compare(bundled, EXAMPLES["they differ"]))
    assert teacher != student
