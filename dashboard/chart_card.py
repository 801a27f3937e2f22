"""One chart as it stands on a page: heading, definition and table a click away, downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.chart_narrow import fit_narrow
from dashboard.chart_style import ink, picture_config
from dashboard.page_width import is_narrow

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

PICTURES = ("png", "svg")
DECIMALS = 4


def choose_picture() -> None:
    """What the camera above every chart saves; one choice for all of them."""
    st.segmented_control(
        "Camera saves",
        PICTURES,
        default=PICTURES[0],
        required=True,
        key="picture",
        persist_state="session",
        format_func=str.upper,
        help="Point at a chart and press the camera at its top right: PNG for slides, SVG for print. Both are drawn by this browser.",
    )


def show_chart(
    heading: str,
    figure: go.Figure,
    table: pd.DataFrame,
    definition: str,
    name: str,
    *,
    on_point: Callable[[dict[str, Any]], None] | None = None,
) -> None:
    """A card with the chart; `name` is that of the files, and of the key.

    Args:
        on_point: called with a mark of the chart that is clicked, as Plotly describes it.
    """
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(heading, anchor=False)
            show_buttons(table, definition, name)
        if is_narrow():
            fit_narrow(figure)
        ink(figure, st.context.theme.type)
        config = dict(picture_config(f"dixtill-{name}", st.session_state.get("picture", PICTURES[0])))
        key = f"chart_{name}"
        if on_point is None:
            st.plotly_chart(figure, key=key, config=config, alt=heading)
        else:
            st.plotly_chart(
                figure, key=key, config=config, alt=heading, on_select=lambda: _send_point(key, on_point), selection_mode="points"
            )  # fmt: skip
        with st.expander("Table"):
            st.dataframe(table.round(DECIMALS), hide_index=True, key=f"table_{name}")


def _send_point(key: str, on_point: Callable[[dict[str, Any]], None]) -> None:
    points = st.session_state[key].selection.points
    if points:
        on_point(dict(points[0]))


def show_buttons(table: pd.DataFrame, definition: str, name: str) -> None:
    """What the numbers mean, and all of them as CSV."""
    with st.popover("Definition", width="content"):
        st.markdown(definition)
    csv = table.to_csv(index=False).encode("utf-8-sig")
    st.download_button("CSV", csv, f"dixtill-{name}.csv", "text/csv", key=f"csv_{name}", on_click="ignore")
