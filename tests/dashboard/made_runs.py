"""Records of a run as its folder would give them, made up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from dixtill_core.runs.records import EpochRecord, RunCard, RunProgress, Watched, WatchedEpoch, WatchedTeacher
from dixtill_core.runs.spec import RunSpec

WORDS = ("Profit", "falls", ",", "again")
TEXT = "Profit falls, again"


def made_card(**changes: Any) -> RunCard:
    card = RunCard(
        "made", Path("made"), "Made up", "running", "2026-01-02T03:04:05+00:00", spec=RunSpec(), progress=RunProgress("done", 1, 1)
    )
    return replace(card, **changes)


def made_epoch(epoch: int, **metrics: float) -> EpochRecord:
    known = {"loss": 2.0 / epoch, "accuracy": 0.5, "macro_f1": 0.4, "fidelity": 0.6, "feature_agreement@3": 0.3}
    return EpochRecord(epoch, {"loss": 3.0 / epoch, "kl": 1.0, "alignment": 0.4, "cross_entropy": 1.1}, known | metrics, True)


def made_watched(*scores: tuple[float, ...], label: str = "bearish") -> Watched:
    """The made-up sentence under a teacher, and under a student whose scores each epoch has."""
    probabilities = {"bearish": 0.75, "bullish": 0.25}
    teacher = WatchedTeacher(
        TEXT, WORDS, (0.1, 0.4, 0.0, -0.2), "bearish", probabilities, "Integrated Gradients of the probability, 50 steps"
    )
    weights = (0.1, 0.6, 0.1, 0.2)
    return Watched(teacher, tuple(WatchedEpoch(i, given, weights, label, probabilities) for i, given in enumerate(scores, start=1)))
