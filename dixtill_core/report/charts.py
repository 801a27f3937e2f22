"""The charts of a report, drawn from the tables that `analysis.outcomes` makes: plain numbers in, a `Drawing` out."""

from __future__ import annotations

import math

import pandas as pd

from dixtill_core.analysis.corpus import ROLES, Role
from dixtill_core.analysis.outcomes import OUTCOMES, ForeignReasons
from dixtill_core.export.numbers import format_share
from dixtill_core.report.drawing import Box, Colour, Dot, Drawing, Label, Line, Mark, Shape

WIDTH = 360.0
_COLOURS: dict[Role, Colour] = {"teacher": "teacher", "student": "student"}
_OUTCOME_COLOURS: dict[str, Colour] = dict(zip(OUTCOMES, ("right", "teacher", "student", "against", "muted"), strict=True))
"""As on the page Errors."""
_MARKS: dict[Role, Mark] = {"teacher": "diamond", "student": "circle"}
_LEFT, _RIGHT, _TOP, _PLOT_HEIGHT = 44.0, 14.0, 26.0, 150.0
"""Around the plot of a chart with two axes."""
_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def outcomes_chart(table: pd.DataFrame) -> Drawing:
    """How many texts are in each group; `table` as `outcome_table` makes it."""
    left, step, number = 146.0, 30.0, 84.0
    reach = WIDTH - left - number
    counts, shares = table["texts"].to_dict(), table["share"].to_dict()
    largest = max(1, *counts.values())
    shapes: list[Shape] = []
    for i, (name, outcome) in enumerate(OUTCOMES.items()):
        y, texts = 8 + i * step, int(counts[name])
        says = f"{outcome.title}: {texts:,} texts. {outcome.description}"
        colour = _OUTCOME_COLOURS[name]
        shapes += [
            Label(left - 10, y + 15, outcome.title, anchor="end"),
            Box(left, y + 4, reach, 15, "line", 0.35, says),
            Box(left, y + 4, reach * texts / largest, 15, colour, 1, says),
            Label(WIDTH, y + 15, f"{texts:,} · {format_share(shares[name])}", anchor="end"),
        ]
    explanation = "Each text in one of five groups, by whether teacher and student predict its gold label."
    return Drawing("Who is right", explanation, WIDTH, 8 + step * len(OUTCOMES), tuple(shapes))


def confusion_chart(matrix: pd.DataFrame, role: Role) -> Drawing:
    """Gold labels in rows, predicted ones in columns; `matrix` as `confusion_matrix` makes it."""
    names = [str(name) for name in matrix.index]
    n = max(1, len(names))
    size = 11.0 if n <= 6 else 8.0
    left, top = min(110.0, 22 + 6.2 * max(map(len, names), default=0)), 40.0
    cell = (WIDTH - left) / n
    height = min(cell, 48.0)
    room = max(2, int(cell / (size * 0.58)))
    counts = matrix.to_numpy()
    shapes: list[Shape] = [Label(left + (WIDTH - left) / 2, 12, f"the {role} says", 10, "muted", anchor="middle")]
    for i, gold in enumerate(names):
        total = int(counts[i].sum())
        shapes += [
            Label(left + (i + 0.5) * cell, 31, _shortened(gold, room), size, anchor="middle"),
            Label(left - 8, top + (i + 0.5) * height + 4, _shortened(gold, 14), size, anchor="end"),
        ]
        for j, predicted in enumerate(names):
            count = int(counts[i, j])
            share = count / total if total else 0.0
            colour: Colour = "for" if i == j else "against"
            says = f"gold {gold}, predicted {predicted}: {count:,} texts, {share:.0%} of those with this gold label"
            x, y = left + j * cell, top + i * height
            shapes.append(Box(x + 1, y + 1, cell - 2, height - 2, colour, 0.06 + 0.5 * share if count else 0.03, says))
            if n <= 14:
                shapes.append(Label(x + cell / 2, y + height / 2 + 4, f"{count:,}", size, "ink", i == j, "middle"))
    explanation = "Rows are gold labels, columns what it predicts. The shade is the share of the row; the diagonal is right."
    return Drawing(f"Confusion of the {role}", explanation, WIDTH, top + n * height + 4, tuple(shapes))


