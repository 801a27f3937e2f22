from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
import torch
from captum.attr import KernelShap
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.explain.kernel_shap import choose_coalitions, coalitions_of_size, draw_coalitions, kernel_shap, kernel_weights
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.teacher import Teacher
from tests.explain.linear_model import bag_of_words
from tests.small_models import SENTENCES, small_student

TEXT = "the stock falls as bank cuts"
LONG = "the stock falls as the bank cuts its outlook and warns of losses"
VOCABULARY = SENTENCES[0].split()


@pytest.fixture(params=["bert", "gpt2", "student"])
def model(request: pytest.FixtureRequest, small_teacher: Callable[[str], Teacher]) -> Classifier:
    return small_student() if request.param == "student" else small_teacher(request.param)


def probabilities(model: Classifier, text: str, kept: np.ndarray, target: int) -> np.ndarray:
    return torch.from_numpy(perturbed_logits(model, text, kept)).double().softmax(dim=-1)[:, target].numpy()


def exhaustive(model: Classifier, text: str, target: int) -> np.ndarray:
    """Shapley values from their definition: the mean over all orders of what each word adds when it comes."""
    n_words = len(text.split())
    kept = (np.arange(2**n_words)[:, None] >> np.arange(n_words) & 1).astype(bool)
    value = probabilities(model, text, kept, target)
    total, orders = np.zeros(n_words), list(permutations(range(n_words)))
    for order in orders:
        present = 0
        for word in order:
            total[word] += value[present | 1 << word] - value[present]
            present |= 1 << word
    return total / len(orders)


def test_short_texts_have_their_shapley_values(model: Classifier) -> None:
    for target in range(3):
        (found,) = kernel_shap(model, [TEXT], [target])
        expected = exhaustive(model, TEXT, target)
        np.testing.assert_allclose(found.scores, expected, atol=1e-4)
        assert np.ptp(expected) > 0.005


@given(words=st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=5), target=st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_texts_of_any_few_words_have_their_shapley_values(words: list[str], target: int) -> None:
    student, text = small_student(), " ".join(words)
    (found,) = kernel_shap(student, [text], [target])
    np.testing.assert_allclose(found.scores, exhaustive(student, text, target), atol=1e-4)


def test_drawn_coalitions_come_near_the_shapley_values(bert: Teacher) -> None:
    """Half of all coalitions of six words, so that most are drawn; the more seeds are averaged the nearer."""
    expected = exhaustive(bert, TEXT, 1)
    spread = np.ptp(expected)
    found = [kernel_shap(bert, [TEXT], [1], None, PerturbationConfig(n_samples=40), seed)[0].scores for seed in range(40)]
    errors = [np.abs(scores - expected).max() for scores in found]
    assert 0.001 * spread < np.median(errors) < 0.3 * spread
    assert np.abs(np.mean(found, axis=0) - expected).max() < 0.07 * spread


def test_values_come_near_captums_own_sampling(bert: Teacher) -> None:
    explainer = KernelShap(lambda kept: torch.from_numpy(probabilities(bert, TEXT, kept.bool().numpy(), 1)))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = explainer.attribute(torch.ones(1, 6), n_samples=2000, perturbations_per_eval=2000).numpy()[0]
    (found,) = kernel_shap(bert, [TEXT], [1])
    np.testing.assert_allclose(found.scores, expected, atol=0.1 * np.ptp(found.scores))


@pytest.mark.parametrize("text", ["gold", "gold rose", TEXT, LONG, LONG + " " + LONG])
@pytest.mark.parametrize("output", ["probability", "logit"])
def test_scores_add_up_to_the_change_from_the_empty_text(model: Classifier, text: str, output: str) -> None:
    n_words = len(text.split())
    logits = perturbed_logits(model, text, np.array([[True] * n_words, [False] * n_words]))
    values = torch.from_numpy(logits).double()
    values = values.softmax(dim=-1) if output == "probability" else values
    for found in (kernel_shap(model, [text], [target], ExplainConfig(output=output))[0] for target in (0, 2)):  # type: ignore[arg-type]
        change = float(values[0, found.target] - values[1, found.target])
        assert found.scores.sum() == pytest.approx(change, abs=1e-4 * max(1, abs(change)))


@pytest.mark.parametrize("text", [TEXT, LONG])
def test_where_the_logit_is_linear_a_word_has_what_it_adds(text: str) -> None:
    model = bag_of_words()
    for target in range(3):
        (found,) = kernel_shap(model, [text], [target], ExplainConfig(output="logit"))
        np.testing.assert_allclose(found.scores, model.contributions(text, target), atol=1e-5)


