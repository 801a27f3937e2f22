"""Curves of two runs and the front of a sweep, drawn from plain data."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard.chart_style import BLUE, GREY, ORANGE
from dashboard.run_charts import (
    DOMINATED,
    METHOD_LOOKS,
    MOST_NAMES,
    Curve,
    curves_figure,
    curves_table,
    front_figure,
    loss_curves,
    metric_curves,
    size_figure,
)
from dixtill_core.runs.records import EpochRecord

COLUMNS = ["name", "label", "method", "quality", "quality_sd", "agreement", "agreement_sd", "seeds", "is_on_front"]


def epochs(*values: float) -> list[EpochRecord]:
    return [EpochRecord(i, {"loss": value}, {"macro_f1": value, "loss": 2 * value}, True) for i, value in enumerate(values, start=1)]


def macro_f1(first: list[EpochRecord], second: list[EpochRecord], kept: tuple[int | None, int | None] = (None, None)) -> list[Curve]:
    return metric_curves(first, second, kept, "macro_f1")


def points(*rows: tuple[str, float, float, bool], deviation: float = math.nan) -> pd.DataFrame:
    """Name, quality, agreement and whether it is on the front; of the method DiXtill."""
    return pd.DataFrame(
        [(name, name, "dixtill", quality, deviation, agreement, deviation, 2, on_front) for name, quality, agreement, on_front in rows],
        columns=COLUMNS,
    )


def marks(figure: go.Figure) -> list[go.Scatter]:
    """Those with points: the others stand for the methods in the legend."""
    return [trace for trace in figure.data if trace.mode == "markers" and len(trace.x) and trace.x[0] is not None]


def legend(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.showlegend is not False and trace.mode == "markers"]


def names(figure: go.Figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


def test_the_longer_run_decides_the_rows_and_the_shorter_has_none_after_its_end() -> None:
    table = curves_table(macro_f1(epochs(0.1, 0.2, 0.3), epochs(0.5)))
    assert list(table["epoch"]) == [1, 2, 3]
    assert list(table["A"]) == [0.1, 0.2, 0.3]
    assert table["B"].iloc[0] == 0.5
    assert table["B"].iloc[1:].isna().all()


def test_curves_start_at_the_same_epoch_and_are_told_apart_by_colour_mark_and_dash() -> None:
    first, second = (trace for trace in curves_figure(macro_f1(epochs(0.1, 0.2), epochs(0.3, 0.4))).data)
    assert (tuple(first.x), tuple(second.x)) == ((1, 2), (1, 2))
    assert (first.line.color, second.line.color) == (BLUE, ORANGE)
    assert first.marker.symbol != second.marker.symbol
    assert first.line.dash != second.line.dash


def test_each_curve_is_named_at_its_end_with_its_last_number() -> None:
    assert names(curves_figure(macro_f1(epochs(0.1, 0.25), epochs(0.3)))) == ["A  0.250", "B  0.300"]


def test_the_kept_epoch_has_a_ring() -> None:
    figure = curves_figure(macro_f1(epochs(0.1, 0.3, 0.2), epochs(0.4), (2, None)))
    (ring,) = marks(figure)
    assert (tuple(ring.x), tuple(ring.y)) == ((2,), (0.3,))
    assert "kept" in figure.data[0].hovertext[1]
    assert "kept" not in figure.data[0].hovertext[0]


def test_losses_are_drawn_for_validation_and_training_of_both() -> None:
    figure = curves_figure(loss_curves(epochs(1.0), epochs(2.0), (1, 1)))
    assert [name.rsplit("  ", 1) for name in names(figure)] == [
        ["A", "2.000"], ["A train", "1.000"], ["B", "4.000"], ["B train", "2.000"],
    ]  # fmt: skip


def test_a_run_without_epochs_leaves_the_other_alone() -> None:
    figure = curves_figure(macro_f1([], epochs(0.3, 0.4)))
    assert names(figure) == ["B  0.400"]
    assert len(curves_figure(macro_f1([], [])).data) == 0


def test_a_number_that_is_missing_in_one_epoch_leaves_a_gap_and_no_error() -> None:
    figure = curves_figure(macro_f1(epochs(0.1, math.nan, 0.3), epochs(math.nan), (2, 1)))
    assert tuple(figure.data[0].x) == (1, 3)
    assert len(figure.data) == 1


@pytest.mark.parametrize("n", [1, 12, 500])
def test_ticks_stay_few(n: int) -> None:
    figure = curves_figure(macro_f1(epochs(*[0.5] * n), epochs(0.4)))
    assert n / figure.layout.xaxis.dtick <= 10


def test_the_front_is_a_line_through_its_points_from_low_to_high_agreement() -> None:
    figure = front_figure(points(("b", 0.8, 0.4, True), ("a", 0.9, 0.2, True), ("c", 0.7, 0.3, False)), "macro F1", "agreement")
    (line,) = [trace for trace in figure.data if trace.mode == "lines"]
    assert (tuple(line.x), tuple(line.y)) == ((0.2, 0.4), (0.9, 0.8))
    assert line.line.color == GREY


def test_a_single_point_has_no_line() -> None:
    assert "lines" not in [trace.mode for trace in front_figure(points(("a", 0.9, 0.2, True)), "q", "a").data]


def test_points_that_are_beaten_are_faint_and_without_a_name() -> None:
    figure = front_figure(points(("a", 0.9, 0.2, True), ("c", 0.7, 0.1, False)), "macro F1", "agreement")
    assert [(tuple(trace.x), trace.opacity) for trace in marks(figure)] == [((0.1,), DOMINATED), ((0.2,), 1.0)]
    assert names(figure) == ["<b>a</b>"]


def test_every_point_says_its_numbers_with_their_spread() -> None:
    hover = marks(front_figure(points(("α 0.9", 0.9, 0.2, True), deviation=0.01), "macro F1", "agreement"))[0].hovertext[0]
    assert (
        hover
        == "<b>α 0.9</b><br>macro F1 0.900 ± 0.010<br>agreement 0.200 ± 0.010<br>mean ± standard deviation over 2 seeds<br>on the front"
    )


def test_error_bars_are_the_standard_deviations_and_absent_with_one_seed() -> None:
    drawn = marks(front_figure(points(("a", 0.9, 0.2, True), deviation=0.03), "q", "a"))[0]
    assert tuple(drawn.error_y.array) == (0.03,)
    assert tuple(drawn.error_x.array) == (0.03,)
    assert marks(front_figure(points(("a", 0.9, 0.2, True)), "q", "a"))[0].error_y.visible is False


def test_methods_are_told_apart_by_mark_and_colour_and_named_in_the_legend() -> None:
    table = points(("a", 0.9, 0.2, True), ("b", 0.7, 0.3, True), ("c", 0.6, 0.1, False))
    table["method"] = ["dixtill", "kl", "ce"]
    drawn = legend(front_figure(table, "q", "a"))
    assert [trace.name for trace in drawn] == ["DiXtill", "KL", "gold labels only"]
    assert len({trace.marker.symbol for trace in drawn}) == len({trace.marker.color for trace in drawn}) == 3
    assert len({look.marker for look in METHOD_LOOKS.values()}) == len(METHOD_LOOKS)


def test_points_without_a_finished_run_are_left_out() -> None:
    figure = front_figure(points(("a", 0.9, 0.2, True), ("b", math.nan, math.nan, False)), "q", "a")
    assert tuple(marks(figure)[0].x) == (0.2,)
    assert len(front_figure(points(("b", math.nan, math.nan, False)), "q", "a").data) == 0


def test_the_axes_show_every_mark_with_its_bar() -> None:
    figure = front_figure(points(("a", 0.9, 0.2, True), ("b", 0.5, 0.6, True), deviation=0.05), "q", "a")
    assert figure.layout.xaxis.range[0] < 0.15
    assert figure.layout.xaxis.range[1] > 0.65
    assert figure.layout.yaxis.range[0] < 0.45
    assert figure.layout.yaxis.range[1] > 0.95


def test_an_axis_does_not_blow_up_a_difference_that_is_none() -> None:
    figure = front_figure(points(("a", 0.9, 8 / 15, True), ("b", 0.3, 8 / 15 + 1e-16, False)), "q", "a")
    low, high = figure.layout.xaxis.range
    assert low < 8 / 15 - 0.01
    assert high > 8 / 15 + 0.01


def test_names_do_not_lie_on_each_other_and_are_not_too_many() -> None:
    crowd = [(f"p{i}", 0.9 - 0.0001 * i, 0.2 + 0.0001 * i, True) for i in range(5)]
    figure = front_figure(points(*crowd, ("far", 0.1, 0.9, True)), "q", "a")
    assert names(figure) == ["<b>p0</b>", "<b>p1</b>", "<b>p2</b>", "<b>p3</b>", "<b>far</b>"]  # No room for a fifth around the mark.
    assert len({(note.xanchor, note.yanchor) for note in figure.layout.annotations[:4]}) == 4
    line = [(f"p{i}", 1 - 0.06 * i, 0.06 * i, True) for i in range(15)]
    assert len(names(front_figure(points(*line), "q", "a"))) == MOST_NAMES


def sizes(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Name, megabytes and quality; of the method DiXtill, with one seed."""
    columns = ["name", "label", "method", "megabytes", "quality", "quality_sd", "seeds"]
    return pd.DataFrame([(name, name, "dixtill", size, quality, math.nan, 1) for name, size, quality in rows], columns=columns)


