"""Charts of an analysed corpus: who is right where, and how it goes with agreement and confidence. No Streamlit here."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.chart_parts import End, add_dot, add_line, dot_figure, name_ends, plot_height, rows
from dashboard.chart_style import (
    BLUE,
    FAINT,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SMALL_TYPE,
    SYMBOLS,
    model_look,
    new_figure,
    style_axes,
    text_width,
)
from dixtill_core.analysis.outcomes import OUTCOMES

OUTCOME_COLOURS = dict(zip(OUTCOMES, (GREEN, PURPLE, BLUE, ORANGE, GREY), strict=True))
BAR, CELL = 46, 78
"""Pixels of a bar with its gap, and of a cell of a matrix."""
LONGEST_LABEL = 14
PALE = 0.12
"""Strength of the colour of a cell that holds little."""


def shown(name: str, longest: int = 60) -> str:
    """A label inside a chart, which reads a little HTML."""
    return html.escape(name if len(name) <= longest else name[: longest - 1] + "…")


def outcomes_figure(table: pd.DataFrame) -> go.Figure:
    """A bar for each group of `outcomes.outcome_table`, the first on top."""
    titles = [OUTCOMES[name].title.replace(", ", ",<br>") for name in table.index]
    texts = [f"{row.texts:,} · {row.share:.0%}" for row in rows(table)]
    figure = new_figure(
        BAR * len(titles) + 100,
        left=text_width([line for title in titles for line in title.split("<br>")]) + 20,
        right=text_width(texts) + 20,
        top=40,
        bottom=60,
    )
    hover = [
        f"<b>{OUTCOMES[name].title}</b><br>{OUTCOMES[name].description}<br>{row.texts:,} texts, mean agreement @3 {_number(row.agreement)}"
        for name, row in zip(table.index, rows(table), strict=True)
    ]
    figure.add_bar(
        x=table["texts"], y=titles, orientation="h", marker={"color": [OUTCOME_COLOURS[name] for name in table.index]}, hovertext=hover,
        hoverinfo="text", text=texts, textposition="outside", cliponaxis=False, textfont={"size": SMALL_TYPE},
    )  # fmt: skip
    figure.update_yaxes(categoryorder="array", categoryarray=titles[::-1], showgrid=False)
    figure.update_xaxes(title="texts", rangemode="tozero", showticklabels=False, showgrid=False)  # Each bar has its number.
    style_axes(figure)
    return figure


def confusion_figure(matrix: pd.DataFrame, role: str) -> go.Figure:
    """Gold labels as rows, predicted ones as columns; marks in row-major order, each with its count."""
    names = [shown(str(name), LONGEST_LABEL) for name in matrix.index]
    n = len(names)
    places = np.arange(n)
    counts = matrix.to_numpy()
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    columns, lines = np.meshgrid(places, places)
    hover = [
        f"{counts[i, j]:,} texts: gold {names[i]}, {role} {names[j]}<br>{shares[i, j]:.0%} of the gold label"
        for i in places
        for j in places
    ]
    colours = [(GREEN if i == j else ORANGE, PALE + (1 - PALE) * 0.75 * shares[i, j]) for i in places for j in places]
    left = text_width(names) + 50
    figure = new_figure(CELL * n + 120, left=left, right=20, top=40, bottom=80)
    figure.add_scatter(
        x=columns.ravel(), y=lines.ravel(), mode="markers+text", text=[f"{count:,}" for count in counts.ravel()],
        marker={"symbol": "square", "size": min(CELL - 8, 420 // max(1, n)), "color": [_rgba(*colour) for colour in colours], "opacity": 1},
        textfont={"size": SMALL_TYPE + 2}, hovertext=hover, hoverinfo="text", cliponaxis=False,
    )  # fmt: skip
    axis = {"tickmode": "array", "tickvals": list(places), "ticktext": names, "range": [-0.6, n - 0.4], "showgrid": False}
    figure.update_xaxes(**axis, title=f"{role} says")
    figure.update_yaxes(**axis | {"range": [n - 0.4, -0.6]}, title="gold")
    style_axes(figure)
    return figure


def agreement_figure(levels: pd.DataFrame) -> go.Figure:
    """Share of right answers of both models by agreement, with the interval of the student's."""
    figure = new_figure(380, left=70, right=110, top=20)
    for role in ("teacher", "student"):
        right = levels[f"{role}_right"]
        hover = [
            f"<b>{role}</b> right on {share:.0%}<br>of {n:,} texts with agreement {level:.2f}"
            for share, n, level in zip(right, levels["texts"], levels["level"], strict=True)
        ]
        add_line(figure, levels["level"], right, model_look(role), hover, name=role)
    _add_interval(figure, levels["student_right"], levels["student_low"], levels["student_high"])
    _name_lines(figure, [(role, levels[f"{role}_right"]) for role in ("teacher", "student")])
    figure.update_traces(cliponaxis=False)
    figure.update_xaxes(title="agreement @3 of the two explanations", range=[-0.05, 1.05])
    figure.update_yaxes(title="share that is right", range=[0, 1.05], tickformat=".0%")
    style_axes(figure)
    return figure


