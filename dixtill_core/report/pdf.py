"""A report as PDF: the same as its HTML, on A4, with an outline, links in its contents and numbered pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from dixtill_core.export.panels import NEGLIGIBLE, Fact, Panel, Tone, ends_of_scale, joined_words
from dixtill_core.progress import Progress
from dixtill_core.report.contents import Report, ReportText, note_parts
from dixtill_core.report.drawing import Box, Colour, Dot, Drawing, Label, Line, diamond
from dixtill_core.report.pdf_sheet import (
    ACCENT,
    AGAINST,
    BOTTOM,
    CARD,
    FOR,
    HEIGHT,
    INK,
    INNER,
    LINE,
    MARGIN,
    MUTED,
    RIGHT,
    TRACK,
    UNSIGNED,
    Sheet,
    from_right,
    mixed,
)

COLOURS: dict[Colour, str] = {
    "ink": INK, "muted": MUTED, "line": LINE, "card": CARD, "accent": ACCENT, "teacher": UNSIGNED, "student": FOR, "for": FOR,
    "against": AGAINST, "right": RIGHT,
}  # fmt: skip
TONES: dict[Tone, str] = {"for": FOR, "against": AGAINST, "unsigned": UNSIGNED}
GAP = 18.0
COLUMN = (INNER - GAP) / 2
FAINTEST, STRONGEST = 0.06, 0.60
"""Share of a word's tone in its background, as in `comparison.css`."""
_ENTRY, _WORD_LINE, _SHARE_LINE = 14.0, 25.0, 13.0
"""Heights of a line of the contents, of words and of a probability."""
LONGEST_WORD = 40


def report_pdf(report: Report, fonts: Sequence[Path] = ()) -> Iterator[Progress | bytes]:
    """Yield progress, and last the file.

    Args:
        fonts: font files for characters that DejaVu Sans lacks.
    """
    sheet = Sheet(report.title, fonts)
    total = len(report.texts)
    yield Progress("writing the report", 0, total)
    _first_page(sheet, report)
    _overview(sheet, report)
    _heading(sheet, "Texts")
    _scale(sheet, [panel for text in report.texts for panel in text.panels])
    for done, text in enumerate(report.texts, 1):
        _text(sheet, text)
        if done % 10 == 0:
            yield Progress("writing the report", done, total)
    _settings(sheet, report)
    content = sheet.content()
    yield Progress("writing the report", total, total)
    yield content


