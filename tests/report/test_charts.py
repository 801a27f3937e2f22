"""Charts against numbers worked out by hand: what is drawn where."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

from dixtill_core.analysis.outcomes import OUTCOMES, ForeignReasons
from dixtill_core.report.charts import agreement_chart, calibration_chart, confusion_chart, foreign_sentence, outcomes_chart
from dixtill_core.report.drawing import Box, Dot, Label, Line, svg

LEVELS = pd.DataFrame(
    {"level": [0.0, 1.0], "texts": [10, 30], "teacher_right": [0.5, 1.0], "student_right": [0.25, 0.75], "student_low": [0.1, 0.6],
     "student_high": [0.5, 0.9]}
)  # fmt: skip
BINS = pd.DataFrame({"confidence": [0.5], "accuracy": [1.0], "accuracy_low": [0.5], "accuracy_high": [1.0], "texts": [4]})
NONE = pd.DataFrame({name: [] for name in BINS})
REASONS = ForeignReasons(0.6, 0.4, 30, 10, 0.7, 0.012)


def of_kind(drawing, kind):
    return [shape for shape in drawing.shapes if isinstance(shape, kind)]


def test_the_bars_of_outcomes_are_as_long_as_there_are_texts():
    table = pd.DataFrame({"texts": [40, 20, 10, 0, 0], "share": [4 / 7, 2 / 7, 1 / 7, 0.0, 0.0]}, index=list(OUTCOMES))
    drawing = outcomes_chart(table)
    bars = [box for box in of_kind(drawing, Box) if box.opacity == 1]
    assert [bar.width / bars[0].width for bar in bars] == pytest.approx([1, 0.5, 0.25, 0, 0])
    assert [bar.colour for bar in bars] == ["right", "teacher", "student", "against", "muted"]
    assert [label.text for label in of_kind(drawing, Label) if "·" in label.text] == [
        "40 · 57%",
        "20 · 29%",
        "10 · 14%",
        "0 · 0%",
        "0 · 0%",
    ]


def test_a_confusion_matrix_has_its_counts_in_place_shaded_by_row():
    matrix = pd.DataFrame([[8, 2], [0, 0]], index=["up", "down"], columns=["up", "down"])
    boxes = of_kind(confusion_chart(matrix, "student"), Box)
    assert [box.opacity for box in boxes] == pytest.approx([0.06 + 0.4, 0.06 + 0.1, 0.03, 0.03])
    assert boxes[0].x == boxes[2].x < boxes[1].x
    assert boxes[0].y == boxes[1].y < boxes[2].y
    assert boxes[1].says == "gold up, predicted down: 2 texts, 20% of those with this gold label"
    assert [box.colour for box in boxes] == ["for", "against", "against", "for"]


def test_points_stand_where_their_numbers_are():
    drawing = agreement_chart(LEVELS, REASONS)
    student = [dot for dot in of_kind(drawing, Dot) if dot.says.startswith("student")]
    teacher = [dot for dot in of_kind(drawing, Dot) if dot.says.startswith("teacher")]
    top, bottom = teacher[1].y, teacher[1].y + 2 * (teacher[0].y - teacher[1].y)
    assert [(bottom - dot.y) / (bottom - top) for dot in student] == pytest.approx([0.25, 0.75])
    assert student[0].x < student[1].x
    assert {dot.mark for dot in student} != {dot.mark for dot in teacher}
    whiskers = [line for line in of_kind(drawing, Line) if line.width == 1.2]
    assert [(bottom - line.points[0][1]) / (bottom - top) for line in whiskers] == pytest.approx([0.1, 0.6])
    assert {"10", "30"} <= {label.text for label in of_kind(drawing, Label)}


def test_agreement_is_said_in_words():
    said = "Mean agreement is 0.60 where the student is right and 0.40 where it is wrong (p = 0.012, Mann-Whitney)."
    assert foreign_sentence(REASONS) == said
    assert "nothing to compare" in foreign_sentence(ForeignReasons(0.6, math.nan, 30, 0, math.nan, math.nan))


def test_calibration_has_its_diagonal_and_its_errors():
    drawing = calibration_chart({"teacher": BINS, "student": BINS}, {"teacher": 0.5, "student": 0.25})
    (diagonal,) = [line for line in of_kind(drawing, Line) if line.is_dashed and line.colour == "muted"]
    (x0, y0), (x1, y1) = diagonal.points
    dot = next(dot for dot in of_kind(drawing, Dot) if dot.says)
    assert (dot.x, dot.y) == pytest.approx(((x0 + x1) / 2, y1))
    assert y1 < y0
    assert "0.500 of the teacher and 0.250 of the student" in drawing.explanation


@pytest.mark.parametrize("n", [0, 1, 2, 8, 30])
def test_any_number_of_labels_stays_inside(n):
    names = [f"label number {i}" for i in range(n)]
    drawing = confusion_chart(pd.DataFrame(1, index=names, columns=names), "teacher")
    assert all(box.x >= 0 and box.x + box.width <= drawing.width and box.y + box.height <= drawing.height for box in of_kind(drawing, Box))


def test_no_numbers_make_an_empty_chart_and_no_error():
    drawing = agreement_chart(LEVELS.iloc[:0], ForeignReasons(math.nan, math.nan, 0, 0, math.nan, math.nan))
    assert not [dot for dot in of_kind(drawing, Dot) if dot.says]
    calibration_chart({"teacher": NONE, "student": NONE}, {"teacher": math.nan, "student": math.nan})


def test_a_drawing_is_svg_that_parses_with_hostile_labels():
    names = ["<script>", '"&']
    root = ElementTree.fromstring(svg(confusion_chart(pd.DataFrame([[1, 2], [3, 4]], index=names, columns=names), "teacher")))
    assert {element.tag for element in root.iter()} == {"svg", "rect", "title", "text"}
    assert [element.text for element in root.iter("text")].count("<script>") == 2
    assert root.attrib["aria-label"].startswith("Confusion of the teacher. Rows are gold labels")
