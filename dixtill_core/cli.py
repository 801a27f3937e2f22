"""The command line: puts the commands together, which are in `commands`, a file for each."""

from __future__ import annotations

import logging
import sys

import typer

import dixtill_core
from dixtill_core.commands.behaviour import behaviour
from dixtill_core.commands.benchmark import benchmark
from dixtill_core.commands.distill import distill
from dixtill_core.commands.doctor import doctor
from dixtill_core.commands.errors import errors
from dixtill_core.commands.evaluate import evaluate
from dixtill_core.commands.explain import explain
from dixtill_core.commands.faithfulness import faithfulness
from dixtill_core.commands.notes import app as notes
from dixtill_core.commands.output import say
from dixtill_core.commands.profile import profile
from dixtill_core.commands.report import report
from dixtill_core.commands.reproduce import reproduce
from dixtill_core.commands.resume import resume
from dixtill_core.commands.runs import runs
from dixtill_core.commands.sweep import sweep
from dixtill_core.commands.targets import targets
from dixtill_core.commands.teach import teach
from dixtill_core.errors import DixtillError, StoppedError

COMMANDS = (
    behaviour, explain, evaluate, faithfulness, errors, report, benchmark, profile, teach, targets, distill, resume, runs, sweep, doctor,
    reproduce,
)  # fmt: skip
"""In the order of `dixtill --help`."""

STOPPED = 130
"""Status of a command that Ctrl-C ended, as shells have it."""

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=dixtill_core.__doc__)
for command in COMMANDS:
    app.command()(command)
app.add_typer(notes, name="notes")


def main() -> None:
    """Run a command; a DixtillError becomes its message and status 1, a stop its message and status 130."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    try:
        app()
    except StoppedError as stopped:
        say(str(stopped))
        sys.exit(STOPPED)
    except DixtillError as error:
        say(f"Error: {error}")
        sys.exit(1)
