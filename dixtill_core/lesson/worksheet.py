"""A worksheet for one sentence as one HTML file to print: real numbers to work with, and the answers on pages of their own.

No script, no outside file; everything that a user typed is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.special import rel_entr

from dixtill_core.export.html import POLICY
from dixtill_core.export.numbers import MINUS
from dixtill_core.lesson.questions import STEPS, question
from dixtill_core.lesson.sentence import SentenceLesson

STYLE = (Path(__file__).parent / "worksheet.css").read_text(encoding="utf-8")
MOST_WORDS = 16
"""Rows of a table of words: more would fill the page."""
TAUS = (1.0, 5.0)


class Exercise(NamedTuple):
    """Given numbers, tasks, and as many answers as tasks."""

    given: str
    """HTML, already escaped."""
    tasks: tuple[str, ...]
    answers: tuple[str, ...]


def worksheet_html(lesson: SentenceLesson) -> bytes:
    """The file, UTF-8."""
    exercises = [
        _costs(lesson), _soft_labels(lesson), _path(lesson), _pieces(lesson), _attention(lesson), _losses(lesson), _training(lesson),
        _deletion(lesson),
    ]  # fmt: skip
    questions = [question(number, lesson) for number in range(1, len(STEPS) + 1)]
    sheets = "".join(
        f'<section><h2>{number}. {_rich(step.title)}</h2><p class="formula">{_rich(step.formula)}</p>{exercise.given}'
        f"<ol>{''.join(f'<li>{_rich(task)}{LINE}</li>' for task in (*exercise.tasks, asked.question))}</ol></section>"
        for number, (step, exercise, asked) in enumerate(zip(STEPS, exercises, questions, strict=True), start=1)
    )
    answers = "".join(
        f"<section><h2>{number}. {_rich(step.title)}</h2>"
        f"<ol>{''.join(f'<li>{_rich(answer)}</li>' for answer in (*exercise.answers, asked.answer))}</ol></section>"
        for number, (step, exercise, asked) in enumerate(zip(STEPS, exercises, questions, strict=True), start=1)
    )
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>DiXtill: worksheet on distillation and attribution</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Distillation and attribution, by hand</h1>
<p>Teacher: {_rich(lesson.comparison.teacher.model_name)}. Student: {_rich(lesson.comparison.student.model_name)}. Classes:
{_rich(", ".join(lesson.labels))}. All numbers are what these two models say about this sentence, rounded. The answers are worked out from
the numbers on this sheet; what is rounded on the way may change their last digit.</p>
<p class="sentence">{_rich(lesson.text)}</p>
<p class="who">Name <span></span> Date <span></span></p>
{sheets}
</main>
<main class="key">
<h1>Answers</h1>
<p class="sentence">{_rich(lesson.text)}</p>
{answers}
</main>
</body>
</html>
"""
    return page.encode("utf-8", errors="replace")


LINE = '<span class="line"></span>'


def _costs(lesson: SentenceLesson) -> Exercise:
    teacher, student = lesson.comparison.teacher, lesson.comparison.student
    given = _table(
        ["", "answer and reasons, ms", "parameters", "MB"],
        [
            [answer.role, f"{1000 * answer.seconds:.3f}", f"{answer.parameters:,}", f"{answer.bytes_on_disk / 1e6:.2f}"]
            for answer in (teacher, student)
        ],
    )
    hours = [1e6 * answer.seconds / 3600 for answer in (teacher, student)]
    return Exercise(
        given,
        ("How long does each model need for a million texts like this one, in hours?",),
        (f"10^{{6}} · seconds / 3600: the teacher {hours[0]:.2f} h, the student {hours[1]:.2f} h.",),
    )


def _soft_labels(lesson: SentenceLesson) -> Exercise:
    z = lesson.teacher_logits
    rows = [[label, _number(value)] for label, value in zip(lesson.labels, z, strict=True)]
    answers = []
    for tau in TAUS:
        powers = np.exp((z - z.max()) / tau)
        shares = ", ".join(f"{label} {p:.3f}" for label, p in zip(lesson.labels, powers / powers.sum(), strict=True))
        answers.append(f"τ = {tau:g}: {shares}.")
    return Exercise(
        _table(["class", "teacher's logit z_{T}"], rows),
        tuple(f"Work out the teacher's probabilities at τ = {tau:g}." for tau in TAUS),
        tuple(answers),
    )


