"""A comparison as a PNG, drawn with Pillow alone: no browser, no display.

DejaVu Sans, which travels with matplotlib, has Latin, Greek, Cyrillic, Arabic and Hebrew; a character that it lacks,
such as a Chinese one or an emoji, is drawn as an empty box.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from dixtill_core.export.panels import Panel, StudentShows, Tone, comparison_figures, comparison_panels, ends_of_scale, unsigned_scale
from dixtill_core.summary import Span, summarize

if TYPE_CHECKING:
    from dixtill_core.comparison import Comparison

SCALE = 2
"""Pixels per unit of the layout, for sharp text on any screen."""
WIDTH, MARGIN, GAP, PADDING = 1180, 28, 18, 20
SMOOTHING = 4
MOST_ROWS = 60
"""Rows of words in the picture; a longer text would make it endless, and the CSV has them all."""
LONGEST_WORD = 40
INK, MUTED, PAGE, CARD, LINE, TRACK, ACCENT = "#1c2024", "#62686d", "#fbfbfa", "#ffffff", "#e0e0dc", "#ededea", "#3b4cca"
TONES: dict[Tone, str] = {"for": "#1f6f8b", "against": "#b5541c", "unsigned": "#6a51a3"}
SAID = "#eceefa"
FAINTEST, STRONGEST = 0.06, 0.60
"""Share of a word's tone in its background, as in `comparison.css`."""


def comparison_png(comparison: Comparison, k: int = 3, student_shows: StudentShows = "scores") -> bytes:
    """The picture: summary, notes, both panels, scale, rows, figures. Light, since paper is."""
    measured = _draw(comparison, k, student_shows, height=1)[1]
    image, _ = _draw(comparison, k, student_shows, measured)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _draw(comparison: Comparison, k: int, student_shows: StudentShows, height: int) -> tuple[Image.Image, int]:
    """The picture and the height that it needs, which only drawing tells."""
    image = Image.new("RGB", (WIDTH * SCALE, height * SCALE), PAGE)
    sheet = _Sheet(image)
    panels = comparison_panels(comparison, student_shows)
    y = MARGIN
    y = sheet.summary(y, summarize(comparison, k))
    for note in comparison.notes:
        y = sheet.paragraph(MARGIN, y + 8, WIDTH - 2 * MARGIN, [Span(f"Note: {note}")], 13, MUTED)
    y = sheet.panels(y + GAP, panels, comparison)
    y = sheet.colour_scale(y + 14, panels)
    y = sheet.rows(y + 14, panels, comparison)
    y = sheet.figures(y + GAP, [(figure.number, figure.meaning) for figure in comparison_figures(comparison, k)])
    for panel in panels:
        y = sheet.paragraph(MARGIN, y + 10, WIDTH - 2 * MARGIN, [Span(f"{panel.title}: {panel.method}.")], 12, MUTED)
    return image, y + MARGIN


