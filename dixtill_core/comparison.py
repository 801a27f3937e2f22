"""One text under both models: what the Compare page, `dixtill explain` and the exports show."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy.special import softmax

from dixtill_core.config import ExplainConfig
from dixtill_core.data.words import Word, require_words, split_words
from dixtill_core.errors import ConfigError
from dixtill_core.explain.attention import attention_of
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.explainers import explain, find_explainer
from dixtill_core.metrics.agreement import agreement
from dixtill_core.models.pair import ModelPair
from dixtill_core.models.student import StudentClassifier, StudentReading
from dixtill_core.models.teacher import Teacher

STUDENT_TIMINGS = 5


@dataclass(frozen=True, eq=False)
class Answer:
    """What one model says about a text, and why."""

    role: str
    """"teacher" or "student"."""
    model_name: str
    label: str
    probabilities: dict[str, float]
    attributions: WordAttributions
    target_label: str
    """The class that the attributions are about."""
    seconds: float
    """From the text to prediction and explanation."""
    bytes_on_disk: int
    parameters: int
    explainer: str
    """Name of the explainer, one of `explain.explainers.EXPLAINERS`."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Both answers on the same words."""

    text: str
    """What both models read: the text as typed, up to the teacher's window."""
    typed_characters: int
    words: tuple[Word, ...]
    teacher: Answer
    student: Answer
    agreement: dict[str, float]
    notes: tuple[str, ...] = ()
    """What a reader has to know before trusting the numbers: truncation, a large delta, different targets."""

    @property
    def has_one_target(self) -> bool:
        """Whether both explanations speak about the same class: else their signs mean different things."""
        return self.teacher.target_label.lower() == self.student.target_label.lower()

    @property
    def signs_compare(self) -> bool:
        return self.has_one_target and self.teacher.attributions.is_signed and self.student.attributions.is_signed


def compare(
    pair: ModelPair,
    text: str,
    config: ExplainConfig | None = None,
    target: str | None = None,
    *,
    teacher_explainer: str = "integrated_gradients",
    student_explainer: str = "attention",
) -> Comparison:
    """Predict and explain `text` with both models.

    Args:
        target: label that the attributions explain; each model's own prediction where None. The student's attention
            always speaks about its own prediction, as does a student that has no such label.
        teacher_explainer, student_explainer: names from `explain.explainers.EXPLAINERS`.

    Raises:
        DataError: the text has no words.
        ConfigError: the teacher has no label `target`, or there is no such explainer for one of the models.
    """
    find_explainer(teacher_explainer, "teacher")
    find_explainer(student_explainer, "student")
    words = require_words(text)
    config = config or ExplainConfig()
    target_index = None if target is None else _label_index(pair.teacher.label_names, target)
    readable, notes = _readable_part(pair, text, words)

    started = time.perf_counter()
    teacher_logits = pair.teacher.predict([readable])[0]
    if target_index is None:
        target_index = int(teacher_logits.argmax())
    reasons = explain(pair.teacher, teacher_explainer, [readable], [target_index], config)[0]
    seconds = time.perf_counter() - started
    teacher = _answer("teacher", pair.teacher, teacher_logits, reasons, seconds, teacher_explainer)

    if student_explainer == "attention":
        student = student_answer(pair.student, readable)
    else:
        student = _explained_student(pair.student, student_explainer, readable, target, config)

    notes += _explainer_notes(teacher) + _explainer_notes(student)
    if not pair.shares_labels:
        notes.append(
            "The models have different labels: "
            f"the teacher {', '.join(pair.teacher.label_names)}, the student {', '.join(pair.student.label_names)}."
        )
    if teacher.target_label != student.target_label:
        notes.append(
            f"The teacher's words speak about “{teacher.target_label}”, the student's about its own prediction, “{student.target_label}”."
        )
    scores = agreement(teacher.attributions.scores, student.attributions.scores)
    return Comparison(readable, len(text), reasons.words, teacher, student, scores, tuple(notes))


def student_answer(student: StudentClassifier, text: str) -> Answer:
    """A student's prediction, explained by its own attention; for a text that has words."""
    reading, seconds = _timed_reading(student, text)
    return _answer("student", student, reading.logits, attention_of(reading), seconds, "attention")


def _explained_student(student: StudentClassifier, explainer: str, text: str, target: str | None, config: ExplainConfig) -> Answer:
    """The student's answer with another explanation than its own."""
    started = time.perf_counter()
    logits = student.predict([text])[0]
    names = [name.lower() for name in student.label_names]
    target_index = names.index(target.lower()) if target is not None and target.lower() in names else int(logits.argmax())
    reasons = explain(student, explainer, [text], [target_index], config)[0]
    return _answer("student", student, logits, reasons, time.perf_counter() - started, explainer)


def _explainer_notes(answer: Answer) -> list[str]:
    """What to know of one model's attributions before trusting them."""
    reasons, notes = answer.attributions, []
    if not reasons.converged:
        notes.append(
            f"Integrated Gradients did not converge: its sum misses the change of the output by {abs(reasons.convergence_delta or 0):.3f} "
            f"after {reasons.n_steps} steps. Read the {answer.role}'s heatmap with care, or choose more steps."
        )
    if not reasons.is_signed:
        notes.append(
            f"The {answer.role}'s scores have no sign: they say how much a word matters, not for or against which class. "
            "Sign agreement means nothing here."
        )
    return notes


def _readable_part(pair: ModelPair, text: str, words: list[Word]) -> tuple[str, list[str]]:
    """The text up to the end of the teacher's window, and a note where that cuts it."""
    readable, read = text, words
    while (n_read := max(1, pair.teacher.readable_words(readable))) < len(read):  # A text cut elsewhere may have other pieces.
        readable = readable[: read[n_read - 1].end]
        read = split_words(readable)
    if readable == text:
        return text, []
    note = (
        f"The text has {len(words):,} words; the teacher reads {len(read):,} of them, up to “{read[-1].text[:40]}” "
        f"(character {read[-1].end:,}). Both models are compared on those."
    )
    return readable, [note]


def _timed_reading(student: StudentClassifier, text: str) -> tuple[StudentReading, float]:
    """The student's reading and the median time of a few, since one of a millisecond is mostly noise."""
    seconds = []
    for _ in range(STUDENT_TIMINGS):
        started = time.perf_counter()
        reading = student.run([text])[0]
        seconds.append(time.perf_counter() - started)
    return reading, median(seconds)


def _answer(
    role: str, model: Teacher | StudentClassifier, logits: np.ndarray, attributions: WordAttributions, seconds: float, explainer: str
) -> Answer:
    names = model.label_names
    probabilities = dict(zip(names, softmax(logits.astype(np.float64)).tolist(), strict=True))
    return Answer(
        role,
        model.name,
        names[int(logits.argmax())],
        probabilities,
        attributions,
        names[attributions.target],
        seconds,
        model.bytes_on_disk,
        model.parameters,
        explainer,
    )


def _label_index(names: tuple[str, ...], label: str) -> int:
    lowered = [name.lower() for name in names]
    if label.lower() not in lowered:
        raise ConfigError(f"The teacher has no label {label!r}. It has {', '.join(names)}.")
    return lowered.index(label.lower())