def _path(lesson: SentenceLesson) -> Exercise:
    path = lesson.path
    scores = path.word_sums()[-1]
    shown = _strongest(scores)
    rest = float(np.delete(scores, shown).sum())
    rows = [[path.words[i].text, _number(scores[i])] for i in shown]
    if len(shown) < len(scores):
        rows.append([f"the other {len(scores) - len(shown)} words together", _number(rest)])
    total = _as_printed(scores[shown]).sum() + _as_printed(rest)
    start, end = _as_printed(path.baseline_output), _as_printed(path.output)
    given = _table(["word", f"IG for {lesson.labels[path.target]}"], rows)
    given += f"<p>{_rich(f'F(x′) = {start:.3f}, F(x) = {end:.3f}')}</p>"
    return Exercise(
        given,
        ("Add up all scores, with their signs, and compare with F(x) − F(x′). What is the gap?",),
        (f"The sum is {_number(total)}, F(x) − F(x′) = {_number(end - start)}: a gap of {abs(total - (end - start)):.3f}.",),
    )


def _pieces(lesson: SentenceLesson) -> Exercise:
    path = lesson.path
    scores = path.piece_sums()[-1]
    counts = np.bincount(path.piece_words[path.piece_words >= 0], minlength=len(path.words))
    chosen = sorted(range(len(path.words)), key=lambda i: (-counts[i], i))[:3]
    rows, answers = [], []
    for i in sorted(chosen):
        places = np.flatnonzero(path.piece_words == i)
        pieces = " ".join(f"{path.pieces[p]} {_number(scores[p])}" for p in places)
        rows.append([path.words[i].text, pieces or "no piece"])
        printed = _as_printed(scores[places])
        answers.append(f"“{path.words[i].text}”: sum {_number(printed.sum())}, mean {_number(printed.mean() if len(printed) else 0.0)}.")
    return Exercise(
        _table(["word", "its pieces with their scores"], rows),
        ("Give each word the sum, and the mean, of its pieces.",),
        (" ".join(answers),),
    )


def _attention(lesson: SentenceLesson) -> Exercise:
    found = lesson.attention
    shown = _strongest(found.scores)
    others = {name: np.delete(np.exp(values), shown).sum() for name, values in _exponents(lesson).items()}
    rows = [[found.words[i].text, _number(found.scores[i])] for i in shown]
    given = _table(["word", "score σ"], rows) + f"<p>g = {found.gain:.3f}.</p>"
    if len(shown) < len(found.scores):
        given += (
            f"<p>The other words add {others['signed']:.3f} to the sum of exp(σ) and {others['magnitude']:.3f} to that of exp(g |σ|).</p>"
        )
    i = int(np.abs(found.scores).argmax())
    word = found.words[i].text
    return Exercise(
        given,
        (f"Work out the share of attention of “{word}” by softmax(σ) and by softmax(g |σ|).",),
        (f"softmax(σ): {found.by_score[i]:.3f}; softmax(g |σ|): {found.by_magnitude[i]:.3f}.",),
    )


def _exponents(lesson: SentenceLesson) -> dict[str, np.ndarray]:
    found = lesson.attention
    return {"signed": found.scores, "magnitude": found.gain * np.abs(found.scores)}


