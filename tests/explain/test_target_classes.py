import numpy as np
import pytest

from dixtill_core.errors import ConfigError
from dixtill_core.explain.target_classes import target_classes
from dixtill_core.models.student import StudentClassifier

TEXTS = ["gold rose", "", "the bank cuts its outlook"]


def test_predictions_are_explained_where_no_class_is_chosen(student: StudentClassifier) -> None:
    assert target_classes(student, TEXTS, None).tolist() == student.predict(TEXTS).argmax(axis=1).tolist()


def test_chosen_classes_are_kept(student: StudentClassifier) -> None:
    found = target_classes(student, TEXTS, [2, 0, 1])
    assert found.tolist() == [2, 0, 1]
    assert found.dtype == np.int64


def test_no_texts_have_no_classes(student: StudentClassifier) -> None:
    assert target_classes(student, [], None).tolist() == target_classes(student, [], []).tolist() == []


@pytest.mark.parametrize("targets", [[0, 0, 3], [-1, 0, 0]])
def test_a_class_that_the_model_does_not_have_is_refused(student: StudentClassifier, targets: list[int]) -> None:
    with pytest.raises(ConfigError, match="between 0 and 2"):
        target_classes(student, TEXTS, targets)


@pytest.mark.parametrize("targets", [[0], [0, 0, 0, 0], []])
def test_too_few_or_too_many_classes_are_refused(student: StudentClassifier, targets: list[int]) -> None:
    with pytest.raises(ConfigError, match="3 texts"):
        target_classes(student, TEXTS, targets)
