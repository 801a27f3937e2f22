"""The faithfulness of both explanations of one text as plain data for `components/faithfulness.js`. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dixtill_core.config import FaithfulnessConfig
from dixtill_core.export.numbers import MINUS, format_share
from dixtill_core.export.panels import StudentShows, explainer_title

if TYPE_CHECKING:  # SciPy comes with it; the heatmaps show before that is loaded.
    from dixtill_core.comparison import Answer, Comparison
    from dixtill_core.explain.attributions import WordAttributions
    from dixtill_core.metrics.faithfulness import Faithfulness

OWN = "own"
"""Name of the measured explanation beside the references random and greedy."""
SHARE = 20
"""Percent of the words that comprehensiveness and sufficiency take."""
EXACT_WORDS, LONG_WORDS = 20, 100
"""Up to the first, every word is a step and greedy search is affordable; past the second, the teacher's passes are long."""
MOST_TICKS = 10
MOST_NAMES = 8
"""Removed words that the line below a chart names, the latest ones."""


def settings_for(n_words: int) -> FaithfulnessConfig:
    """What two cores measure in a few seconds on the teacher: longer texts have fewer steps and no greedy search."""
    if n_words <= EXACT_WORDS:
        return FaithfulnessConfig(leave_one_out_words=0)
    return FaithfulnessConfig(exact_words=20 if n_words <= LONG_WORDS else 10, random_seeds=4, leave_one_out_words=0)


def shown_attributions(answer: Answer, student_shows: StudentShows) -> WordAttributions:
    """The explanation as its panel shows it: weights take the place of the scores where they are shown."""
    attributions = answer.attributions
    if answer.role == "student" and student_shows == "weights" and attributions.weights is not None:
        return replace(attributions, scores=attributions.weights, is_signed=False)
    return attributions


def faithfulness_data(
    comparison: Comparison, student_shows: StudentShows, teacher: Mapping[str, Faithfulness], student: Mapping[str, Faithfulness]
) -> dict[str, Any]:
    """Both panels, left the teacher's: numbers, the deletion curve of each, and the words that its steps remove.

    Args:
        teacher, student: by name: `OWN`, and the references of `metrics.faithfulness`.
    """
    sides = ((comparison.teacher, teacher), (comparison.student, student))
    return {"panels": [_panel(answer, shown_attributions(answer, student_shows), measured) for answer, measured in sides]}


def _panel(answer: Answer, shown: WordAttributions, measured: Mapping[str, Faithfulness]) -> dict[str, Any]:
    from dixtill_core.metrics.faithfulness import GREEDY, RANDOM, rank_words, rationale_size

    n_words = len(shown.words)
    own, random, greedy = measured[OWN], measured[RANDOM], measured[GREEDY]
    order = [shown.words[i].text for i in rank_words(shown.scores)]
    sizes = np.round(own.shares * n_words).astype(int).tolist()
    size = rationale_size(SHARE, n_words)
    points = [
        {
            "removed": removed,
            "added_words": _listed(order[before:removed]),
            "words": _listed(order[:removed]),
            "own": float(own.deletion[i]),
            "own_text": format_share(float(own.deletion[i])),
            "random_text": format_share(float(random.deletion[i])),
            "greedy_text": format_share(float(greedy.deletion[i])) if len(greedy.deletion) else "",
        }
        for i, (before, removed) in enumerate(pairwise([0, *sizes]))
    ]
    return {
        "role": answer.role,
        "title": answer.role.capitalize(),
        "subtitle": _subtitle(answer, shown, student_weights=shown is not answer.attributions),
        "notes": _notes(answer, n_words, has_greedy=bool(len(greedy.deletion))),
        "label": answer.label,
        "n_words": n_words,
        "ticks": _ticks(n_words),
        "stats": _stats(own.values, random.values, n_words, size),
        "points": points,
        "rationale": sizes.index(size),
        "rationale_name": f"{SHARE}% of the words" if n_words >= 5 else _counted(size),
        "legend": _legend(settings_for(n_words).random_seeds),
        "lines": {name: values.deletion.tolist() for name, values in ((OWN, own), (RANDOM, random), (GREEDY, greedy))},
    }


