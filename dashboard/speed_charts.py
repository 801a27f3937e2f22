"""Temperature, pruning, size and speed as plotly figures. Tables of `result_tables` in; no Streamlit here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.chart_parts import PAPER, End, add_dot, add_line, dot_figure, interval_text, name_ends, plot_height, rows
from dashboard.chart_style import BLUE, GREY, ORANGE, SMALL_TYPE, Look, model_look, new_figure, spread, style_axes, text_width
from dashboard.glossary import measure_of
from dixtill_core.experiments.paper import PAPER_EFFICIENCY, PAPER_QUALITY
from dixtill_core.export.numbers import format_bytes, format_seconds, format_times

LARGEST_BUBBLE, NARROW_BUBBLE = 64, 44
"""Pixels across the bubble of macro F1 1."""
KEY_LINE = 26
"""Pixels of a line of the key below a narrow chart."""
NAME_DECADES = 0.3
"""From the middle of a bubble to a name at its left, about a bubble's radius and a little."""
PAPERS_BATCH, PAPERS_LENGTH = 32, "150"
PAPERS_BUBBLES = {"teacher": "paper: FinBERT", "dixtill": "paper: DiXtill"}
TRADE_OFF_MODELS = ("dixtill", "teacher", "ptq", "ahp-6")
"""Students of the other losses have DiXtill's size and speed."""


def temperature_chart(table: pd.DataFrame, metric: str) -> go.Figure:
    """The measured students against the temperature that taught them, the paper's values dashed."""
    title = measure_of(metric).title
    figure = new_figure(440, left=95, right=120)
    known = table.dropna(subset=["paper"])
    ends = []
    if len(known):
        hover = [f"temperature {row.temperature} in the paper: {title} {row.paper:.3f}" for row in rows(known)]
        add_line(figure, known["temperature"], known["paper"], PAPER, hover, name="the paper")
        ends.append(End("the paper", known["paper"].iloc[-1], PAPER.colour))
    look = model_look("dixtill")
    hover = [f"temperature {row.temperature}: {title} {interval_text(row.value, row.low, row.high, row.n_seeds)}" for row in rows(table)]
    add_line(figure, table["temperature"], table["value"], look, hover, name="measured")
    plus, minus = table["high"] - table["value"], table["value"] - table["low"]
    figure.data[-1].error_y = {"type": "data", "symmetric": False, "array": plus, "arrayminus": minus, "thickness": 3, "width": 6}
    ends.append(End("measured", table["value"].iloc[-1], look.colour))
    name_ends(figure, ends, table[["value", "low", "high", "paper"]].to_numpy(dtype=float), plot_height(figure))
    figure.update_xaxes(title="temperature of the teacher's probabilities", dtick=1)
    figure.update_yaxes(title=title)
    style_axes(figure)
    return figure


def pruning_chart(table: pd.DataFrame) -> go.Figure:
    """Macro F1 above, compression and speed-up below, against heads pruned in each layer."""
    times = {metric: table.dropna(subset=[metric]) for metric in ("speedup", "compression") if table[metric].notna().any()}
    n_panels = 2 if times else 1
    height = 300 * n_panels
    figure = make_subplots(n_panels, 1, shared_xaxes=True, vertical_spacing=0.08)
    figure.update_layout(new_figure(height + 90, left=95, right=130).layout)
    hover = [f"{row.heads_pruned} heads pruned in each layer: macro F1 {row.macro_f1:.3f}" for row in rows(table)]
    add_line(figure, table["heads_pruned"], table["macro_f1"], model_look("teacher"), hover, row=1, col=1)
    figure.update_yaxes(title="macro F1", row=1, col=1)
    ends = []
    for metric, known in times.items():
        title, look = measure_of(metric).title, Look(BLUE, "circle") if metric == "speedup" else Look(ORANGE, "square", "dash")
        hover = [f"{n} heads pruned: {title} {format_times(value)}" for n, value in zip(known["heads_pruned"], known[metric], strict=True)]
        add_line(figure, known["heads_pruned"], known[metric], look, hover, name=title, row=2, col=1)
        ends.append(End(title, known[metric].iloc[-1], look.colour))
    if ends:
        values = table[["speedup", "compression"]].to_numpy(dtype=float)
        name_ends(figure, ends, values, 280, axis="y2", row=2, col=1)
        figure.update_yaxes(title="times the teacher", ticksuffix="×", row=2, col=1)
    figure.update_xaxes(dtick=1)
    figure.update_xaxes(title="heads pruned in each layer", row=n_panels, col=1)
    style_axes(figure)
    return figure


