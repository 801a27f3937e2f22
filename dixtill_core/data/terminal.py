"""A profile of data for the command line."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from dixtill_core.data.findings import called
from dixtill_core.data.profile import DataProfile, TextsProfile

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def print_profile(found: DataProfile, console: Console | None = None) -> None:
    """Labels and lengths of training and test data side by side, and every finding."""
    console = console or Console()
    parts = [part for part in (found.train, found.test) if part is not None]
    table = Table("", *(escape(called(part.source)) for part in parts))
    table.add_row("texts", *(f"{part.n_texts:,}" for part in parts))
    for name in dict.fromkeys(name for part in parts for name in part.label_names):
        table.add_row(Text(f"  {name}"), *(_share(part, name) for part in parts))
    table.add_row("words, median", *(f"{part.median_words:.0f}" for part in parts))
    table.add_row("  95 in 100 texts have at most", *(f"{part.percentile_95_words:.0f}" for part in parts))
    table.add_row("  longest", *(f"{part.longest_words:,}" for part in parts))
    table.add_row("repeats, exact", *(f"{part.exact_repeats:,}" for part in parts))
    table.add_row("  but for links, names, numbers", *(f"{part.near_repeats:,}" for part in parts))
    table.add_row("words without a vector", *(f"{part.without_vector:.1%}" for part in parts))
    console.print(table)
    if not found.findings:
        console.print("Nothing is wrong with these data.")
    for finding in found.findings:
        console.print(Text.assemble((f"{finding.severity}: ", _STYLES[finding.severity]), finding.worded()))


def _share(part: TextsProfile, name: str) -> str:
    return next((f"{label.texts:,} ({label.share:.1%})" for label in part.classes if label.name == name), "-")
