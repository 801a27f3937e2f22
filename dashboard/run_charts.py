"""Two runs' curves over each other, and what a sweep found, as plotly figures. Plain data in; no Streamlit here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from dashboard.chart_parts import End, add_line, name_ends, plot_height, rows
from dashboard.chart_style import BLUE, GREEN, GREY, ORANGE, PURPLE, SMALL_TYPE, Look, new_figure, style_axes, text_width
from dashboard.glossary import model_name

if TYPE_CHECKING:
    from dixtill_core.runs.records import EpochRecord

HEIGHT = 330
MOST_TICKS = 10
LETTERS = ("A", "B")
LOOKS = (Look(BLUE, "circle"), Look(ORANGE, "square", "dash"))
"""Of the first run and the second: apart by colour, mark and dash."""
TRAINING_LOOKS = (Look(BLUE, "circle-open", "dot"), Look(ORANGE, "square-open", "dot"))

FRONT_HEIGHT = 560
METHOD_LOOKS = {
    "dixtill": Look(BLUE, "circle"),
    "dixtill_paper": Look(PURPLE, "diamond"),
    "kl": Look(ORANGE, "square"),
    "mse": Look(GREEN, "triangle-up"),
    "ce": Look(GREY, "x"),
}
MOST_NAMES = 8
PLOT_WIDTH = 640
"""Pixels between the ends of the x axis where names are placed for: a little less than beside a sidebar."""
NAME_GAP, NAME_HEIGHT = 0.02, 0.06
"""Shares of the plot between a mark and its name, and of the height of a name."""
DOMINATED = 0.5
LEAST_REACH = 0.02
"""That an axis of the front spans: differences below are none that anybody should read."""
"""Opacity of a point that another one beats."""


class Curve(NamedTuple):
    """One line of a run: where its number stands in an epoch's record."""

    name: str
    look: Look
    epochs: Sequence[EpochRecord]
    kept: int | None
    """The epoch whose student is on disk; its mark is large."""
    value: Callable[[EpochRecord], float]


def loss_curves(first: Sequence[EpochRecord], second: Sequence[EpochRecord], kept: tuple[int | None, int | None]) -> list[Curve]:
    """The loss on validation texts and on training texts of both runs."""
    curves = []
    for i, epochs in enumerate((first, second)):
        curves += [
            Curve(LETTERS[i], LOOKS[i], epochs, kept[i], lambda record: record.metrics.get("loss", math.nan)),
            Curve(f"{LETTERS[i]} train", TRAINING_LOOKS[i], epochs, None, lambda record: record.losses.get("loss", math.nan)),
        ]
    return curves


def metric_curves(
    first: Sequence[EpochRecord], second: Sequence[EpochRecord], kept: tuple[int | None, int | None], metric: str
) -> list[Curve]:
    """A number of both runs on their validation texts."""
    return [
        Curve(LETTERS[i], LOOKS[i], epochs, kept[i], lambda record: record.metrics.get(metric, math.nan))
        for i, epochs in enumerate((first, second))
    ]


def curves_table(curves: Sequence[Curve]) -> pd.DataFrame:
    """A row an epoch, a column a curve that has a number; NaN past the end of the shorter run."""
    columns = {curve.name: {record.epoch: curve.value(record) for record in curve.epochs} for curve in curves}
    known = {name: values for name, values in columns.items() if not np.isnan(list(values.values())).all()}
    epochs = sorted({epoch for values in known.values() for epoch in values})
    return pd.DataFrame({"epoch": epochs} | {name: [values.get(epoch, math.nan) for epoch in epochs] for name, values in known.items()})


