"""The watched sentence of a run as plain data for `components/watched.js`: the teacher, and the student of every epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dashboard.heatmap import panel_data
from dixtill_core.data.words import split_words
from dixtill_core.export.numbers import format_score, format_share, format_weight, score_decimals
from dixtill_core.export.panels import Fact, Panel, Share, StudentShows, ends_of_scale, unsigned_scale
from dixtill_core.metrics.agreement import agreement, cosine

if TYPE_CHECKING:
    from dixtill_core.runs.records import RunCard, Watched, WatchedEpoch, WatchedTeacher

TOP_WORDS = 3
"""As in the agreement of the validation texts that the charts show."""


def watched_data(card: RunCard, watched: Watched, student_shows: StudentShows) -> dict[str, Any]:
    """Everything that the component shows, as JSON; epochs in order."""
    teacher = watched.teacher
    teacher_panel = _teacher_panel(card, teacher)
    kept = card.metrics.get("epoch")
    planned = card.spec.distill.epochs if card.spec else len(watched.epochs)
    return {
        "run": card.id,
        "words": _words(teacher),
        "has_sign": student_shows == "scores",
        "teacher": panel_data(teacher_panel),
        "epochs": [_epoch_data(epoch, watched, teacher_panel, student_shows, planned, epoch.epoch == kept) for epoch in watched.epochs],
        "scale": _scale((teacher_panel,)),
        "waiting": "Its words appear here after the first epoch." if card.is_running else "It has finished no epoch yet.",
    }


def _epoch_data(
    epoch: WatchedEpoch, watched: Watched, teacher_panel: Panel, shows: StudentShows, planned: int, is_kept: bool
) -> dict[str, Any]:
    panel = _student_panel(epoch, watched.teacher, shows)
    return {
        "title": f"Epoch {epoch.epoch:,} of {planned:,}" if epoch.epoch else "Before training",
        "note": ", the one kept" if is_kept else "",
        "summary": _summary(epoch, watched.teacher),
        "panel": panel_data(panel),
        "scale": _scale((teacher_panel, panel)),
    }


def _scale(panels: tuple[Panel, ...]) -> dict[str, str | None]:
    """What the colours mean."""
    against, speaks_for = ends_of_scale(panels) or (None, None)
    return {"against": against, "for": speaks_for, "unsigned": unsigned_scale(panels)}


def _summary(epoch: WatchedEpoch, teacher: WatchedTeacher) -> list[tuple[str, bool]]:
    """In a sentence how far the student is; pairs of a text and whether it is strong."""
    share = format_share(epoch.probabilities.get(epoch.label, float("nan")))
    if epoch.label == teacher.label:
        start = [("Teacher and student both say ", False), (teacher.label, True), (f", the student with {share}.", False)]
    else:
        start = [
            ("The student says ", False),
            (epoch.label, True),
            (f" ({share}), the teacher ", False),
            (teacher.label, True),
            (".", False),
        ]
    k = min(TOP_WORDS, len(teacher.words))
    shared = round(_agreement(epoch, teacher)[f"feature_agreement@{TOP_WORDS}"] * k)
    count = "None" if shared == 0 else str(shared) if shared < k else "All"
    return [
        *start,
        (f" {count}", True),
        (f" of the teacher's {k} strongest words {'is' if shared == 1 else 'are'} among the student's.", False),
    ]


def _teacher_panel(card: RunCard, teacher: WatchedTeacher) -> Panel:
    name = card.teacher_name or (card.spec.teacher if card.spec else "")
    subtitle = " · ".join(filter(None, [name, teacher.method.split(" of the ")[0].split(",")[0]]))
    return _panel("teacher", subtitle, teacher.method, teacher.scores, teacher.label, teacher.probabilities, ())


def _student_panel(epoch: WatchedEpoch, teacher: WatchedTeacher, shows: StudentShows) -> Panel:
    facts = (
        Fact(f"{_agreement(epoch, teacher)[f'feature_agreement@{TOP_WORDS}']:.2f}", f"feature agreement @{TOP_WORDS}"),
        Fact(_cosine_text(epoch, teacher), "cosine with the teacher's scores"),
    )
    if shows == "weights":
        values, method = epoch.weights, "its share of attention"
    else:
        values, method = epoch.scores, "its own attention scores"
    return _panel("student", method, method, values, epoch.label, epoch.probabilities, facts, has_sign=shows == "scores")


def _panel(
    role: str, subtitle: str, method: str, values: tuple[float, ...], label: str, probabilities: Mapping[str, float],
    facts: tuple[Fact, ...], *, has_sign: bool = True,
) -> Panel:  # fmt: skip
    largest = max(map(abs, values), default=0.0)
    decimals = score_decimals(largest)
    return Panel(
        role=role,
        title=role.capitalize(),
        subtitle=subtitle,
        method=method,
        shares=tuple(Share(name, share, format_share(share), name == label) for name, share in probabilities.items()),
        values=tuple(value / largest if largest > 0 else 0.0 for value in values),
        numbers=tuple(format_score(value, decimals) if has_sign else format_weight(value) for value in values),
        has_sign=has_sign,
        shows="" if has_sign else "the student's share of attention",
        target=label,
        facts=facts,
    )


def _words(teacher: WatchedTeacher) -> list[dict[str, Any]]:
    """The words, each with whether it follows the one before without a space."""
    placed = split_words(teacher.text)
    if len(placed) != len(teacher.words):  # Split by another version.
        return [{"text": word, "is_joined": False} for word in teacher.words]
    joined = [i > 0 and placed[i - 1].end == word.start for i, word in enumerate(placed)]
    return [{"text": word, "is_joined": is_joined} for word, is_joined in zip(teacher.words, joined, strict=True)]


def _agreement(epoch: WatchedEpoch, teacher: WatchedTeacher) -> dict[str, float]:
    return agreement(np.array(teacher.scores), np.array(epoch.scores), (TOP_WORDS,))


def _cosine_text(epoch: WatchedEpoch, teacher: WatchedTeacher) -> str:
    value = cosine(np.array(teacher.scores), np.array(epoch.scores))
    return "–" if np.isnan(value) else format_score(value, 2)
