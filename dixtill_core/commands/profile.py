"""`dixtill profile`: what is in data and what is wrong with them, before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from dixtill_core.commands.options import DataOption, JsonOption, LabelColumnOption, LabelsOption, TextColumnOption, split_names
from dixtill_core.commands.output import follow, print_json
from dixtill_core.terminal import print_table

if TYPE_CHECKING:
    from dixtill_core.data.profile import DataProfile, TextsProfile

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def profile(
    data: DataOption,
    test: Annotated[str | None, typer.Option("--test", help="Data to be tested on: texts that are in both are found.")] = None,
    labels: LabelsOption = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """What is in the data, before anything is trained on them: labels, lengths, repeats, leaks, language, and what to do.

    Status 1 where training would refuse them.
    """
    from dixtill_core.data.datasets import load_complete_rows
    from dixtill_core.data.profile import DataProfile, profile_steps

    columns: dict[str, Any] = {"text_column": text_column, "label_column": label_column, "label_names": split_names(labels)}
    dataset = load_complete_rows(data, **columns)
    test_dataset = None if test is None else load_complete_rows(test, **columns, split="test")
    found = follow(profile_steps(dataset, test_dataset), DataProfile)
    if as_json:
        print_json(found.to_dict())
    else:
        print_profile(found)
    if any(finding.severity == "error" for finding in found.findings):
        raise typer.Exit(1)


def print_profile(found: DataProfile, console: Console | None = None) -> None:
    """Labels and lengths of training and test data side by side, and every finding."""
    from dixtill_core.data.findings import called

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
    print_table(table, console)
    if not found.findings:
        console.print("Nothing is wrong with these data.")
    for finding in found.findings:
        console.print(Text.assemble((f"{finding.severity}: ", _STYLES[finding.severity]), finding.worded()))


def _share(part: TextsProfile, name: str) -> str:
    return next((f"{label.texts:,} ({label.share:.1%})" for label in part.classes if label.name == name), "-")
