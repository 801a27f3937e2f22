"""Quality of predictions against gold labels."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import softmax


def classification_scores(labels: np.ndarray, logits: np.ndarray) -> dict[str, float]:
    """Accuracy, macro F1, Matthews correlation and macro one-vs-rest AUC, each in its usual range, higher is better.

    Args:
        labels: (texts,) int.
        logits: (texts, classes).

    Macro means are taken over the classes that occur in `labels`; AUC is NaN where only one occurs.
    """
    from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, roc_auc_score

    predicted = logits.argmax(axis=1)
    present = np.unique(labels)
    probabilities = softmax(logits.astype(np.float64), axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        aucs = [roc_auc_score(labels == c, probabilities[:, c]) for c in present] if len(present) > 1 else [float("nan")]
        return {
            "accuracy": float(accuracy_score(labels, predicted)),
            "macro_f1": float(f1_score(labels, predicted, average="macro", labels=present, zero_division=0)),
            "mcc": float(matthews_corrcoef(labels, predicted)),
            "macro_auc": float(np.mean(aucs)),
            "n": len(labels),
        }


def fidelity(first: np.ndarray, second: np.ndarray) -> float:
    """Share of texts on which two models predict the same class, in [0, 1]; both logits are (texts, classes)."""
    return float(np.mean(first.argmax(axis=1) == second.argmax(axis=1)))
