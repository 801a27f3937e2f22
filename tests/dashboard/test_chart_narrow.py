"""Charts in a narrow card: no name beside the plot, none lost, and the room that they take is added."""

from __future__ import annotations

import pytest

from dashboard.chart_narrow import PLOT, SMALL_TYPE, fit_narrow, wrap
from dashboard.chart_parts import PAPER, add_dot, add_line, dot_figure, plot_height
from dashboard.chart_style import model_look, new_figure, style_axes, text_width


def test_rows_carry_their_names_and_numbers_above_their_lines() -> None:
    figure = dot_figure(["teacher", "DiXtill"], ["<b>0.82</b>", "<b>0.80</b>"], "macro F1", "mark: measured     ◇  the paper")
    add_dot(figure, "DiXtill", 0.8, PAPER, "")
    before = plot_height(figure)
    fit_narrow(figure)
    notes = {note.text: note for note in figure.layout.annotations}
    assert set(notes) == {"teacher", "DiXtill", "<b>0.82</b>", "<b>0.80</b>", "mark: measured<br>◇ the paper"}
    assert [(notes[text].x, notes[text].xanchor, notes[text].y) for text in ("DiXtill", "<b>0.80</b>")] == [
        (0, "left", "DiXtill"),
        (1, "right", "DiXtill"),
    ]
    assert notes["DiXtill"].yshift == notes["<b>0.80</b>"].yshift > SMALL_TYPE
    assert figure.layout.yaxis.showticklabels is False
    assert figure.layout.margin.l + figure.layout.margin.r < 60
    assert plot_height(figure) > before


def test_names_of_lines_stand_once_each_in_a_key_below() -> None:
    figure = new_figure(400, left=95, right=200)
    for name in ("teacher", "DiXtill, paper's loss, attention", "teacher"):
        add_line(figure, [1, 2], [0.1, 0.2], model_look("kl"), ["", ""], name=name)
    figure.add_scatter(x=[1, 2], y=[0, 0])
    style_axes(figure)
    before = plot_height(figure)
    fit_narrow(figure)
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
    assert figure.layout.margin.r < 30
    assert plot_height(figure) == before


def test_lines_without_a_key_keep_the_names_at_their_ends() -> None:
    figure = new_figure(400, right=200)
    add_line(figure, [1, 2], [0.1, 0.2], model_look("kl"), ["", ""])
    fit_narrow(figure)
    assert (figure.layout.showlegend, figure.layout.margin.r) == (False, 200)


@pytest.mark.parametrize(
    "text", ["temperature of the teacher's probabilities", "mark: median text     thick: middle half     thin: 10 to 90 %", "word"]
)
def test_wrapped_text_loses_no_word_and_fits(text: str) -> None:
    lines = wrap(text, PLOT // 2)
    assert " ".join(lines).split() == text.split()
    assert all(text_width([line], SMALL_TYPE) <= PLOT // 2 for line in lines)
