"""The picture of each step of the lesson as plain data for `components/lesson.js`, which draws it. No Streamlit here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dixtill_core.config import DistillConfig
from dixtill_core.export.numbers import (
    MINUS,
    format_bytes,
    format_parameters,
    format_score,
    format_seconds,
    format_share,
    format_weight,
    score_decimals,
)
from dixtill_core.export.panels import NEGLIGIBLE
from dixtill_core.metrics.agreement import cosine

if TYPE_CHECKING:
    from dixtill_core.comparison import Answer
    from dixtill_core.lesson.sentence import SentenceLesson
    from dixtill_core.lesson.training import Recording

TEXTS = (1, 1_000, 100_000, 1_000_000, 100_000_000)
LOSS_TEMPERATURES = (1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0)
ALPHAS = tuple(i / 10 for i in range(11))
ORDERS = {"teacher": "the teacher's reasons", "student": "the student's reasons", "random": "one random order"}
AGREEMENT = "sign_agreement@3"
SIDES = {"kl": ("without", "Without L_{XAI}"), "dixtill": ("with", "With L_{XAI}")}


def words_data(lesson: SentenceLesson) -> list[dict[str, Any]]:
    """The words as typed, each with whether it follows the one before without a space."""
    words = lesson.words
    return [{"text": word.text, "is_joined": i > 0 and words[i - 1].end == word.start} for i, word in enumerate(words)]


def values_data(values: np.ndarray, target: str, largest: float | None = None) -> list[dict[str, Any]]:
    """Signed scores (words,) as coloured words are drawn from them; the strongest has size 1, or `largest`."""
    largest = float(np.abs(values).max(initial=0.0)) if largest is None else largest
    decimals = score_decimals(largest)
    return [_value(float(value), largest, decimals, target) for value in values]


def _value(value: float, largest: float, decimals: int, target: str) -> dict[str, Any]:
    size = min(1.0, abs(value) / largest) if largest > 0 else 0.0
    number, tone = format_score(value, decimals), "against" if value < 0 else "for"
    return {
        "size": round(size, 4), "number": number, "tone": tone, "is_faint": size < NEGLIGIBLE,
        "meaning": f"{number}, speaks {tone} {target}",
    }  # fmt: skip


def shares_data(labels: tuple[str, ...], shares: np.ndarray) -> list[dict[str, Any]]:
    best = int(np.argmax(shares))
    return [
        {"label": label, "share": round(float(share), 5), "text": format_share(float(share)), "is_predicted": i == best}
        for i, (label, share) in enumerate(zip(labels, shares, strict=True))
    ]


def costs_data(lesson: SentenceLesson) -> dict[str, Any]:
    """Step 1: both answers, and what many such texts would take on this machine, by extrapolation."""
    teacher, student = lesson.comparison.teacher, lesson.comparison.student
    seconds = (
        ("teacher", "teacher, answer alone", lesson.answer_seconds),
        ("teacher", "teacher, answer and reasons", teacher.seconds),
        ("student", "student, answer and reasons", student.seconds),
    )
    longest = max(value for _, _, value in seconds)
    return {
        "models": [_model_data(teacher), _model_data(student)],
        "counts": [f"{n:,} {'text' if n == 1 else 'texts'} like this one" for n in TEXTS],
        "bars": [
            [{"role": role, "name": name, "size": value / longest, "text": _duration(n * value)} for role, name, value in seconds]
            for n in TEXTS
        ],
    }


def _model_data(answer: Answer) -> dict[str, Any]:
    labels = tuple(answer.probabilities)
    return {
        "role": answer.role,
        "title": answer.role.capitalize(),
        "subtitle": f"{answer.model_name}, {format_parameters(answer.parameters)}, {format_bytes(answer.bytes_on_disk)}",
        "shares": shares_data(labels, np.array(list(answer.probabilities.values()))),
    }


def _duration(seconds: float) -> str:
    for unit, length in (("years", 365.25 * 86400), ("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}" if seconds >= 10 * length else f"{seconds / length:.1f} {unit}"
    return format_seconds(seconds)


def soft_data(lesson: SentenceLesson) -> dict[str, Any]:
    """Step 2: the teacher's probabilities at each temperature."""
    found = lesson.soft_labels
    return {
        "logits": [{"label": label, "text": f"{z:+.2f}".replace("-", MINUS)} for label, z in zip(lesson.labels, found.logits, strict=True)],
        "start": found.temperatures.index(1.0),
        "temperatures": [f"τ = {temperature:g}" for temperature in found.temperatures],
        "shares": [[share | {"text": f"{share['share']:.1%}"} for share in shares_data(lesson.labels, row)] for row in found.probabilities],
        "entropies": [f"{value:.2f} of {np.log2(len(lesson.labels)):.2f} bits" for value in found.entropies],
    }


