"""HTML, style and script of the components that the dashboard draws itself, from the files in `components`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from dixtill_core.export import html

COMPONENTS = Path(__file__).parent / "components"
PLACE = '<div class="comparison"></div>'


class ComponentSources(NamedTuple):
    """What Streamlit registers as a component."""

    html: str
    css: str
    js: str


@lru_cache
def component_sources(name: Literal["comparison", "faithfulness"]) -> ComponentSources:
    """Both look as a comparison does; the second adds a style of its own."""
    css = html.STYLE + _read("comparison.css") + (_read("faithfulness.css") if name == "faithfulness" else "")
    return ComponentSources(PLACE, css, _read("element.js") + _read(f"{name}.js"))


def _read(file: str) -> str:
    return (COMPONENTS / file).read_text(encoding="utf-8")
