"""Charts as shapes, which the HTML and the PDF of a report each draw in their own way.

Units are those of the drawing, from its top left corner; a page scales it. Colours are names, since the HTML has a light
and a dark set of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from dixtill_core.export.html import escaped

Colour = Literal["ink", "muted", "line", "card", "accent", "teacher", "student", "for", "against", "right"]
Anchor = Literal["start", "middle", "end"]
Mark = Literal["circle", "diamond"]
STYLE: dict[Colour, str] = {
    "ink": "--ink", "muted": "--muted", "line": "--axis", "card": "--card", "accent": "--accent", "teacher": "--unsigned",
    "student": "--for", "for": "--for", "against": "--against", "right": "--right",
}  # fmt: skip
"""The style sheet's names of the colours."""


class Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    colour: Colour
    opacity: float = 1.0
    says: str = ""
    """For a tooltip."""


class Line(NamedTuple):
    points: tuple[tuple[float, float], ...]
    colour: Colour
    width: float = 1.0
    is_dashed: bool = False


class Dot(NamedTuple):
    x: float
    y: float
    radius: float
    colour: Colour
    mark: Mark = "circle"
    says: str = ""


class Label(NamedTuple):
    x: float
    y: float
    """Of the line that the letters stand on."""
    text: str
    size: float = 11.0
    colour: Colour = "ink"
    is_bold: bool = False
    anchor: Anchor = "start"


Shape = Box | Line | Dot | Label


@dataclass(frozen=True)
class Drawing:
    """A chart."""

    title: str
    explanation: str
    """What it shows and how to read it."""
    width: float
    height: float
    shapes: tuple[Shape, ...]


def svg(drawing: Drawing) -> str:
    """The drawing as an SVG element to stand in an HTML page, every text escaped."""
    shapes = "".join(_svg_shape(shape) for shape in drawing.shapes)
    name = escaped(f"{drawing.title}. {drawing.explanation}")
    return f'<svg viewBox="0 0 {drawing.width:g} {drawing.height:g}" role="img" aria-label="{name}">{shapes}</svg>'


def _svg_shape(shape: Shape) -> str:
    colour = f"var({STYLE[shape.colour]})"
    match shape:
        case Box():
            place = f'x="{shape.x:.2f}" y="{shape.y:.2f}" width="{max(0, shape.width):.2f}" height="{max(0, shape.height):.2f}"'
            return f'<rect {place} rx="2" style="fill:{colour};fill-opacity:{shape.opacity:.3f}">{_svg_says(shape.says)}</rect>'
        case Line():
            points = " ".join(f"{x:.2f},{y:.2f}" for x, y in shape.points)
            dashes = ' stroke-dasharray="4 4"' if shape.is_dashed else ""
            return f'<polyline points="{points}"{dashes} style="fill:none;stroke:{colour};stroke-width:{shape.width:g}"/>'
        case Dot():
            if shape.mark == "circle":
                place = f'<circle cx="{shape.x:.2f}" cy="{shape.y:.2f}" r="{shape.radius:g}"'
                return f'{place} style="fill:{colour}">{_svg_says(shape.says)}</circle>'
            points = " ".join(f"{x:.2f},{y:.2f}" for x, y in diamond(shape))
            return f'<polygon points="{points}" style="fill:{colour}">{_svg_says(shape.says)}</polygon>'
        case Label():
            weight = ' font-weight="650"' if shape.is_bold else ""
            place = f'x="{shape.x:.2f}" y="{shape.y:.2f}" font-size="{shape.size:g}" text-anchor="{shape.anchor}"'
            return f'<text {place}{weight} style="fill:{colour}">{escaped(shape.text)}</text>'


def diamond(dot: Dot) -> tuple[tuple[float, float], ...]:
    """Corners of a mark that is as large as a circle."""
    reach = dot.radius * 1.25
    return (dot.x, dot.y - reach), (dot.x + reach, dot.y), (dot.x, dot.y + reach), (dot.x - reach, dot.y)


def _svg_says(text: str) -> str:
    return f"<title>{escaped(text)}</title>" if text else ""
