"""Do two explanations name the same words? Measures of Krishna et al. 2022, "The disagreement problem".

Words are ranked by the magnitude of their score; ties go to the earlier word. A text with fewer than k words is
measured on all it has. Both measures lie in [0, 1], higher is better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

DEFAULT_KS = (1, 2, 3, 4, 5)


def top_words(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k scores of largest magnitude, the largest first, ties by position."""
    return np.argsort(-np.abs(scores), kind="stable")[:k]


def feature_agreement(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Share of the top-k words of one that are among the top-k of the other; NaN for a text without words."""
    k = _usable(first, second, k)
    return len(np.intersect1d(top_words(first, k), top_words(second, k))) / k if k else float("nan")


def sign_agreement(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Share of the top-k words that both name with the same sign (0 agrees with 0 only)."""
    k = _usable(first, second, k)
    if not k:
        return float("nan")
    shared = np.intersect1d(top_words(first, k), top_words(second, k))
    return int(np.sum(np.sign(first[shared]) == np.sign(second[shared]))) / k


def agreement(first: np.ndarray, second: np.ndarray, ks: Iterable[int] = DEFAULT_KS) -> dict[str, float]:
    """`feature_agreement@k` and `sign_agreement@k` of one text's two score vectors."""
    ks = tuple(ks)
    return {f"feature_agreement@{k}": feature_agreement(first, second, k) for k in ks} | {
        f"sign_agreement@{k}": sign_agreement(first, second, k) for k in ks
    }


def mean_agreement(firsts: Sequence[np.ndarray], seconds: Sequence[np.ndarray], ks: Iterable[int] = DEFAULT_KS) -> dict[str, float]:
    """Mean over texts of `agreement`; texts without words are left out."""
    rows = [agreement(first, second, ks) for first, second in zip(firsts, seconds, strict=True) if len(first)]
    return {name: float(np.mean([row[name] for row in rows])) if rows else float("nan") for name in agreement(np.ones(1), np.ones(1), ks)}


def _usable(first: np.ndarray, second: np.ndarray, k: int) -> int:
    if len(first) != len(second):
        raise ValueError(f"The explanations have {len(first)} and {len(second)} words; both need the same words.")
    return min(k, len(first))
