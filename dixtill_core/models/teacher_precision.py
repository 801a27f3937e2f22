"""Half precision for a teacher, only where it changes nothing that matters.

GPUs multiply matrices faster in half precision. Predictions stand that well; Integrated Gradients adds up many small
gradients, and in some networks they drown in the rounding. So half precision is used only if asked for, and only after
a trial on a few texts showed that classes, probabilities, convergence deltas and attributions hold. Weights stay
float32 (autocast). CPUs and MPS always stay float32: the few CPUs that gain would give other targets than the rest, and
autocast on MPS is untried here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import torch
from scipy.special import softmax

from dixtill_core.config import ExplainConfig, TeacherPrecision
from dixtill_core.errors import ConfigError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.teacher import Teacher

TRIAL_TEXTS = (
    "Shares of $ACME slide 12% as profit beats forecasts but the outlook is cut",
    "I loved every minute of it, and the ending was a delight",
    "The meeting on Tuesday was moved to the small room",
    "not good, not bad",
)
PROBABILITY_TOLERANCE = 0.01
"""Largest change of any class' probability."""
LEAST_COSINE = 0.99
"""Between the attributions of a text in both precisions."""


@dataclass(frozen=True)
class PrecisionTrial:
    """A teacher in half precision beside itself in float32, on `TRIAL_TEXTS`."""

    dtype: torch.dtype
    same_classes: bool
    probability_change: float
    """The largest of any class and text."""
    convergence_delta: float
    """The largest |delta| in half precision."""
    converged: bool
    """Whether every text that converges in float32 does so in half precision."""
    cosine: float
    """The least between the attributions of a text."""

    @property
    def holds(self) -> bool:
        return self.same_classes and self.converged and self.probability_change <= PROBABILITY_TOLERANCE and self.cosine >= LEAST_COSINE


def set_precision(teacher: Teacher, precision: str) -> PrecisionTrial | None:
    """Let `teacher` run in `precision`; return the trial, if its device has a half precision to try.

    Raises:
        ConfigError: no such precision.
    """
    if precision not in get_args(TeacherPrecision):
        raise ConfigError(f"precision is {precision!r}, but has to be one of {', '.join(get_args(TeacherPrecision))}.")
    dtype = half_precision_of(teacher.device)
    return None if precision == "float32" or dtype is None else use_where_it_holds(teacher, dtype)


def use_where_it_holds(teacher: Teacher, dtype: torch.dtype) -> PrecisionTrial:
    """Run `teacher` in `dtype` from now on if the trial holds; its fingerprint says so, lest targets are mixed."""
    trial = try_precision(teacher, dtype)
    if trial.holds and teacher.autocast is None:
        teacher.autocast = dtype
        teacher.fingerprint += f"-{dtype_name(dtype)}"
    return trial


def describe_device(teacher: Teacher) -> str:
    """Where a teacher runs and in which precision: `cpu (2 threads), float32`."""
    kind = teacher.device.type
    threads = torch.get_num_threads()
    names = {"cpu": f"cpu ({threads} thread{'s' if threads > 1 else ''})", "mps": "mps (the GPU of this Mac)"}
    device = f"{teacher.device} ({torch.cuda.get_device_name(teacher.device)})" if kind == "cuda" else names.get(kind, kind)
    return f"{device}, {'float32' if teacher.autocast is None else dtype_name(teacher.autocast)}"


def half_precision_of(device: torch.device) -> torch.dtype | None:
    """The half precision that a device is fast in; None where it stays float32."""
    if device.type != "cuda":
        return None
    return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16


def try_precision(teacher: Teacher, dtype: torch.dtype) -> PrecisionTrial:
    """Compare `teacher` in `dtype` with itself in float32; it is left as it was."""
    with teacher.lock:
        before = teacher.autocast
        try:
            teacher.autocast = None
            exact, expected = _answers(teacher, None)
            teacher.autocast = dtype
            rough, found = _answers(teacher, exact.argmax(axis=1))
        finally:
            teacher.autocast = before
    return PrecisionTrial(
        dtype=dtype,
        same_classes=bool((exact.argmax(axis=1) == rough.argmax(axis=1)).all()),
        probability_change=float(np.abs(exact - rough).max()),
        convergence_delta=max(abs(attributions.convergence_delta or 0.0) for attributions in found),
        converged=all(half.converged for half, full in zip(found, expected, strict=True) if full.converged),
        cosine=min(_cosine(half.scores, full.scores) for half, full in zip(found, expected, strict=True)),
    )


def dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _answers(teacher: Teacher, targets: np.ndarray | None) -> tuple[np.ndarray, list[WordAttributions]]:
    """Probabilities (texts, classes) and attributions of the trial's texts."""
    probabilities = softmax(teacher.predict(TRIAL_TEXTS), axis=1)
    return probabilities, integrated_gradients(teacher, TRIAL_TEXTS, targets, ExplainConfig(n_steps=24))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths > 0 else 1.0
