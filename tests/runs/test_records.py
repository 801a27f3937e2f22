from __future__ import annotations

from pathlib import Path

import pytest

from dixtill_core.runs.records import RunCard


@pytest.mark.parametrize(
    ("mcc", "has_student", "is_cautioned"),
    [(0.0, True, True), (0.09, True, True), (0.1, True, False), (0.7, True, False), (0.0, False, False)],
)
def test_a_student_that_guesses_comes_with_a_caution(mcc: float, has_student: bool, is_cautioned: bool) -> None:
    card = RunCard("a", Path("a"), "a", "finished", metrics={"mcc": mcc, "macro_f1": 0.3}, has_student=has_student)
    assert (card.caution is not None) == is_cautioned
    if card.caution:
        assert f"{mcc:.2f}" in card.caution


def test_a_run_without_numbers_has_none() -> None:
    assert RunCard("a", Path("a"), "a", "damaged", has_student=True).caution is None
