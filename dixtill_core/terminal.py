"""What every command draws with rich: a long computation, tables, text from users."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table
from rich.text import Text

from dixtill_core.errors import StoppedError
from dixtill_core.progress import Progress

LINE_SECONDS = 30.0
"""Between two lines about one stage in a log."""
_WIDEST, _INDENT = 2000, " " * 4

_SHOWN_METRICS = ("loss", "accuracy", "macro_f1", "macro_auc", "fidelity", "feature_agreement@3", "sign_agreement@3")


class ProgressLines:
    """Progress where no bar can be drawn, in a log or a pipe: a line when a stage begins, and one every so often."""

    def __init__(self, console: Console) -> None:
        self.console, self.stage, self.said = console, "", -math.inf

    def see(self, item: Progress) -> None:
        now = time.monotonic()
        if self.console.is_terminal or (item.stage == self.stage and now - self.said < LINE_SECONDS):
            return
        self.stage, self.said = item.stage, now
        counted = f": {item.done:,} of {item.total:,}" if item.total > 1 else ""
        self.console.print(f"{item.stage}{counted}{f' · {item.detail}' if item.detail else ''}", highlight=False, markup=False)


def show_progress(steps: Iterator[Any], result_type: type | None = None) -> Any:
    """Draw a bar for each stage on stderr, or lines where it is no terminal, and a line for each epoch.

    Returns:
        The last item of `result_type`, if any.

    Raises:
        StoppedError: by Ctrl-C.
    """
    result = None
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with ProgressBar(*columns, console=console, transient=True, refresh_per_second=4) as bar:
        tasks: dict[tuple[str, int], Any] = {}
        lines = ProgressLines(console)
        try:
            for item in steps:
                if not isinstance(item, Progress):
                    result = item if result_type is not None and isinstance(item, result_type) else result
                    continue
                if item.note:
                    console.print(item.note, highlight=False)
                if item.metrics:
                    shown = "  ".join(f"{name} {item.metrics[name]:.3f}" for name in _SHOWN_METRICS if name in item.metrics)
                    console.print(f"{item.stage} · epoch {item.epoch}: {shown}", highlight=False)
                    continue
                lines.see(item)
                where = (item.stage, item.epoch)
                if where not in tasks:
                    for earlier in tasks.values():
                        bar.update(earlier, visible=False)
                    tasks[where] = bar.add_task(item.stage + (f" · epoch {item.epoch}" if item.epoch else ""), total=item.total)
                losses = "  ".join(f"{name} {value:.3f}" for name, value in item.losses.items())
                description = item.stage + (f" · epoch {item.epoch}" if item.epoch else "") + (f"  {losses}" if losses else "")
                description += f" · {item.detail}" if item.detail else ""
                bar.update(tasks[where], completed=item.done, total=item.total, description=description)
        except KeyboardInterrupt as error:
            raise StoppedError("Stopped. What was finished is kept; the same command goes on from there.") from error
        finally:
            if hasattr(steps, "close"):
                steps.close()
    return result


def print_table(table: Table, console: Console) -> None:
    """A table of which nothing is cut: in a window words that are too long go on below, in a file or a pipe it is as wide as it is."""
    for column in table.columns:
        column.overflow = "fold"
    with _wide_enough(console, _width(table, console)):
        console.print(table)


def print_rows(names: Sequence[str], rows: Sequence[Sequence[str]], console: Console, strong: Collection[int] = ()) -> None:
    """Rows as a table, or where that does not fit into the window each as its first cell, whole, and its other cells below it.

    Args:
        names: of the columns.
        strong: positions of the rows that stand out.
    """
    table = Table(*names)
    for position, row in enumerate(rows):
        table.add_row(*(Text(cell) for cell in row), style="bold" if position in strong else "")
    if not console.is_terminal or _width(table, console) <= console.width:
        print_table(table, console)
        return
    for position, (first, *others) in enumerate(rows):
        console.print(Text(first, style="bold" if position in strong else ""), soft_wrap=True)
        line = ""
        for said in (f"{name} {cell}" for name, cell in zip(names[1:], others, strict=True) if cell not in ("", "-")):
            longer = f"{line} · {said}" if line else f"{_INDENT}{said}"
            if line and cell_len(longer) > console.width:
                console.print(Text(line), soft_wrap=True)
                longer = f"{_INDENT}{said}"
            line = longer
        console.print(Text(line), soft_wrap=True)


def _width(table: Table, console: Console) -> int:
    """Columns of a terminal that a table takes with each cell on one line."""
    return Measurement.get(console, console.options.update(max_width=_WIDEST), table).maximum


@contextmanager
def _wide_enough(console: Console, needed: int) -> Iterator[None]:
    """Outside of a terminal, where rich takes 80 columns for the width of a file, nothing has to be broken."""
    before = console.width
    if not console.is_terminal:
        console.width = max(before, needed)
    try:
        yield
    finally:
        console.width = before


def visible(text: str) -> str:
    """Without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() or character == "\u200d" else "�" for character in text)