def calibration_figure(bins: dict[str, pd.DataFrame]) -> go.Figure:
    """Accuracy by confidence of both models with its intervals; on the diagonal a model is right as often as it is sure."""
    figure = new_figure(380, left=70, right=110, top=20)
    figure.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": GREY, "dash": "dot", "width": 2}, hoverinfo="skip")
    for role, table in bins.items():
        hover = [
            f"<b>{role}</b> {row.confidence:.0%} sure, right on {row.accuracy:.0%} of {row.texts:,} {'text' if row.texts == 1 else 'texts'}"
            f"<br>95 % interval {row.accuracy_low:.0%} to {row.accuracy_high:.0%}"
            for row in rows(table)
        ]
        add_line(figure, table["confidence"], table["accuracy"], model_look(role), hover, name=role)
        _add_interval(figure, table["accuracy"], table["accuracy_low"], table["accuracy_high"])
    _name_lines(figure, [(role, table["accuracy"]) for role, table in bins.items()])
    figure.update_traces(cliponaxis=False)
    figure.update_xaxes(title="confidence in the predicted label", range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(title="share that is right", range=[0, 1.05], tickformat=".0%")
    style_axes(figure)
    return figure


def histogram_figure(edges: np.ndarray, everything: np.ndarray, left: np.ndarray) -> go.Figure:
    """A small histogram beside a filter: all texts pale, those under the other filters full."""
    figure = new_figure(70, left=4, right=4, top=4, bottom=4)
    centres, widths = (edges[:-1] + edges[1:]) / 2, np.diff(edges)
    widths = np.minimum(widths, np.median(widths)) if len(widths) else widths
    for counts, colour in ((everything, FAINT), (left, BLUE)):
        hover = [f"{low:g} to {high:g}: {count:,} texts" for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)]
        figure.add_bar(x=centres, y=counts, width=widths, marker={"color": colour, "line": {"width": 0}}, hovertext=hover, hoverinfo="text")
    figure.update_layout(barmode="overlay", bargap=0)
    style_axes(figure)
    figure.update_xaxes(visible=False, range=[float(edges[0]), float(centres[-1] + widths[-1] / 2)] if len(widths) else None)
    figure.update_yaxes(visible=False)
    return figure


def _add_interval(figure: go.Figure, middle: pd.Series, low: pd.Series, high: pd.Series) -> None:
    line = figure.data[-1]
    line.error_y = {
        "type": "data", "symmetric": False, "array": list(high - middle), "arrayminus": list(middle - low),
        "color": line.line.color, "thickness": 2,
    }  # fmt: skip


def _name_lines(figure: go.Figure, lines: Sequence[tuple[str, pd.Series]]) -> None:
    ends = [End(role, float(values.iloc[-1]), model_look(role).colour) for role, values in lines if len(values)]
    name_ends(figure, ends, np.array([0.0, 1.0]), plot_height(figure))


def _rgba(colour: str, strength: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {strength:.3f})"


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def reasons_figure(table: pd.DataFrame, role: str) -> go.Figure:
    """A bar for each word of `GlobalReasons.reasons`, the first on top: right of 0 it speaks for the label, left against it."""
    words = [shown(str(word), LONGEST_LABEL + 4) for word in table["word"]]
    places = list(range(len(words)))
    figure = new_figure(30 * len(words) + 110, left=text_width(words) + 20, right=30, top=40, bottom=60)
    hover = [
        f"<b>{shown(str(row.word))}</b> {'speaks for' if row.strength > 0 else 'speaks against'}<br>{row.mean:+.3f} of a text's reasons in "
        f"the mean over {row.texts:,} texts"
        for row in rows(table)
    ]
    colours = [model_look(role).colour if strength > 0 else ORANGE for strength in table["strength"]]
    figure.add_bar(
        x=table["strength"], y=places, orientation="h", hovertext=hover, hoverinfo="text",
        marker={"color": colours, "pattern": {"shape": ["" if strength > 0 else "/" for strength in table["strength"]]}},
    )  # fmt: skip
    figure.update_yaxes(tickmode="array", tickvals=places, ticktext=words, range=[len(words) - 0.4, -0.6])
    figure.update_xaxes(title="← against · for →", nticks=5)
    style_axes(figure)
    return figure


def behaviour_figure(summary: pd.DataFrame) -> go.Figure:
    """Failure rates with their intervals: a row a test, both models in it.

    Args:
        summary: test, role, texts, failing, rate, low, high; tests that apply to no text have NaN.
    """
    tests = list(dict.fromkeys(summary["test"]))
    by = {(row.test, row.role): row for row in rows(summary)}
    numbers = [" / ".join(_percent(by[test, role].rate) for role in ("teacher", "student")) for test in tests]
    key = " ".join(f"{SYMBOLS[model_look(role).marker]} {role}" for role in ("teacher", "student"))
    figure = dot_figure(tests, numbers, "share of texts on which it fails", key)
    for test in tests:
        for role in ("teacher", "student"):
            row = by[test, role]
            if not np.isnan(row.rate):
                hover = (
                    f"<b>{role}</b>, {test}: fails on {row.failing:,} of {row.texts:,} texts, {row.rate:.1%}"
                    f"<br>95 % interval {row.low:.1%} to {row.high:.1%}"
                )
                add_dot(figure, test, row.rate, model_look(role), hover, (row.low, row.high))
    highest = float(np.nanmax([0.01, *summary["high"]]))
    figure.update_xaxes(tickformat=".0%", range=[-0.06 * highest, 1.04 * highest])  # Many rates are 0: their marks are whole.
    figure.update_traces(cliponaxis=False, selector={"type": "scatter"})
    return figure


def _percent(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.0%}"
