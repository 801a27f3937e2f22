"""Who is right where: five groups of texts, confusion matrices, agreement against correctness, calibration.

Every function reads the table of an `AnalysedCorpus`, or any rows of it, and returns plain values or a DataFrame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from dixtill_core.analysis.corpus import Role
from dixtill_core.metrics.significance import wilson_interval

BINS = 10
EQUAL = 1e-9
"""Levels of agreement closer than this are one."""


class Outcome(NamedTuple):
    title: str
    description: str


OUTCOMES: Mapping[str, Outcome] = {
    "both_right": Outcome("Both right", "Teacher and student both predict the gold label."),
    "only_teacher": Outcome("Only teacher right", "The teacher predicts the gold label, the student another one: lost in distillation."),
    "only_student": Outcome("Only student right", "The student predicts the gold label, the teacher another one."),
    "both_wrong_alike": Outcome(
        "Both wrong, alike", "Both predict the same label, and it is not the gold one: inherited, or gold is wrong."
    ),
    "both_wrong_differently": Outcome("Both wrong, differently", "Three different labels: gold, the teacher's and the student's."),
}
"""By the name in the column `outcome`, in the order in which they are shown. With two labels the last group is empty."""


class ForeignReasons(NamedTuple):
    """Are the student's wrong answers the ones with other reasons than the teacher's?"""

    right: float
    """Mean agreement of the texts that the student gets right."""
    wrong: float
    n_right: int
    n_wrong: int
    probability: float
    """That a text it gets right has more agreement than one that it gets wrong, equal ones counted half; 0.5 is chance."""
    p_value: float
    """Two-sided Mann-Whitney test of 0.5. NaN, as `probability`, where one of the groups is empty."""


def outcomes(gold: np.ndarray, teacher: np.ndarray, student: np.ndarray) -> np.ndarray:
    """The group of each text, (texts,) of names in `OUTCOMES`, from three arrays (texts,) of labels."""
    gold, teacher, student = np.asarray(gold), np.asarray(teacher), np.asarray(student)
    conditions = [
        (teacher == gold) & (student == gold),
        teacher == gold,
        student == gold,
        teacher == student,
    ]
    return np.select(conditions, list(OUTCOMES)[:4], default=list(OUTCOMES)[4])


def outcome_table(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each of `OUTCOMES` by its name: texts, their share, and means of what they have in common.

    Columns: texts, share, agreement (mean of `agreement_at_3`), sign_agreement, teacher_confidence, student_confidence,
    length. Means of an empty group are NaN.
    """
    measures = {
        "agreement": "agreement_at_3",
        "sign_agreement": "sign_agreement_at_3",
        "teacher_confidence": "teacher_confidence",
        "student_confidence": "student_confidence",
        "length": "length",
    }
    groups = table.groupby("outcome")
    found = pd.DataFrame({"texts": groups.size()} | {name: groups[column].mean() for name, column in measures.items()})
    found = found.reindex(list(OUTCOMES))
    found["texts"] = found["texts"].fillna(0).astype(int)
    found.insert(1, "share", found["texts"] / max(1, len(table)))
    found.index.name = "outcome"
    return found


def confusion_matrix(table: pd.DataFrame, role: Role, label_names: Sequence[str]) -> pd.DataFrame:
    """Texts with each gold label (rows) and each predicted one (columns), (classes, classes) int."""
    names = list(label_names)
    counts = pd.crosstab(table["gold"], table[role]).reindex(index=names, columns=names, fill_value=0)
    counts.index.name, counts.columns.name = "gold", role
    return counts.astype(int)


def agreement_levels(table: pd.DataFrame, measure: str = "agreement_at_3") -> pd.DataFrame:
    """How often each model is right at each level of agreement: a row a level, the lowest first.

    Columns: level, texts, teacher_right, student_right (shares), student_low, student_high (Wilson interval of 95 %).
    Texts without words have no agreement and are left out.
    """
    known = table[table[measure].notna()]
    levels = known[measure].round(9).to_numpy()
    teacher, student = ((known[role] == known["gold"]).to_numpy() for role in ("teacher", "student"))
    rows = []
    for level in np.unique(levels):
        here = np.abs(levels - level) < EQUAL
        n, right = int(here.sum()), int(student[here].sum())
        rows.append((float(level), n, float(teacher[here].mean()), right / n, *wilson_interval(right, n)))
    return pd.DataFrame(rows, columns=["level", "texts", "teacher_right", "student_right", "student_low", "student_high"])


def foreign_reasons(table: pd.DataFrame, measure: str = "agreement_at_3") -> ForeignReasons:
    """Agreement of what the student gets right against that of what it gets wrong."""
    from scipy.stats import mannwhitneyu

    known = table[table[measure].notna()]
    is_right = (known["student"] == known["gold"]).to_numpy()
    values = known[measure].to_numpy(dtype=np.float64)
    right, wrong = values[is_right], values[~is_right]
    if not len(right) or not len(wrong):
        of_right, of_wrong = (float(part.mean()) if len(part) else math.nan for part in (right, wrong))
        return ForeignReasons(of_right, of_wrong, len(right), len(wrong), math.nan, math.nan)
    if np.ptp(values) == 0:  # Nothing but ties, for which the test has no spread to divide by.
        return ForeignReasons(float(right.mean()), float(wrong.mean()), len(right), len(wrong), 0.5, 1.0)
    test = mannwhitneyu(right, wrong, alternative="two-sided")
    probability = float(test.statistic) / (len(right) * len(wrong))
    return ForeignReasons(float(right.mean()), float(wrong.mean()), len(right), len(wrong), probability, float(test.pvalue))


def calibration(table: pd.DataFrame, role: Role, bins: int = BINS) -> pd.DataFrame:
    """Is a model right as often as it is sure? A row for each bin of its confidence that holds a text.

    Columns: low, high (bounds of the bin, the upper one included), texts, confidence (mean), accuracy, accuracy_low,
    accuracy_high (Wilson interval of 95 %).
    """
    confidence = table[f"{role}_confidence"].to_numpy(dtype=np.float64)
    is_right = (table[role] == table["gold"]).to_numpy()
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rows = []
    for i in np.unique(number):
        here = number == i
        n, right = int(here.sum()), int(is_right[here].sum())
        rows.append((i / bins, (i + 1) / bins, n, float(confidence[here].mean()), right / n, *wilson_interval(right, n)))
    return pd.DataFrame(rows, columns=["low", "high", "texts", "confidence", "accuracy", "accuracy_low", "accuracy_high"])


def calibration_error(table: pd.DataFrame, role: Role, bins: int = BINS) -> float:
    """Expected calibration error: mean over texts of |accuracy - confidence| of their bin (Guo et al. 2017); 0 is perfect."""
    found = calibration(table, role, bins)
    if not len(found):
        return math.nan
    return float(((found["accuracy"] - found["confidence"]).abs() * found["texts"]).sum() / found["texts"].sum())
