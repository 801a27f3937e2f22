"""Curves of a run: which lines, over which epochs, with which names."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.training_charts import AGREEMENT_LINES, QUALITY_LINES, epochs_figure, epochs_table, loss_lines
from tests.dashboard.made_runs import made_epoch


def test_a_table_has_a_row_an_epoch_and_a_column_a_line_that_there_is() -> None:
    table = epochs_table([made_epoch(1), made_epoch(2)], loss_lines("dixtill"))
    assert list(table.columns) == ["epoch", "training loss", "validation loss", "τ² KL", "cross entropy", "alignment"]
    assert list(table["training loss"]) == [3.0, 1.5]
    assert list(table["validation loss"]) == [2.0, 1.0]


def test_the_papers_loss_has_another_term() -> None:
    assert "1 − exp(−KL)" in epochs_table([made_epoch(1)], loss_lines("dixtill_paper"))


def test_the_axis_shows_all_planned_epochs_from_the_first_one_on() -> None:
    figure = epochs_figure([made_epoch(1)], QUALITY_LINES, planned=12, kept=1)
    low, high = figure.layout.xaxis.range
    assert 0.5 < low < 1
    assert 12 < high < 13
    assert [trace.y for trace in figure.data] == [(0.5,), (0.4,), (0.6,)]
    assert {note.text for note in figure.layout.annotations} == {"accuracy", "macro F1", "fidelity", "kept"}


@pytest.mark.parametrize(("planned", "step"), [(1, 1), (8, 1), (12, 2), (20, 5), (3000, 5)])
def test_epochs_are_numbered_in_round_steps_and_a_long_plan_does_not_squeeze_them(planned: int, step: int) -> None:
    figure = epochs_figure([made_epoch(1), made_epoch(2)], QUALITY_LINES, planned, kept=None)
    assert figure.layout.xaxis.dtick == step
    assert figure.layout.xaxis.range[1] < 21


def test_a_line_that_is_never_known_is_left_out() -> None:
    figure = epochs_figure([made_epoch(1), made_epoch(2)], AGREEMENT_LINES, planned=2, kept=None)
    assert [note.text for note in figure.layout.annotations] == ["feature @3"]


@pytest.mark.parametrize("value", [np.nan, 0.0])
def test_a_number_that_is_missing_in_one_epoch_leaves_the_others_drawn(value: float) -> None:
    figure = epochs_figure([made_epoch(1), made_epoch(2, accuracy=value)], QUALITY_LINES, planned=2, kept=2)
    assert figure.data[0].y[0] == 0.5
    assert "accuracy" in {note.text for note in figure.layout.annotations}