def path_data(lesson: SentenceLesson) -> dict[str, Any]:
    """Step 3: stops at both ends and at every step between them, with what is summed up on the way there.

    At a step, half of its own contribution belongs to what lies before it.
    """
    path = lesson.path
    integrand = path.word_integrand  # (steps, words)
    contribution = integrand * path.weights[:, None]
    sums = np.vstack([np.zeros((1, len(path.words))), contribution.cumsum(axis=0) - contribution / 2, contribution.sum(axis=0)[None]])
    outputs = np.concatenate([[path.baseline_output], path.outputs, [path.output]])
    largest = float(np.abs(sums[-1]).max(initial=0.0)) or 1.0
    strongest = int(np.abs(sums[-1]).argmax())
    label = lesson.labels[path.target]
    total = integrand.sum(axis=1)
    return {
        "words": words_data(lesson),
        "label": label,
        "positions": [0.0, *path.positions.round(5).tolist(), 1.0],
        "outputs": outputs.round(5).tolist(),
        "integrand": _ends(total),
        "strongest": {"text": path.words[strongest].text, "integrand": _ends(integrand[:, strongest])},
        "sums": [[_value(float(value), largest, 3, label) for value in row] for row in sums],
        "readings": [
            {
                "position": f"a = {position:.3f}",
                "output": f"F = {output:.3f}",
                "sum": format_score(float(row.sum())),
                "change": format_score(float(output - path.baseline_output)),
                "gap": f"{abs(float(row.sum() - (output - path.baseline_output))):.3f}",
            }
            for position, output, row in zip([0.0, *path.positions, 1.0], outputs, sums, strict=True)
        ],
        "is_complete": path.is_complete,
    }


def _ends(values: np.ndarray) -> list[float]:
    """Values at the steps, with the nearest one at both ends of the path."""
    return np.concatenate([values[:1], values, values[-1:]]).round(5).tolist()


def pieces_data(lesson: SentenceLesson) -> dict[str, Any]:
    """Step 4: the pieces above the words that they belong to, merged either way."""
    path = lesson.path
    scores = path.piece_sums()[-1]
    label = lesson.labels[path.target]
    merged = {merge: path.word_sums(merge)[-1] for merge in ("sum", "mean")}
    largest = float(max(np.abs(scores).max(initial=0.0), np.abs(merged["sum"]).max(initial=0.0)))
    decimals = score_decimals(largest)
    columns = [
        {
            "text": word.text,
            "pieces": [
                {"text": path.pieces[p]} | _value(float(scores[p]), largest, decimals, label) for p in np.flatnonzero(path.piece_words == i)
            ],
        }
        | {merge: _value(float(values[i]), largest, decimals, label) for merge, values in merged.items()}
        for i, word in enumerate(path.words)
    ]
    return {
        "columns": columns,
        "totals": {merge: format_score(float(values.sum())) for merge, values in merged.items()},
        "change": format_score(path.change),
        "special": " and ".join(dict.fromkeys(path.pieces[p] for p in np.flatnonzero(path.piece_words < 0))),
    }


