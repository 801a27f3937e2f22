"""What a run will cost, before it starts: seconds of each stage, bytes and parameters of the student.

The size follows from the configuration. The time follows from what one text costs in each stage: measured here and now
where `calibrate` is asked to, which takes about two seconds; else as it was once measured for the bundled teacher.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from dixtill_core.config import StudentConfig
from dixtill_core.data.words import split_words
from dixtill_core.distill.targets import TARGET_CONFIG
from dixtill_core.distill.trainer import time_training_step
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.teacher import Teacher
from dixtill_core.runs.spec import RunSpec

TEACHING, EXPLAINING, ASKING, TRAINING, EVALUATING = (
    "training the teacher", "explaining with the teacher", "asking the teacher", "training the student", "evaluating",
)  # fmt: skip
CALIBRATION_TEXTS = 256
"""Looked at for their lengths; only a few of them are run."""
CALIBRATION_SECONDS = 0.7
"""For each of the teacher's two measurements, as far as one batch fits into it."""
BUNDLED_PARAMETERS = 22_700_000
"""Of the bundled teacher, whose times are the constants below."""


@dataclass(frozen=True)
class Calibration:
    """Seconds of a text in each stage."""

    explain: float
    ask: float
    train: float
    """In one epoch."""
    teach: float
    """In one epoch of the teacher."""
    is_measured: bool = False


STORED = Calibration(explain=0.08, ask=0.0045, train=0.0002, teach=0.015)
"""A headline of 15 words, the bundled teacher on two cores and the default student."""
STORED_WORDS, STORED_THREADS = 15.0, 2


@dataclass(frozen=True)
class Estimate:
    """What to expect. Times are rough: half or twice as much is no surprise."""

    seconds: Mapping[str, float]
    """By stage, in the order of the stages."""
    student_bytes: int
    """Of the weights on disk, exact where the vocabulary is full."""
    parameters: int
    notes: tuple[str, ...] = field(default=())

    @property
    def total_seconds(self) -> float:
        return sum(self.seconds.values())


def estimate(
    spec: RunSpec,
    n_texts: int,
    mean_words: float = STORED_WORDS,
    n_classes: int = 3,
    *,
    calibration: Calibration | None = None,
    teacher_parameters: int = BUNDLED_PARAMETERS,
    n_test: int = 0,
    explained_texts: int = 0,
) -> Estimate:
    """Cost of a run.

    Args:
        n_texts: of the data.
        mean_words: of a text; read only where there is no `calibration`, which has seen the texts themselves.
        calibration: what `calibrate` measured.
        teacher_parameters: read only where there is no `calibration`; teachers are taken to cost in proportion to them.
        n_test: texts of the final evaluation.
        explained_texts: how many of the data the teacher has explained before; they cost nothing.
    """
    notes = []
    if calibration is None:
        calibration = stored_calibration(spec, mean_words, teacher_parameters)
        notes.append("Nothing was measured here: these are the times of the bundled teacher on two cores, scaled.")
    made = spec.distill.augmented_texts if spec.distill.method != "ce" else 0
    train_texts = n_texts * (1 - spec.distill.validation_share)
    seconds = {} if spec.teach is None else {TEACHING: n_texts * spec.teach.epochs * calibration.teach}
    seconds |= {
        EXPLAINING: max(0, n_texts - explained_texts) * calibration.explain,
        ASKING: made * calibration.ask,
        TRAINING: (train_texts + made) * spec.distill.epochs * calibration.train,
        EVALUATING: n_test * calibration.explain,
    }
    if explained_texts:
        notes.append(f"The teacher has explained {explained_texts:,} of these texts before.")
    parameters = student_parameters(spec.student, n_classes)
    return Estimate({name: value for name, value in seconds.items() if value > 0}, 4 * parameters, parameters, tuple(notes))


def calibrate(spec: RunSpec, teacher: Teacher, texts: Sequence[str]) -> Calibration:
    """Measure what a text costs here: the teacher on a few texts, the student on a few steps; about two seconds.

    Args:
        texts: of the run; a sample of lengths is taken from them.
    """
    sample = [texts[i] for i in np.linspace(0, len(texts) - 1, min(len(texts), CALIBRATION_TEXTS)).astype(int)]
    lengths = [len(split_words(text)) for text in sample]
    with teacher.lock:
        explain = (
            _seconds_a_text(lambda part: integrated_gradients(teacher, part, None, TARGET_CONFIG), sample) if teacher.has_gradients else 0.0
        )
        ask = _seconds_a_text(teacher.predict, sample)
    step = time_training_step(spec.student, spec.distill, lengths, len(teacher.label_names))
    # Backwards costs about twice forwards; validation, gathering batches and writing a state cost the student a tenth.
    return Calibration(explain, ask, 1.1 * step / spec.distill.batch_size, 3 * ask, is_measured=True)


def _seconds_a_text(run: Callable[[list[str]], object], sample: Sequence[str]) -> float:
    """Of the fastest of a few batches, each twice as large as the one before: other work only ever adds to a time."""
    ordered = sorted(sample, key=len)
    mean_length = sum(map(len, ordered)) / len(ordered)
    middle = min(range(len(ordered)), key=lambda i: abs(len(ordered[i]) - mean_length))
    run([ordered[middle]])  # The first pass of a network pays for things that later ones do not.
    count, spent, fastest = 2, 0.0, math.inf
    while True:
        # Neighbours in length share a batch, as they do where the targets are computed; of mean length they cost the mean.
        first = max(0, min(middle - count // 2, len(ordered) - count))
        part = ordered[first : first + count]
        started = time.perf_counter()
        run(part)
        seconds = time.perf_counter() - started
        spent, fastest = spent + seconds, min(fastest, seconds / len(part))
        if spent + 2 * seconds > CALIBRATION_SECONDS or count >= 32:
            return fastest
        count *= 2


def stored_calibration(spec: RunSpec, mean_words: float, teacher_parameters: int = BUNDLED_PARAMETERS) -> Calibration:
    """The times of the bundled teacher, scaled by words, by the size of the teacher and by this machine's threads."""
    words = max(1.0, mean_words) / STORED_WORDS
    threads = STORED_THREADS / max(1, min(torch.get_num_threads(), 8))  # Small networks gain little from more.
    student = student_parameters(replace(spec.student, max_vocabulary=16), 3) / student_parameters(StudentConfig(max_vocabulary=16), 3)
    asked = words * threads * teacher_parameters / BUNDLED_PARAMETERS
    return Calibration(STORED.explain * asked, STORED.ask * asked, STORED.train * words * student, STORED.teach * words * threads)


def student_parameters(config: StudentConfig, n_classes: int) -> int:
    """Parameters of a student whose vocabulary is full, as GloVe's words make it."""
    size, hidden = config.embedding_size, config.hidden_size
    lstm = 2 * 4 * hidden * (size + hidden + 2)
    attention = 4 * hidden * hidden + 2 * hidden + (1 if config.attention == "magnitude" else 0)
    return config.max_vocabulary * size + lstm + attention + (2 * hidden + 1) * n_classes
