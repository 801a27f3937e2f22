"""A comparison as one HTML file: no script, no outside file, light and dark, every piece of text escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from dixtill_core.export.panels import (
    Panel,
    StudentShows,
    comparison_figures,
    comparison_panels,
    ends_of_scale,
    joined_words,
    unsigned_scale,
)
from dixtill_core.summary import summarize

if TYPE_CHECKING:
    from dixtill_core.comparison import Comparison

STYLE = (Path(__file__).parent / "comparison.css").read_text(encoding="utf-8")
"""Layout of a comparison, without its colours; the dashboard's component draws with it too."""
PAGE_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What the file may load: nothing."""


def comparison_html(comparison: Comparison, k: int = 3, student_shows: StudentShows = "scores") -> bytes:
    """The file, UTF-8."""
    panels = comparison_panels(comparison, student_shows)
    summary = "".join(f"<b>{_text(span.text)}</b>" if span.is_strong else _text(span.text) for span in summarize(comparison, k))
    notes = "".join(f"<li>{_text(note)}</li>" for note in comparison.notes)
    figures = "".join(
        f'<li title="{_text(figure.explanation)}"><b>{_text(figure.number)}</b>{_text(figure.meaning)}</li>'
        for figure in comparison_figures(comparison, k)
    )
    methods = "".join(f"<div>{panel.title}: {_text(panel.method)}.</div>" for panel in panels)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>DiXtill: teacher and student compared</title>
<style>{STYLE}{PAGE_STYLE}</style>
</head>
<body>
<main class="comparison">
<h1>{_text(comparison.text)}</h1>
<p class="summary">{summary}</p>
{f'<ul class="notes">{notes}</ul>' if notes else ""}
<div class="panels">{"".join(_panel(comparison, panel) for panel in panels)}</div>
<p class="scale">{_scale(panels)}</p>
<section class="panel"><h2>Word by word</h2><p class="subtitle">teacher left, student right, each scaled to its strongest word</p>
<ul class="rows">{_rows(comparison, panels)}</ul></section>
<ul class="figures">{figures}</ul>
<footer>{methods}</footer>
</main>
</body>
</html>
"""
    return page.encode("utf-8", errors="replace")


def _scale(panels: tuple[Panel, Panel]) -> str:
    """What the colours mean, those that occur."""
    ends, unsigned = ends_of_scale(panels), unsigned_scale(panels)
    signed = f'<span>{_text(ends[0])}</span><span class="gradient"></span><span>{_text(ends[1])}</span>' if ends else ""
    return signed + (f'<span class="gradient unsigned"></span><span>{_text(unsigned)}</span>' if unsigned else "")


def _panel(comparison: Comparison, panel: Panel) -> str:
    shares = "".join(
        f'<li class="share{" predicted" if share.is_predicted else ""}"><span class="label">{_text(share.label)}</span>'
        f'<span class="track"><span class="fill" style="--size: {share.share:.4f}"></span></span>'
        f'<span class="number">{_text(share.text)}</span></li>'
        for share in panel.shares
    )
    facts = "".join(
        f"<li{' class=warning' if fact.is_warning else ''}><b>{_text(fact.number)}</b> {_text(fact.meaning)}</li>" for fact in panel.facts
    )
    words = "".join(
        _word(panel, i, word.text, joined) for i, (word, joined) in enumerate(zip(comparison.words, joined_words(comparison), strict=True))
    )
    return (
        f'<section class="panel {panel.role}"><h2>{panel.title}</h2><p class="subtitle">{_text(panel.subtitle)}</p>'
        f'<ul class="shares">{shares}</ul><ul class="words" dir="auto">{words}</ul><ul class="facts">{facts}</ul></section>\n'
    )


def _word(panel: Panel, i: int, text: str, is_joined: bool) -> str:
    classes = _classes("word", panel.tone(i), "faint" if panel.is_faint(i) else "", "joined" if is_joined else "")
    label = _text(f"{text}: {panel.meaning(i)}")
    return (
        f'<li class="{classes}" style="--size: {abs(panel.values[i]):.4f}" tabindex="0" title="{label}" aria-label="{label}">'
        f'<span class="text">{_text(text)}</span><span class="bar"></span></li>'
    )


def _rows(comparison: Comparison, panels: Iterable[Panel]) -> str:
    rows = []
    for i, word in enumerate(comparison.words):
        cells = ""
        for panel in panels:
            tone, size = panel.tone(i), f"{abs(panel.values[i]):.4f}"
            cells += (
                f'<span class="{_classes("cell", "" if panel.has_sign else "unsigned")}">'
                f'<span class="bar {tone}" style="--size: {size}"></span>'
                f'<span class="value {tone}" style="--size: {size}">{_text(panel.numbers[i])}</span></span>'
            )
        rows.append(f'<li class="row"><span class="name" title="{_text(word.text)}">{_text(word.text)}</span>{cells}</li>')
    return "\n".join(rows)


def _classes(*names: str) -> str:
    return " ".join(name for name in names if name)


def _text(text: str) -> str:
    """Escaped for HTML, in quotes too; NUL, which HTML cannot hold, becomes the sign for what cannot be shown."""
    return escape(text).replace("\0", "�")
