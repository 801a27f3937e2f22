"""What every child process of the dashboard shares: how it is started, how it tells, and that it ends with the dashboard."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LESS_URGENT = 5
"""Pages go first where both want the same core (POSIX niceness)."""


def start_child(module: str, *arguments: str, is_heard: bool = False) -> subprocess.Popen[bytes]:
    """Run a module of this project in a process of its own, with a pipe to its standard input.

    Args:
        is_heard: its standard output comes through a pipe too; else it is the dashboard's.
    """
    home = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")]))
    # A session of its own, so that Ctrl-C in the terminal of the dashboard ends the dashboard and the pipe the child.
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE if is_heard else None,
        env=os.environ | {"PYTHONPATH": paths}, start_new_session=True,
    )  # fmt: skip


def live_as_child(on_line: Callable[[], None] | None = None) -> None:
    """In the child: give way to the pages, and end when the dashboard does, however that ends.

    Args:
        on_line: called where the dashboard says something.
    """
    threading.Thread(target=_listen, args=(on_line,), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(LESS_URGENT)


def open_report() -> Callable[..., None]:
    """In the child: a function that says its arguments on standard output as a line of JSON, and what libraries print on stderr."""
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def tell(**values: object) -> None:
        print(json.dumps(values), file=told, flush=True)

    return tell


def _listen(on_line: Callable[[], None] | None) -> None:
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 16):
            if on_line is not None:
                on_line()
    os._exit(1)  # What is on disk is whole at any time.
