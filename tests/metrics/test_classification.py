from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.metrics.classification import classification_scores


def logits_for(predicted: list[int], n_classes: int) -> np.ndarray:
    return np.eye(n_classes)[predicted] * 4.0


def test_scores_worked_out_by_hand() -> None:
    # Confusion (gold by row): [2 1 0], [0 1 1], [0 0 1]. F1: 0.8, 0.5, 2/3. Accuracy 4/6.
    labels = np.array([0, 0, 0, 1, 1, 2])
    scores = classification_scores(labels, logits_for([0, 0, 1, 1, 2, 2], 3))
    assert scores["accuracy"] == pytest.approx(4 / 6)
    assert scores["macro_f1"] == pytest.approx((0.8 + 0.5 + 2 / 3) / 3)
    # c s - sum t p = 4 * 6 - (3*2 + 2*2 + 1*2) = 12; sqrt((36 - 12) * (36 - 14)).
    assert scores["mcc"] == pytest.approx(12 / math.sqrt(24 * 22))
    assert scores["n"] == 6


def test_auc_counts_pairs_in_the_right_order_and_ties_by_half() -> None:
    # One score a text, for class 1: 0.1 0.4 0.4 0.8 with labels 0 0 1 1: of 4 pairs 3 are right and one is a tie.
    p = np.array([0.1, 0.4, 0.4, 0.8])
    scores = classification_scores(np.array([0, 0, 1, 1]), np.log(np.stack([1 - p, p], axis=1)))
    assert scores["macro_auc"] == pytest.approx(3.5 / 4)


def test_perfect_predictions_have_perfect_scores() -> None:
    labels = [0, 1, 2, 3, 4, 0]
    scores = classification_scores(np.array(labels), logits_for(labels, 5))
    assert [scores[name] for name in ("accuracy", "macro_f1", "mcc", "macro_auc")] == pytest.approx([1, 1, 1, 1])


def test_guessing_one_class_always_has_no_correlation() -> None:
    scores = classification_scores(np.array([0, 1, 1, 1]), logits_for([1, 1, 1, 1], 2))
    assert scores["accuracy"] == 0.75
    assert scores["mcc"] == 0
    assert scores["macro_f1"] == pytest.approx((0 + 2 * 0.75 / 1.75) / 2)
    assert scores["macro_auc"] == pytest.approx(0.5)


def test_auc_is_not_a_number_where_only_one_class_occurs() -> None:
    scores = classification_scores(np.array([1, 1]), logits_for([1, 0], 3))
    assert math.isnan(scores["macro_auc"])
    assert scores["accuracy"] == 0.5
    assert scores["macro_f1"] == pytest.approx(2 / 3)


def test_the_macro_mean_leaves_out_classes_without_a_text() -> None:
    scores = classification_scores(np.array([0, 0, 2]), logits_for([0, 0, 2], 3))
    assert scores["macro_f1"] == scores["macro_auc"] == 1


def test_odd_predictions_warn_nobody(recwarn: pytest.WarningsRecorder) -> None:
    classification_scores(np.array([1, 1]), logits_for([1, 1], 3))
    classification_scores(np.array([0, 1]), logits_for([2, 2], 3))
    assert not recwarn.list


def test_large_logits_do_not_overflow() -> None:
    scores = classification_scores(np.array([0, 1]), np.array([[1e4, 0.0], [0.0, 1e4]], dtype=np.float32))
    assert scores["macro_auc"] == 1


@given(st.integers(0, 2**32 - 1), st.integers(4, 25))
@settings(max_examples=40, deadline=None)
def test_scores_equal_a_second_implementation(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    labels, logits = random.integers(0, 3, n), random.normal(size=(n, 3)).astype(np.float32)
    scores = classification_scores(labels, logits)
    predicted = [max(range(3), key=lambda c, row=row: (row[c], -c)) for row in logits.tolist()]
    present = sorted(set(labels.tolist()))
    pairs = list(zip(labels.tolist(), predicted, strict=True))
    assert scores["accuracy"] == pytest.approx(sum(a == b for a, b in pairs) / len(pairs))
    assert scores["macro_f1"] == pytest.approx(sum(_f1(pairs, c) for c in present) / len(present))
    assert scores["mcc"] == pytest.approx(_mcc(pairs), abs=1e-9)
    if len(present) > 1:
        logits = logits.astype(np.float64)
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        assert scores["macro_auc"] == pytest.approx(np.mean([_auc(labels == c, probabilities[:, c]) for c in present]))


def _f1(pairs: list[tuple[int, int]], c: int) -> float:
    right = sum(a == b == c for a, b in pairs)
    return 2 * right / (sum(a == c for a, _ in pairs) + sum(b == c for _, b in pairs))


def _mcc(pairs: list[tuple[int, int]]) -> float:
    """Correlation of the indicator vectors of gold and predicted classes (Gorodkin 2004)."""
    gold, predicted = (np.eye(3)[[pair[side] for pair in pairs]] for side in (0, 1))
    covariance = [np.sum((x - x.mean(axis=0)) * (y - y.mean(axis=0))) for x, y in product((gold, predicted), repeat=2)]
    return float(covariance[1] / math.sqrt(covariance[0] * covariance[3])) if covariance[0] * covariance[3] > 0 else 0.0


def _auc(positive: np.ndarray, scores: np.ndarray) -> float:
    orders = [np.float64(a > b) + 0.5 * np.float64(a == b) for a in scores[positive] for b in scores[~positive]]
    return float(np.mean(orders))