def agreement_chart(levels: pd.DataFrame, reasons: ForeignReasons) -> Drawing:
    """Are answers with other reasons more often wrong? `levels` as `agreement_levels` makes it."""
    shapes = _axes("agreement @3 with the teacher's reasons", "right", 42)
    shapes += _models_line(levels, "level", "teacher", "teacher_right")
    for level, texts, low, high in zip(levels["level"], levels["texts"], levels["student_low"], levels["student_high"], strict=True):
        shapes.append(Line(((_x(level), _y(low)), (_x(level), _y(high))), "student", 1.2))
        shapes.append(Label(_x(level), _TOP + _PLOT_HEIGHT + 27, f"{texts:,}", 9, "muted", anchor="middle"))
    shapes += _models_line(levels, "level", "student", "student_right")
    shapes.append(Label(0, _TOP + _PLOT_HEIGHT + 27, "texts", 9, "muted"))
    explanation = (
        f"How often each model is right at each level of agreement; bars are 95 % intervals of the student. {foreign_sentence(reasons)}"
    )
    return Drawing("Agreement against correctness", explanation, WIDTH, _TOP + _PLOT_HEIGHT + 46, tuple(shapes))


def foreign_sentence(reasons: ForeignReasons) -> str:
    """What the chart of agreement says in words."""
    if math.isnan(reasons.probability):
        return "All answers of the student are right or all are wrong, so there is nothing to compare."
    means = f"Mean agreement is {reasons.right:.2f} where the student is right and {reasons.wrong:.2f} where it is wrong"
    return f"{means} (p = {reasons.p_value:.2g}, Mann-Whitney)."


def calibration_chart(bins: dict[Role, pd.DataFrame], errors: dict[Role, float]) -> Drawing:
    """Is each model right as often as it is sure? `bins` as `calibration` makes them, `errors` as `calibration_error`."""
    shapes = _axes("confidence", "right")
    shapes.append(Line(((_x(0), _y(0)), (_x(1), _y(1))), "muted", 1, True))
    for role in ROLES:
        found = bins[role]
        for confidence, low, high in zip(found["confidence"], found["accuracy_low"], found["accuracy_high"], strict=True):
            shapes.append(Line(((_x(confidence), _y(low)), (_x(confidence), _y(high))), _COLOURS[role], 0.8))
        shapes += _models_line(bins[role], "confidence", role, "accuracy")
    said = " and ".join(f"{errors[role]:.3f} of the {role}" for role in ROLES if not math.isnan(errors[role]))
    explanation = (
        f"On the dashed line a model is right as often as it is sure. Expected calibration error: {said}. Bars are 95 % intervals."
    )
    return Drawing("Calibration", explanation, WIDTH, _TOP + _PLOT_HEIGHT + 34, tuple(shapes))


def _axes(x_title: str, y_title: str, below: float = 30.0) -> list[Shape]:
    """Both axes from 0 to 1, the title of x so far `below` its line, and which mark is which model's."""
    bottom = _TOP + _PLOT_HEIGHT
    shapes: list[Shape] = [
        Label(_LEFT - 6, 12, y_title, 10, "muted", anchor="end"),
        Label(WIDTH - _RIGHT, bottom + below, x_title, 10, "muted", anchor="end"),
    ]
    for tick in _TICKS:
        shapes += [
            Line(((_LEFT, _y(tick)), (WIDTH - _RIGHT, _y(tick))), "line", 0.6),
            Label(_LEFT - 6, _y(tick) + 4, f"{tick:.0%}", 10, "muted", anchor="end"),
            Label(_x(tick), bottom + 15, f"{tick:g}", 10, "muted", anchor="middle"),
        ]
    x = _LEFT + 8
    for role in ROLES:
        shapes += [Dot(x, 8, 4, _COLOURS[role], _MARKS[role]), Label(x + 9, 12, role, 11)]
        x += 78
    return shapes


def _models_line(table: pd.DataFrame, x: str, role: Role, y: str) -> list[Shape]:
    points = tuple((_x(a), _y(b)) for a, b in zip(table[x], table[y], strict=True))
    line: list[Shape] = [Line(points, _COLOURS[role], 1.6, role == "teacher")] if len(points) > 1 else []
    numbers = zip(points, table[x], table[y], table["texts"], strict=True)
    return line + [
        Dot(*point, 4, _COLOURS[role], _MARKS[role], f"{role}, {x} {a:.2f}: right in {b:.0%} of {texts:,} texts")
        for point, a, b, texts in numbers
    ]


def _x(value: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * float(value)


def _y(value: float) -> float:
    return _TOP + _PLOT_HEIGHT * (1 - float(value))


def _shortened(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: max(1, characters - 1)] + "…"