def curves_figure(curves: Sequence[Curve]) -> go.Figure:
    """The curves over the same epochs, each named at its end with the number of its last epoch."""
    table = curves_table(curves)
    drawn = [curve for curve in curves if curve.name in table]
    ends = [End(f"{curve.name}  {table[curve.name].dropna().iloc[-1]:.3f}", 0.0, curve.look.colour) for curve in drawn]
    figure = new_figure(HEIGHT, left=62, right=text_width([end.name for end in ends]) + 30, top=24, bottom=58)
    for i, curve in enumerate(drawn):
        known = table[["epoch", curve.name]].dropna()
        hover = [
            f"{curve.name}<br>epoch {epoch}: {value:.4f}{', kept' if epoch == curve.kept else ''}"
            for epoch, value in zip(known["epoch"], known[curve.name], strict=True)
        ]
        add_line(figure, known["epoch"], known[curve.name], curve.look, hover, marks_every=max(1, len(known) // 12))
        if curve.kept in set(known["epoch"]):
            _mark_kept(figure, curve, float(known.loc[known["epoch"] == curve.kept, curve.name].iloc[0]))
        ends[i] = ends[i]._replace(value=float(known[curve.name].iloc[-1]))
    if ends:
        name_ends(figure, ends, table.drop(columns="epoch").to_numpy(dtype=float), plot_height(figure))
    last = int(table["epoch"].max()) if len(table) else 1
    figure.update_xaxes(title="epoch", range=[0.6, last + 0.4], tick0=1, dtick=max(1, -(-last // MOST_TICKS)))
    style_axes(figure)
    return figure


def _mark_kept(figure: go.Figure, curve: Curve, value: float) -> None:
    ring = {"symbol": f"{curve.look.marker}-open", "size": 22, "color": curve.look.colour, "line": {"width": 2.5}}
    figure.add_scatter(x=[curve.kept], y=[value], mode="markers", marker=ring, hoverinfo="skip")


def front_figure(table: pd.DataFrame, quality: str, agreement: str) -> go.Figure:
    """A mark for each point of a sweep, with its spread over seeds, and the front as a line.

    Args:
        table: columns name, label, method, quality, quality_sd, agreement, agreement_sd, seeds, is_on_front; points without a
            finished run are left out.
        quality, agreement: what the two numbers are called.
    """
    known = table.dropna(subset=["quality", "agreement"])
    figure = new_figure(FRONT_HEIGHT, left=88, right=24, top=56, bottom=76)
    front = known[known["is_on_front"]].sort_values("agreement")
    if len(front) > 1:
        line = {"color": GREY, "width": 2.5, "dash": "dot"}
        figure.add_scatter(x=front["agreement"], y=front["quality"], mode="lines", line=line, hoverinfo="skip", name="the front")
    for method in dict.fromkeys(known["method"]):
        _add_method(figure, known[known["method"] == method], str(method), quality, agreement)
    if len(known):
        x, y = _axis(known["agreement"], known["agreement_sd"]), _axis(known["quality"], known["quality_sd"])
        figure.update_xaxes(range=x)
        figure.update_yaxes(range=y)
        _name_points(figure, front, x, y)
    figure.update_xaxes(title=f"{agreement} →")
    figure.update_yaxes(title=f"{quality} →")
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": {"size": SMALL_TYPE}, "itemsizing": "constant"}
        | {"itemclick": False, "itemdoubleclick": False, "bgcolor": "rgba(0,0,0,0)"},
    )
    style_axes(figure)
    return figure


def size_figure(table: pd.DataFrame, quality: str) -> go.Figure:
    """Quality against megabytes for each point of a sweep, and a line through those that no smaller student reaches.

    Args:
        table: columns name, label, method, megabytes, quality, quality_sd, seeds.
        quality: what the number is called.
    """
    known = table.sort_values(["megabytes", "quality"], ascending=[True, False])
    best = known[known["quality"] > known["quality"].cummax().shift(fill_value=-math.inf)]
    figure = new_figure(FRONT_HEIGHT, left=88, right=24, top=56, bottom=76)
    line = {"color": GREY, "width": 2.5, "dash": "dot"}
    figure.add_scatter(x=best["megabytes"], y=best["quality"], mode="lines", line=line, hoverinfo="skip", showlegend=False)
    for method in dict.fromkeys(known["method"]):
        part, look = known[known["method"] == method], METHOD_LOOKS.get(str(method), Look(GREY, "star"))
        figure.add_scatter(
            x=part["megabytes"], y=part["quality"], mode="markers", name=model_name(str(method)), hoverinfo="text",
            marker={"symbol": look.marker, "size": 16, "color": look.colour}, error_y=_spread(part["quality_sd"], look),
            hovertext=[f"<b>{point.name}</b><br>{quality} {point.quality:.3f}<br>{point.megabytes:.2f} MB" for point in rows(part)],
        )  # fmt: skip
    # Within a factor of 2, a log axis has no round tick.
    is_log = len(known) > 0 and known["megabytes"].max() > 2 * known["megabytes"].min()
    for point in rows(known if len(known) <= MOST_NAMES else best):
        figure.add_annotation(
            x=math.log10(point.megabytes) if is_log else point.megabytes, y=point.quality, text=f"<b>{point.label}</b>",
            showarrow=False, font={"size": SMALL_TYPE},
            xanchor="left", xshift=12, yanchor="top", yshift=-2,
        )  # fmt: skip
    figure.update_xaxes(title="MB on disk", **({"type": "log", "dtick": "D2"} if is_log else {}))
    figure.update_yaxes(title=f"{quality} →")
    figure.update_layout(showlegend=known["method"].nunique() > 1)
    style_axes(figure)
    return figure


def _add_method(figure: go.Figure, points: pd.DataFrame, method: str, quality: str, agreement: str) -> None:
    look = METHOD_LOOKS.get(method, Look(GREY, "star"))
    mark = {"symbol": look.marker, "size": 16, "color": look.colour}
    for is_on_front, opacity in ((False, DOMINATED), (True, 1.0)):
        part = points[points["is_on_front"] == is_on_front]
        figure.add_scatter(
            x=part["agreement"], y=part["quality"], mode="markers", hoverinfo="text", marker=mark, opacity=opacity, showlegend=False,
            error_x=_spread(part["agreement_sd"], look), error_y=_spread(part["quality_sd"], look),
            hovertext=[_described(point, quality, agreement) for point in rows(part)],
        )  # fmt: skip
    figure.add_scatter(x=[None], y=[None], mode="markers", marker=mark, name=model_name(method))  # The legend's, never faint.


def _described(point: object, quality: str, agreement: str) -> str:
    name, seeds = getattr(point, "name", ""), getattr(point, "seeds", 1)
    numbers = [
        f"{title} {getattr(point, value):.3f}" + ("" if math.isnan(sd := getattr(point, f"{value}_sd")) else f" ± {sd:.3f}")
        for title, value in ((quality, "quality"), (agreement, "agreement"))
    ]
    over = f"mean ± standard deviation over {seeds} seeds" if seeds > 1 else "one seed, so without spread"
    standing = "on the front" if getattr(point, "is_on_front", False) else "another point has more of both"
    return "<br>".join([f"<b>{name}</b>", *numbers, over, standing])


def _spread(deviations: pd.Series, look: Look) -> dict[str, object]:
    if deviations.isna().all():
        return {"visible": False}
    return {"type": "data", "array": deviations.fillna(0.0), "color": look.colour, "thickness": 1.5, "width": 4}


def _axis(values: pd.Series, deviations: pd.Series) -> tuple[float, float]:
    """Ends of an axis that shows all marks with their spread, and leaves room for names."""
    spread = deviations.fillna(0.0)
    low, high = float((values - spread).min()), float((values + spread).max())
    middle, reach = (low + high) / 2, max(high - low, LEAST_REACH) / 2
    return middle - 1.2 * reach, middle + 1.2 * reach


def _name_points(figure: go.Figure, front: pd.DataFrame, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Names beside the points of the front, as many as find room; those of the others are said on hover."""
    taken: list[Box] = []
    for point in rows(front.sort_values("quality", ascending=False)):
        at = (point.agreement - x[0]) / (x[1] - x[0]), (point.quality - y[0]) / (y[1] - y[0])
        width = text_width([point.label]) / PLOT_WIDTH
        for right, above in ((True, True), (False, True), (True, False), (False, False)):
            left = at[0] + NAME_GAP if right else at[0] - NAME_GAP - width
            bottom = at[1] if above else at[1] - NAME_HEIGHT
            box = Box(left, left + width, bottom, bottom + NAME_HEIGHT)
            if box.is_inside and len(taken) < MOST_NAMES and not any(box.meets(other) for other in taken):
                taken.append(box)
                figure.add_annotation(
                    x=point.agreement, y=point.quality, text=f"<b>{point.label}</b>", showarrow=False, font={"size": SMALL_TYPE},
                    xanchor="left" if right else "right", xshift=12 if right else -12,
                    yanchor="bottom" if above else "top", yshift=4 if above else -4,
                )  # fmt: skip
                break


class Box(NamedTuple):
    """Where a name lies, in shares of the plot."""

    left: float
    right: float
    bottom: float
    top: float

    @property
    def is_inside(self) -> bool:
        return self.left >= 0 and self.right <= 1 and self.bottom >= 0 and self.top <= 1

    def meets(self, other: Box) -> bool:
        return self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top
