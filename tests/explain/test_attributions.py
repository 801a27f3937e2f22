from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.data.words import split_words
from dixtill_core.explain.attention import attention
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.models.student import StudentClassifier
from tests.small_models import SENTENCES


def attributions(*scores: float) -> WordAttributions:
    words = tuple(split_words("a b c")[: len(scores)])
    return WordAttributions(words, np.array(scores), 0, "by hand")


def test_scaled_scores_keep_their_sign_and_reach_one() -> None:
    assert attributions(0.5, -2.0, 0.0).scaled().tolist() == [0.25, -1.0, 0.0]


@pytest.mark.parametrize("scores", [(), (0.0,), (0.0, 0.0)])
def test_scores_that_are_all_zero_stay_zero(scores: tuple[float, ...]) -> None:
    assert attributions(*scores).scaled().tolist() == list(scores)


def test_scores_and_words_have_to_match() -> None:
    with pytest.raises(ValueError, match="3 words, but scores of shape"):
        WordAttributions(tuple(split_words("a b c")), np.zeros(2), 0, "by hand")


def test_the_students_explanation_is_its_own_attention(any_student: StudentClassifier) -> None:
    texts = [*SENTENCES, "gold", ""]
    for text, found, reading in zip(texts, attention(any_student, texts), any_student.run(texts), strict=True):
        assert found.words == tuple(split_words(text))
        assert found.target == int(reading.logits.argmax())
        assert np.array_equal(found.scores, reading.scores)
        assert found.weights is not None
        assert np.array_equal(found.weights, reading.weights)
        assert found.weights.sum() == pytest.approx(1 if text else 0, abs=1e-6)
        assert found.convergence_delta is None
        assert found.converged
