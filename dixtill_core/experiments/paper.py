"""The paper's own numbers, to stand beside measured ones: never mixed with them, always named as the paper's.

Source: Cantini, Orsino, Talia (2024), XAI-driven knowledge distillation of large language models for efficient
deployment on low-resource devices, Journal of Big Data 11:63, doi 10.1186/s40537-024-00928-3, Tables 1 to 4.
Twitter Financial News, all 2,486 texts of its validation file; the teacher is FinBERT.
Models and metrics have the names of `experiments.results`.
"""

from __future__ import annotations

SOURCE = "Cantini, Orsino, Talia 2024, doi 10.1186/s40537-024-00928-3"
QUALITY_METRICS = ("accuracy", "macro_f1", "mcc", "macro_auc")


def _scores(*values: float) -> dict[str, float]:
    return dict(zip(QUALITY_METRICS, values, strict=True))


PAPER_QUALITY: dict[str, dict[str, float]] = {
    "ce": _scores(0.802, 0.725, 0.618, 0.901),
    "kl": _scores(0.827, 0.762, 0.655, 0.916),
    "mse": _scores(0.816, 0.752, 0.642, 0.907),
    "dixtill": _scores(0.843, 0.789, 0.689, 0.926),
    "teacher": _scores(0.855, 0.810, 0.721, 0.949),
    "ptq": _scores(0.852, 0.808, 0.719, 0.948),
    "ahp-6": _scores(0.832, 0.743, 0.652, 0.938),
}
"""Tables 1 and 4: model -> metric -> value."""

PAPER_TEMPERATURE: dict[int, dict[str, float]] = {
    1: _scores(0.834, 0.775, 0.671, 0.924),
    2: _scores(0.835, 0.778, 0.678, 0.923),
    3: _scores(0.838, 0.782, 0.677, 0.925),
    4: _scores(0.840, 0.779, 0.679, 0.926),
    5: _scores(0.843, 0.789, 0.688, 0.926),
}
"""Table 2: temperature of a DiXtill student -> metric -> value."""

PAPER_EFFICIENCY: dict[str, dict[str, float]] = {
    "teacher": {"bytes": 439e6, "compression": 1.0, "median_ms": 610.0, "speedup": 1.0},
    "ahp-6": {"bytes": 365e6, "compression": 1.20, "median_ms": 280.0, "speedup": 2.18},
    "ptq": {"bytes": 182.5e6, "compression": 2.40, "median_ms": 400.0, "speedup": 1.52},
    "dixtill": {"bytes": 3.45e6, "compression": 127.0, "median_ms": 70.0, "speedup": 8.7},
}
"""Table 3: model -> metric -> value, for a batch of 32 texts padded to 150."""