def attention_data(lesson: SentenceLesson) -> dict[str, Any]:
    """Step 5: scores before the softmax, shares after it, by this student's softmax and by the paper's."""
    found = lesson.attention
    label = lesson.pair.student.label_names[found.target]
    most = float(max(found.by_magnitude.max(), found.by_score.max()))
    shares = {"magnitude": found.by_magnitude, "signed": found.by_score}
    return {
        "words": words_data(lesson),
        "label": label,
        "scores": values_data(found.scores, label),
        "shares": {
            form: [{"size": round(float(value) / most, 4), "number": format_weight(float(value))} for value in values]
            for form, values in shares.items()
        },
        "forms": [
            {"key": "magnitude", "name": f"softmax(g |σ|), g = {found.gain:.2f}"},
            {"key": "signed", "name": "softmax(σ), the paper's"},
        ],
        "own": found.form,
    }


def losses_data(lesson: SentenceLesson) -> dict[str, Any]:
    """Step 6: every choice of gold label, temperature and weight is worked out by the functions that training calls."""
    base = DistillConfig()
    by_temperature = [lesson.losses(config=replace(base, temperature=t)) for t in LOSS_TEMPERATURES]
    golds = [lesson.losses(gold) for gold in range(len(lesson.labels))]
    first = golds[0]
    return {
        "labels": list(lesson.labels),
        "gold": lesson.gold,
        "temperatures": [f"{t:g}" for t in LOSS_TEMPERATURES],
        "temperature": LOSS_TEMPERATURES.index(base.temperature),
        "alphas": [f"{alpha:.1f}" for alpha in ALPHAS],
        "alpha": ALPHAS.index(base.alpha),
        "weight": f"{base.alignment_weight:g}",
        "hard": [{"probability": f"{found.gold_probability:.4f}", "loss": f"{found.cross_entropy:.4f}"} for found in golds],
        "soft": [
            {
                "rows": [
                    [label, f"{t:.3f}", f"{s:.3f}", f"{term:+.4f}".replace("-", MINUS)]
                    for label, t, s, term in zip(lesson.labels, found.teacher_soft, found.student_soft, found.kl_terms, strict=True)
                ],
                "kl": f"{found.kl:.6f}",  # It is multiplied by up to 100.
                "scaled": f"{found.scaled_kl:.4f}",
                "square": f"{found.config.temperature**2:g}",
            }
            for found in by_temperature
        ],
        "reasons": {
            "dot": f"{first.dot:.4f}".replace("-", MINUS),
            "teacher": f"{first.teacher_norm:.4f}",
            "student": f"{first.student_norm:.4f}",
            "cosine": f"{first.cosine:.4f}".replace("-", MINUS),
            "loss": f"{first.alignment:.4f}",
        },
        "totals": [
            [[f"{lesson.losses(gold, replace(base, temperature=t, alpha=alpha)).loss:.3f}" for alpha in ALPHAS] for t in LOSS_TEMPERATURES]
            for gold in range(len(lesson.labels))
        ],
    }


def training_data(lesson: SentenceLesson, recording: Recording) -> dict[str, Any]:
    """Step 7: the sentence under both small students after each kept epoch, below the teacher."""
    from scipy.special import softmax

    from dixtill_core.lesson.training import METHODS, attention_by_epoch

    teacher = lesson.comparison.teacher
    students: list[dict[str, Any]] = []
    for method in METHODS:
        side, title = SIDES[method]
        scores, _, logits = attention_by_epoch(recording, method, lesson.text)
        names = tuple(recording.settings["label_names"])
        students.append(
            {
                "side": side,
                "title": title,
                "epochs": [
                    {
                        "values": values_data(row, names[int(z.argmax())]),
                        "says": f"{names[int(z.argmax())]} {format_share(float(softmax(z).max()))}",
                        "cosine": _cosine_text(lesson.teacher_scores, row),
                        "agreement": f"{metrics[AGREEMENT]:.2f}",
                        "fidelity": format_share(metrics["fidelity"]),
                    }
                    for row, z, metrics in zip(scores, logits.astype(np.float64), recording.metrics[method], strict=True)
                ],
                "agreement": [round(metrics[AGREEMENT], 4) for metrics in recording.metrics[method]],
            }
        )
    return {
        "words": words_data(lesson),
        "teacher": {
            "values": values_data(lesson.teacher_scores, teacher.target_label),
            "says": f"{teacher.label} {format_share(max(teacher.probabilities.values()))}",
        },
        "epochs": [f"epoch {epoch} of {recording.settings['distill']['epochs']}" for epoch in recording.epochs],
        "ticks": list(recording.epochs),
        "students": students,
        "high": 0.5 if max(max(student["agreement"]) for student in students) <= 0.5 else 1.0,
        "texts": f"{recording.settings['texts']:,}",
    }  # fmt: skip


