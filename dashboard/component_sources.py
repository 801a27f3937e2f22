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


Component = Literal["comparison", "faithfulness", "lesson", "runs", "watched", "width"]

_FILES: dict[Component, tuple[str, ...]] = {
    "comparison": ("comparison.css", "element.js", "panels.js", "comparison.js"),
    "faithfulness": ("comparison.css", "faithfulness.css", "element.js", "faithfulness.js"),
    "lesson": ("comparison.css", "lesson.css", "element.js", "panels.js", "lesson_parts.js", "lesson_pictures.js", "lesson.js"),
    "runs": ("comparison.css", "runs.css", "element.js", "panels.js", "comparison.js"),
    "watched": ("comparison.css", "watched.css", "element.js", "panels.js", "watched.js"),
    "width": ("width.js",),
}
"""What is drawn looks as a comparison does; some add a style of their own."""


@lru_cache
def component_sources(name: Component) -> ComponentSources:
    files = _FILES[name]
    css = "".join(_read(file) for file in files if file.endswith(".css"))
    return ComponentSources(PLACE, html.STYLE + css, "".join(_read(file) for file in files if file.endswith(".js")))


def _read(file: str) -> str:
    return (COMPONENTS / file).read_text(encoding="utf-8")
