"""A table of numbers with intervals, and its three formats."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """A number, or the mean over seeds with its interval."""

    value: float
    low: float = math.nan
    high: float = math.nan
    digits: int = 3

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)

    def __str__(self) -> str:
        if math.isnan(self.value):
            return ""
        text = f"{self.value:,.{self.digits}f}"
        return text if not self.has_interval else f"{text} ± {(self.high - self.low) / 2:.{self.digits}f}"


Value = str | Cell


@dataclass(frozen=True)
class Table:
    name: str
    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def markdown(self) -> str:
        lines = [f"| {' | '.join(self.header)} |", "|" + "---|" * len(self.header)]
        return "\n".join(lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in self.rows])

    def csv(self) -> str:
        """Numbers in full; a column with intervals brings two more, `low` and `high`."""
        stream = io.StringIO(newline="")
        writer = csv.writer(stream)
        has_interval = [any(isinstance(row[i], Cell) and not math.isnan(row[i].low) for row in self.rows) for i in range(len(self.header))]  # type: ignore[union-attr]
        named = zip(self.header, has_interval, strict=True)
        writer.writerow(
            [name for title, interval in named for name in ((title, f"{title} low", f"{title} high") if interval else (title,))]
        )
        for row in self.rows:
            writer.writerow([value for cell, interval in zip(row, has_interval, strict=True) for value in _csv_values(cell, interval)])
        return stream.getvalue()

    def latex(self) -> str:
        rows = [" & ".join(_latex(str(cell)) for cell in row) + r" \\" for row in self.rows]
        lines = [
            r"\begin{table}", r"\centering", rf"\caption{{{_latex(self.title)}. {_latex(self.note)}}}", rf"\label{{tab:{self.name}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(self.header) - 1)}}}", r"\hline", " & ".join(map(_latex, self.header)) + r" \\", r"\hline",
            *rows, r"\hline", r"\end{tabular}", r"\end{table}",
        ]  # fmt: skip
        return "\n".join(lines) + "\n"


def _csv_values(cell: Value, has_interval: bool) -> list[str | float]:
    if isinstance(cell, str):
        return [cell, "", ""] if has_interval else [cell]
    numbers = [cell.value, cell.low, cell.high] if has_interval else [cell.value]
    return ["" if math.isnan(number) else number for number in numbers]


def _latex(text: str) -> str:
    for sign, escaped in (
        ("\\", r"\textbackslash{}"),
        ("&", r"\&"),
        ("%", r"\%"),
        ("_", r"\_"),
        ("#", r"\#"),
        ("±", r"$\pm$"),
        ("²", "$^2$"),
    ):
        text = text.replace(sign, escaped)
    return text