def _first_page(sheet: Sheet, report: Report) -> None:
    """Title, and the contents, whose page numbers are known only at the end."""
    sheet.paragraph(report.title, 21, bold=True)
    sheet.y += 4
    sheet.paragraph(f"{report.about} Written on {report.made}.", 9.5, MUTED)
    sheet.y += 12
    sheet.section("Contents")
    sheet.text(MARGIN, sheet.y, "Contents", 13, bold=True)
    sheet.y += 22
    top, entries = sheet.y, len(report.texts) + 3
    on_first, on_others = int((BOTTOM - top) // _ENTRY), int((BOTTOM - MARGIN) // _ENTRY)
    pages = 1 + max(0, ceil((entries - on_first) / on_others))

    def contents(pdf: Any, outline: Sequence[Any]) -> None:
        sheet.y = top
        texts = iter(report.texts)
        for entry in outline[1:]:
            if sheet.y + _ENTRY > BOTTOM:
                sheet.page()
            link = pdf.add_link(page=entry.page_number, y=max(0.0, HEIGHT - entry.dest.top - 8))
            left = MARGIN + 14 * entry.level
            number = str(entry.page_number)
            if entry.level:
                sheet.text(left, sheet.y, f"{next(texts).row:,}", 9.5, MUTED)
                left += 40
            shown = sheet.fitted(entry.name, 9.5, MARGIN + INNER - 36 - left, bold=entry.level == 0)
            sheet.text(left, sheet.y, shown, 9.5, ACCENT if entry.level else INK, bold=entry.level == 0, link=link)
            sheet.text(MARGIN + INNER - sheet.width(number, 9.5), sheet.y, number, 9.5, MUTED)
            sheet.y += _ENTRY

    sheet.pdf.insert_toc_placeholder(contents, pages=pages)
    sheet.y = MARGIN


def _overview(sheet: Sheet, report: Report) -> None:
    _heading(sheet, "Overview")
    width = (INNER - 8 * (len(report.figures) - 1)) / len(report.figures)
    for i, figure in enumerate(report.figures):
        left = MARGIN + i * (width + 8)
        sheet.box(left, sheet.y, width, 48, TRACK, 0.55, 6)
        sheet.text(left + 8, sheet.y + 6, figure.number, 15, bold=True)
        sheet.text(left + 8, sheet.y + 28, sheet.fitted(figure.meaning, 7.5, width - 12), 7.5, MUTED)
    sheet.y += 60
    for pair in [report.charts[i : i + 2] for i in range(0, len(report.charts), 2)]:
        _charts(sheet, pair)


def _charts(sheet: Sheet, drawings: Sequence[Drawing]) -> None:
    """Two charts beside each other."""
    scale = COLUMN / max(drawing.width for drawing in drawings)
    height = max(drawing.height for drawing in drawings) * scale
    sheet.room(height + 62)
    top, ends = sheet.y, []
    for i, drawing in enumerate(drawings):
        left = MARGIN + i * (COLUMN + GAP)
        sheet.text(left, top, drawing.title, 11, bold=True)
        _draw(sheet, drawing, left, top + 20, scale)
        sheet.y = top + 26 + height
        sheet.paragraph(drawing.explanation, 8, MUTED, x=left, width=COLUMN)
        ends.append(sheet.y)
    sheet.y = max(ends) + 18


def _draw(sheet: Sheet, drawing: Drawing, left: float, top: float, scale: float) -> None:
    for shape in drawing.shapes:
        colour = COLOURS[shape.colour]
        match shape:
            case Box():
                box = (left + shape.x * scale, top + shape.y * scale, shape.width * scale, shape.height * scale)
                sheet.box(*box, colour, shape.opacity)
            case Line():
                points = [(left + x * scale, top + y * scale) for x, y in shape.points]
                sheet.line(points, colour, shape.width * scale, dashed=shape.is_dashed)
            case Dot():
                if shape.mark == "circle":
                    sheet.circle(left + shape.x * scale, top + shape.y * scale, shape.radius * scale, colour)
                else:
                    sheet.shape([(left + x * scale, top + y * scale) for x, y in diamond(shape)], colour)
            case Label():
                size = shape.size * scale
                width = sheet.width(shape.text, size, shape.is_bold)
                back = {"start": 0.0, "middle": width / 2, "end": width}[shape.anchor]
                x, y = left + shape.x * scale - back, top + shape.y * scale - size
                sheet.text(x, y, shape.text, size, colour, bold=shape.is_bold)


def _scale(sheet: Sheet, panels: Sequence[Panel]) -> None:
    """What the colours mean, the same in every panel."""
    ends = ends_of_scale(panels)
    if ends is None:
        return
    steps, width = 60, 150.0
    left = MARGIN + (INNER - width) / 2
    for step in range(steps):
        value = 2 * (step + 0.5) / steps - 1
        sheet.box(left + step * width / steps, sheet.y + 2, width / steps + 0.3, 7, FOR if value > 0 else AGAINST, abs(value))
    sheet.text(left - 10 - sheet.width(ends[0], 8.5), sheet.y, ends[0], 8.5, MUTED)
    sheet.text(left + width + 10, sheet.y, ends[1], 8.5, MUTED)
    sheet.y += 22


def _text(sheet: Sheet, text: ReportText) -> None:
    lines = _word_lines(sheet, [word.text for word in text.words], joined_words(text.words))
    shares = max(len(panel.shares) for panel in text.panels)
    sheet.room(min(70 + 50 + shares * _SHARE_LINE + len(lines) * _WORD_LINE + 30, (BOTTOM - MARGIN) * 0.6))
    sheet.section(text.heading, 1)
    sheet.paragraph(text.heading, 11, bold=True)
    sheet.y += 1
    facts = " · ".join([f"row {text.row:,}", text.outcome, *(f"{fact.meaning} {fact.number}" for fact in text.facts)])
    sheet.paragraph(facts, 8.5, MUTED)
    if text.tags:
        sheet.paragraph("Tags: " + ", ".join(text.tags), 8.5, MUTED)
    sheet.y += 6
    _panels(sheet, text, lines)
    if text.note is not None:
        _note(sheet, text)
    sheet.y += 10
    sheet.line([(MARGIN, sheet.y), (MARGIN + INNER, sheet.y)], LINE)
    sheet.y += 14


class _Chip(NamedTuple):
    """A word in its place on a line."""

    i: int
    x: float
    width: float
    text: str


def _word_lines(sheet: Sheet, words: Sequence[str], joined: Sequence[bool]) -> list[list[_Chip]]:
    """The words broken into the lines of a column, from the right where the text is written so."""
    lines: list[list[_Chip]] = [[]]
    at = 0.0
    for i, word in enumerate(words):
        shown = sheet.fitted(word if len(word) <= LONGEST_WORD else word[: LONGEST_WORD - 1] + "…", 9.5, COLUMN - 8)
        width = sheet.width(shown, 9.5) + 8
        if lines[-1] and at + width > COLUMN:
            lines.append([])
            at = 0.0
        elif lines[-1]:
            at += 0.5 if joined[i] else 3
        lines[-1].append(_Chip(i, at, width, shown))
        at += width
    if from_right("".join(words)):
        return [[chip._replace(x=COLUMN - chip.x - chip.width) for chip in line] for line in lines]
    return lines if words else []


def _panels(sheet: Sheet, text: ReportText, lines: Sequence[Sequence[_Chip]]) -> None:
    """Both models beside each other, line by line, so that a long text goes on over pages."""
    top = sheet.y
    for left, panel in zip(_lefts(), text.panels, strict=True):
        sheet.text(left, top, panel.title, 10.5, bold=True)
        sheet.text(left, top + 14, sheet.fitted(panel.subtitle, 7.5, COLUMN), 7.5, MUTED)
    sheet.y = top + 28
    for i in range(max(len(panel.shares) for panel in text.panels)):
        sheet.room(_SHARE_LINE)
        for left, panel in zip(_lefts(), text.panels, strict=True):
            _share(sheet, left, panel, i)
        sheet.y += _SHARE_LINE
    sheet.y += 5
    for line in lines:
        sheet.room(_WORD_LINE)
        for left, panel in zip(_lefts(), text.panels, strict=True):
            for chip in line:
                _chip(sheet, left, panel, chip)
        sheet.y += _WORD_LINE
    if any(panel.facts for panel in text.panels):
        sheet.room(14)
        for left, panel in zip(_lefts(), text.panels, strict=True):
            sheet.text(left, sheet.y + 2, _facts(panel.facts), 8, MUTED)
        sheet.y += 14


def _share(sheet: Sheet, left: float, panel: Panel, i: int) -> None:
    if i >= len(panel.shares):
        return
    share = panel.shares[i]
    names = min(90.0, max(sheet.width(other.label, 8.5, True) for other in panel.shares)) + 8
    track = COLUMN - names - 34
    sheet.text(left, sheet.y, sheet.fitted(share.label, 8.5, names - 8, share.is_predicted), 8.5, bold=share.is_predicted)
    sheet.box(left + names, sheet.y + 2.5, track, 6, TRACK, 1, 3)
    if share.share > 0.004:
        sheet.box(left + names, sheet.y + 2.5, track * share.share, 6, ACCENT if share.is_predicted else "#9c9f9f", 1, 3)
    width = sheet.width(share.text, 8.5, share.is_predicted)
    sheet.text(left + COLUMN - width, sheet.y, share.text, 8.5, bold=share.is_predicted)


def _chip(sheet: Sheet, left: float, panel: Panel, chip: _Chip) -> None:
    """A word, its value as colour and as a bar."""
    size, tone, x = abs(panel.values[chip.i]), TONES[panel.tone(chip.i)], left + chip.x
    is_faint = size < NEGLIGIBLE
    if not is_faint:
        sheet.box(x, sheet.y, chip.width, 21, tone, FAINTEST + (STRONGEST - FAINTEST) * size, 4)
    sheet.text(x + 4, sheet.y + 2, chip.text, 9.5)
    sheet.box(x + 3, sheet.y + 16.5, max(2.0, (chip.width - 6) * size), 2.6, tone, 0.25 if is_faint else 1, 1.3)


def _facts(facts: Sequence[Fact]) -> str:
    return "   ".join(f"{fact.number} {fact.meaning}".strip() for fact in facts)


def _lefts() -> tuple[float, float]:
    """Where the columns of teacher and student begin."""
    return MARGIN, MARGIN + COLUMN + GAP


def _note(sheet: Sheet, text: ReportText) -> None:
    note = text.note
    assert note is not None
    sheet.y += 8
    sheet.room(60)
    page, top = sheet.pdf.page, sheet.y
    left, width = MARGIN + 12, INNER - 12
    sheet.paragraph(" · ".join(note_parts(note)), 9, ACCENT, bold=True, x=left, width=width)
    if note.content.tags:
        sheet.paragraph("Tags: " + ", ".join(note.content.tags), 8.5, MUTED, x=left, width=width)
    if note.content.comment:
        sheet.y += 2
        sheet.paragraph(note.content.comment, 9.5, x=left, width=width)
    if sheet.pdf.page == page:
        sheet.box(MARGIN, top, 3, sheet.y - top, ACCENT)


def _settings(sheet: Sheet, report: Report) -> None:
    sheet.page()
    _heading(sheet, "Settings")
    names = max(sheet.width(name, 9) for name, _ in report.settings) + 16
    for name, value in report.settings:
        sheet.room(14)
        sheet.text(MARGIN, sheet.y, name, 9, MUTED)
        sheet.paragraph(value or "–", 9, x=MARGIN + names, width=INNER - names)
        sheet.y += 2
    if sheet.has_boxes:
        sheet.y += 8
        sheet.paragraph(
            "A box with a sign in it stands for a character that the fonts of this file lack; the HTML report shows it, and so does "
            "a PDF that was given a font that has it.",
            8.5,
            MUTED,
        )


def _heading(sheet: Sheet, title: str) -> None:
    sheet.room(120)
    sheet.section(title)
    sheet.text(MARGIN, sheet.y, title, 15, bold=True)
    sheet.y += 24
    sheet.line([(MARGIN, sheet.y), (MARGIN + INNER, sheet.y)], mixed(INK, 0.25), 0.8)
    sheet.y += 12