def trade_off_chart(table: pd.DataFrame, batch: int, with_paper: bool, is_narrow: bool = False) -> go.Figure:
    """Size to the right, speed up, both in powers of ten; a bubble's area is macro F1. Small and fast is up and left.

    Where it is narrow, a letter stands beside each bubble and the names in a key below.
    """
    figure = new_figure(600, left=105, right=30, bottom=80)
    largest = NARROW_BUBBLE if is_narrow else LARGEST_BUBBLE
    bubbles = [(row.name, row.bytes, 1000 * batch / row.median_ms, row.macro_f1, model_look(row.model)) for row in rows(table)]
    if with_paper:
        for model, name in PAPERS_BUBBLES.items():
            cost = PAPER_EFFICIENCY[model]
            bubbles.append(
                (name, cost["bytes"], 1000 * PAPERS_BATCH / cost["median_ms"], PAPER_QUALITY[model]["macro_f1"], Look(GREY, "circle-open"))
            )
    for name, size, speed, quality, look in bubbles:
        hover = (
            f"{name}<br>macro F1 {quality:.3f}<br>{format_bytes(int(size))} on disk<br>{speed:,.0f} texts a second in batches of {batch}"
        )
        symbol = "circle-open" if look.marker == "circle-open" else "circle"
        marker = {"symbol": symbol, "size": largest * np.sqrt(quality), "color": look.colour, "opacity": 0.85}
        marker["line"] = {"width": 3, "color": look.colour}
        figure.add_scatter(x=[size / 1e6], y=[speed], mode="markers", marker=marker, hovertext=[hover], hoverinfo="text")
    sizes, speeds = np.log10([bubble[1] / 1e6 for bubble in bubbles]), np.log10([bubble[2] for bubble in bubbles])
    low, high = speeds.min() - 0.45, speeds.max() + 0.45
    figure.update_xaxes(
        type="log",
        range=[sizes.min() - 0.5, sizes.max() + (0.5 if is_narrow else 0.45 * np.ptp(sizes) + 0.3)],
        title="MB on disk (smaller is better: left)",
        dtick=1,
    )
    figure.update_yaxes(type="log", range=[low, high], title="texts a second (more is better: up)", dtick=1)
    texts = [f"{name}  <b>{quality:.3f}</b>" for name, _, _, quality, _ in bubbles]
    if is_narrow:
        letters = [f"<b>{chr(ord('A') + i)}</b>" for i in range(len(bubbles))]
        _add_key(figure, [f"{letter}  {text}" for letter, text in zip(letters, texts, strict=True)])
        texts = letters
    _name_bubbles(figure, bubbles, texts, largest, sizes, speeds, plot_height(figure) / (high - low))
    style_axes(figure)
    return figure


def _add_key(figure: go.Figure, lines: list[str]) -> None:
    """Lines of text below the chart, which gets taller by them and less wide a margin for the numbers of its axis."""
    room = KEY_LINE * len(lines)
    figure.update_layout(height=figure.layout.height + room, margin={"l": 75, "r": 10, "b": figure.layout.margin.b + room})
    figure.add_annotation(
        x=0, xref="paper", xanchor="left", y=0, yref="paper", yanchor="top", yshift=-75, align="left", text="<br>".join(lines),
        showarrow=False, font={"size": SMALL_TYPE},
    )  # fmt: skip


