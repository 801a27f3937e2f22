"""How every chart looks: type for a lecture hall, few colours, and names beside the lines instead of a legend."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import plotly.graph_objects as go

TYPE, SMALL_TYPE = 18, 16
BLUE, ORANGE, PURPLE, GREEN, GREY = "#2c7fb8", "#c8631f", "#9270c4", "#2b9170", "#7d838a"
"""Apart for the colour-blind, and readable on the light page and on the dark one."""
FAINT = "rgba(128, 132, 138, 0.25)"
CHARACTER = 0.5
"""Width of a character as a share of its height, for margins that hold names."""


SYMBOLS = {"circle": "●", "diamond": "◆", "x": "✖", "triangle-up": "▲", "square": "■", "pentagon": "⬟", "hexagon": "⬢", "star": "★"}
"""Marks as text."""
INK = {"light": "#1c2024", "dark": "#e9e9e6"}
"""Text of the two themes: Streamlit would draw the words of a chart in its faint grey."""


NAME_INK = 0.4
"""Share of the text colour in the name of a line: words need more contrast than the line itself."""


class Look(NamedTuple):
    """What tells a line or mark from the others: never its colour alone."""

    colour: str
    marker: str
    dash: str = "solid"


MODEL_LOOKS = {
    "student": Look(BLUE, "circle"),
    "dixtill": Look(BLUE, "circle"),
    "dixtill_paper": Look(BLUE, "circle-open"),
    "kl": Look(ORANGE, "square"),
    "mse": Look(GREEN, "triangle-up"),
    "ce": Look(GREY, "x"),
    "teacher": Look(PURPLE, "diamond"),
    "ptq": Look(PURPLE, "pentagon"),
}
EXPLAINER_LOOKS = {
    "attention": Look(BLUE, "circle"),
    "integrated_gradients": Look(PURPLE, "diamond"),
    "random": Look(GREY, "x", "dot"),
    "greedy": Look(ORANGE, "triangle-up", "dash"),
    "occlusion": Look(GREEN, "square", "dashdot"),
    "lime": Look(GREEN, "pentagon", "longdash"),
    "kernel_shap": Look(GREEN, "hexagon", "longdashdot"),
}
OTHER = Look(GREEN, "star", "dashdot")


def model_look(model: str) -> Look:
    return MODEL_LOOKS.get(model, Look(PURPLE, "hexagon-open") if model.startswith("ahp-") else OTHER)


def explainer_look(explainer: str) -> Look:
    return EXPLAINER_LOOKS.get(explainer, OTHER)


def new_figure(height: int, left: int = 20, right: int = 30, top: int = 20, bottom: int = 70) -> go.Figure:
    """An empty figure; colours of text and page come from Streamlit's theme."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": left, "r": right, "t": top, "b": bottom},
        font={"size": TYPE},
        hoverlabel={"font": {"size": SMALL_TYPE}, "align": "left", "namelength": 0},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
    )
    return figure


def style_axes(figure: go.Figure) -> None:
    """Large labels, quiet grid, nothing that a careless click could zoom."""
    style = {
        "tickfont": {"size": SMALL_TYPE},
        "title": {"font": {"size": TYPE}},
        "fixedrange": True,
        "zeroline": False,
        "automargin": False,
    }
    figure.update_xaxes(**style, gridcolor=FAINT, showline=False)
    figure.update_yaxes(**style, gridcolor=FAINT, showline=False)


def ink(figure: go.Figure, theme: str | None) -> None:
    """Draw the words of a chart in the theme's text colour, and names of lines in their line's, brought nearer to it."""
    colour = INK.get(theme or "", INK["light"])
    figure.update_layout(font_color=colour)
    for axes in (figure.update_xaxes, figure.update_yaxes):
        axes(tickfont={"color": colour}, title={"font": {"color": colour}})
    for annotation in figure.layout.annotations:
        own = annotation.font.color
        annotation.font.color = colour if own is None else mix(own, colour, NAME_INK)


def mix(colour: str, other: str, share: float) -> str:
    """`share` of the other colour in the first, both `#rrggbb`."""
    channels = [(int(colour[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(own + share * (towards - own)):02x}" for own, towards in channels)


def text_width(texts: Sequence[str], size: int = SMALL_TYPE) -> int:
    """Pixels that the longest of the texts needs."""
    lengths = [len(re.sub("<[^>]+>", "", text)) for text in texts]
    return round(max(lengths, default=0) * size * CHARACTER)


def spread(positions: Sequence[float], least: float) -> list[float]:
    """The positions, in their order, moved as little as keeps neighbours `least` apart."""
    order = sorted(range(len(positions)), key=positions.__getitem__)
    blocks: list[tuple[float, list[int]]] = []  # centre, members
    for i in order:
        blocks.append((positions[i], [i]))
        while len(blocks) > 1 and blocks[-1][0] - blocks[-2][0] < least * (len(blocks[-1][1]) + len(blocks[-2][1])) / 2:
            (_, upper), (_, lower) = blocks.pop(), blocks.pop()
            members = lower + upper
            offsets = [positions[j] - least * place for place, j in enumerate(members)]
            blocks.append((sum(offsets) / len(offsets) + least * (len(members) - 1) / 2, members))
    moved = list(positions)
    for centre, members in blocks:
        for place, j in enumerate(members):
            moved[j] = centre + least * (place - (len(members) - 1) / 2)
    return moved


def picture_config(name: str, picture: str) -> Mapping[str, Any]:
    """The mode bar: a camera that saves the chart as `picture` ("png" or "svg") in the browser, and full screen."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "showSendToCloud": False,
        "modeBarButtonsToRemove": ["zoom", "pan", "zoomIn", "zoomOut", "autoScale", "resetScale", "select", "lasso"],
        "toImageButtonOptions": {"format": picture, "filename": name, "scale": 2},
    }
