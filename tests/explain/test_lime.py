from __future__ import annotations

import numpy as np
import pytest
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import LimeBase
from captum.attr._core.lime import get_exp_kernel_similarity_function

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.explain.lime import KERNEL_WIDTH, draw_samples, lime
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.teacher import Teacher
from tests.explain.linear_model import bag_of_words
from tests.small_models import small_student

TEXT = "the stock falls as the bank cuts its outlook"
FEW = PerturbationConfig(n_samples=80)
RIDGE = 80 / 5000


def by_hand(samples: np.ndarray, outputs: np.ndarray, ridge: float) -> np.ndarray:
    """Weighted ridge regression with a free intercept, from its normal equations."""
    cosine = np.sqrt(samples.mean(axis=1))  # of a 0/1 vector with the vector of ones
    weights = np.exp(-((1 - cosine) ** 2) / (2 * 0.25**2))
    design = np.hstack([samples, np.ones((len(samples), 1))])
    penalty = ridge * np.diag([1.0] * samples.shape[1] + [0.0])
    return np.linalg.solve(design.T @ (weights[:, None] * design) + penalty, design.T @ (weights * outputs))[:-1]


def probabilities(model: Classifier, kept: np.ndarray, target: int) -> np.ndarray:
    return torch.from_numpy(perturbed_logits(model, TEXT, kept)).double().softmax(dim=-1)[:, target].numpy()


@pytest.fixture(params=["bert", "student"])
def model(request: pytest.FixtureRequest, bert: Teacher) -> Classifier:
    return bert if request.param == "bert" else small_student()


def test_scores_solve_the_weighted_least_squares_of_the_paper(model: Classifier) -> None:
    for target in range(3):
        samples = draw_samples(9, 80, np.random.default_rng(5))
        expected = by_hand(samples.astype(float), probabilities(model, samples, target), RIDGE)
        (found,) = lime(model, [TEXT], [target], None, FEW, seed=5)
        np.testing.assert_allclose(found.scores, expected, atol=1e-5)
        assert np.abs(expected).max() > 0.005


def test_scores_equal_captums_base_class_with_scikit_learns_ridge_on_the_same_samples(bert: Teacher) -> None:
    samples = draw_samples(9, 80, np.random.default_rng(0))
    rows = iter(samples)
    explainer = LimeBase(
        lambda kept: torch.from_numpy(probabilities(bert, kept.bool().numpy(), 1)),
        SkLearnRidge(alpha=RIDGE),
        get_exp_kernel_similarity_function("cosine", KERNEL_WIDTH),
        lambda inputs, **settings: torch.from_numpy(next(rows)[None].astype(np.float32)),
        True,
        lambda sample, inputs, **settings: sample,
        None,
    )
    expected = explainer.attribute(torch.ones(1, 9), n_samples=80).numpy().ravel()
    (found,) = lime(bert, [TEXT], [1], None, FEW, seed=0)
    np.testing.assert_allclose(found.scores, expected, atol=1e-4)


def test_where_the_logit_is_linear_a_word_has_nearly_what_it_adds() -> None:
    """Nearly, since the ridge pulls towards zero."""
    model = bag_of_words()
    for target in range(3):
        (found,) = lime(model, [TEXT], [target], ExplainConfig(output="logit"))
        added = model.contributions(TEXT, target)
        np.testing.assert_allclose(found.scores, added, atol=0.02 * np.abs(added).max())


def test_samples_are_the_whole_text_and_parts_of_every_size() -> None:
    samples = draw_samples(6, 6001, np.random.default_rng(0))
    assert samples[0].all()
    sizes = np.bincount(samples[1:].sum(axis=1), minlength=7) / 6000
    np.testing.assert_allclose(sizes, [1 / 6] * 6 + [0], atol=0.02)
    np.testing.assert_allclose(samples[1:].mean(axis=0), 2.5 / 6, atol=0.02)  # no word is preferred


def test_a_long_text_has_four_samples_for_each_run_of_words() -> None:
    (found,) = lime(small_student(), ["gold prices slip " * 20], [0], None, FEW)
    assert found.method.endswith("20 runs of words")
    assert found.scores.reshape(20, 3).std(axis=1).max() == 0
    assert found.scores.std() > 0


def test_one_word_speaks_for_what_it_adds() -> None:
    model = bag_of_words()
    (found,) = lime(model, ["gold"], [0], ExplainConfig(output="logit"))
    added = float(model.contributions("gold", 0)[0])
    assert 0.3 < found.scores[0] / added <= 1


def test_the_method_names_every_setting_that_changes_its_numbers(bert: Teacher) -> None:
    (found,) = lime(bert, ["gold rose"], None, ExplainConfig(output="logit"), PerturbationConfig(removal="mask", n_samples=50), seed=7)
    assert found.method == "LIME of the logit, words masked, 50 samples, kernel width 0.25, ridge 0.01, seed 7"
