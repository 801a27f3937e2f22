"""Soft labels, attention, losses and deletions, each worked out a second time with plain NumPy or by other code."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dixtill_core.config import DistillConfig
from dixtill_core.lesson.attention import attention_steps
from dixtill_core.lesson.deletion import MOST_DELETED, delete_one_by_one, deletion_orders, without_words
from dixtill_core.lesson.losses import losses_by_hand
from dixtill_core.lesson.soft_labels import TEMPERATURES, soft_labels
from dixtill_core.models.pair import ModelPair
from dixtill_core.models.student import StudentClassifier

Z_T, Z_S = np.array([2.0, -1.0, 0.5]), np.array([1.0, 0.0, 1.5])
SIGMA_T, SIGMA_S = np.array([0.6, -0.3, 0.1, 0.0]), np.array([2.0, 1.0, -0.5, 0.25])


def plain_softmax(values: np.ndarray) -> np.ndarray:
    powers = [math.exp(value) for value in values]
    return np.array([power / sum(powers) for power in powers])


def test_soft_labels_are_softmax_of_divided_logits_and_a_higher_temperature_is_more_even() -> None:
    found = soft_labels(Z_T)
    for temperature, row in zip(TEMPERATURES, found.probabilities, strict=True):
        np.testing.assert_allclose(row, plain_softmax(Z_T / temperature))
    assert (np.diff(found.entropies) > 0).all()
    assert found.entropies[-1] < math.log2(3)


@pytest.mark.parametrize("gold", [0, 1, 2])
@pytest.mark.parametrize(("temperature", "alpha"), [(1.0, 0.5), (5.0, 0.9), (10.0, 0.0)])
def test_the_loss_of_training_is_what_the_numbers_on_the_way_give(gold: int, temperature: float, alpha: float) -> None:
    found = losses_by_hand(Z_T, Z_S, SIGMA_T, SIGMA_S, gold, DistillConfig(temperature=temperature, alpha=alpha))
    hard = -math.log(plain_softmax(Z_S)[gold])
    p_t, p_s = plain_softmax(Z_T / temperature), plain_softmax(Z_S / temperature)
    kl = sum(t * math.log(t / s) for t, s in zip(p_t, p_s, strict=True))
    cosine = (0.6 * 2 - 0.3 * 1 - 0.1 * 0.5) / (math.sqrt(0.36 + 0.09 + 0.01) * math.sqrt(4 + 1 + 0.25 + 0.0625))
    assert found.cross_entropy == pytest.approx(hard)
    assert found.kl == pytest.approx(kl)
    assert found.kl_terms.sum() == pytest.approx(kl)
    assert found.alignment == pytest.approx((1 - cosine) / 2)
    assert found.dot / (found.teacher_norm * found.student_norm) == pytest.approx(found.cosine)
    assert found.loss == pytest.approx((1 - alpha) * hard + alpha * (temperature**2 * kl + 2 * (1 - cosine) / 2))


def test_scores_that_are_all_zero_have_cosine_zero() -> None:
    assert losses_by_hand(Z_T, Z_S, np.zeros(4), SIGMA_S, 0).alignment == pytest.approx(0.5)


def test_attention_is_the_softmax_that_the_network_computed(any_student: StudentClassifier) -> None:
    found = attention_steps(any_student, "profit beats forecasts but outlook is cut")
    own = found.by_magnitude if found.form == "magnitude" else found.by_score
    np.testing.assert_allclose(own, found.weights, atol=1e-6)
    assert found.by_score.sum() == pytest.approx(1)
    with torch.no_grad():
        encoded = any_student.encode(["profit beats forecasts but outlook is cut"])
        output = any_student.network(encoded.inputs["input_ids"], torch.tensor([7]))
    np.testing.assert_allclose(found.scores, output.scores[0].numpy(), atol=1e-5)


def test_deleted_words_are_read_as_the_text_without_them(pair: ModelPair) -> None:
    """Removed by hand from the text: what is left has the same pieces, since every word stands between spaces."""
    text = "profit beats forecasts but outlook is cut"
    words = text.split()
    found = delete_one_by_one(pair, text, np.array([2, 0]), 7)
    shorter = [text, " ".join(words[:2] + words[3:]), " ".join(words[1:2] + words[3:])]
    for model, rows in ((pair.teacher, found.teacher), (pair.student, found.student)):
        expected = [plain_softmax(logits) for logits in model.predict(shorter).astype(np.float64)]
        np.testing.assert_allclose(rows, expected, atol=1e-5)
    teacher, student = without_words(pair, text, [0, 2], 7)
    np.testing.assert_allclose(teacher, found.teacher[2], atol=1e-6)
    np.testing.assert_allclose(student, found.student[2], atol=1e-6)


def test_orders_put_the_strongest_supporting_word_first_and_are_short_for_long_texts() -> None:
    orders = deletion_orders("a text", SIGMA_T, SIGMA_S)
    assert orders["teacher"].tolist() == [0, 2, 3, 1]
    assert orders["student"].tolist() == [0, 1, 3, 2]
    assert sorted(orders["random"]) == [0, 1, 2, 3]
    assert deletion_orders("a text", SIGMA_T, SIGMA_S)["random"].tolist() == orders["random"].tolist()
    assert len(deletion_orders("long", np.arange(300.0), np.arange(300.0))["teacher"]) == MOST_DELETED
