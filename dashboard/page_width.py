"""Whether a page has the width of a phone: the browser says so, and again when its window changes."""

from __future__ import annotations

import streamlit as st

from dashboard.chart_narrow import NARROW
from dashboard.draw_component import draw_component

COMPONENT = "page_width"


def is_narrow() -> bool:
    """What the browser said last; False before it has said anything."""
    return bool(st.session_state.get("is_narrow", False))


def watch_width() -> None:
    """Listen to the browser; the page that is open is drawn anew where it crosses the border."""
    draw_component("width", COMPONENT, {"below": NARROW, "is_narrow": is_narrow()}, on_narrow_change=_take)


def _take() -> None:
    st.session_state.is_narrow = bool(getattr(st.session_state.get(COMPONENT), "narrow", False))