def test_the_line_of_sizes_goes_through_points_that_no_smaller_student_reaches() -> None:
    figure = size_figure(sizes(("large", 4.0, 0.80), ("small", 0.5, 0.70), ("worse", 2.0, 0.65), ("middle", 1.0, 0.78)), "macro F1")
    (line,) = [trace for trace in figure.data if trace.mode == "lines"]
    assert list(zip(line.x, line.y, strict=True)) == [(0.5, 0.70), (1.0, 0.78), (4.0, 0.80)]
    (mark,) = marks(figure)
    assert sorted(mark.x) == [0.5, 1.0, 2.0, 4.0]
    assert names(figure) == ["<b>small</b>", "<b>middle</b>", "<b>worse</b>", "<b>large</b>"]
    assert figure.layout.annotations[0].x == pytest.approx(math.log10(0.5)), "places on a log axis are logarithms"


def test_students_of_nearly_one_size_are_drawn_on_a_plain_axis() -> None:
    figure = size_figure(sizes(("8 units", 3.18, 0.80), ("64 units", 3.47, 0.81)), "macro F1")
    assert figure.layout.xaxis.type is None
    assert figure.layout.annotations[0].x == pytest.approx(3.18)


def test_a_chart_of_sizes_without_any_point_is_drawn() -> None:
    assert not marks(size_figure(sizes(), "macro F1"))