def test_a_long_text_has_four_samples_for_each_run_of_words() -> None:
    model, text = bag_of_words(), "gold prices slip " * 20
    (found,) = kernel_shap(model, [text], [0], ExplainConfig(output="logit"), PerturbationConfig(n_samples=80))
    assert found.method.endswith("80 coalitions, seed 0, 20 runs of words")
    np.testing.assert_allclose(found.scores, model.contributions("gold prices slip", 0).mean(), atol=1e-5)


# Coalitions


def test_weights_by_hand() -> None:
    np.testing.assert_allclose(kernel_weights(2), [0, 1 / 2, 0])
    np.testing.assert_allclose(kernel_weights(3), [0, 1 / 3, 1 / 3, 0])
    np.testing.assert_allclose(kernel_weights(4), [0, 1 / 4, 1 / 8, 1 / 4, 0])


def test_coalitions_of_two_out_of_three_by_hand() -> None:
    assert coalitions_of_size(3, 2).astype(int).tolist() == [[1, 1, 0], [1, 0, 1], [0, 1, 1]]


@pytest.mark.parametrize("n_units", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("spare", [0, 1, 1000])
def test_all_coalitions_are_taken_once_with_their_weight_where_there_is_room(n_units: int, spare: int) -> None:
    coalitions, weights = choose_coalitions(n_units, 2**n_units - 2 + spare, np.random.default_rng(0))
    assert len(coalitions) == len({tuple(row) for row in coalitions.tolist()}) == 2**n_units - 2
    np.testing.assert_array_equal(weights, kernel_weights(n_units)[coalitions.sum(axis=1)])


def test_the_smallest_and_largest_coalitions_are_taken_before_others_are_drawn() -> None:
    """Of ten units: sizes 1 and 9 carry .39 of the weight, 2 and 8 carry .36 of the rest, so 20 of 60 rows are given
    and 90 of sizes 2 and 8 would not be drawn in the 40 that are left."""
    coalitions, weights = choose_coalitions(10, 60, np.random.default_rng(0))
    sizes = coalitions.sum(axis=1)
    assert coalitions.shape == (60, 10)
    assert {tuple(row) for row in coalitions[:20].tolist()} == {
        tuple(row) for size in (1, 9) for row in coalitions_of_size(10, size).tolist()
    }
    assert sizes[20:].min() >= 2
    assert sizes[20:].max() <= 8
    np.testing.assert_allclose(weights[:20], kernel_weights(10)[1])
    rest = sum(len(coalitions_of_size(10, size)) * kernel_weights(10)[size] for size in range(2, 9))
    np.testing.assert_allclose(weights[20:], rest / 40)


@given(n_units=st.integers(2, 40), n_coalitions=st.integers(8, 300))
@settings(max_examples=60, deadline=None)
def test_all_weight_of_the_kernel_is_given_to_no_more_coalitions_than_asked_for(n_units: int, n_coalitions: int) -> None:
    coalitions, weights = choose_coalitions(n_units, n_coalitions, np.random.default_rng(0))
    assert len(coalitions) == len(weights) == min(n_coalitions, 2**n_units - 2)
    total = sum((n_units - 1) / (size * (n_units - size)) for size in range(1, n_units))
    assert weights.sum() == pytest.approx(total)
    assert ((coalitions.sum(axis=1) > 0) & (coalitions.sum(axis=1) < n_units)).all()


@pytest.mark.parametrize("n_coalitions", [10_000, 10_001])
def test_coalitions_are_drawn_in_pairs_as_often_as_the_kernel_says(n_coalitions: int) -> None:
    drawn = draw_coalitions(np.arange(1, 5), 5, n_coalitions, np.random.default_rng(0))
    assert drawn.shape == (n_coalitions, 5)
    assert np.array_equal(drawn[0:10_000:2], ~drawn[1:10_000:2])
    different, counts = np.unique(drawn, axis=0, return_counts=True)
    assert len(different) == 30
    weights = kernel_weights(5)[different.sum(axis=1)]
    np.testing.assert_allclose(counts / n_coalitions, weights / weights.sum(), rtol=0.25)


@pytest.mark.parametrize(
    ("text", "coalitions"), [("gold rose", "all 4 coalitions"), (TEXT, "60 coalitions, seed 7"), ("as it falls", "all 8 coalitions")]
)
def test_the_method_names_every_setting_that_changes_its_numbers(bert: Teacher, text: str, coalitions: str) -> None:
    perturbation = PerturbationConfig(removal="mask", n_samples=60)
    (found,) = kernel_shap(bert, [text], None, ExplainConfig(output="logit"), perturbation, seed=7)
    assert found.method == f"Kernel SHAP of the logit, words masked, {coalitions}"
