from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dixtill_core.config import ExplainConfig, Merge, Output
from dixtill_core.explain.input_x_gradient import input_x_gradient
from dixtill_core.explain.integrated_gradients import integrated_gradients
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
def test_a_words_score_is_its_embedding_times_the_gradient(model: Classifier, output: Output, merge: Merge) -> None:
    texts = TEXTS[:2] if isinstance(model, type(small_student())) else TEXTS  # a student has one vector for all unknown words
    signs = set()
    for text in texts:
        for target in (0, 2):
            embeddings, gradients = plain_gradients(model, text, target, output)
            expected = words_from(model, text, (embeddings.double() * gradients.double()).sum(dim=-1).numpy(), merge)
            (found,) = input_x_gradient(model, [text], [target], ExplainConfig(output=output, merge=merge))
            np.testing.assert_allclose(found.scores, expected, rtol=1e-3, atol=1e-5)
            assert found.is_signed
            signs |= set(np.sign(found.scores))
    assert {-1.0, 1.0} <= signs


def test_where_the_logit_is_linear_a_word_has_what_it_adds_as_in_integrated_gradients_from_zero() -> None:
    model, text = bag_of_words(), "gold prices slip while oil rose"
    for target in range(3):
        (found,) = input_x_gradient(model, [text], [target], ExplainConfig(output="logit"))
        np.testing.assert_allclose(found.scores, model.contributions(text, target), atol=1e-6)
        (integrated,) = integrated_gradients(model, [text], [target], ExplainConfig(output="logit", baseline="zero"))
        np.testing.assert_allclose(found.scores, integrated.scores, atol=1e-5)


def test_the_method_names_every_setting_that_changes_its_numbers(bert: Teacher) -> None:
    (found,) = input_x_gradient(bert, ["gold"], None, ExplainConfig(output="logit", merge="mean"))
    assert found.method == "Input x gradient of the logit, zero baseline, mean of pieces"


def test_the_baseline_setting_changes_nothing(bert: Teacher) -> None:
    mask, pad = (input_x_gradient(bert, TEXTS, None, ExplainConfig(baseline=baseline)) for baseline in ("mask", "pad"))  # type: ignore[arg-type]
    assert all(np.array_equal(a.scores, b.scores) and a.method == b.method for a, b in zip(mask, pad, strict=True))
