"""What a picture of a comparison shows, worked out once for the dashboard, the HTML file and the PNG.

Numbers arrive as people read them; lengths and colours follow from `values`, which lie in [-1, 1] on one scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from dixtill_core.export.numbers import (
    format_bytes,
    format_parameters,
    format_score,
    format_seconds,
    format_share,
    format_times,
    format_weight,
    score_decimals,
)

if TYPE_CHECKING:  # PyTorch comes with it; pages show before that is loaded.
    from dixtill_core.comparison import Answer, Comparison

StudentShows = Literal["scores", "weights"]
"""The student's signed scores, or its attention weights, which are shares without a sign."""
Tone = Literal["for", "against", "attention"]
NEGLIGIBLE = 0.04
"""Values below this share of the strongest word get no colour: the eye would read a pattern into them."""


class Share(NamedTuple):
    """One label's probability."""

    label: str
    share: float
    text: str
    is_predicted: bool


class Fact(NamedTuple):
    """A number below a panel and what it is."""

    number: str
    meaning: str
    is_warning: bool = False


@dataclass(frozen=True)
class Panel:
    """One model's side of a comparison."""

    role: str
    title: str
    subtitle: str
    method: str
    shares: tuple[Share, ...]
    values: tuple[float, ...]
    """One a word, divided by the strongest word's magnitude."""
    numbers: tuple[str, ...]
    """The score or weight of each word, for people."""
    has_sign: bool
    target: str
    facts: tuple[Fact, ...]

    def tone(self, i: int) -> Tone:
        """What the colour of word `i` says; the sign of a score, whatever its size."""
        if not self.has_sign:
            return "attention"
        return "against" if self.values[i] < 0 else "for"

    def is_faint(self, i: int) -> bool:
        return abs(self.values[i]) < NEGLIGIBLE

    def meaning(self, i: int) -> str:
        """The number of word `i` and how to read it, for a tooltip or a screen reader."""
        if not self.has_sign:
            return f"{self.numbers[i]} of the attention"
        return (
            f"{self.numbers[i]}, {'speaks against' if self.values[i] < 0 else 'speaks for'} {self.target}"
            if self.values[i]
            else "0, says nothing"
        )


class Figure(NamedTuple):
    """A number that sums the comparison up."""

    number: str
    meaning: str
    explanation: str


def comparison_panels(comparison: Comparison, student_shows: StudentShows = "scores") -> tuple[Panel, Panel]:
    """The teacher's panel and the student's."""
    return _teacher_panel(comparison.teacher), _student_panel(comparison.student, student_shows)


def comparison_figures(comparison: Comparison, k: int) -> tuple[Figure, ...]:
    """Agreement on the k strongest words, and what the student saves."""
    teacher, student = comparison.teacher, comparison.student
    figures = [
        Figure(
            f"{comparison.agreement[f'feature_agreement@{k}']:.2f}",
            f"feature agreement @{k}",
            f"Share of the teacher's {k} strongest words that are also among the student's. 1 is full agreement.",
        ),
        Figure(
            f"{comparison.agreement[f'sign_agreement@{k}']:.2f}",
            f"sign agreement @{k}",
            f"Share of the {k} strongest words that both name, with the same sign. 1 is full agreement.",
        ),
        Figure(
            format_times(teacher.seconds / student.seconds) if student.seconds > 0 else "–",
            "cheaper explanation",
            "The teacher's time to predict and explain this text, divided by the student's, on this machine.",
        ),
    ]
    if student.bytes_on_disk and teacher.bytes_on_disk:
        figures.append(
            Figure(
                format_times(teacher.bytes_on_disk / student.bytes_on_disk),
                "smaller on disk",
                "The teacher's bytes on disk, divided by the student's.",
            )
        )
    return tuple(figures)


def joined_words(comparison: Comparison) -> tuple[bool, ...]:
    """For each word, whether it follows the one before without a space, as punctuation does."""
    words = comparison.words
    return tuple(i > 0 and words[i - 1].end == word.start for i, word in enumerate(words))


def ends_of_scale(panels: tuple[Panel, Panel]) -> tuple[str, str]:
    """What the two ends of the colour scale mean."""
    targets = {panel.target for panel in panels if panel.has_sign}
    target = targets.pop() if len(targets) == 1 else "the explained class"
    return f"speaks against {target}", f"speaks for {target}"


def _teacher_panel(answer: Answer) -> Panel:
    attributions = answer.attributions
    facts = _facts(answer)
    if attributions.convergence_delta is not None:
        facts.append(
            Fact(
                f"{abs(attributions.convergence_delta):.3f}",
                "convergence gap" if attributions.converged else "convergence gap, too large",
                not attributions.converged,
            )
        )
    return _panel(answer, "Integrated Gradients", attributions.scaled(), _score_texts(attributions.scores), facts)


def _student_panel(answer: Answer, shows: StudentShows) -> Panel:
    attributions = answer.attributions
    facts = _facts(answer)
    if shows == "weights" and attributions.weights is not None:
        largest = attributions.weights.max(initial=0.0)
        values = attributions.weights / largest if largest > 0 else np.zeros_like(attributions.weights)
        return _panel(answer, "its share of attention", values, tuple(map(format_weight, attributions.weights)), facts, has_sign=False)
    return _panel(answer, "its own attention scores", attributions.scaled(), _score_texts(attributions.scores), facts)


def _facts(answer: Answer) -> list[Fact]:
    facts = [Fact(format_seconds(answer.seconds), "to predict and explain")]
    return [*facts, Fact(format_bytes(answer.bytes_on_disk), "")] if answer.bytes_on_disk else facts


def _score_texts(scores: np.ndarray) -> tuple[str, ...]:
    decimals = score_decimals(float(np.abs(scores).max(initial=0.0)))
    return tuple(format_score(score, decimals) for score in scores)


def _panel(answer: Answer, explainer: str, values: np.ndarray, numbers: tuple[str, ...], facts: list[Fact], has_sign: bool = True) -> Panel:
    return Panel(
        role=answer.role,
        title=answer.role.capitalize(),
        subtitle=f"{answer.model_name}, {format_parameters(answer.parameters)} · {explainer}",
        method=answer.attributions.method,
        shares=tuple(Share(label, share, format_share(share), label == answer.label) for label, share in answer.probabilities.items()),
        values=tuple(values.tolist()),
        numbers=numbers,
        has_sign=has_sign,
        target=answer.target_label,
        facts=tuple(facts),
    )
