from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dixtill_core.config import ExplainConfig, Merge, Output
from dixtill_core.explain.saliency import saliency
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.teacher import Teacher
from tests.explain.linear_model import bag_of_words
from tests.explain.plain_gradients import plain_gradients, words_from
from tests.small_models import small_student

TEXTS = ["the stock falls as bank cuts its outlook", "gold", "  profit beat estimates, $TSLA +4.5% 👍🏽!!"]


@pytest.fixture(params=["bert", "gpt2", "roberta", "student"])
def model(request: pytest.FixtureRequest, small_teacher: Callable[[str], Teacher]) -> Classifier:
    return small_student() if request.param == "student" else small_teacher(request.param)


@pytest.mark.parametrize("output", ["probability", "logit"])
@pytest.mark.parametrize("merge", ["sum", "mean"])
def test_a_words_score_is_the_length_of_the_gradient_at_its_pieces(model: Classifier, output: Output, merge: Merge) -> None:
    texts = TEXTS[:2] if isinstance(model, type(small_student())) else TEXTS  # a student has one vector for all unknown words
    for text in texts:
        for target in (0, 2):
            _, gradients = plain_gradients(model, text, target, output)
            expected = words_from(model, text, np.sqrt((gradients.double() ** 2).sum(dim=-1)).numpy(), merge)
            (found,) = saliency(model, [text], [target], ExplainConfig(output=output, merge=merge))
            np.testing.assert_allclose(found.scores, expected, rtol=1e-3, atol=1e-5)
            assert found.scores.max() > 1e-4


def test_where_the_logit_is_linear_every_word_has_the_length_of_the_classs_vector() -> None:
    model = bag_of_words()
    for target in range(3):
        (found,) = saliency(model, ["gold prices slip while oil rose"], [target], ExplainConfig(output="logit"))
        np.testing.assert_allclose(found.scores, model.matrix[target].norm().item(), rtol=1e-6)


def test_scores_have_no_sign(model: Classifier) -> None:
    for found in saliency(model, TEXTS):
        assert not found.is_signed
        assert (found.scores >= 0).all()


def test_the_method_names_every_setting_that_changes_its_numbers(bert: Teacher) -> None:
    (found,) = saliency(bert, ["gold"], None, ExplainConfig(output="logit", merge="mean"))
    assert found.method == "Saliency of the logit, L2 norm of the gradient, mean of pieces"
