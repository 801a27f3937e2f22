"""A comparison in plain language: do both models agree, on which words do they differ, which of the two is more sure.

Covers one text. The result is a sequence of spans, so that HTML, the dashboard and a terminal can each mark the strong
ones in their own way, and escape them: words of the text are among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dixtill_core.export.numbers import format_share
from dixtill_core.metrics.agreement import top_words

if TYPE_CHECKING:
    from dixtill_core.comparison import Answer, Comparison

EQUALLY_SURE = 0.01
"""Probabilities closer than this are called equally sure."""
LONGEST_NAME = 24


class Span(NamedTuple):
    """A piece of a sentence, to be shown as it is: nothing in it is markup."""

    text: str
    is_strong: bool = False


def summarize(comparison: Comparison, k: int = 3) -> tuple[Span, ...]:
    """The line above a comparison, about the k strongest words of each model."""
    return (*_verdict(comparison.teacher, comparison.student), Span(" "), *_words(comparison, k))


def plain_text(spans: Sequence[Span]) -> str:
    return "".join(span.text for span in spans)


def _verdict(teacher: Answer, student: Answer) -> list[Span]:
    """What each predicts, and who is more sure."""
    teacher_share, student_share = teacher.probabilities[teacher.label], student.probabilities[student.label]
    shares = f"{format_share(teacher_share)} against {format_share(student_share)}"
    if abs(teacher_share - student_share) < EQUALLY_SURE:
        both = " and ".join(dict.fromkeys((format_share(teacher_share), format_share(student_share))))
        sure = f"both are equally sure ({both})."
    elif teacher_share > student_share:
        sure = f"the teacher is more sure ({shares})."
    else:
        sure = f"the student is more sure ({format_share(student_share)} against {format_share(teacher_share)})."
    if teacher.label.lower() == student.label.lower():
        return [Span("Both say "), Span(teacher.label, True), Span("; " + sure)]
    return [
        Span("They disagree: the teacher says "),
        Span(teacher.label, True),
        Span(", the student "),
        Span(student.label, True),
        Span("; " + sure),
    ]


def _words(comparison: Comparison, k: int) -> list[Span]:
    """Which of their strongest words they share, and where they part."""
    teacher, student = comparison.teacher.attributions.scores, comparison.student.attributions.scores
    if len(teacher) == 1:
        return [Span("There is only one word, so there is no ranking to compare.")]
    for answer in (comparison.teacher, comparison.student):
        if not np.any(answer.attributions.scores):
            return [Span(f"The {answer.role} gives no word any weight.")]
    k = min(k, len(teacher))
    first, second = top_words(teacher, k), top_words(student, k)
    shared = [i for i in first if i in second]
    only_teacher, only_student = [i for i in first if i not in second], [i for i in second if i not in first]
    opposed = [i for i in shared if comparison.signs_compare and np.sign(teacher[i]) != np.sign(student[i])]

    spans = _shared(comparison, shared, k)
    if only_teacher:
        spans += [Span("; the student leans on "), *_names(comparison, only_student), Span(" where the teacher ")]
        against = all(teacher[i] < 0 for i in only_teacher)
        spans += [Span("reads " if against else "leans on "), *_names(comparison, only_teacher)]
        spans += [Span(" as speaking against "), Span(comparison.teacher.target_label, True)] if against else []
    if opposed:
        spans += [Span(", and they read "), *_names(comparison, opposed), Span(" in opposite directions")]
    return [*spans, Span(".")]


def _shared(comparison: Comparison, shared: Sequence[int], k: int) -> list[Span]:
    if k == 1:
        return (
            [Span("Their strongest word is the same, "), *_names(comparison, shared)] if shared else [Span("Their strongest words differ")]
        )
    if not shared:
        return [Span(f"They share none of their {k} strongest words")]
    count = f"all {k}" if len(shared) == k else f"{len(shared)} of their {k}"
    strongest = " of their strongest words, " if len(shared) == k else " strongest words, "
    return [Span("They share "), Span(count, True), Span(strongest), *_names(comparison, shared)]


def _names(comparison: Comparison, positions: Sequence[int]) -> list[Span]:
    """The words, joined as in a sentence; one that occurs more than once says which."""
    texts = [word.text for word in comparison.words]
    spans: list[Span] = []
    for order, i in enumerate(positions):
        if order:
            spans.append(Span(" and " if order == len(positions) - 1 else ", "))
        name = texts[i] if len(texts[i]) <= LONGEST_NAME else texts[i][: LONGEST_NAME - 1] + "…"
        spans.append(Span(name, True))
        if texts.count(texts[i]) > 1:
            spans.append(Span(f" (word {i + 1})"))
    return spans
