"""Quality, significance, agreement and faithfulness as plotly figures. Tables of `result_tables` in; no Streamlit here."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.chart_parts import (
    END,
    LABEL_GAP,
    PAPER,
    End,
    add_band,
    add_dot,
    add_line,
    dot_figure,
    interval_text,
    name_ends,
    p_text,
    plot_height,
    rows,
    signed,
)
from dashboard.chart_style import GREY, SMALL_TYPE, SYMBOLS, Look, explainer_look, model_look, new_figure, style_axes, text_width
from dashboard.glossary import explainer_name, measure_of

NAMED_AT = 20
"""Percent of the words at which the order of the insertion curves is that of their names: they all meet at the end."""
PANELS = 3
"""Measures of faithfulness beside each other, where there is room."""
PANEL_TYPE, PANEL_ROW, PANEL_FRAME = SMALL_TYPE - 1, 44, 130


def quality_chart(table: pd.DataFrame, metric: str) -> go.Figure:
    """A row a model: a mark for what was measured, a hollow diamond for the paper's value."""
    title = measure_of(metric).title
    paper = table.dropna(subset=["paper"])
    key = "mark: measured, 95 % interval over seeds" + ("     ◇  the paper" if len(paper) else "")
    figure = dot_figure(table["name"], [f"<b>{value:.3f}</b>" for value in table["value"]], title, key)
    for row in rows(paper):
        hover = f"{row.name} in the paper: {title} {row.paper:.3f}<br>with FinBERT as the teacher"
        add_dot(figure, row.name, row.paper, PAPER, hover)
    _add_measured(figure, table, title)
    return figure


def difference_chart(table: pd.DataFrame, title: str) -> go.Figure:
    """A row a metric: DiXtill minus another method with its interval; right of the line, DiXtill has more."""
    names = [_metric_at(metric, k) for metric, k in zip(table["metric"], table["k"], strict=True)]
    numbers = [f"<b>{signed(value)}</b>  p {p_text(p)}" for value, p in zip(table["value"], table["p"], strict=True)]
    figure = dot_figure(names, numbers, title, "●  interval off zero     ○  zero within the interval")
    figure.add_vline(x=0, line={"color": GREY, "width": 2})
    for name, row in zip(names, rows(table), strict=True):
        look = model_look("dixtill") if row.low > 0 or row.high < 0 else Look(GREY, "circle-open")
        hover = f"{name}: {signed(row.value)}, 95 % interval {signed(row.low)} to {signed(row.high)}, p {p_text(row.p)}"
        add_dot(figure, name, row.value, look, hover, (row.low, row.high))
    figure.update_xaxes(tickformat="+.3~f", nticks=6)
    return figure


def agreement_chart(table: pd.DataFrame, measure: str) -> go.Figure:
    """A line a model and explainer against k, solid for attention and dotted for Integrated Gradients."""
    title = measure_of(measure).title
    figure = new_figure(540, left=85, right=text_width(list(table["name"])) + 30)
    ends = []
    for name, line in table.groupby("name", sort=False):
        look = model_look(line["model"].iloc[0])._replace(dash="solid" if line["explainer"].iloc[0] == "attention" else "dot")
        hover = [
            f"{name}<br>{title} of the top {k}: {interval_text(*numbers)}"
            for k, *numbers in rows(line[["k", "value", "low", "high", "n_seeds"]])
        ]
        add_band(figure, line["k"], line["low"], line["high"], look.colour)
        add_line(figure, line["k"], line["value"], look, hover, name=str(name))
        ends.append(End(str(name), float(line["value"].iloc[-1]), look.colour))
    name_ends(figure, ends, table[["value", "low", "high"]].to_numpy(dtype=float), plot_height(figure))
    figure.update_xaxes(title="k, the strongest words compared", dtick=1)
    figure.update_yaxes(title=title)
    style_axes(figure)
    return figure


def measure_chart(table: pd.DataFrame, measure: str) -> go.Figure:
    """A row a model and explainer, for a measure of all words."""
    title = measure_of(measure).title
    figure = dot_figure(table["name"], [f"<b>{value:.3f}</b>" for value in table["value"]], title, "mark: mean, 95 % interval over seeds")
    _add_measured(figure, table, title)
    return figure


def quantile_chart(table: pd.DataFrame, title: str) -> go.Figure:
    """A row a line: the middle half of the texts thick, the middle four fifths thin, the median a mark."""
    key = "mark: median text     thick: middle half     thin: 10 to 90 %"
    figure = dot_figure(table["name"], [f"<b>{median:.2f}</b>" for median in table["p50"]], title, key)
    for row in rows(table):
        look = model_look(row.model)
        for low, high, width in ((row.p10, row.p90, 3), (row.p25, row.p75, 16)):
            line = {"color": look.colour, "width": width}
            figure.add_scatter(x=[low, high], y=[row.name] * 2, mode="lines", line=line, opacity=0.4, hoverinfo="skip")
        hover = (
            f"{row.name}<br>half of the texts reach {row.p50:.2f}<br>"
            f"middle half {row.p25:.2f} to {row.p75:.2f}, middle four fifths {row.p10:.2f} to {row.p90:.2f}"
        )
        add_dot(figure, row.name, row.p50, look, hover)
    return figure


