"""The eight steps in words: one idea, its formula, and a question whose answer is worked out from the sentence.

In a formula, `_{..}` is written below the line and `^{..}` above it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dixtill_core.export.numbers import format_bytes, format_score, format_seconds, format_share, format_times
from dixtill_core.lesson.sentence import SentenceLesson
from dixtill_core.metrics.agreement import top_words

TELLING = 0.02
"""Of two falls of a probability, the least difference that says anything."""


class Step(NamedTuple):
    title: str
    idea: str
    formula: str


class Question(NamedTuple):
    question: str
    answer: str


STEPS = (
    Step(
        "What the teacher knows, and costs",
        "The teacher is a Transformer that reads the whole sentence at once. It answers well, and it is large and slow; asking it for "
        "reasons costs many more passes. A student shall learn its answers and its reasons.",
        "p_{T}(class | text) = softmax(z_{T})",
    ),
    Step(
        "Soft labels and temperature",
        "The teacher does not only say which class: its probabilities say how near the others are. A temperature τ above 1 makes "
        "these small "
        "differences large enough to learn from.",
        "p_{k}(τ) = exp(z_{k} / τ) / Σ_{j} exp(z_{j} / τ)",
    ),
    Step(
        "The path of Integrated Gradients",
        "Walk in a straight line from a text of padding x′ (a = 0) to this text x (a = 1). At each point the gradient says what every word "
        "adds. Summed up along the way, the words account for all of the change of F, the probability of the class: completeness.",
        "IG_{i} = (x_{i} − x′_{i}) · ∫_{0}^{1} ∂F/∂x_{i} (x′ + a (x − x′)) da,     Σ_{i} IG_{i} = F(x) − F(x′)",
    ),
    Step(
        "From pieces to words",
        "The teacher reads pieces, people read words, and so does the student. The score of a word is the sum of its pieces' "
        "scores, because "
        "a sum keeps completeness; a mean does not.",
        "IG(word) = Σ_{pieces p of the word} IG_{p}",
    ),
    Step(
        "The bi-LSTM and its attention",
        "The student reads the words forwards and backwards and gives each a score σ. The score has a sign: for or against its prediction. "
        "The softmax turns scores into shares α of attention, which have none. The paper's softmax hardly reads words that speak "
        "against; this "
        "student's reads words by the size of their score.",
        "σ_{i} = v^{T} tanh(U h_{i}),     α = softmax(g |σ|)  or, in the paper,  α = softmax(σ)",
    ),
    Step(
        "The three losses, by hand",
        "The student learns from three teachers at once: the gold label (L_{CE}), the teacher's soft labels (KL) and the teacher's reasons "
        "(L_{XAI}, from the angle between both score vectors).",
        "L = (1 − α) L_{CE} + α (τ^{2} KL(p_{T} ‖ p_{S}) + w L_{XAI}),     L_{XAI} = (1 − cos(σ_{T}, σ_{S})) / 2",
    ),
    Step(
        "Training with and without L_{XAI}",
        "Two small students: same texts, same start, same soft labels. Only one is asked for the teacher's reasons, too.",
        "without:  (1 − α) L_{CE} + α τ^{2} KL,     with:  … + α w L_{XAI}",
    ),
    Step(
        "Can the explanation be trusted?",
        "An explanation is a claim about the model, and the model can be asked. Delete the words that it names, one by one: if they "
        "were the "
        "reasons, the probability of the prediction falls faster than for words deleted at random.",
        "comprehensiveness = p_{j}(x) − p_{j}(x without its strongest words)",
    ),
)


def question(number: int, lesson: SentenceLesson) -> Question:
    """Of step `number`, from 1."""
    return _QUESTIONS[number - 1](lesson)


def _costs(lesson: SentenceLesson) -> Question:
    teacher, student = lesson.comparison.teacher, lesson.comparison.student
    ratio = teacher.seconds / max(lesson.answer_seconds, 1e-9)
    return Question(
        "The teacher's answer with reasons takes longer than its answer alone. About how many times, and why? Why does the student "
        "pay nothing?",
        f"{format_seconds(teacher.seconds)} against {format_seconds(lesson.answer_seconds)}: {format_times(ratio)}. Integrated Gradients "
        f"runs the teacher forwards and backwards at {lesson.comparison.teacher.attributions.n_steps} points. The student's reasons are "
        f"its attention scores, which it computes for its answer anyway: {format_seconds(student.seconds)} for both, and "
        f"{format_bytes(student.bytes_on_disk)} instead of {format_bytes(teacher.bytes_on_disk)}.",
    )


def _temperature(lesson: SentenceLesson) -> Question:
    labels, z = lesson.labels, lesson.teacher_logits
    order = np.argsort(-z)
    first, second = labels[order[0]], labels[order[1]]
    gap = float(z[order[0]] - z[order[1]])
    at_one, at_five = np.exp(gap), np.exp(gap / 5)
    return Question(
        f"The logit of {first} is {gap:.2f} above that of {second}. How many times as probable is {first} at τ = 1, and at τ = 5? "
        "Can any temperature change the order of the classes?",
        f"exp({gap:.2f}) = {at_one:,.1f} times at τ = 1, exp({gap:.2f} / 5) = {at_five:.2f} times at τ = 5. The order never changes: "
        "dividing all logits by the same positive number keeps it.",
    )


def _path(lesson: SentenceLesson) -> Question:
    path = lesson.path
    total = float(path.word_sums()[-1].sum())
    label = lesson.labels[path.target]
    return Question(
        f"A text of padding has F(x′) = {path.baseline_output:.4f} for {label}. The scores of all words add up to "
        f"{format_score(total, 4)}. What is the teacher's probability of {label} for this sentence?",
        f"{path.baseline_output:.4f} {'−' if total < 0 else '+'} {abs(total):.4f} ≈ {path.baseline_output + total:.3f}; the teacher says "
        f"{path.output:.3f}. The gap of {abs(path.gap):.4f} is the error of {len(path.positions)} steps in place of an integral.",
    )


def _pieces(lesson: SentenceLesson) -> Question:
    path = lesson.path
    mean, total = float(path.word_sums("mean")[-1].sum()), float(path.word_sums()[-1].sum())
    counts = np.bincount(path.piece_words[path.piece_words >= 0], minlength=len(path.words))
    split = int((counts > 1).sum())
    if not split:
        return Question(
            "Every word of this sentence is one piece. What happens to the total if the mean of the pieces is taken instead of the sum?",
            "Nothing: the mean of one number is the number. Try a rare name, a price or a hashtag, which the tokenizer splits.",
        )
    return Question(
        f"{split} of {len(path.words)} words {'has' if split == 1 else 'have'} more than one piece. The sums add up to "
        f"{format_score(total)}. Do the means add up to the same?",
        f"No: to {format_score(mean)}, which misses F(x) − F(x′) = {format_score(path.change)}. Averaging divides the score of a "
        f"word by its "
        "number of pieces, so that completeness is lost where words are split.",
    )


def _attention(lesson: SentenceLesson) -> Question:
    found = lesson.attention
    label = lesson.pair.student.label_names[found.target]
    lowest = int(found.scores.argmin())
    if found.scores[lowest] >= 0:
        return Question(
            f"No word of this sentence has a score below 0. Does that mean that every word speaks for {label} strongly?",
            f"No. The sign says for or against, the size how much: the smallest score here is {format_score(float(found.scores[lowest]))}. "
            "After the softmax every word has a share above 0, whatever its sign.",
        )
    return Question(
        f"“{found.words[lowest].text}” has the lowest score, {format_score(float(found.scores[lowest]))}: it speaks against {label}. What "
        "share of attention does it get from each softmax, and why?",
        f"{found.by_score[lowest]:.1%} from softmax(σ), the least of all words; {found.by_magnitude[lowest]:.1%} from softmax(g |σ|) with "
        f"g = {found.gain:.2f}, which reads a word by the size of its score. Neither share shows that the word speaks against.",
    )


def _losses(lesson: SentenceLesson) -> Question:
    found = lesson.losses()
    config = found.config
    hard, soft, reasons = (1 - config.alpha) * found.cross_entropy, config.alpha * found.scaled_kl, config.alpha * config.alignment_weight
    parts = {"the gold label": hard, "the soft labels": soft, "the reasons": reasons * found.alignment}
    largest = max(parts, key=parts.__getitem__)
    return Question(
        f"With α = {config.alpha:g}, τ = {config.temperature:g}, w = {config.alignment_weight:g} and the teacher's answer as gold label: "
        "which of the three terms is the largest part of the loss? What is the loss if both models give the same answers and reasons?",
        f"{config.alpha:g} · {config.alignment_weight:g} · {found.alignment:.4f} ≈ {parts['the reasons']:.3f} for the reasons, "
        f"{soft:.3f} for the soft labels, {hard:.3f} for the gold label: {largest}. KL and L_{{XAI}} then are 0, and only "
        "(1 − α) L_{CE} is left, which is small where the student is sure of the gold label.",
    )


def _training(lesson: SentenceLesson) -> Question:
    strongest = ", ".join(f"“{lesson.words[i].text}”" for i in top_words(lesson.teacher_scores, 3))
    return Question(
        f"The teacher's strongest words are {strongest}. Does the student without L_{{XAI}} find them? It is told the right answers "
        f"all the "
        "same: why are good answers not enough?",
        "Many scores give the same answer: the classifier behind the attention can make up for any of them, even for a turned sign. "
        "Soft labels say "
        "nothing about the scores, so they go where training happens to take them. L_{XAI} is the only term that names words. "
        "Compare the agreement of both students over the epochs.",
    )


def _trust(lesson: SentenceLesson) -> Question:
    deletions = lesson.deletions
    j = lesson.gold
    count = min(3, len(deletions["teacher"].order))
    own, other = (float(deletions[name].teacher[0, j] - deletions[name].teacher[count, j]) for name in ("teacher", "random"))
    words = ", ".join(f"“{lesson.words[i].text}”" for i in deletions["teacher"].order[:count])
    if count == len(lesson.words):
        verdict = "No word is left either way, so this sentence is too short to tell the orders apart"
    elif abs(own - other) < TELLING:
        verdict = "Both orders do alike here, so this sentence does not tell"
    elif own > other:
        verdict = "The named words matter more"
    else:
        verdict = "Here chance does better, so distrust the explanation"
    return Question(
        f"Without {words}, what becomes of the teacher's probability of {lesson.labels[j]}? And without as many words in a random order?",
        f"From {format_share(float(deletions['teacher'].teacher[0, j]))} it {_fall(own)}; in one random order it {_fall(other)}. "
        f"{verdict}. One sentence and one order prove little: the page Compare has the mean of several orders, the page Metrics that over "
        "a test set. And a text with holes is one that the model never saw in training, so a fall has two possible causes.",
    )


def _fall(by: float) -> str:
    return f"{'rises' if by < 0 else 'falls'} by {abs(by):.3f}"


_QUESTIONS: tuple[Callable[[SentenceLesson], Question], ...] = (
    _costs, _temperature, _path, _pieces, _attention, _losses, _training, _trust
)  # fmt: skip
