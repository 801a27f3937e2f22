"""`dixtill doctor`: what works for a model as a teacher, as a table or as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dixtill_core.commands.options import JsonOption, TeacherOption
from dixtill_core.commands.output import follow, print_json
from dixtill_core.terminal import visible

if TYPE_CHECKING:
    from dixtill_core.doctor import Diagnosis


def doctor(teacher: TeacherOption = "bundled", as_json: JsonOption = False) -> None:
    """Can this model be a teacher? What works for it, and what to do where it does not; status 1 where something fails."""
    from dixtill_core.doctor import Diagnosis, diagnose

    found = follow(diagnose(teacher), Diagnosis)
    if as_json:
        print_json(found.to_dict())
    else:
        print_diagnosis(found)
    if not found.ok:
        raise typer.Exit(1)


def print_diagnosis(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """A table of all checks, and one sentence on what follows from them."""
    console = console or Console()
    table = Table("", "check", "what was found, and what to do")
    for check in diagnosis.checks:
        sign = Text("✓", style="green") if check.ok else Text("✗", style="bold red")
        table.add_row(sign, check.name, Text(visible(check.detail)))
    console.print(table)
    failed = [check.name for check in diagnosis.checks if not check.ok]
    verdict = "It can be a teacher." if diagnosis.ok else f"It cannot be a teacher as it is: {', '.join(failed)}."
    console.print(Text(f"{visible(diagnosis.reference)}: {verdict}", style="bold"))
