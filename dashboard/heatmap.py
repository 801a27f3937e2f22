"""A comparison as plain data for the component in `components/comparison.js`, which draws it. No Streamlit here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dixtill_core.export.panels import Panel, StudentShows, comparison_panels, ends_of_scale, joined_words, unsigned_scale
from dixtill_core.summary import summarize

if TYPE_CHECKING:
    from dixtill_core.comparison import Comparison

LONG_TEXT = 60
"""With more words than this, the rows scroll in a box of their own."""


def heatmap_data(comparison: Comparison, k: int, student_shows: StudentShows) -> dict[str, Any]:
    """Everything that the component shows, as JSON: summary, words, both panels, scale."""
    panels = comparison_panels(comparison, student_shows)
    against, speaks_for = ends_of_scale(panels) or (None, None)
    joined = joined_words(comparison.words)
    return {
        "summary": [[span.text, span.is_strong] for span in summarize(comparison, k)],
        "notes": list(comparison.notes),
        "words": [{"text": word.text, "is_joined": is_joined} for word, is_joined in zip(comparison.words, joined, strict=True)],
        "panels": [panel_data(panel) for panel in panels],
        "order": "teacher left, student right, each scaled to its strongest word",
        "scale": {"against": against, "for": speaks_for, "unsigned": unsigned_scale(panels)},
        "is_long": len(comparison.words) > LONG_TEXT,
    }


def panel_data(panel: Panel) -> dict[str, Any]:
    """One model's side."""
    words = [
        {
            "size": round(abs(value), 4),
            "number": panel.numbers[i],
            "meaning": panel.meaning(i),
            "tone": panel.tone(i),
            "is_faint": panel.is_faint(i),
        }
        for i, value in enumerate(panel.values)
    ]
    return {
        "role": panel.role,
        "title": panel.title,
        "subtitle": panel.subtitle,
        "method": panel.method,
        "shares": [share._asdict() for share in panel.shares],
        "facts": [fact._asdict() for fact in panel.facts],
        "words": words,
    }
