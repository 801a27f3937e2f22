"""Curves of a training run, epoch by epoch: loss terms, quality and agreement on validation data. No Streamlit here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from dashboard.chart_parts import End, add_line, name_ends, plot_height
from dashboard.chart_style import BLUE, GREEN, GREY, ORANGE, PURPLE, SMALL_TYPE, Look, new_figure, style_axes, text_width
from dashboard.glossary import measure_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dixtill_core.runs.records import EpochRecord

HEIGHT = 330
MOST_TICKS = 8
FEW_EPOCHS = 20
"""All of so few planned epochs are shown from the first one on; of more, twice as many as are done."""


class Line(NamedTuple):
    """One curve: where its number stands in an epoch's record."""

    name: str
    look: Look
    value: Callable[[EpochRecord], float]


def _loss(name: str) -> Callable[[EpochRecord], float]:
    return lambda record: record.losses.get(name, np.nan)


def _metric(name: str) -> Callable[[EpochRecord], float]:
    return lambda record: record.metrics.get(name, np.nan)


def loss_lines(method: str) -> tuple[Line, ...]:
    """The loss on training and validation texts, and the terms that the method has."""
    soft = "1 − exp(−KL)" if method == "dixtill_paper" else "τ² KL"
    return (
        Line("training loss", Look(BLUE, "circle"), _loss("loss")),
        Line("validation loss", Look(BLUE, "circle-open", "dash"), _metric("loss")),
        Line(soft, Look(ORANGE, "square"), _loss("kl")),
        Line("squared error", Look(ORANGE, "square"), _loss("squared_error")),
        Line("cross entropy", Look(GREY, "x", "dot"), _loss("cross_entropy")),
        Line("alignment", Look(GREEN, "triangle-up"), _loss("alignment")),
    )


QUALITY_LINES = tuple(
    Line(measure_of(metric).title, look, _metric(metric))
    for metric, look in (
        ("accuracy", Look(BLUE, "circle")),
        ("macro_f1", Look(ORANGE, "square")),
        ("fidelity", Look(PURPLE, "diamond", "dash")),
    )
)
AGREEMENT_LINES = tuple(
    Line(f"{kind} @{k}", look, _metric(f"{kind}_agreement@{k}"))
    for kind, k, look in (
        ("feature", 3, Look(BLUE, "circle")),
        ("feature", 1, Look(BLUE, "circle-open", "dot")),
        ("sign", 3, Look(GREEN, "triangle-up")),
        ("sign", 1, Look(GREEN, "triangle-up-open", "dot")),
    )
)
TEACHER_LINES = (
    Line("cross entropy", Look(GREY, "x", "dot"), _loss("cross_entropy")),
    Line("accuracy", Look(BLUE, "circle"), _metric("accuracy")),
    Line("macro F1", Look(ORANGE, "square"), _metric("macro_f1")),
)


def epochs_table(epochs: Sequence[EpochRecord], lines: Sequence[Line]) -> pd.DataFrame:
    """A row an epoch, a column a line that any epoch has a number for."""
    columns = {line.name: [line.value(record) for record in epochs] for line in lines}
    kept = {name: values for name, values in columns.items() if not np.isnan(values).all()}
    return pd.DataFrame({"epoch": [record.epoch for record in epochs], **kept})


def epochs_figure(epochs: Sequence[EpochRecord], lines: Sequence[Line], planned: int, kept: int | None) -> go.Figure:
    """The lines with room for the planned epochs, so that a reader sees how much is still to come.

    Args:
        kept: the epoch whose student is on disk; marked.
    """
    table = epochs_table(epochs, lines)
    drawn = [line for line in lines if line.name in table]
    figure = new_figure(HEIGHT, left=62, right=text_width([line.name for line in drawn]) + 26, top=34, bottom=58)
    ends = []
    for line in drawn:
        values = table[line.name]
        hover = [f"{line.name}<br>epoch {epoch}: {value:.3f}" for epoch, value in zip(table["epoch"], values, strict=True)]
        add_line(figure, table["epoch"], values, line.look, hover, marks_every=max(1, len(table) // 12))
        ends.append(End(line.name, float(values.dropna().iloc[-1]), line.look.colour))
    if ends:
        name_ends(figure, ends, table.drop(columns="epoch").to_numpy(dtype=float), plot_height(figure))
    if kept is not None:
        figure.add_vline(kept, line={"color": GREY, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=kept, y=1, yref="paper", yanchor="bottom", text="kept", showarrow=False, font={"size": SMALL_TYPE, "color": GREY}
        )
    shown = max(1, min(planned, max(FEW_EPOCHS, 2 * max(table["epoch"], default=1))))
    step = _tick_step(shown)
    figure.update_xaxes(title="epoch", range=[1 - 0.03 * shown, 1.03 * shown], tick0=0, dtick=step, tickangle=0)
    style_axes(figure)
    return figure


def _tick_step(shown: int) -> int:
    """Epochs between two ticks: 1, 2, 5, 10, 20 .."""
    step = 1
    while shown / step > MOST_TICKS:
        step = step * 5 // 2 if str(step)[0] == "2" else step * 2
    return step
