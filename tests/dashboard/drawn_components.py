"""What a page draws with components of its own, as AppTest has it."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from dashboard.page_width import COMPONENT


def drawn_components(page: AppTest) -> list[Any]:
    """In the order of the page, without the one that draws nothing and only watches the width."""
    return [element for element in page.get("bidi_component") if element.key != COMPONENT]
