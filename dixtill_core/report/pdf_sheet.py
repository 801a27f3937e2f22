"""Pages of a PDF: text in any script, coloured boxes and lines, in points from the top left corner.

DejaVu Sans, which travels with matplotlib, has Latin, Greek, Cyrillic, Arabic and Hebrew; what is written from the right
is shaped and ordered. A character that it lacks is drawn by the Last Resort font, as a box with a sign of its script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import MethodReturnValue
from fpdf.errors import FPDFException
from fpdf.fonts import TTFFont

from dixtill_core.errors import ConfigError, DixtillError

WIDTH, HEIGHT, MARGIN, FOOT = 595.28, 841.89, 40.0, 44.0
"""A4."""
BOTTOM = HEIGHT - FOOT
INNER = WIDTH - 2 * MARGIN
INK, MUTED, LINE, TRACK, CARD, ACCENT = "#1c2024", "#62686d", "#d9d9d5", "#ededea", "#ffffff", "#3b4cca"
FOR, AGAINST, UNSIGNED, RIGHT = "#1f6f8b", "#b5541c", "#6a51a3", "#2b9170"
_SHORT = 200
"""Characters that may fit on a line."""
_LAST = "last"
_NEEDS_SHAPING = re.compile(r"[\u0300-\u036f\u0590-\u1fff\u200c-\u200f\u202a-\u202e\u2066-\u2069\u2e80-\U000e01ef]")
"""Scripts with letters that join, stack or run from the right; the others need no time for it."""
_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_FROM_RIGHT = re.compile(rf"([{_RIGHT}](?:[{_RIGHT}\d\W_]*[{_RIGHT}\d]%?)?)")
"""From a letter that is written from the right to the last such letter or digit before one that is written from the left."""
_NOT_SHOWN = re.compile("[\ufe00-\ufe0f]")
"""Signs that choose between two looks of the one before."""


class Sheet:
    """A PDF that is written from the top of its first page to the foot of its last.

    Args:
        title: in every footer.
        fonts: more font files, tried in this order for characters that DejaVu Sans lacks.

    Raises:
        ConfigError: a font file that cannot be read.
    """

    def __init__(self, title: str, fonts: Sequence[Path] = ()) -> None:
        self.pdf = _Pages(title)
        self._widths: dict[tuple[str, float, bool], float] = {}
        self.has_boxes = False
        """Whether a character had to be drawn as a box."""
        folder = _font_folder()
        self.pdf.add_font("text", "", folder / "DejaVuSans.ttf")
        self.pdf.add_font("text", "B", folder / "DejaVuSans-Bold.ttf")
        self._fallbacks = [f"more{i}" for i in range(len(fonts))]
        for name, file in zip(self._fallbacks, fonts, strict=True):
            try:
                self.pdf.add_font(name, "", file)
            except Exception as error:  # Whatever a font library meets in a file that is no font.
                raise ConfigError(f"{file} cannot be used as a font: {error}. Give a .ttf or .otf file.") from error
        if fonts:
            self.pdf.set_fallback_fonts(self._fallbacks, exact_match=False)
        self._covered = {code for font in self.pdf.fonts.values() if isinstance(font, TTFFont) for code in font.cmap}
        self.y = MARGIN
        self.pdf.add_page()

    def page(self) -> None:
        """Go to the top of a new page."""
        self.pdf.add_page()
        self.y = MARGIN

    def room(self, height: float) -> None:
        """A new page, unless there is so much room left on this one."""
        if self.y + height > BOTTOM and self.y > MARGIN:
            self.page()

    def text(self, x: float, y: float, text: str, size: float, colour: str = INK, *, bold: bool = False, link: int | None = None) -> None:
        """One line whose top is at `y`."""
        for part in _runs(printable(text)):
            with self._font(part, size, bold):
                width = self._measured(part, size, bold)
                self.pdf.set_text_color(colour)
                self.pdf.set_xy(x, y)
                self.pdf.cell(width, size * 1.3, part, link=link or "")
            x += width

    def width(self, text: str, size: float, bold: bool = False) -> float:
        """Of one line."""
        found = 0.0
        for part in _runs(printable(text)):
            with self._font(part, size, bold):
                found += self._measured(part, size, bold)
        return found

    def fitted(self, text: str, size: float, width: float, bold: bool = False) -> str:
        """The text, cut with an ellipsis where it is wider than `width`."""
        text = printable(text)
        if self.width(text, size, bold) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.width(text[:middle] + "…", size, bold) <= width else (low, middle - 1)
        return text[:low] + "…"

    def paragraph(self, text: str, size: float, colour: str = INK, *, bold: bool = False, x: float = MARGIN, width: float = INNER) -> None:
        """Text broken into lines, over as many pages as it takes; written from the right where it begins so."""
        for part in re.split(r"\r\n|\r|\n", text):
            part = printable(part)
            if not part.strip():
                self.y += size * 1.4
                continue
            is_from_right = from_right(part)
            for line in self._broken(part, size, bold, width):
                self.room(size * 1.4)
                left = x + width - self.width(line, size, bold) if is_from_right else x
                self.text(left, self.y, line, size, colour, bold=bold)
                self.y += size * 1.4

    def _broken(self, text: str, size: float, bold: bool, width: float) -> list[str]:
        """One paragraph in lines."""
        if len(text) < _SHORT and self.width(text, size, bold) <= width:
            return [text]
        with self._font(text, size, bold):
            lines = self.pdf.multi_cell(width, size * 1.4, text, dry_run=True, output=MethodReturnValue.LINES)
        assert isinstance(lines, list)
        return [str(line) for line in lines]

    def box(self, x: float, y: float, width: float, height: float, colour: str, strength: float = 1.0, radius: float = 0.0) -> None:
        """Filled with the colour over white, at `strength` of it."""
        self.pdf.set_fill_color(mixed(colour, strength))
        if radius:
            self.pdf.rect(x, y, width, height, style="F", round_corners=True, corner_radius=min(radius, width / 2, height / 2))
        else:
            self.pdf.rect(x, y, width, height, style="F")

    def line(self, points: Sequence[tuple[float, float]], colour: str, width: float = 0.6, *, dashed: bool = False) -> None:
        self.pdf.set_draw_color(colour)
        self.pdf.set_line_width(width)
        if dashed:
            self.pdf.set_dash_pattern(dash=3, gap=3)
        self.pdf.polyline(points)
        if dashed:
            self.pdf.set_dash_pattern()

    def shape(self, points: Sequence[tuple[float, float]], colour: str) -> None:
        """A filled polygon."""
        self.pdf.set_fill_color(colour)
        self.pdf.polygon(points, style="F")

    def circle(self, x: float, y: float, radius: float, colour: str) -> None:
        self.pdf.set_fill_color(colour)
        self.pdf.circle(x, y, radius, style="F")

    def section(self, name: str, level: int = 0) -> None:
        """An entry in the outline that leads here."""
        self.pdf.set_y(min(self.y, BOTTOM - 1))
        self.pdf.start_section(printable(name) or "–", level)

    def content(self) -> bytes:
        """The file."""
        try:
            return bytes(self.pdf.output())
        except FPDFException as error:
            raise DixtillError(f"The PDF cannot be written: {error}. Write the report as .html.") from error

    def _measured(self, text: str, size: float, bold: bool) -> float:
        key = (text, size, bold)
        if key not in self._widths:
            self._widths[key] = self.pdf.get_string_width(text)
        return self._widths[key]

    @contextmanager
    def _font(self, text: str, size: float, bold: bool) -> Iterator[None]:
        """The font for a text, and shaping for the scripts that need it."""
        if not self.has_boxes and any(ord(character) not in self._covered for character in text):
            self.pdf.add_font(_LAST, "", _font_folder() / "LastResortHE-Regular.ttf")
            self.pdf.set_fallback_fonts([*self._fallbacks, _LAST], exact_match=False)
            self.has_boxes = True
        self.pdf.set_font("text", "B" if bold else "", size)
        shapes = _NEEDS_SHAPING.search(text) is not None
        if shapes:
            self.pdf.set_text_shaping(True)
        yield
        if shapes:
            self.pdf.set_text_shaping(False)


class _Pages(FPDF):
    """A4 with the title and the number of the page at its foot."""

    def __init__(self, title: str) -> None:
        super().__init__(unit="pt", format="A4")
        self.set_auto_page_break(False)
        self.set_margins(MARGIN, MARGIN, MARGIN)
        self.c_margin = 0.0
        self.set_title(title)
        self.set_creator("DiXtill")
        self.set_lang("en")
        self._title = printable(title)

    def footer(self) -> None:
        if "text" not in self.fonts:
            return
        self.set_font("text", "", 8)
        self.set_text_color(MUTED)
        self.set_xy(MARGIN, HEIGHT - 30)
        right = f"{self.page_no()} / {{nb}}"
        self.cell(INNER, 10, right, align="R")


def printable(text: str) -> str:
    """The text on one line as a page can show it: controls become the sign for what cannot be shown."""
    text = _NOT_SHOWN.sub("", text.replace("\t", " ").replace("\n", " "))
    return "".join("\ufffd" if unicodedata.category(character) in ("Cc", "Cs", "Cn") else character for character in text)


def from_right(text: str) -> bool:
    """Whether the first letter that has a direction is written from the right, as in HTML's dir=auto."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _runs(text: str) -> list[str]:
    """A line that begins on the left in parts, so that what runs from the right, its numbers included, is ordered by itself."""
    if from_right(text) or not _FROM_RIGHT.search(text):
        return [text]
    return [part for part in _FROM_RIGHT.split(text) if part]


def mixed(colour: str, strength: float) -> str:
    """The colour over white, at `strength` of it."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(strength * part + (1 - strength) * 255):02x}" for part in parts)


def _font_folder() -> Path:
    """Where matplotlib keeps its fonts, without importing it."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise DixtillError("A PDF needs the fonts of matplotlib. Install it with: pip install matplotlib")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
