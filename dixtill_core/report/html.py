"""A report as one HTML file: no script, no outside file, light and dark, every piece of text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dixtill_core.export.html import PAGE_STYLE, POLICY, STYLE, escaped, panel_html, scale_html
from dixtill_core.notes.note import Note
from dixtill_core.progress import Progress
from dixtill_core.report.contents import Report, ReportText, note_parts
from dixtill_core.report.drawing import Drawing, svg

REPORT_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
PARTS = (("overview", "Overview"), ("texts", "Texts"), ("settings", "Settings"))
"""Of the page, by the names that links have."""


def report_html(report: Report) -> Iterator[Progress | bytes]:
    """Yield progress, and last the file in UTF-8."""
    texts = []
    for done, text in enumerate(report.texts):
        if done % 50 == 0:
            yield Progress("writing the report", done, len(report.texts))
        texts.append(_text(text))
    figures = "".join(f"<li><b>{escaped(figure.number)}</b>{escaped(figure.meaning)}</li>" for figure in report.figures)
    settings = "".join(f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in report.settings)
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escaped(report.title)}</title>
<style>{STYLE}{PAGE_STYLE}{REPORT_STYLE}</style>
</head>
<body>
<main class="comparison report" id="top">
<h1>{escaped(report.title)}</h1>
<p class="about">{escaped(report.about)} Written on {report.made}.</p>
{_contents(report)}
<section id="overview"><h2>Overview</h2>
<ul class="figures">{figures}</ul>
<div class="charts">{"".join(map(_chart, report.charts))}</div></section>
<section id="texts"><h2>Texts</h2>
<p class="scale">{_scale(report)}</p>
{"".join(texts)}</section>
<section id="settings"><h2>Settings</h2><dl class="settings">{settings}</dl></section>
</main>
</body>
</html>
"""
    yield Progress("writing the report", len(report.texts), len(report.texts))
    yield page.encode("utf-8", errors="replace")


def _contents(report: Report) -> str:
    parts = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in PARTS)
    texts = "".join(
        f'<li><span class="row-number">{text.row:,}</span><a class="heading" href="#row-{text.row}">{escaped(text.heading)}</a></li>'
        for text in report.texts
    )
    counted = f"{len(report.texts):,} texts, {report.n_notes:,} with a note" if report.texts else "no texts"
    return (
        f'<nav class="contents"><section class="panel"><h2>Contents</h2><ol class="parts">{parts}</ol>'
        f'<p class="about">{counted}, by their row in the data</p><ol>{texts}</ol></section></nav>'
    )


def _scale(report: Report) -> str:
    """One for the whole page: in every panel the colours speak of the label that its model predicts."""
    panels = [panel for text in report.texts for panel in text.panels]
    return scale_html(panels) if panels else ""


def _chart(drawing: Drawing) -> str:
    caption = f"<figcaption>{escaped(drawing.explanation)}</figcaption>"
    return f'<figure class="chart"><h3>{escaped(drawing.title)}</h3>{svg(drawing)}{caption}</figure>'


def _text(text: ReportText) -> str:
    facts = " · ".join(f"{escaped(fact.meaning)} <b>{escaped(fact.number)}</b>" for fact in text.facts)
    tags = f'<p class="about">{_badges(text.tags)}</p>' if text.tags else ""
    panels = "".join(panel_html(panel, text.words, "h4", can_focus=False) for panel in text.panels)
    return (
        f'<article class="entry" id="row-{text.row}"><h3>{escaped(text.heading)}</h3>'
        f'<p class="about">row <b>{text.row:,}</b> · <b>{escaped(text.outcome)}</b> · {facts} · <a href="#top">contents</a></p>'
        f'{tags}<div class="panels">{panels}</div>{_note(text.note) if text.note else ""}</article>\n'
    )


def _note(note: Note) -> str:
    content = note.content
    tags = f'<p class="about">{_badges(content.tags)}</p>' if content.tags else ""
    comment = f'<p class="comment">{escaped(content.comment)}</p>' if content.comment else ""
    about = " · ".join(f"<b>{escaped(part)}</b>" if i == 0 else escaped(part) for i, part in enumerate(note_parts(note)))
    return f'<aside class="note"><p class="about">{about}</p>{tags}{comment}</aside>'


def _badges(names: Iterable[str]) -> str:
    return "".join(f'<span class="badge">{escaped(name)}</span>' for name in names)
