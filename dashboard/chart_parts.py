"""What the charts are put together from: marks with intervals, lines with bands, and names at their ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.chart_style import FAINT, GREY, SMALL_TYPE, Look, new_figure, spread, style_axes, text_width

ROW, AXIS = 52, 90
"""Pixels of a row of a dot chart, and of the axis below it."""
LABEL_GAP = 12
NUMBER, END, KEY = "number", "end", "key"
"""Names of annotations: a row's number, a line's name at its end, what marks mean. `chart_narrow` puts them elsewhere."""
PAPER = Look(GREY, "diamond-open", "dash")


class End(NamedTuple):
    """Where a line ends, and what it is called there."""

    name: str
    value: float
    colour: str


def rows(table: pd.DataFrame) -> Iterator[Any]:
    """Rows with their columns as attributes."""
    return table.itertuples(index=False)


def interval_text(value: float, low: float, high: float, n_seeds: int) -> str:
    """A mean with its interval, for a tooltip."""
    if np.isnan(low):
        return f"{value:.3f}, one run, so without interval"
    return f"{value:.3f}, 95 % interval {low:.3f} to {high:.3f} over {n_seeds} seeds"


def dot_figure(names: Iterable[str], numbers: Sequence[str], axis_title: str, key: str = "") -> go.Figure:
    """Rows for marks, the first on top, each with a number at its right; `key` says above them what marks mean."""
    names = list(names)
    figure = new_figure(ROW * len(names) + AXIS + 40, left=text_width(names) + 20, right=text_width(numbers) + 30, top=60)
    for name, number in zip(names, numbers, strict=True):
        figure.add_annotation(
            name=NUMBER, x=1, xref="paper", y=name, text=number, showarrow=False, xanchor="left", xshift=LABEL_GAP,
            font={"size": SMALL_TYPE},
        )  # fmt: skip
    figure.add_annotation(
        name=KEY, x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom", yshift=12, align="left", text=key,
        showarrow=False, font={"size": SMALL_TYPE},
    )  # fmt: skip
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], range=[-0.6, len(names) - 0.4], gridcolor=FAINT)
    figure.update_xaxes(title=axis_title)
    style_axes(figure)
    return figure


def add_dot(
    figure: go.Figure, name: str, value: float, look: Look, hover: str, bounds: tuple[float, float] | None = None, **at: int
) -> None:
    """One mark; `bounds` are the ends of its interval."""
    figure.add_scatter(
        x=[value], y=[name], mode="markers", marker=_marker(look, 17), error_x=_bar(value, bounds, look),
        hovertext=[hover], hoverinfo="text", **at,
    )  # fmt: skip


def add_line(
    figure: go.Figure,
    x: Iterable[Any],
    y: Iterable[float],
    look: Look,
    hover: Iterable[str],
    marks_every: int = 1,
    name: str = "",
    **at: int,
) -> None:
    """One line with its marks; `name` is that of its place in a key, where there is one."""
    x = list(x)
    sizes = [13 if i % marks_every == 0 else 0.1 for i in range(len(x))]  # 0 would be taken for "unset".
    figure.add_scatter(
        x=x, y=list(y), mode="lines+markers", line={"color": look.colour, "width": 3, "dash": look.dash},
        marker=_marker(look, sizes), hovertext=list(hover), hoverinfo="text", name=name or None, **at,
    )  # fmt: skip


def add_band(figure: go.Figure, x: Iterable[Any], low: pd.Series, high: pd.Series, colour: str, **at: int) -> None:
    """The interval around a line; none where bounds are missing."""
    if low.isna().any() or high.isna().any():
        return
    x = list(x)
    figure.add_scatter(
        x=[*x, *x[::-1]], y=[*high, *low[::-1]], mode="lines", line={"width": 0}, fill="toself", fillcolor=colour, opacity=0.18,
        hoverinfo="skip", **at,
    )  # fmt: skip


def name_ends(
    figure: go.Figure, ends: Sequence[End], values: np.ndarray, height: int, *, is_log: bool = False, axis: str = "y", **at: int
) -> None:
    """Each line's name at its right end, moved apart where they would overlap; the axis shows all values.

    Args:
        values: everything that the axis has to show, NaN left out.
        height: pixels between the ends of the axis.
    """
    known = values[~np.isnan(values)]
    known = np.log10(known) if is_log else known
    margin = 0.08 * ((known.max() - known.min()) or 1)
    low, high = float(known.min() - margin), float(known.max() + margin)
    wanted = [float(np.log10(end.value) if is_log else end.value) for end in ends]
    places = spread(wanted, (high - low) * (SMALL_TYPE + 6) / height)
    for end, place in zip(ends, places, strict=True):
        figure.add_annotation(
            name=END, x=1, xref="paper", y=place, yref=axis, text=end.name, showarrow=False, xanchor="left", xshift=LABEL_GAP,
            font={"size": SMALL_TYPE, "color": end.colour},
        )  # fmt: skip
    figure.update_yaxes(range=[low, high], **at)


def plot_height(figure: go.Figure) -> int:
    """Pixels between the ends of the only y axis."""
    return int(figure.layout.height - figure.layout.margin.t - figure.layout.margin.b)


def signed(value: float) -> str:
    """A difference, with a true minus."""
    return f"{value:+.3f}".replace("-", "−")


def p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _marker(look: Look, size: object) -> dict[str, Any]:
    return {"symbol": look.marker, "size": size, "color": look.colour, "opacity": 1, "line": {"width": 2.5, "color": look.colour}}


def _bar(value: float, bounds: tuple[float, float] | None, look: Look) -> dict[str, Any]:
    if bounds is None or np.isnan(bounds).any():
        return {"visible": False}
    low, high = bounds
    bar = {"type": "data", "symmetric": False, "array": [high - value], "arrayminus": [value - low]}
    return bar | {"color": look.colour, "thickness": 3, "width": 6}
