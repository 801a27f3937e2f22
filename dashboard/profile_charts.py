"""How many texts of each label there are and how long they are, as figures. No Streamlit here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.chart_style import BLUE, ORANGE, SMALL_TYPE, new_figure, style_axes, text_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    import plotly.graph_objects as go

    from dixtill_core.data.profile import ClassShare, DataProfile

BAR, HEIGHT = 34, 220
MOST_CLASSES = 20
"""Labels that are drawn, the most frequent ones; the table has all."""
LONGEST_NAME = 24


def class_figure(found: DataProfile) -> go.Figure:
    """A bar for each label, the share of the texts at its end; of the test texts below it, where there are any."""
    trained = _by_name(found.train.classes)
    spelt = {name.strip().lower(): name for name in reversed(trained)}  # Capitals tell no label of the test apart from one that is trained.
    tested = {
        name if name in trained else spelt.get(name.strip().lower(), name): share
        for name, share in _by_name(found.test.classes if found.test else ()).items()
    }
    labels = list({**trained, **tested})[:MOST_CLASSES]  # Those that only the test texts have come last.
    names = [_short(label) for label in labels]
    groups = [(BLUE, "training texts", [trained.get(label) for label in labels])]
    if tested:
        groups.append((ORANGE, "test texts", [tested.get(label) for label in labels]))
    figure = new_figure(max(HEIGHT, BAR * len(labels) * len(groups) + 50), left=text_width(names) + 16, right=64, top=10, bottom=30)
    for colour, what, shares in groups:
        values = [share.share if share else 0.0 for share in shares]
        figure.add_bar(
            x=values,
            y=names,
            orientation="h",
            marker_color=colour,
            text=[f"{value:.0%}" for value in values],
            textposition="outside",
            cliponaxis=False,
            textfont_size=SMALL_TYPE,
            hovertext=[f"{share.texts if share else 0:,} {what}" for share in shares],
            hoverinfo="text",
        )
    figure.update_layout(bargap=0.35, barmode="group")
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)  # Labels may be numbers.
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", nticks=4)
    style_axes(figure)
    return figure


def _by_name(classes: Sequence[ClassShare]) -> dict[str, ClassShare]:
    """Those that occur, the most frequent first."""
    return {share.name: share for share in sorted(classes, key=lambda share: -share.texts) if share.texts}


def length_figure(found: DataProfile) -> go.Figure:
    """A histogram of the words of a text; its last bar holds all that are longer."""
    bins = found.train.lengths
    labels = [f"{part.first} to {part.last}" if part.last > part.first else f"{part.first}" for part in bins]
    figure = new_figure(HEIGHT, left=64, right=20, top=10, bottom=58)
    figure.add_bar(
        x=[part.first + (bins[0].last - bins[0].first) / 2 for part in bins],
        y=[part.texts for part in bins],
        width=bins[0].last - bins[0].first + 0.9,
        marker_color=BLUE,
        hovertext=[f"{label} words: {part.texts:,} texts" for label, part in zip(labels, bins, strict=True)],
        hoverinfo="text",
    )
    figure.update_xaxes(title="words in a text", rangemode="tozero")
    figure.update_yaxes(nticks=4)
    style_axes(figure)
    return figure


def _short(name: str) -> str:
    """A label that fits; as text, since plotly reads HTML."""
    name = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
