"""One sentence under the students of two runs, and under their teacher where both have the same, as plain data for the component.

No Streamlit here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboard.heatmap import LONG_TEXT, panel_data
from dixtill_core.export.numbers import format_share
from dixtill_core.export.panels import Fact, StudentShows, answer_panel, ends_of_scale, unsigned_scale
from dixtill_core.metrics.agreement import top_words

if TYPE_CHECKING:
    from dixtill_core.comparison import Answer
    from dixtill_core.data.words import Word

TOP_WORDS = 3
Span = tuple[str, bool]
"""A piece of a sentence, and whether it is strong."""


class StudentSide(NamedTuple):
    """One run's student and what it says."""

    letter: str
    """A or B."""
    name: str
    """Of the run."""
    answer: Answer


def students_data(students: Sequence[StudentSide], teacher: Answer | None, notes: Sequence[str], shows: StudentShows) -> dict[str, Any]:
    """Everything that the component shows, as JSON. All answers are about the same words."""
    panels = [] if teacher is None else [answer_panel(teacher)]
    for side in students:
        panel = answer_panel(side.answer, shows)
        facts = panel.facts if teacher is None else (_shared_fact(teacher, side.answer), *panel.facts)
        panels.append(replace(panel, title=f"{side.letter} · {side.name}", facts=facts))
    against, speaks_for = ends_of_scale(panels) or (None, None)
    unsigned = unsigned_scale(panels)
    words = students[0].answer.attributions.words
    order = " and ".join(side.letter for side in students)
    return {
        "summary": summarize_students(students, teacher),
        "notes": [*notes, *_targets(students, teacher)],
        "words": _words(words),
        "panels": [panel_data(panel) for panel in panels],
        "order": f"{'' if teacher is None else 'teacher, '}{order} from left to right, each scaled to its strongest word",
        "scale": {"against": against, "for": speaks_for, "unsigned": unsigned},
        "is_long": len(words) > LONG_TEXT,
    }


def summarize_students(students: Sequence[StudentSide], teacher: Answer | None) -> list[Span]:
    """In two sentences: what each says, and how far its strongest words are the teacher's, or the other's."""
    first, second = students
    answers = [("A", first.answer), ("B", second.answer)]
    if teacher is not None:
        answers.insert(0, ("The teacher", teacher))
    if len({answer.label for _, answer in answers}) == 1:
        shares = ", ".join(f"{who.removeprefix('The ')} {_share(answer)}" for who, answer in answers)
        spans: list[Span] = [
            ("All say " if teacher is not None else "Both say ", False),
            (first.answer.label, True),
            (f" ({shares}). ", False),
        ]
    else:
        spans = []
        for i, (who, answer) in enumerate(answers):
            spans += [(f"{', ' if i else ''}{who} says ", False), (answer.label, True), (f" ({_share(answer)})", False)]
        spans.append((". ", False))
    k = min(TOP_WORDS, len(first.answer.attributions.words))
    if teacher is None:
        shared = _shared(first.answer, second.answer, k)
        return [*spans, ("They share ", False), (f"{shared} of their {k}", True), (" strongest words.", False)]
    counts = [_shared(teacher, side.answer, k) for side in students]
    return [
        *spans,
        (f"Of the teacher's {k} strongest words, ", False),
        (f"A has {counts[0]}", True),
        (" among its own and ", False),
        (f"B has {counts[1]}", True),
        (".", False),
    ]


def _targets(students: Sequence[StudentSide], teacher: Answer | None) -> list[str]:
    """What each one's words speak about, where that is not the same label."""
    answers = {} if teacher is None else {"the teacher": teacher}
    answers |= {side.letter: side.answer for side in students}
    if len({answer.target_label for answer in answers.values()}) == 1:
        return []
    said = [f"{who}'s about “{answer.target_label}”" for who, answer in answers.items()]
    return [f"Each one's words speak about its own prediction: {', '.join(said)}."]


def _share(answer: Answer) -> str:
    return format_share(answer.probabilities[answer.label])


def _shared(one: Answer, other: Answer, k: int) -> int:
    return len(set(top_words(one.attributions.scores, k)) & set(top_words(other.attributions.scores, k)))


def _shared_fact(teacher: Answer, student: Answer) -> Fact:
    k = min(TOP_WORDS, len(student.attributions.words))
    return Fact(f"{_shared(teacher, student, k)} of {k}", "of the teacher's strongest words")


def _words(words: Sequence[Word]) -> list[dict[str, Any]]:
    """The words, each with whether it follows the one before without a space."""
    joined = [i > 0 and words[i - 1].end == word.start for i, word in enumerate(words)]
    return [{"text": word.text, "is_joined": is_joined} for word, is_joined in zip(words, joined, strict=True)]