def _cosine_text(teacher: np.ndarray, student: np.ndarray) -> str:
    value = cosine(teacher, student)
    return "undefined" if np.isnan(value) else format_score(value, 2)


def deletion_data(lesson: SentenceLesson, own: Mapping[str, Any] | None) -> dict[str, Any]:
    """Step 8: both models along three orders; `own` is what someone deleted by hand, see `own_deletion`."""
    deletions = lesson.deletions
    targets = {"teacher": int(lesson.teacher_logits.argmax()), "student": int(lesson.student_logits.argmax())}
    names = {"teacher": lesson.pair.teacher.label_names, "student": lesson.pair.student.label_names}
    sides = []
    for role, scores in (("teacher", lesson.teacher_scores), ("student", lesson.student_scores)):
        label = names[role][targets[role]]
        rows = {name: getattr(found, role) for name, found in deletions.items()}  # each (deleted + 1, classes)
        sides.append(
            {
                "role": role,
                "title": role.capitalize(),
                "label": label,
                "values": values_data(scores, label),
                "curves": {name: row[:, targets[role]].round(5).tolist() for name, row in rows.items()},
                "texts": {name: [_says(row, targets[role], names[role]) for row in of_order] for name, of_order in rows.items()},
            }
        )  # fmt: skip
    return {
        "words": words_data(lesson),
        "orders": [{"key": name, "name": title, "words": deletions[name].order.tolist()} for name, title in ORDERS.items()],
        "sides": sides,
        "own": own,
    }


def own_deletion(lesson: SentenceLesson, deleted: list[int]) -> dict[str, Any] | None:
    """What both models make of the text without the words at `deleted`; None where nothing or no such word is deleted."""
    from dixtill_core.lesson.deletion import without_words

    deleted = sorted({i for i in deleted if 0 <= i < len(lesson.words)})
    if not deleted:
        return None
    rows = without_words(lesson.pair, lesson.text, deleted, len(lesson.words))
    answers = ((lesson.teacher_logits, lesson.pair.teacher.label_names), (lesson.student_logits, lesson.pair.student.label_names))
    return {
        "deleted": deleted,
        "shares": [round(float(row[z.argmax()]), 5) for row, (z, _) in zip(rows, answers, strict=True)],
        "texts": [_says(row, int(z.argmax()), names) for row, (z, names) in zip(rows, answers, strict=True)],
    }


def _says(row: np.ndarray, target: int, names: tuple[str, ...]) -> str:
    """The probability of the first prediction, and what is predicted now where that is another class."""
    now = int(row.argmax())
    return format_share(float(row[target])) + ("" if now == target else f", now {names[now]}")


PICTURES: dict[int, tuple[str, Callable[[SentenceLesson], dict[str, Any]]]] = {
    1: ("costs", costs_data),
    2: ("soft", soft_data),
    3: ("path", path_data),
    4: ("pieces", pieces_data),
    5: ("attention", attention_data),
    6: ("losses", losses_data),
}
"""Steps whose picture follows from the sentence alone."""
