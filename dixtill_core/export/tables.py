"""A comparison as numbers: CSV for a spreadsheet, JSON with everything that made them."""

from __future__ import annotations

import csv
import io
import json
import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from dixtill_core.summary import plain_text, summarize

if TYPE_CHECKING:
    from dixtill_core.comparison import Answer, Comparison

FORMAT = 1
FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
"""How a cell starts that a spreadsheet runs, or ran before apostrophes were put before it."""
SIGNED_MEASURES = ("sign_agreement", "signed_rank_agreement", "spearman", "cosine")
"""Measures of agreement that mean nothing between scores whose signs do not compare."""
COLUMNS = (
    "position", "word", "start", "end", "teacher_score", "teacher_target", "student_score", "student_target", "student_attention",
    "teacher_method", "student_method",
)  # fmt: skip


def comparison_csv(comparison: Comparison) -> bytes:
    """One row a word: offsets into the text, both models' scores, the student's attention where that explains it, and in
    every row what made the scores; UTF-8 with a mark that Excel reads."""
    teacher, student = comparison.teacher, comparison.student
    weights = student.attributions.weights
    stream = io.StringIO(newline="")
    table = csv.writer(stream)
    table.writerow(COLUMNS)
    for i, word in enumerate(comparison.words):
        table.writerow(
            [
                i + 1, safe_cell(word.text), word.start, word.end,
                float(teacher.attributions.scores[i]), safe_cell(teacher.target_label),
                float(student.attributions.scores[i]), safe_cell(student.target_label),
                "" if weights is None else float(weights[i]),
                safe_cell(teacher.attributions.method), safe_cell(student.attributions.method),
            ]
        )  # fmt: skip
    return stream.getvalue().encode("utf-8-sig", errors="replace")


def safe_cell(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet would take for a formula; `typed_cell` takes it away again."""
    return "'" + text if FORMULA.match(text) else text


def typed_cell(cell: str) -> str:
    """The text that `safe_cell` made a cell of."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def comparison_json(comparison: Comparison) -> bytes:
    """The whole comparison: text, words with offsets, scores, settings, probabilities, agreement, times and sizes."""
    return json.dumps(comparison_record(comparison), indent=2, ensure_ascii=False, allow_nan=False).encode("utf-8", errors="replace")


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """What `comparison_json` writes, as plain data."""
    return {
        "format": FORMAT,
        "dixtill": version("dixtill"),
        "text": comparison.text,
        "typed_characters": comparison.typed_characters,
        "words": [word.text for word in comparison.words],
        "offsets": [[word.start, word.end] for word in comparison.words],
        "teacher": _teacher_record(comparison.teacher),
        "student": _student_record(comparison.student),
        "agreement": _defined_agreement(comparison),
        "summary": plain_text(summarize(comparison)),
        "notes": list(comparison.notes),
    }


def _defined_agreement(comparison: Comparison) -> dict[str, float | None]:
    """Agreement without the measures of signs where an explanation has none, or the two speak about different classes."""
    if comparison.signs_compare:
        return dict(comparison.agreement)
    return {name: None if name.startswith(SIGNED_MEASURES) else value for name, value in comparison.agreement.items()}


def _teacher_record(answer: Answer) -> dict[str, Any]:
    return _answer_record(answer) | {"attributions": answer.attributions.scores.tolist()}


def _student_record(answer: Answer) -> dict[str, Any]:
    attributions = answer.attributions
    weights = None if attributions.weights is None else attributions.weights.tolist()
    return _answer_record(answer) | {"scores": attributions.scores.tolist(), "weights": weights}


def _answer_record(answer: Answer) -> dict[str, Any]:
    attributions = answer.attributions
    return {
        "label": answer.label,
        "probabilities": answer.probabilities,
        "target": answer.target_label,
        "explainer": answer.explainer,
        "method": attributions.method,
        "is_signed": attributions.is_signed,
        "n_steps": attributions.n_steps,
        "convergence_delta": attributions.convergence_delta,
        "converged": attributions.converged,
        "seconds": answer.seconds,
        "model": answer.model_name,
        "parameters": answer.parameters,
        "bytes_on_disk": answer.bytes_on_disk,
    }
