from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix as reference_matrix

from dixtill_core.analysis.outcomes import (
    OUTCOMES,
    agreement_levels,
    calibration,
    calibration_error,
    confusion_matrix,
    foreign_reasons,
    outcome_table,
    outcomes,
)
from dixtill_core.metrics.significance import wilson_interval
from tests.analysis.made_corpus import LABELS, made_corpus

labels = st.lists(st.tuples(*[st.sampled_from("abc")] * 3), max_size=30)


def plain_outcome(gold: str, teacher: str, student: str) -> str:
    if teacher == gold:
        return "both_right" if student == gold else "only_teacher"
    if student == gold:
        return "only_student"
    return "both_wrong_alike" if teacher == student else "both_wrong_differently"


@given(labels)
def test_every_text_is_in_the_group_that_a_person_would_put_it_into(rows):
    columns = [np.array([row[i] for row in rows], dtype=object) for i in range(3)]
    assert outcomes(*columns).tolist() == [plain_outcome(*row) for row in rows]


def test_the_table_of_outcomes_counts_all_texts_and_keeps_empty_groups():
    table = made_corpus(60).table
    table = table[table["outcome"] != "only_student"]
    found = outcome_table(table)
    assert list(found.index) == list(OUTCOMES)
    assert found["texts"].sum() == len(table)
    assert found["share"].sum() == pytest.approx(1)
    assert found.loc["only_student", "texts"] == 0
    assert math.isnan(found.loc["only_student", "agreement"])
    right = table[table["outcome"] == "both_right"]
    assert found.loc["both_right", "agreement"] == pytest.approx(right["agreement_at_3"].dropna().mean())


def test_nothing_at_all_can_be_counted():
    table = made_corpus(5).table.iloc[:0]
    assert outcome_table(table)["texts"].tolist() == [0] * 5
    assert confusion_matrix(table, "teacher", LABELS).to_numpy().sum() == 0
    assert len(agreement_levels(table)) == len(calibration(table, "student")) == 0
    assert math.isnan(calibration_error(table, "student"))
    assert math.isnan(foreign_reasons(table).probability)


@pytest.mark.parametrize("names", [("no", "yes"), tuple(f"label {i}" for i in range(20))])
def test_confusion_matrices_are_those_of_scikit_learn(names):
    table = made_corpus(200, names).table
    for role in ("teacher", "student"):
        found = confusion_matrix(table, role, names)
        assert found.to_numpy().tolist() == reference_matrix(table["gold"], table[role], labels=list(names)).tolist()
        assert list(found.index) == list(found.columns) == list(names)


def four_texts() -> pd.DataFrame:
    """Agreement 1, 1, 0, 0 and one without; the student is right, right, right, wrong, wrong."""
    return pd.DataFrame(
        {
            "gold": ["a"] * 5,
            "teacher": ["a", "b", "a", "a", "a"],
            "student": ["a", "a", "a", "b", "b"],
            "student_confidence": [0.95, 0.9, 0.55, 0.51, 1.0],
            "agreement_at_3": [1.0, 1.0, 0.0, 0.0, np.nan],
        }
    )


def test_levels_of_agreement_by_hand():
    found = agreement_levels(four_texts())
    assert found["level"].tolist() == [0, 1]
    assert found["texts"].tolist() == [2, 2]
    assert found["teacher_right"].tolist() == [1, 0.5]
    assert found["student_right"].tolist() == [0.5, 1]
    assert found["student_low"].tolist() == pytest.approx([wilson_interval(1, 2)[0], wilson_interval(2, 2)[0]])


def test_foreign_reasons_by_hand():
    """Right answers have 1, 1, 0, the wrong one 0: two pairs are higher and one is equal, 2.5 of 3."""
    found = foreign_reasons(four_texts())
    assert (found.right, found.wrong, found.n_right, found.n_wrong) == (pytest.approx(2 / 3), 0, 3, 1)
    assert found.probability == pytest.approx(2.5 / 3)
    assert 0 < found.p_value <= 1


def test_equal_agreement_everywhere_is_chance():
    table = four_texts().assign(agreement_at_3=1 / 3)
    assert foreign_reasons(table)[-2:] == (0.5, 1.0)


def test_calibration_by_hand():
    """Two bins: 0.95, 0.9 and 1.0 with two right, 0.55 and 0.51 with one right. The upper bound belongs to its bin."""
    table = four_texts()
    found = calibration(table, "student", bins=2)
    assert found[["low", "high"]].to_numpy().tolist() == [[0.5, 1.0]]
    assert found["texts"].tolist() == [5]
    found = calibration(table, "student", bins=10)
    assert found["low"].tolist() == pytest.approx([0.5, 0.8, 0.9])
    assert found["texts"].tolist() == [2, 1, 2]
    assert found["confidence"].tolist() == pytest.approx([0.53, 0.9, 0.975])
    assert found["accuracy"].tolist() == [0.5, 1, 0.5]
    assert found["accuracy_low"].tolist() == pytest.approx([0.0945, 0.2065, 0.0945], abs=5e-5)
    assert found["accuracy_high"].tolist() == pytest.approx([0.9055, 1, 0.9055], abs=5e-5)
    assert calibration_error(table, "student") == pytest.approx((2 * 0.03 + 0.1 + 2 * 0.475) / 5)
