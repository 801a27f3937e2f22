"""Distil a large text classifier into an attention bi-LSTM that keeps its reasons."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dixtill_core.comparison import compare as compare
    from dixtill_core.config import DistillConfig as DistillConfig
    from dixtill_core.config import ExplainConfig as ExplainConfig
    from dixtill_core.config import StudentConfig as StudentConfig
    from dixtill_core.data.datasets import load_dataset as load_dataset
    from dixtill_core.errors import DixtillError as DixtillError
    from dixtill_core.explain.attention import attention as attention
    from dixtill_core.explain.integrated_gradients import integrated_gradients as integrated_gradients
    from dixtill_core.metrics.faithfulness import faithfulness as faithfulness
    from dixtill_core.models.pair import load_pair as load_pair
    from dixtill_core.models.teacher import load_teacher as load_teacher

_HOMES = {
    "compare": "comparison",
    "DistillConfig": "config",
    "ExplainConfig": "config",
    "StudentConfig": "config",
    "load_dataset": "data.datasets",
    "DixtillError": "errors",
    "attention": "explain.attention",
    "integrated_gradients": "explain.integrated_gradients",
    "faithfulness": "metrics.faithfulness",
    "load_pair": "models.pair",
    "load_teacher": "models.teacher",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that a page or `--help` shows before PyTorch is loaded."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