def _subtitle(answer: Answer, shown: WordAttributions, *, student_weights: bool) -> str:
    explainer = "Attention weights" if student_weights else explainer_title(answer)
    first = f"words for {answer.target_label} go first" if shown.is_signed else "the largest go first"
    return f"{explainer} · {first}"


def _notes(answer: Answer, n_words: int, *, has_greedy: bool) -> list[str]:
    notes = []
    if answer.target_label != answer.label:
        notes.append(f"The words explain {answer.target_label}; the curve follows {answer.label}, which the {answer.role} predicts.")
    if n_words == 1:
        notes.append("One word has no order: every curve is the same.")
    if not has_greedy:
        notes.append(f"No greedy search: it would take too long for {n_words} words.")
    return notes


def _stats(own: Mapping[str, float], random: Mapping[str, float], n_words: int, size: int) -> list[dict[str, str]]:
    """The numbers above a curve, each with the random floor and what it means in plain words."""
    words, verb = ("its strongest word", "stands") if size == 1 else (f"its {size} strongest words", "stand")
    comprehensiveness, sufficiency = f"comprehensiveness@{SHARE}", f"sufficiency@{SHARE}"
    flips = own["decision_flipped"] > 0
    flip_words = own["decision_flip_share"] * n_words
    return [
        {
            "number": _number(own[comprehensiveness]),
            "unit": f"at {SHARE}%",
            "name": "comprehensiveness",
            "floor": f"random order {_number(random[comprehensiveness])}",
            "direction": "higher is better",
            "explanation": f"How far the probability falls without {words} ({SHARE}% of the text): 1 is from certain to impossible, "
            f"0 is no change. Higher is better: the model needs these words. Averaged over 1, 5, 10, 20 and 50% of the words (AOPC): "
            f"{_number(own['aopc_comprehensiveness'])}, random order {_number(random['aopc_comprehensiveness'])}.",
        },
        {
            "number": _number(own[sufficiency]),
            "unit": f"at {SHARE}%",
            "name": "sufficiency",
            "floor": f"random order {_number(random[sufficiency])}",
            "direction": "lower is better",
            "explanation": f"How far the probability falls when {words} {verb} alone, without the rest of the text. "
            f"Lower is better: these words are enough; below 0 the model is even more sure. Averaged over 1, 5, 10, 20 and 50% "
            f"of the words (AOPC): {_number(own['aopc_sufficiency'])}, random order {_number(random['aopc_sufficiency'])}.",
        },
        {
            "number": f"{flip_words:.0f}" if flips else "never",
            "unit": f"of {n_words}" if flips else "",
            "name": "words until it flips",
            "floor": f"random order {random['decision_flip_share'] * n_words:.1f}",
            "direction": "fewer is better",
            "explanation": "How many of its strongest words have to go, one after the other, before the model predicts another class. "
            "Fewer is better. A random order counts all words of the text where nothing changes the prediction.",
        },
    ]


def _legend(n_orders: int) -> dict[str, str]:
    """What each line is."""
    return {
        OWN: "The words in the order of this explanation, the strongest first. A faithful explanation falls steeply at once.",
        "random": f"The mean of {n_orders} random orders: what an explanation that knows nothing would show. Fall below it.",
        "greedy": "At each step the word whose removal lowers the probability most, found by asking the model for every word. "
        "About as steep as it gets, though no proof that nothing is steeper.",
    }


def _counted(size: int) -> str:
    return "1 word" if size == 1 else f"{size} words"


def _number(value: float) -> str:
    text = f"{value:.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", MINUS)


def _listed(words: list[str]) -> str:
    """The latest of the words, as a list."""
    shown = [word if len(word) <= 24 else word[:23] + "…" for word in words[-MOST_NAMES:]]
    return ("… " if len(words) > MOST_NAMES else "") + ", ".join(shown)


def _ticks(n_words: int) -> list[int]:
    """Whole numbers of words from 0, at most `MOST_TICKS` steps of 1, 2 or 5 times a power of ten."""
    steps = (factor * 10**power for power in range(6) for factor in (1, 2, 5))
    step = next(step for step in steps if n_words / step <= MOST_TICKS)
    return list(range(0, n_words + 1, step))
