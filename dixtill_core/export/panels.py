"""What a picture of a comparison shows, worked out once for the dashboard, the HTML file and the PNG.

Numbers arrive as people read them; lengths and colours follow from `values`, which lie in [-1, 1] on one scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from dixtill_core.explain.explainers import EXPLAINERS
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
    from dixtill_core.data.words import Word
    from dixtill_core.explain.attributions import WordAttributions

StudentShows = Literal["scores", "weights"]
"""The student's signed scores, or its attention weights, which are shares without a sign."""
Tone = Literal["for", "against", "unsigned"]
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
    shows: str
    """What a value is a share or a measure of, where it has no sign: "the student's share of attention"."""
    target: str
    facts: tuple[Fact, ...]

    def tone(self, i: int) -> Tone:
        """What the colour of word `i` says; the sign of a score, whatever its size."""
        if not self.has_sign:
            return "unsigned"
        return "against" if self.values[i] < 0 else "for"

    def is_faint(self, i: int) -> bool:
        return abs(self.values[i]) < NEGLIGIBLE

    def meaning(self, i: int) -> str:
        """The number of word `i` and how to read it, for a tooltip or a screen reader."""
        if not self.has_sign:
            return f"{self.numbers[i]}, {self.shows}"
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
    """The teacher's panel and the student's; weights are shown where the student is explained by its attention."""
    return answer_panel(comparison.teacher), answer_panel(comparison.student, student_shows)


def answer_panel(answer: Answer, shows: StudentShows = "scores") -> Panel:
    """One model's side: its signed scores, or its weights where its own attention explains it."""
    shows_weights = shows == "weights" and answer.attributions.weights is not None
    return _weight_panel(answer) if shows_weights else _score_panel(answer)


def comparison_figures(comparison: Comparison, k: int) -> tuple[Figure, ...]:
    """Agreement on the k strongest words, and what the student saves."""
    teacher, student = comparison.teacher, comparison.student
    figures = [
        _feature_agreement(comparison, k),
        _sign_agreement(comparison, k),
        _times_figure(teacher, student),
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


def explainer_title(answer: Answer) -> str:
    """What the explainer of an answer is called."""
    return EXPLAINERS[answer.explainer].title


def _feature_agreement(comparison: Comparison, k: int) -> Figure:
    if len(comparison.words) <= k:
        return Figure("–", f"feature agreement @{k}", f"Undefined: of {len(comparison.words)} words, all are among the {k} strongest.")
    return Figure(
        f"{comparison.agreement[f'feature_agreement@{k}']:.2f}",
        f"feature agreement @{k}",
        f"Share of the teacher's {k} strongest words that are also among the student's. 1 is full agreement.",
    )


def _sign_agreement(comparison: Comparison, k: int) -> Figure:
    if not comparison.has_one_target:
        teacher, student = comparison.teacher.target_label, comparison.student.target_label
        reason = f"Undefined: the teacher's signs are for and against {teacher}, the student's for and against {student}."
        return Figure("–", f"sign agreement @{k}", reason)
    unsigned = [answer for answer in (comparison.teacher, comparison.student) if not answer.attributions.is_signed]
    if unsigned:
        reason = f"Undefined: {explainer_title(unsigned[0])} says how much a word matters, not for or against which class."
        return Figure("–", f"sign agreement @{k}", reason)
    return Figure(
        f"{comparison.agreement[f'sign_agreement@{k}']:.2f}",
        f"sign agreement @{k}",
        f"Share of the {k} strongest words that both name, with the same sign. 1 is full agreement.",
    )


def _times_figure(teacher: Answer, student: Answer) -> Figure:
    """How much cheaper the student's explanation is, or how much dearer, which another explainer can make it."""
    if teacher.seconds <= 0 or student.seconds <= 0:
        return Figure("–", "cheaper explanation", "The clock of this machine is too coarse for these times.")
    is_cheaper = student.seconds <= teacher.seconds
    slower, faster = (teacher, student) if is_cheaper else (student, teacher)
    return Figure(
        format_times(slower.seconds / faster.seconds),
        "cheaper explanation" if is_cheaper else "dearer explanation",
        f"The {slower.role}'s time to predict and explain this text by {explainer_title(slower)}, divided by the {faster.role}'s by "
        f"{explainer_title(faster)}, on this machine.",
    )


def joined_words(words: Sequence[Word]) -> tuple[bool, ...]:
    """For each word, whether it follows the one before without a space, as punctuation does."""
    return tuple(i > 0 and words[i - 1].end == word.start for i, word in enumerate(words))


def unsigned_scale(panels: Sequence[Panel]) -> str | None:
    """What the colour without a sign means; None where all panels have signs."""
    return " · ".join(dict.fromkeys(panel.shows for panel in panels if not panel.has_sign)) or None


def ends_of_scale(panels: Sequence[Panel]) -> tuple[str, str] | None:
    """What the two ends of the colour scale mean; None where no panel has signs."""
    targets = {panel.target for panel in panels if panel.has_sign}
    if not targets:
        return None
    target = targets.pop() if len(targets) == 1 else "the explained class"
    return f"speaks against {target}", f"speaks for {target}"


def _score_panel(answer: Answer) -> Panel:
    attributions = answer.attributions
    explainer = "its own attention scores" if answer.explainer == "attention" else explainer_title(answer)
    facts = _facts(answer)
    if attributions.convergence_delta is not None:
        facts.append(
            Fact(
                f"{abs(attributions.convergence_delta):.3f}",
                "convergence gap" if attributions.converged else "convergence gap, too large",
                not attributions.converged,
            )
        )
    shows = "" if attributions.is_signed else f"how much it matters to the {answer.role}"
    return _panel(answer, explainer, attributions.scaled(), _score_texts(attributions), facts, shows)


def _weight_panel(answer: Answer) -> Panel:
    weights = answer.attributions.weights
    assert weights is not None
    largest = weights.max(initial=0.0)
    values = weights / largest if largest > 0 else np.zeros_like(weights)
    numbers = tuple(map(format_weight, weights))
    return _panel(answer, "its share of attention", values, numbers, _facts(answer), f"the {answer.role}'s share of attention")


def _facts(answer: Answer) -> list[Fact]:
    facts = [Fact(format_seconds(answer.seconds), "to predict and explain")]
    return [*facts, Fact(format_bytes(answer.bytes_on_disk), "")] if answer.bytes_on_disk else facts


def _score_texts(attributions: WordAttributions) -> tuple[str, ...]:
    decimals = score_decimals(float(np.abs(attributions.scores).max(initial=0.0)))
    texts = [format_score(score, decimals) for score in attributions.scores]
    return tuple(texts if attributions.is_signed else [text.removeprefix("+") for text in texts])


def _panel(answer: Answer, explainer: str, values: np.ndarray, numbers: tuple[str, ...], facts: list[Fact], unsigned: str) -> Panel:
    """`unsigned` is what the values show where they have no sign, else empty."""
    return Panel(
        role=answer.role,
        title=answer.role.capitalize(),
        subtitle=f"{answer.model_name}, {format_parameters(answer.parameters)} · {explainer}",
        method=answer.attributions.method,
        shares=tuple(Share(label, share, format_share(share), label == answer.label) for label, share in answer.probabilities.items()),
        values=tuple(values.tolist()),
        numbers=numbers,
        has_sign=not unsigned,
        shows=unsigned,
        target=answer.target_label,
        facts=tuple(facts),
    )
