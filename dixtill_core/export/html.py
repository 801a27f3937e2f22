"""A comparison as one HTML file: no script, no outside file, light and dark, every piece of text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    from dixtill_core.data.words import Word

STYLE = (Path(__file__).parent / "comparison.css").read_text(encoding="utf-8")
"""Layout of a comparison, without its colours; the dashboard's component draws with it too."""
PAGE_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What the file may load: nothing."""


def comparison_html(comparison: Comparison, k: int = 3, student_shows: StudentShows = "scores") -> bytes:
    """The file, UTF-8."""
    panels = comparison_panels(comparison, student_shows)
    summary = "".join(f"<b>{escaped(span.text)}</b>" if span.is_strong else escaped(span.text) for span in summarize(comparison, k))
    notes = "".join(f"<li>{escaped(note)}</li>" for note in comparison.notes)
    figures = "".join(
        f'<li title="{escaped(figure.explanation)}"><b>{escaped(figure.number)}</b>{escaped(figure.meaning)}</li>'
        for figure in comparison_figures(comparison, k)
    )
    methods = "".join(f"<div>{panel.title}: {escaped(panel.method)}.</div>" for panel in panels)
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
<h1>{escaped(comparison.text)}</h1>
<p class="summary">{summary}</p>
{f'<ul class="notes">{notes}</ul>' if notes else ""}
<div class="panels">{"".join(panel_html(panel, comparison.words) for panel in panels)}</div>
<p class="scale">{scale_html(panels)}</p>
<section class="panel"><h2>Word by word</h2><p class="subtitle">teacher left, student right, each scaled to its strongest word</p>
<ul class="rows">{_rows(comparison, panels)}</ul></section>
<ul class="figures">{figures}</ul>
<footer>{methods}</footer>
</main>
</body>
</html>
"""
    return page.encode("utf-8", errors="replace")


def scale_html(panels: Sequence[Panel]) -> str:
    """What the colours mean, those that occur."""
    ends, unsigned = ends_of_scale(panels), unsigned_scale(panels)
    signed = f'<span>{escaped(ends[0])}</span><span class="gradient"></span><span>{escaped(ends[1])}</span>' if ends else ""
    return signed + (f'<span class="gradient unsigned"></span><span>{escaped(unsigned)}</span>' if unsigned else "")


def panel_html(panel: Panel, words: Sequence[Word], heading: str = "h2", *, can_focus: bool = True) -> str:
    """One model's side: probabilities, coloured words, facts.

    Args:
        heading: element of its title.
        can_focus: whether the keyboard stops at each word; on a page of many texts it would never get through.
    """
    shares = "".join(
        f'<li class="share{" predicted" if share.is_predicted else ""}"><span class="label">{escaped(share.label)}</span>'
        f'<span class="track"><span class="fill" style="--size: {share.share:.4f}"></span></span>'
        f'<span class="number">{escaped(share.text)}</span></li>'
        for share in panel.shares
    )
    facts = "".join(
        f"<li{' class=warning' if fact.is_warning else ''}><b>{escaped(fact.number)}</b> {escaped(fact.meaning)}</li>"
        for fact in panel.facts
    )
    shown = "".join(
        _word(panel, i, word.text, joined, can_focus) for i, (word, joined) in enumerate(zip(words, joined_words(words), strict=True))
    )
    below = f'<ul class="facts">{facts}</ul>' if facts else ""
    return (
        f'<section class="panel {panel.role}"><{heading}>{panel.title}</{heading}><p class="subtitle">{escaped(panel.subtitle)}</p>'
        f'<ul class="shares">{shares}</ul><ul class="words" dir="auto">{shown}</ul>{below}</section>\n'
    )


def _word(panel: Panel, i: int, text: str, is_joined: bool, can_focus: bool) -> str:
    classes = _classes("word", panel.tone(i), "faint" if panel.is_faint(i) else "", "joined" if is_joined else "")
    label = escaped(f"{text}: {panel.meaning(i)}")
    focus = ' tabindex="0"' if can_focus else ""
    return (
        f'<li class="{classes}" style="--size: {abs(panel.values[i]):.4f}"{focus} title="{label}" aria-label="{label}">'
        f'<span class="text">{escaped(text)}</span><span class="bar"></span></li>'
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
                f'<span class="value {tone}" style="--size: {size}">{escaped(panel.numbers[i])}</span></span>'
            )
        rows.append(f'<li class="row"><span class="name" title="{escaped(word.text)}">{escaped(word.text)}</span>{cells}</li>')
    return "\n".join(rows)


def _classes(*names: str) -> str:
    return " ".join(name for name in names if name)


def escaped(text: str) -> str:
    """Escaped for HTML, in quotes too; NUL, which HTML cannot hold, becomes the sign for what cannot be shown."""
    return escape(text).replace("\0", "�")