def _losses(lesson: SentenceLesson) -> Exercise:
    found = lesson.losses()
    config = found.config
    rows = [
        [label, _number(z), f"{p:.4f}", f"{q:.4f}"]
        for label, z, p, q in zip(lesson.labels, lesson.student_logits, found.teacher_soft, found.student_soft, strict=True)
    ]
    teacher, student = _as_printed(found.teacher_soft, 4), _as_printed(found.student_soft, 4)
    kl = float(rel_entr(teacher, student).sum())
    scaled, hard, reasons = (_as_printed(value) for value in (config.temperature**2 * kl, found.cross_entropy, found.alignment))
    loss = (1 - config.alpha) * hard + config.alpha * (scaled + config.alignment_weight * reasons)
    tau = f"{config.temperature:g}"
    given = _table(["class", "student's logit z_{S}", f"p_{{T}} at τ = {tau}", f"p_{{S}} at τ = {tau}"], rows)
    known = (
        f"σ_{{T}} · σ_{{S}} = {_number(found.dot)}, |σ_{{T}}| = {found.teacher_norm:.3f}, |σ_{{S}}| = {found.student_norm:.3f}; "
        f"α = {config.alpha:g}, w = {config.alignment_weight:g}; gold label: {lesson.labels[found.gold]}."
    )
    given += f"<p>{_rich(known)}</p>"
    return Exercise(
        given,
        (
            "L_{CE}: the student's probability of the gold label at τ = 1, and its negative logarithm.",
            "KL, and τ^{2} KL.",
            "The cosine, and L_{XAI}.",
            "The loss L.",
        ),
        (
            f"p_{{S}} = {found.gold_probability:.3f}, L_{{CE}} = {hard:.3f}.",
            f"KL = {kl:.5f}, τ^{{2}} KL = {scaled:.3f}.",
            f"cos = {_number(found.cosine)}, L_{{XAI}} = {reasons:.3f}.",
            f"{1 - config.alpha:.1f} · {hard:.3f} + {config.alpha:g} · ({scaled:.3f} + {config.alignment_weight:g} · {reasons:.3f}) "
            f"= {loss:.3f}.",
        ),
    )


def _training(lesson: SentenceLesson) -> Exercise:
    scores = lesson.teacher_scores, lesson.student_scores
    shown = _strongest(scores[0], 8)
    top = [{int(i) for i in np.argsort(-np.abs(values), kind="stable")[:3]} for values in scores]
    shared = top[0] & top[1]
    k = min(3, len(scores[0]))
    rows = [[lesson.words[i].text, _number(scores[0][i]), _number(scores[1][i])] for i in sorted({*shown, *top[1]})]
    named = ", ".join(f"“{lesson.words[i].text}”" for i in sorted(shared)) or "none"
    return Exercise(
        _table(["word", "teacher σ_{T}", "student σ_{S}, trained with L_{XAI}"], rows),
        (f"Which of the {k} strongest words (by magnitude) do both models share? What is the feature agreement @{k}?",),
        (f"{named}: {len(shared)} / {k} = {len(shared) / k:.2f}.",),
    )


def _deletion(lesson: SentenceLesson) -> Exercise:
    deletions = lesson.deletions
    j = lesson.gold
    n = min(4, len(deletions["teacher"].order))
    rows = []
    for name, title in (("teacher", "the teacher's reasons"), ("random", "one random order")):
        found = deletions[name]
        rows.append([title, *(f"{p:.3f}" for p in found.teacher[: n + 1, j])])
    curves = {name: _as_printed(deletions[name].teacher[:, j]) for name in ("teacher", "random")}
    falls = [float(curve[0] - curve[n]) for curve in curves.values()]
    return Exercise(
        _table(["deleted in the order of", *(str(i) for i in range(n + 1))], rows),
        (f"By how much has the teacher's probability of {lesson.labels[j]} fallen after {n}, in each order?",),
        (f"{_number(falls[0])} for the teacher's reasons, {_number(falls[1])} for the random order.",),
    )


def _strongest(scores: np.ndarray, most: int = MOST_WORDS) -> list[int]:
    """Positions of the strongest words, in the order of the text."""
    return sorted(int(i) for i in np.argsort(-np.abs(scores), kind="stable")[:most])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "".join(f"<tr>{''.join(f'<td>{_rich(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{"".join(f"<th>{_rich(cell)}</th>" for cell in head)}</tr>{body}</table></div>'


def _as_printed(values: Any, decimals: int = 3) -> Any:
    """As whoever works with the sheet reads them."""
    return np.round(np.asarray(values, dtype=np.float64), decimals)


def _number(value: float) -> str:
    text = f"{value:.3f}"
    return "0.000" if float(text) == 0 else text.replace("-", MINUS)


def _rich(text: str) -> str:
    """Escaped for HTML; then parts below the line, `_{..}`, and above it, `^{..}`."""
    escaped = escape(text).replace("\0", "�")
    return re.sub(r"\^\{([^}]*)\}", r"<sup>\1</sup>", re.sub(r"_\{([^}]*)\}", r"<sub>\1</sub>", escaped))