def _name_bubbles(
    figure: go.Figure,
    bubbles: list[tuple[str, float, float, float, Look]],
    texts: list[str],
    largest: int,
    x: np.ndarray,
    y: np.ndarray,
    scale: float,
) -> None:
    """Its text beside each bubble, tied to it by a line where neighbours had to make room."""
    places = spread([float(place) for place in y], 30 / scale)
    for i, (*_, look) in enumerate(bubbles):
        is_row = np.abs(y - y[i]) * scale < largest * 0.65  # bubbles that a name at the right would run into
        is_left = bool((is_row & (x > x[i] + 0.1) & (x < x[i] + 1)).any())
        crowd = x[is_row & (x > x[i] - 1) & (x <= x[i])]  # A name at the left begins left of all bubbles that it would run into.
        place = (
            {"ax": crowd.min() - NAME_DECADES, "axref": "x", "xanchor": "right"} if is_left else {"ax": largest * 0.75, "xanchor": "left"}
        )
        figure.add_annotation(
            x=x[i], y=y[i], ay=(y[i] - places[i]) * scale, **place,
            standoff=largest * 0.4, text=texts[i], showarrow=True, arrowhead=0, arrowwidth=2,
            arrowcolor=look.colour, font={"size": SMALL_TYPE, "color": look.colour},
        )  # fmt: skip


def speed_chart(table: pd.DataFrame, baseline: str) -> go.Figure:
    """Speed-up by batch size, in powers of ten; a line a model."""
    figure = new_figure(460, left=95, right=text_width(list(table["name"])) + 30)
    ends = []
    for name, line in table.groupby("name", sort=False):
        look = model_look(line["model"].iloc[0])
        hover = [
            f"{name}, batch of {row.batch}: {format_seconds(row.median_ms / 1000)}<br>{format_times(row.speedup)} the speed of {baseline}"
            for row in rows(line)
        ]
        add_line(figure, [str(batch) for batch in line["batch"]], line["speedup"], look, hover, name=str(name))
        ends.append(End(str(name), float(line["speedup"].iloc[-1]), look.colour))
    name_ends(figure, ends, table["speedup"].to_numpy(dtype=float), plot_height(figure), is_log=True)
    figure.update_xaxes(title="texts in a batch", type="category")
    figure.update_yaxes(title=f"times the speed of {baseline}", type="log", ticksuffix="×", dtick=1)
    style_axes(figure)
    return figure


def size_chart(table: pd.DataFrame, baseline: str) -> go.Figure:
    """A row a model: how many times smaller than the baseline, in powers of ten; hollow, the paper's value."""
    numbers = [
        f"<b>{format_times(ratio)}</b>  {format_bytes(int(size))}" for ratio, size in zip(table["compression"], table["bytes"], strict=True)
    ]
    paper = table.dropna(subset=["paper"])
    figure = dot_figure(table["name"], numbers, f"times smaller than {baseline}", "◇  the paper" if len(paper) else "")
    for row in rows(paper):
        add_dot(figure, row.name, row.paper, PAPER, f"{row.name} in the paper: {format_times(row.paper)} smaller than FinBERT")
    for row, number in zip(rows(table), numbers, strict=True):
        add_dot(figure, row.name, row.compression, model_look(row.model), f"{row.name}: {number}")
    _in_powers_of_ten(figure, [*table["compression"], *paper["paper"]])
    return figure


def explanation_time_chart(table: pd.DataFrame) -> go.Figure:
    """A row a model: milliseconds for one text with its explanation, in powers of ten."""
    numbers = [f"<b>{format_seconds(ms / 1000)}</b>" for ms in table["explanation_ms"]]
    figure = dot_figure(table["name"], numbers, "milliseconds for one text")
    for row, number in zip(rows(table), numbers, strict=True):
        add_dot(figure, row.name, row.explanation_ms, model_look(row.model), f"{row.name}: {number} for one text and its explanation")
    _in_powers_of_ten(figure, list(table["explanation_ms"]))
    return figure


def _in_powers_of_ten(figure: go.Figure, values: Sequence[float]) -> None:
    figure.update_xaxes(type="log", dtick=1, range=[np.log10(min(values)) - 0.25, np.log10(max(values)) + 0.25])
