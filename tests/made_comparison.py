"""Comparisons made by hand, for tests of what people look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dixtill_core.comparison import Answer, Comparison
from dixtill_core.data.words import Word
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.explainers import EXPLAINERS
from dixtill_core.metrics.agreement import agreement

LABELS = ("bearish", "bullish", "neutral")


def made_comparison(
    words: Sequence[str] = ("Shares", "slide", "as", "profit", "beats"),
    teacher: Sequence[float] = (0.1, 0.9, 0.01, -0.2, -0.5),
    student: Sequence[float] = (0.3, 0.8, 0.02, 0.6, -0.1),
    *,
    teacher_shares: Sequence[float] = (0.93, 0.04, 0.03),
    student_shares: Sequence[float] = (0.88, 0.07, 0.05),
    delta: float = 0.004,
    converged: bool = True,
    notes: Sequence[str] = (),
    teacher_explainer: str = "integrated_gradients",
    student_explainer: str = "attention",
) -> Comparison:
    """A comparison of words with a space between them; each model predicts and explains its most probable label."""
    placed, start = [], 0
    for word in words:
        placed.append(Word(word, start, start + len(word)))
        start += len(word) + 1
    text = " ".join(words)
    weights = np.exp(np.abs(student)) / np.exp(np.abs(student)).sum()
    answers = []
    for role, scores, shares in (("teacher", teacher, teacher_shares), ("student", student, student_shares)):
        target = int(np.argmax(shares))
        is_teacher = role == "teacher"
        explainer = teacher_explainer if is_teacher else student_explainer
        reasons = WordAttributions(
            tuple(placed),
            np.array(scores, dtype=np.float64),
            target,
            f"method of the {role}",
            convergence_delta=delta if explainer == "integrated_gradients" else None,
            converged=converged or explainer != "integrated_gradients",
            n_steps=50 if explainer == "integrated_gradients" else None,
            weights=weights if explainer == "attention" else None,
            is_signed=EXPLAINERS[explainer].is_signed,
        )
        seconds, size, parameters = (0.31, 91_000_000, 22_700_000) if is_teacher else (0.0002, 3_500_000, 900_000)
        probabilities = dict(zip(LABELS, map(float, shares), strict=True))
        label = LABELS[target]
        answers.append(Answer(role, f"{role} model", label, probabilities, reasons, label, seconds, size, parameters, explainer))
    scores = agreement(answers[0].attributions.scores, answers[1].attributions.scores)
    return Comparison(text, len(text), tuple(placed), answers[0], answers[1], scores, tuple(notes))


ODD_TEXTS = {
    "script": "<script>alert(1)</script>",
    "quotes": """" onmouseover="alert(1)" '""",
    "nul": "cut\0slide",
    "lone surrogate": "cut\ud800",
    "emoji": "👩‍👩‍👧 🚀",
    "right to left": "קנייה العربية",
    "chinese": "利润下降",
    "controls": "\x1b[31mred\x07",
    "markup": "$x$ **bold** :smile: [link](http://example.com) &amp;",
    "endless": "a" * 5000,
}
"""Words that have broken pages before, by what they are."""
