"""A component of `components` on a page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.component_sources import Component, component_sources


def draw_component(name: Component, key: str, data: dict[str, Any], **callbacks: Any) -> None:
    """`callbacks` are functions called `on_<trigger>_change`, for what the component sends; its value is in the session's state by key."""
    sources = component_sources(name)
    st.components.v2.component(f"dixtill.{name}", html=sources.html, css=sources.css, js=sources.js)(key=key, data=data, **callbacks)