class _Sheet:
    """A drawing in units of the layout; every method draws at `y` and returns where it ended."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.pen = ImageDraw.Draw(image)

    def box(self, x: float, y: float, width: float, height: float, radius: float, fill: str, outline: str | None = None) -> None:
        left, top = round(SCALE * x), round(SCALE * y)
        size = (max(1, round(SCALE * width)), max(1, round(SCALE * height)))
        if outline is not None or radius == 0:
            self.pen.rounded_rectangle((left, top, left + size[0] - 1, top + size[1] - 1), radius * SCALE, fill, outline)
            return
        # Pillow draws corners in steps; small ones are drawn larger and shrunk.
        mask = Image.new("L", (size[0] * SMOOTHING, size[1] * SMOOTHING))
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, mask.width - 1, mask.height - 1), radius * SCALE * SMOOTHING, 255)
        self.image.paste(fill, (left, top), mask.resize(size, Image.Resampling.BOX))

    def text(self, x: float, y: float, text: str, size: float, colour: str = INK, bold: bool = False, anchor: str = "la") -> None:
        self.pen.text((x * SCALE, y * SCALE), text, colour, _font(size, bold), anchor=anchor)

    def width(self, text: str, size: float, bold: bool = False) -> float:
        return _font(size, bold).getlength(text) / SCALE

    def paragraph(self, x: float, y: float, width: float, spans: Sequence[Span], size: float, colour: str) -> int:
        """Text broken between words; strong spans bold."""
        line, at = size * 1.5, x
        for span in spans:
            for piece in _pieces(span.text):
                length = self.width(piece, size, span.is_strong)
                if at > x and at + length > x + width:
                    at, y = x, y + line
                    if piece == " ":
                        continue
                self.text(at, y, piece, size, colour, span.is_strong)
                at += length
        return round(y + line)

    def summary(self, y: int, spans: Sequence[Span]) -> int:
        width = WIDTH - 2 * MARGIN
        blank = _Sheet(Image.new("RGB", (1, 1)))
        bottom = blank.paragraph(MARGIN + 18, y + 13, width - 36, spans, 15, INK) + 11
        self.box(MARGIN, y, width, bottom - y, 12, SAID)
        self.paragraph(MARGIN + 18, y + 13, width - 36, spans, 15, INK)
        return bottom

    def panels(self, y: int, panels: Sequence[Panel], comparison: Comparison) -> int:
        width = (WIDTH - 2 * MARGIN - GAP) / 2
        blank = _Sheet(Image.new("RGB", (1, 1)))
        bottom = max(blank.panel(MARGIN, y, width, panel, comparison) for panel in panels)
        for order, panel in enumerate(panels):
            left = MARGIN + order * (width + GAP)
            self.box(left, y, width, bottom - y, 14, CARD, LINE)
            self.panel(left, y, width, panel, comparison)
        return bottom

    def panel(self, left: float, y: float, width: float, panel: Panel, comparison: Comparison) -> int:
        left, width = left + PADDING, width - 2 * PADDING
        self.text(left, y + 16, panel.title, 16, bold=True)
        y = self.paragraph(left, y + 40, width, [Span(panel.subtitle)], 12, MUTED) + 8
        name_width = min(140, max(self.width(_shortened(share.label), 12.5, True) for share in panel.shares)) + 12
        for share in panel.shares:
            self.text(left, y, _shortened(share.label), 12.5, bold=share.is_predicted)
            track = width - name_width - 48
            self.box(left + name_width, y + 4, track, 9, 5, TRACK)
            if share.share > 0.004:
                self.box(left + name_width, y + 4, track * share.share, 9, 5, ACCENT if share.is_predicted else "#9c9f9f")
            self.text(left + width, y, share.text, 12.5, bold=share.is_predicted, anchor="ra")
            y += 20
        y = self.words(left, y + 12, width, panel, [word.text for word in comparison.words])
        self.box(left, y + 10, width, 0.5, 0, LINE)
        facts = [part for fact in panel.facts for part in (Span(fact.number, True), Span(f" {fact.meaning}".rstrip() + "     "))]
        return self.paragraph(left, y + 20, width, facts, 12, MUTED) + 12

    def words(self, left: float, y: float, width: float, panel: Panel, texts: Sequence[str]) -> float:
        """The words as chips on lines, from the right where the text is written so."""
        from_right = _is_right_to_left(texts)
        at = 0.0
        for i, text in enumerate(map(_shortened, texts)):
            chip = self.width(text, 15) + 14
            if at > 0 and at + chip > width:
                at, y = 0.0, y + 38
            x = left + width - at - chip if from_right else left + at
            size, tone = abs(panel.values[i]), TONES[panel.tone(i)]
            if not panel.is_faint(i):
                self.box(x, y, chip, 33, 7, _mixed(tone, FAINTEST + (STRONGEST - FAINTEST) * size))
            self.text(x + 7, y + 3, text, 15)
            self.box(x + 6, y + 25, max(3, (chip - 12) * size), 4, 2, _mixed(tone, 0.25 if panel.is_faint(i) else 1))
            at += chip + 5
        return y + 36

    def colour_scale(self, y: int, panels: tuple[Panel, Panel]) -> int:
        ends, unsigned = ends_of_scale(panels), unsigned_scale(panels)
        left = WIDTH / 2 - 130
        if ends is not None:
            for step in range(260):
                value = (step - 129.5) / 130
                self.box(left + step, y + 4, 1, 9, 0, _mixed(TONES["for" if value > 0 else "against"], abs(value)))
            self.text(left - 10, y, ends[0], 12.5, MUTED, anchor="ra")
            self.text(left + 270, y, ends[1], 12.5, MUTED)
            y += 22 if unsigned else 0
        if unsigned is not None:
            left = WIDTH / 2 - (100 + self.width(unsigned, 12.5)) / 2
            for step in range(90):
                self.box(left + step, y + 4, 1, 9, 0, _mixed(TONES["unsigned"], (step + 1) / 90))
            self.text(left + 100, y, unsigned, 12.5, MUTED)
        return y + 18

    def rows(self, y: int, panels: Sequence[Panel], comparison: Comparison) -> int:
        shown = comparison.words[:MOST_ROWS]
        left, width = MARGIN, WIDTH - 2 * MARGIN
        rest = len(comparison.words) - len(shown)
        self.box(left, y, width, 74 + 20 * len(shown) + (22 if rest else 0), 14, CARD, LINE)
        self.text(left + PADDING, y + 16, "Word by word", 16, bold=True)
        self.text(left + PADDING, y + 40, "teacher left, student right, each scaled to its strongest word", 12, MUTED)
        y += 64
        name_right = left + PADDING + 120
        cell = (width - 2 * PADDING - 120) / 2
        for i, word in enumerate(shown):
            self.text(name_right, y, _fitted(self, word.text, 12.5, 120), 12.5, anchor="ra")
            for order, panel in enumerate(panels):
                self.row_bar(name_right + order * cell + 12, y, cell - 12, panel, i)
            y += 20
        if rest:
            self.text(name_right + 24, y + 2, f"and {rest:,} more words", 12.5, MUTED)
            y += 22
        return y + 10

    def row_bar(self, left: float, y: float, width: float, panel: Panel, i: int) -> None:
        middle = left + (width / 2 if panel.has_sign else 0)
        reach = (width / 2 if panel.has_sign else width) - 64
        length = reach * abs(panel.values[i])
        self.box(middle, y - 2, 0.5, 20, 0, "#c4c6c5")
        if panel.values[i] < 0:
            self.box(middle - length, y + 3, length, 9, 3, TONES["against"])
            self.text(middle - length - 6, y + 1, panel.numbers[i], 11, MUTED, anchor="ra")
        else:
            self.box(middle, y + 3, length, 9, 3, TONES[panel.tone(i)])
            self.text(middle + length + 6, y + 1, panel.numbers[i], 11, MUTED)

    def figures(self, y: int, figures: Sequence[tuple[str, str]]) -> int:
        width = (WIDTH - 2 * MARGIN - GAP * (len(figures) - 1)) / len(figures)
        for order, (number, meaning) in enumerate(figures):
            left = MARGIN + order * (width + GAP)
            self.box(left, y, width, 72, 12, CARD, LINE)
            self.text(left + 16, y + 10, number, 22, bold=True)
            self.text(left + 16, y + 44, meaning, 12.5, MUTED)
        return y + 72


@lru_cache(maxsize=32)
def _font(size: float, bold: bool) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu Sans of matplotlib, without importing it; Pillow's own font where that is not installed."""
    spec = find_spec("matplotlib")
    if spec is not None and spec.origin is not None:
        file = Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
        if file.exists():
            return ImageFont.truetype(str(file), size * SCALE * 0.92)  # DejaVu runs wide and tall for its size.
    return ImageFont.load_default(size * SCALE)


def _pieces(text: str) -> list[str]:
    """Words and the spaces between them."""
    pieces: list[str] = []
    for order, word in enumerate(_printable(text).split(" ")):
        pieces += [" "] if order else []
        pieces += [word] if word else []
    return pieces


def _printable(text: str) -> str:
    """Without what a font cannot draw: controls, halves of surrogate pairs."""
    return "".join(character for character in text if unicodedata.category(character) not in ("Cc", "Cs"))


def _shortened(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= LONGEST_WORD else text[: LONGEST_WORD - 1] + "…"


def _fitted(sheet: _Sheet, text: str, size: float, width: float) -> str:
    text = _shortened(text)
    if sheet.width(text, size) <= width:
        return text
    while text and sheet.width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def _is_right_to_left(texts: Sequence[str]) -> bool:
    """Whether the first letter that has a direction is written from the right, as in HTML's dir=auto."""
    for character in "".join(texts):
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def _mixed(colour: str, share: float) -> str:
    """The colour over the card, at `share` of its strength."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    card = [int(CARD[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(share * part + (1 - share) * ground):02x}" for part, ground in zip(parts, card, strict=True))
