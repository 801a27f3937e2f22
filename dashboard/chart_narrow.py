"""A chart on a phone or beside the sidebar of a small window: names above rows and below lines, not beside them. No Streamlit here."""

from __future__ import annotations

import re
from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.chart_parts import END, KEY, NUMBER
from dashboard.chart_style import CHARACTER, text_width

NARROW = 620
"""Pixels of a page below which a chart has no room for names at its sides."""
TYPE, SMALL_TYPE = 16, 15
PLOT = 300
"""Pixels of the plot of the narrowest card, for the lengths of its words."""
SIDE, LEFT = 22, 66
"""Pixels beside a plot, and left of one with numbers there."""
LINE = 22
"""Pixels of a line of text."""
ROW = 68
MARK = 48
"""Pixels of a mark in a key with the space beside it."""


def fit_narrow(figure: go.Figure) -> None:
    """Make a chart readable in a card of a few hundred pixels: nothing beside the plot but the numbers of its axis."""
    above, below = _wrap_key(figure), 0
    numbers = list(figure.select_annotations({"name": NUMBER}))
    if numbers:
        above += LINE
        _names_above_rows(figure, numbers)
    elif any(trace.name for trace in figure.data):
        below = _names_below(figure)
    below += LINE * (_smaller_axes(figure) - 1)
    margin = figure.layout.margin
    figure.update_layout(height=figure.layout.height + above + below, margin={"t": margin.t + above, "b": margin.b + below})
    figure.update_layout(font={"size": TYPE})
    figure.update_annotations(font={"size": SMALL_TYPE})


def wrap(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` pixels, broken at wide gaps first and at single spaces where a part is too long."""
    lines: list[str] = []
    for part in re.split(r" {3,}", text):
        line = ""
        for word in part.split():
            longer = f"{line} {word}".strip()
            if line and text_width([longer], SMALL_TYPE) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def _wrap_key(figure: go.Figure) -> int:
    """What marks mean, in lines; the pixels that it needs more."""
    more = 0
    for key in figure.select_annotations({"name": KEY}):
        lines = wrap(key.text, PLOT)
        key.text = "<br>".join(lines)
        more += LINE * (len(lines) - 1)
    return more


def _names_above_rows(figure: go.Figure, numbers: Sequence[go.layout.Annotation]) -> None:
    """Each row's name above its line at the left, its number at the right."""
    lift = 0.34 * ROW
    for number in numbers:
        number.update(xanchor="right", xshift=0, yshift=lift)
    for row in [number.y for number in numbers]:
        figure.add_annotation(x=0, xref="paper", y=row, text=row, showarrow=False, xanchor="left", yshift=lift)
    figure.update_yaxes(showticklabels=False)
    frame = figure.layout.margin.t + figure.layout.margin.b
    figure.update_layout(height=ROW * len(numbers) + frame, margin={"l": SIDE, "r": SIDE})


def _names_below(figure: go.Figure) -> int:
    """Names of lines as a key below the plot instead of at their ends; the pixels that it takes."""
    figure.layout.annotations = [note for note in figure.layout.annotations if note.name != END]
    names = list(dict.fromkeys(trace.name for trace in figure.data if trace.name))
    seen: set[str] = set()
    for trace in figure.data:
        trace.showlegend = bool(trace.name) and trace.name not in seen
        seen.add(trace.name or "")
    columns = max(1, int((PLOT + LEFT) // (text_width(names, SMALL_TYPE) + MARK)))
    figure.update_layout(
        margin={"l": LEFT, "r": SIDE},
        showlegend=True,
        legend={
            "orientation": "h", "x": 0, "xref": "container", "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom",
            "font": {"size": SMALL_TYPE}, "itemclick": False, "itemdoubleclick": False, "traceorder": "normal", "itemsizing": "constant",
        },
    )  # fmt: skip
    return LINE * -(-len(names) // columns) + LINE


def _smaller_axes(figure: go.Figure) -> int:
    """Fewer and upright numbers, titles in as many lines as they need; the most lines that one below the plot has."""
    most = 1
    for axis in figure.select_xaxes():
        axis.update(tickangle=0, tickfont={"size": SMALL_TYPE}, title={"font": {"size": TYPE}})
        if axis.type != "log" and axis.tickmode != "array":
            axis.update(dtick=None, nticks=5)
        if axis.title.text:
            lines = wrap(axis.title.text, round(PLOT * 2 * CHARACTER))
            axis.title.text = "<br>".join(lines)
            most = max(most, len(lines))
    figure.update_yaxes(tickfont={"size": SMALL_TYPE}, title={"font": {"size": TYPE}})
    return most