def curve_chart(table: pd.DataFrame, columns: int = 2) -> go.Figure:
    """Deletion left, insertion right, or below it in one column; a line an explainer, its name beside the insertion curves."""
    explainers = [str(explainer) for explainer in table["explainer"].unique()]
    figure = make_subplots(
        2 // columns, columns, shared_yaxes=True, horizontal_spacing=0.06, vertical_spacing=0.22,
        subplot_titles=("words removed: lower is better", "words added: higher is better"),
    )  # fmt: skip
    right = text_width([explainer_name(explainer) for explainer in explainers]) + 50
    figure.update_layout(new_figure(520 if columns == 2 else 760, left=85, right=right, top=70, bottom=80).layout)
    figure.update_annotations(font={"size": SMALL_TYPE})
    for place, (kind, done) in enumerate((("deletion", "removed"), ("insertion", "added"))):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        for explainer, line in table[table["metric"] == kind].groupby("explainer", sort=False):
            look = explainer_look(str(explainer))
            hover = [
                f"{explainer_name(str(explainer))}<br>{share} % of the words {done}: {interval_text(*numbers)}"
                for share, *numbers in rows(line[["share", "value", "low", "high", "n_seeds"]])
            ]
            add_band(figure, line["share"], line["low"], line["high"], look.colour, **at)
            add_line(figure, line["share"], line["value"], look, hover, marks_every=4, name=explainer_name(str(explainer)), **at)
        figure.update_xaxes(title=f"% of the words {done}", **at)
    _name_curves(figure, table, explainers)
    figure.update_xaxes(range=[-3, 103], dtick=25)
    figure.update_yaxes(title="probability of the prediction", col=1)
    figure.update_yaxes(matches="y")
    style_axes(figure)
    return figure


def _name_curves(figure: go.Figure, table: pd.DataFrame, explainers: list[str]) -> None:
    """Names right of the insertion curves, the highest curve first, each with the mark of its line."""
    insertion = table[(table["metric"] == "insertion") & (table["share"] <= NAMED_AT)]
    heights = insertion.groupby("explainer")["value"].last()
    ordered = sorted(explainers, key=lambda explainer: -heights.get(explainer, 0.0))
    step = 30 / plot_height(figure)
    for place, explainer in enumerate(ordered):
        look, height = explainer_look(explainer), 0.5 + step * ((len(ordered) - 1) / 2 - place)
        figure.add_annotation(
            name=END, x=1, xref="paper", xanchor="left", xshift=LABEL_GAP, y=height, yref="paper", showarrow=False,
            text=f"{SYMBOLS.get(look.marker, '●')}  {explainer_name(explainer)}", font={"size": SMALL_TYPE, "color": look.colour},
        )  # fmt: skip


def faithfulness_chart(table: pd.DataFrame, share: int, columns: int = PANELS) -> go.Figure:
    """A panel a measure, so that each keeps its own scale, and a row an explainer; the better side is named."""
    table = table[table["share"].isna() | (table["share"] == share)]
    metrics, explainers = list(dict.fromkeys(table["metric"])), list(dict.fromkeys(table["explainer"]))
    names = [explainer_name(explainer) for explainer in explainers]
    n_rows = -(-len(metrics) // columns)
    height = n_rows * (PANEL_ROW * len(explainers) + PANEL_FRAME)
    figure = make_subplots(
        n_rows, columns, shared_yaxes=True, horizontal_spacing=0.05, vertical_spacing=PANEL_FRAME / (height - PANEL_FRAME),
        subplot_titles=[_panel_title(metric, table, share) for metric in metrics],
    )  # fmt: skip
    figure.update_layout(new_figure(height, left=text_width(names) + 20, right=30, top=90, bottom=40).layout)
    figure.update_annotations(font={"size": PANEL_TYPE})
    if columns == 1:
        figure.update_annotations(x=1, xanchor="right")  # Wider than the panel, where names take most of the card.
    for place, metric in enumerate(metrics):
        at = {"row": place // columns + 1, "col": place % columns + 1}
        for row in rows(table[table["metric"] == metric]):
            name = explainer_name(row.explainer)
            hover = f"{name}<br>{measure_of(metric).title}: {interval_text(row.value, row.low, row.high, row.n_seeds)}"
            add_dot(figure, name, row.value, explainer_look(row.explainer), hover, (row.low, row.high), **at)
        figure.update_xaxes(nticks=4, **at)
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], range=[-0.6, len(names) - 0.4])
    style_axes(figure)
    figure.update_xaxes(tickfont={"size": PANEL_TYPE})
    return figure


def _panel_title(metric: str, table: pd.DataFrame, share: int) -> str:
    measure = measure_of(metric)
    has_share = table[table["metric"] == metric]["share"].notna().any()
    title = measure.title + (f" @ {share} %" if has_share else "")
    return f"<b>{title}</b><br>{'higher is better →' if measure.higher_is_better else '← lower is better'}"


def _add_measured(figure: go.Figure, table: pd.DataFrame, title: str) -> None:
    for row in rows(table):
        hover = f"{row.name}: {title} {interval_text(row.value, row.low, row.high, row.n_seeds)}"
        add_dot(figure, row.name, row.value, model_look(row.model), hover, (row.low, row.high))


def _metric_at(metric: str, k: object) -> str:
    return measure_of(metric).title + ("" if k is pd.NA or k != k else f" @ {k}")
