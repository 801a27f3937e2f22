from __future__ import annotations

import json
from functools import cache
from itertools import combinations
from math import ceil, isnan, nan, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from dixtill_core.config import FaithfulnessConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import ConfigError, ModelError
from dixtill_core.explain.attention import attention
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.metrics import faithfulness as module
from dixtill_core.metrics.faithfulness import (
    faithfulness,
    greedy_search,
    leave_one_out_correlation,
    metric_directions,
    rank_words,
    rationale_size,
)
from tests.metrics.bag_of_words import BagOfWords, explanation
from tests.small_models import SENTENCES, small_student

# Powers of two: the sum of the text is 1, so p = 2/3 and the first class is predicted.
POWERS = {"a": 1.0, "b": 2.0, "c": -2.0, "d": 0.0}
TEXT = "a b c d"
SCORES = (0.5, 2.0, -3.0, 0.5)  # signed: b, then a before d by position, c; absolute: c b a d
QUARTERS = FaithfulnessConfig(shares=(25, 50, 100))
WORDS = sorted({word.text for sentence in SENTENCES for word in split_words(sentence)})


def measure(model, text, scores, config=QUARTERS, **options):
    return faithfulness(model, text, {"tested": explanation(text, scores)}, config, **options)


def test_signed_metrics_are_those_worked_out_by_hand():
    found = measure(BagOfWords(POWERS), TEXT, SCORES)["tested"]
    np.testing.assert_allclose(found.deletion, [2 / 3, 1 / 3, 1 / 5, 1 / 5, 1 / 2], atol=1e-6)
    np.testing.assert_allclose(found.insertion, [1 / 2, 4 / 5, 8 / 9, 8 / 9, 2 / 3], atol=1e-6)
    np.testing.assert_array_equal(found.shares, [0, 0.25, 0.5, 0.75, 1])
    assert found.values == pytest.approx(
        {
            "comprehensiveness@25": 1 / 3,
            "comprehensiveness@50": 7 / 15,
            "comprehensiveness@100": 1 / 6,
            "sufficiency@25": -2 / 15,
            "sufficiency@50": -2 / 9,
            "sufficiency@100": 0,
            "aopc_comprehensiveness": (1 / 3 + 7 / 15 + 1 / 6) / 3,
            "aopc_sufficiency": (-2 / 15 - 2 / 9) / 3,
            "deletion_area": ((2 / 3 + 1 / 2) / 2 + 1 / 3 + 1 / 5 + 1 / 5) / 4,
            "insertion_area": ((2 / 3 + 1 / 2) / 2 + 4 / 5 + 8 / 9 + 8 / 9) / 4,
            "leave_one_out_correlation": 5 / sqrt(5 * 6),  # drops 1/6, 1/3, -2/9, 0: five pairs agree, a and d tie
            "decision_flip_share": 0.25,
            "decision_flipped": 1,
        },
        abs=1e-6,
    )


def test_absolute_ranking_takes_a_strong_word_against_the_class_first():
    config = FaithfulnessConfig(shares=(25, 50, 100), ranking="absolute")
    found = measure(BagOfWords(POWERS), TEXT, SCORES, config)["tested"]
    np.testing.assert_allclose(found.deletion, [2 / 3, 8 / 9, 2 / 3, 1 / 2, 1 / 2], atol=1e-6)
    assert found.values["comprehensiveness@25"] == pytest.approx(-2 / 9, abs=1e-6)
    assert found.values["leave_one_out_correlation"] == pytest.approx(5 / sqrt(30))


def test_a_decision_that_never_flips_counts_as_all_words_and_is_marked():
    config = FaithfulnessConfig(ranking="absolute")
    values = measure(BagOfWords(POWERS), TEXT, SCORES, config)["tested"].values  # even odds of the empty text stay "first"
    assert (values["decision_flip_share"], values["decision_flipped"]) == (1.0, 0.0)


def test_a_decision_that_flips_with_the_last_word_is_told_from_one_that_never_does():
    student = small_student()
    text, values = next(
        (text, values)
        for text in ("gold", "shares", "losses", "profit", "meeting", "weak")
        if (values := measure(student, text, [1.0])["tested"].values)["decision_flipped"]
    )
    assert student.predict([text]).argmax() != student.predict([""]).argmax()
    assert values["decision_flip_share"] == 1.0


def test_masking_puts_the_mask_where_deleting_leaves_nothing():
    model = BagOfWords(POWERS, mask_power=-1)
    found = measure(model, TEXT, SCORES, FaithfulnessConfig(shares=(25,), perturbation="mask"))["tested"]
    assert found.values["comprehensiveness@25"] == pytest.approx(2 / 3 - 1 / 5, abs=1e-6)  # 1 - 1 - 2 + 0 = -2
    assert found.values["sufficiency@25"] == pytest.approx(2 / 3 - 1 / 3, abs=1e-6)  # 2 - 3 = -1
    assert measure(model, TEXT, SCORES, FaithfulnessConfig(shares=(25,)))["tested"].values["comprehensiveness@25"] == pytest.approx(1 / 3)


def test_the_class_that_the_model_predicts_is_measured_whatever_the_explanation_is_about():
    model = BagOfWords({"a": -1.0, "b": -2.0, "c": 2.0, "d": 0.0})  # the second class is predicted, with p = 2/3
    for target in (0, 1):
        found = faithfulness(model, TEXT, {"tested": explanation(TEXT, SCORES, target)}, QUARTERS)["tested"]
        assert found.deletion[0] == pytest.approx(2 / 3)
        assert found.values["comprehensiveness@25"] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("share", "n_words", "size"),
    [(1, 4, 1), (5, 20, 1), (5, 21, 2), (10, 30, 3), (20, 5, 1), (20, 6, 2), (50, 3, 2), (50, 1, 1), (7, 100, 7), (100, 9, 9)],
)
def test_a_rationale_has_its_share_of_the_words_rounded_up(share, n_words, size):
    assert rationale_size(share, n_words) == size


def test_ties_go_to_the_earlier_word():
    assert rank_words(np.array([0.0, 1.0, 0.0, 1.0])).tolist() == [1, 3, 0, 2]
    assert rank_words(np.array([-1.0, 0.5, 1.0]), "absolute").tolist() == [0, 2, 1]
    assert rank_words(np.array([-1.0, 0.5, 1.0]), "signed").tolist() == [2, 1, 0]


def test_correlation_is_undefined_for_one_word_and_for_constant_values():
    assert isnan(leave_one_out_correlation(np.array([1.0]), np.array([0.3])))
    assert isnan(leave_one_out_correlation(np.array([1.0, 1.0]), np.array([0.3, 0.1])))
    assert isnan(leave_one_out_correlation(np.array([1.0, 2.0]), np.array([0.3, 0.3 + 1e-9])))
    assert leave_one_out_correlation(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.3, 0.2])) == pytest.approx(1 / 3)


def test_a_text_of_one_word_is_all_rationale():
    found = measure(BagOfWords({"b": 2.0}), "b", [1.0], FaithfulnessConfig())
    for name, one in found.items():
        np.testing.assert_allclose(one.deletion, [4 / 5, 1 / 2], atol=1e-6)
        np.testing.assert_allclose(one.insertion, [1 / 2, 4 / 5], atol=1e-6)
        assert one.values["comprehensiveness@1"] == pytest.approx(0.3, abs=1e-6), name
        assert one.values["sufficiency@50"] == pytest.approx(0, abs=1e-6)
        assert one.values["deletion_area"] == one.values["insertion_area"] == pytest.approx(0.65, abs=1e-6)
        assert isnan(one.values["leave_one_out_correlation"])


def test_a_text_without_words_has_no_faithfulness():
    found = measure(small_student(), " ", [], FaithfulnessConfig())
    assert set(found) == {"tested", "random", "greedy"}
    for one in found.values():
        assert list(one.values) == list(metric_directions())
        assert all(isnan(value) for value in one.values.values())
        assert len(one.shares) == len(one.deletion) == len(one.insertion) == 0


def test_every_metric_has_a_direction_under_its_own_name():
    directions = metric_directions(QUARTERS)
    assert list(directions) == list(measure(BagOfWords(POWERS), TEXT, SCORES)["tested"].values)
    assert {name.split("@")[0] for name, direction in directions.items() if direction < 0} == {
        "sufficiency",
        "aopc_sufficiency",
        "deletion_area",
        "decision_flip_share",
    }


def test_the_true_weights_beat_the_reversed_ones_in_the_direction_of_every_metric():
    model = BagOfWords({"a": 2.0, "b": 1.0, "c": -1.0, "d": 0.5})
    scores = [2.0, 1.0, -1.0, 0.5]
    good, bad = (measure(model, TEXT, values, FaithfulnessConfig())["tested"].values for values in (scores, [-value for value in scores]))
    for metric, direction in metric_directions().items():
        assert direction * good[metric] >= direction * bad[metric], metric
    assert good["leave_one_out_correlation"] == pytest.approx(1)
    assert bad["leave_one_out_correlation"] == pytest.approx(-1)


# A second, slow implementation: texts are written out word by word, nothing is shared with the first.


def plain_faithfulness(model, words, scores, shares, ranking):
    @cache
    def probabilities(kept):
        return softmax(model.predict([" ".join(words[i] for i in sorted(kept))])[0].astype(np.float64))

    n = len(words)
    everything = frozenset(range(n))
    target = int(np.argmax(probabilities(everything)))
    order = sorted(range(n), key=lambda i: (-abs(scores[i]) if ranking == "absolute" else -scores[i], i))
    whole = probabilities(everything)[target]
    values = {}
    sizes = [max(1, ceil(round(share * n / 100, 9))) for share in shares]
    for share, k in zip(shares, sizes, strict=True):
        values[f"comprehensiveness@{share}"] = whole - probabilities(everything - set(order[:k]))[target]
        values[f"sufficiency@{share}"] = whole - probabilities(frozenset(order[:k]))[target]
    for name in ("comprehensiveness", "sufficiency"):
        values[f"aopc_{name}"] = sum(values[f"{name}@{share}"] for share in shares) / len(shares)
    deletion = [probabilities(everything - set(order[:k]))[target] for k in range(n + 1)]
    insertion = [probabilities(frozenset(order[:k]))[target] for k in range(n + 1)]
    values["deletion_area"] = sum((deletion[k] + deletion[k + 1]) / 2 for k in range(n)) / n
    values["insertion_area"] = sum((insertion[k] + insertion[k + 1]) / 2 for k in range(n)) / n
    drops = [whole - probabilities(everything - {i})[target] for i in range(n)]
    values["leave_one_out_correlation"] = plain_tau_b(list(scores), [round(drop, 6) for drop in drops])
    flips = [k for k in range(1, n + 1) if np.argmax(probabilities(everything - set(order[:k]))) != target]
    values["decision_flip_share"] = flips[0] / n if flips else 1.0
    values["decision_flipped"] = float(bool(flips))
    return values, deletion, insertion


def plain_tau_b(first, second):
    pairs = [(i, j) for i in range(len(first)) for j in range(i)]
    signs = [(np.sign(first[i] - first[j]), np.sign(second[i] - second[j])) for i, j in pairs]
    untied = sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs)
    return sum(a * b for a, b in signs) / sqrt(untied) if untied else nan


@st.composite
def scored_words(draw, most=7):
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=most))
    scores = draw(st.lists(st.integers(-3, 3), min_size=len(words), max_size=len(words)))  # ties are frequent
    return words, [score / 4 for score in scores]


STUDENTS = [small_student(seed=seed, attention=attention) for seed, attention in ((0, "magnitude"), (1, "signed"))]


@given(case=scored_words(), model=st.sampled_from(STUDENTS), ranking=st.sampled_from(["signed", "absolute"]))
@settings(max_examples=40, deadline=None)
def test_a_plain_implementation_finds_the_same(case, model, ranking):
    words, scores = case
    config = FaithfulnessConfig(ranking=ranking)
    found = measure(model, " ".join(words), scores, config, with_references=False)["tested"]
    values, deletion, insertion = plain_faithfulness(model, words, scores, config.shares, ranking)
    assert found.values == pytest.approx(values, abs=2e-5, nan_ok=True)
    np.testing.assert_allclose(found.deletion, deletion, atol=1e-5)
    np.testing.assert_allclose(found.insertion, insertion, atol=1e-5)


@given(case=scored_words(6), model=st.sampled_from(STUDENTS))
@settings(max_examples=15, deadline=None)
def test_no_ranking_beats_exhaustive_search_and_greedy_equals_it_at_one_word(case, model):
    words, scores = case
    n = len(words)
    shares = tuple(range(10, 101, 10))
    found = measure(model, " ".join(words), scores, FaithfulnessConfig(shares=shares))
    target = int(model.predict([" ".join(words)]).argmax())

    @cache
    def probability(kept):
        return softmax(model.predict([" ".join(words[i] for i in kept)])[0].astype(np.float64))[target]

    whole = probability(tuple(range(n)))
    for share in shares:
        k = rationale_size(share, n)
        subsets = list(combinations(range(n), k))
        most = max(whole - probability(tuple(i for i in range(n) if i not in subset)) for subset in subsets)
        least = min(whole - probability(subset) for subset in subsets)
        for one in found.values():
            assert one.values[f"comprehensiveness@{share}"] <= most + 1e-5
            assert one.values[f"sufficiency@{share}"] >= least - 1e-5
        if k == 1:
            assert found["greedy"].values[f"comprehensiveness@{share}"] == pytest.approx(most, abs=1e-5)
            assert found["greedy"].values[f"sufficiency@{share}"] == pytest.approx(least, abs=1e-5)


def test_greedy_goes_word_by_word_through_the_best_next_variant():
    found = greedy_search(BagOfWords(POWERS), TEXT, 4, target=0)
    assert found.removal_order.tolist() == found.insertion_order.tolist() == [1, 0, 3, 2]
    student, text = small_student(), SENTENCES[0]
    words = text.split()
    target = int(student.predict([text]).argmax())
    found = greedy_search(student, text, len(words), target)
    assert sorted(found.removal_order) == sorted(found.insertion_order) == list(range(len(words)))
    for step in range(len(words)):
        kept = [i for i in range(len(words)) if i not in found.removal_order[:step]]
        added = list(found.insertion_order[:step])
        removed = {i: student_probability(student, words, [j for j in kept if j != i], target) for i in kept}
        more = {i: student_probability(student, words, [*added, i], target) for i in range(len(words)) if i not in added}
        assert removed[found.removal_order[step]] == pytest.approx(min(removed.values()), abs=1e-5)
        assert more[found.insertion_order[step]] == pytest.approx(max(more.values()), abs=1e-5)
        assert softmax(found.removal_logits[step])[target] == pytest.approx(student_probability(student, words, kept, target), abs=1e-5)
        assert softmax(found.insertion_logits[step])[target] == pytest.approx(student_probability(student, words, added, target), abs=1e-5)


def student_probability(student, words, kept, target):
    return softmax(student.predict([" ".join(words[i] for i in sorted(kept))])[0].astype(np.float64))[target]


def test_equal_words_are_removed_by_position_by_greedy():
    found = greedy_search(BagOfWords({"a": 1.0}), "a a a a a a", 6, target=0)
    assert found.removal_order.tolist() == found.insertion_order.tolist() == list(range(6))


def test_a_faithful_explanation_lies_between_random_and_greedy():
    powers = {"a": 3.0, "b": -1.0, "c": 0.5, "d": 2.0, "e": -0.5, "f": 0.0, "g": 1.0, "h": -2.0}
    text = " ".join(powers)
    found = measure(BagOfWords(powers), text, list(powers.values()), FaithfulnessConfig())
    for metric, direction in metric_directions().items():
        if metric in ("leave_one_out_correlation", "decision_flipped"):
            continue
        tested, random, greedy = (direction * found[name].values[metric] for name in ("tested", "random", "greedy"))
        assert random < tested or metric.endswith("@100"), metric
        assert tested == pytest.approx(greedy, abs=1e-6), metric  # a linear model is searched without loss
    assert isnan(found["greedy"].values["leave_one_out_correlation"])


def test_greedy_is_no_ceiling():
    """A pair of words that only count together is not found one word at a time."""
    best = []
    for sentence in SENTENCES[:3]:
        words = [word.text for word in split_words(sentence)][:6]
        text = " ".join(words)
        for student in STUDENTS:
            target = int(student.predict([text]).argmax())
            found = measure(student, text, range(len(words)), FaithfulnessConfig(shares=(50,), random_seeds=1))["greedy"]
            lowest = min(student_probability(student, words, kept, target) for kept in combinations(range(len(words)), len(words) - 3))
            best.append(found.deletion[0] - lowest - found.values["comprehensiveness@50"])
    assert max(best) > 1e-3


def test_the_floor_is_the_mean_over_rankings():
    model, text = BagOfWords({"a": 2.0, "b": 1.0, "c": -1.0}), "a b c"
    config = FaithfulnessConfig(random_seeds=400, shares=(30, 60))
    floor = measure(model, text, [1.0, 2.0, 3.0], config)["random"].values
    orders = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]
    each = [measure(model, text, scores, config, with_references=False)["tested"].values for scores in orders]
    for metric in metric_directions(config):
        assert floor[metric] == pytest.approx(np.mean([values[metric] for values in each]), abs=0.04), metric


def test_random_rankings_come_in_pairs_that_share_their_variants():
    model = BagOfWords({word: i / 10 for i, word in enumerate("abcdefghij", 1)})
    text = " ".join("abcdefghij")
    found = measure(model, text, range(10), FaithfulnessConfig(random_seeds=2))["random"]
    np.testing.assert_allclose(found.deletion, found.insertion[::-1], atol=1e-6)
    assert found.values["leave_one_out_correlation"] == pytest.approx(0)
    odd = measure(model, text, range(10), FaithfulnessConfig(random_seeds=1))["random"]
    assert np.abs(odd.deletion - odd.insertion[::-1]).max() > 1e-3


def test_the_floor_depends_on_seed_and_text_alone():
    first, again, other = (measure(small_student(), SENTENCES[0], range(10), FaithfulnessConfig(seed=seed))["random"] for seed in (0, 0, 1))
    assert first.values == pytest.approx(again.values)
    assert np.abs(first.deletion - other.deletion).max() > 1e-4
    words = "a a a a a a b"
    shifted = "a a a a a b a"
    model = BagOfWords({"a": 0.0, "b": 3.0})
    one, two = (measure(model, text, range(7), FaithfulnessConfig(random_seeds=2))["random"] for text in (words, shifted))
    assert np.abs(one.deletion - two.deletion).max() > 1e-3


def test_repeated_variants_of_all_explainers_run_once():
    model, text = BagOfWords(POWERS), TEXT
    explanations = {"one": explanation(text, SCORES), "other": explanation(text, SCORES), "third": explanation(text, [4, 3, 2, 1])}
    faithfulness(model, text, explanations, with_references=False)
    orders = ([1, 0, 3, 2], [0, 1, 2, 3])
    prefixes = {tuple(sorted(part)) for order in orders for k in range(5) for part in (order[:k], order[k:])}
    singles = {tuple(j for j in range(4) if j != i) for i in range(4)}
    assert model.variants_run == len(prefixes | singles)


def test_a_long_text_keeps_its_rationales_on_a_coarser_curve_and_has_no_greedy():
    student = small_student()
    text = " ".join(SENTENCES[:3])
    scores = np.random.default_rng(0).normal(size=len(split_words(text)))
    exact = measure(student, text, scores, FaithfulnessConfig())
    coarse = measure(student, text, scores, FaithfulnessConfig(exact_words=8, leave_one_out_words=8))
    for metric in ("comprehensiveness@1", "comprehensiveness@10", "sufficiency@20", "aopc_comprehensiveness", "aopc_sufficiency"):
        assert coarse["tested"].values[metric] == pytest.approx(exact["tested"].values[metric], abs=1e-5)
        assert coarse["random"].values[metric] == pytest.approx(exact["random"].values[metric], abs=1e-5)
    assert 9 <= len(coarse["tested"].shares) <= 9 + 5 < len(exact["tested"].shares)
    assert coarse["tested"].shares[0] == 0
    assert coarse["tested"].shares[-1] == 1
    at = np.searchsorted(exact["tested"].shares, coarse["tested"].shares)
    np.testing.assert_allclose(coarse["tested"].deletion, exact["tested"].deletion[at], atol=1e-5)
    assert isnan(coarse["tested"].values["leave_one_out_correlation"])
    assert all(isnan(value) for value in coarse["greedy"].values.values())
    assert not isnan(exact["greedy"].values["deletion_area"])


def test_a_text_too_long_for_one_call_is_measured_in_parts(monkeypatch):
    student, text = small_student(), SENTENCES[2]
    scores = np.random.default_rng(0).normal(size=len(split_words(text)))
    together = measure(student, text, scores, FaithfulnessConfig())
    monkeypatch.setattr(module, "PASS_WORDS", 30)
    parts = measure(student, text, scores, FaithfulnessConfig())
    for name in together:
        assert parts[name].values == pytest.approx(together[name].values, abs=1e-5, nan_ok=True)


def test_ten_thousand_words_end(student):
    text = " ".join(SENTENCES * 170)
    config = FaithfulnessConfig(shares=(50,), random_seeds=1, exact_words=2)
    found = faithfulness(student, text, {"attention": attention(student, [text])[0]}, config)
    assert len(split_words(text)) > 10_000
    assert not isnan(found["attention"].values["comprehensiveness@50"])


@pytest.mark.parametrize("perturbation", ["delete", "mask"])
def test_a_teacher_is_measured_on_what_it_reads(bert, perturbation):
    text = " ".join(SENTENCES * 4)  # past the window
    explained = integrated_gradients(bert, [text])[0]
    n = len(explained.words)
    assert n < len(split_words(text))
    config = FaithfulnessConfig(perturbation=perturbation, random_seeds=1, exact_words=6)
    found = faithfulness(bert, text, {"integrated_gradients": explained}, config)["integrated_gradients"]
    assert found.deletion[0] == pytest.approx(softmax(bert.predict([text])[0]).max(), abs=1e-5)


def test_both_explanations_of_a_student_are_measured(student):
    text = SENTENCES[1]
    explained = {"attention": attention(student, [text])[0], "integrated_gradients": integrated_gradients(student, [text])[0]}
    found = faithfulness(student, text, explained)
    assert list(found) == ["attention", "integrated_gradients", "random", "greedy"]
    for one in found.values():
        assert one.shares.shape == one.deletion.shape == one.insertion.shape == (len(text.split()) + 1,)
        assert -1 <= one.values["sufficiency@1"] <= 1
        assert 0 <= one.values["deletion_area"] <= 1
        assert 0 < one.values["decision_flip_share"] <= 1


def test_masking_without_a_mask_token_says_to_delete(small_teacher):
    gpt2 = small_teacher("gpt2")
    explained = {"tested": explanation("shares rose", [1.0, 2.0])}
    with pytest.raises(ModelError, match=r"no mask token.*delete"):
        faithfulness(gpt2, "shares rose", explained, FaithfulnessConfig(perturbation="mask"))
    assert faithfulness(gpt2, "shares rose", explained)["tested"].deletion.shape == (3,)


@pytest.mark.parametrize(
    "explanations",
    [
        {},
        {"one": explanation("a b", [1, 2]), "other": explanation("a b c", [1, 2, 3])},
        {"random": explanation(TEXT, SCORES)},
        {"short": explanation("a b", [1, 2])},
    ],
)
def test_explanations_that_do_not_fit_are_refused(explanations):
    with pytest.raises(ValueError, match=r"no explanation|different words|reference|words, but"):
        faithfulness(BagOfWords(POWERS), TEXT, explanations)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("perturbation", "burn"), ("ranking", "loud"), ("shares", ()), ("shares", (0,)), ("shares", (101,)), ("shares", (5, 5)),
        ("shares", (0.5,)), ("random_seeds", 0), ("exact_words", 0), ("leave_one_out_words", -1), ("seed", -1),
    ],
)  # fmt: skip
def test_a_setting_outside_its_range_is_named(setting, value):
    with pytest.raises(ConfigError, match=setting):
        FaithfulnessConfig(**{setting: value})


def test_settings_survive_json():
    config = FaithfulnessConfig(perturbation="mask", shares=(10, 30), seed=4)
    assert FaithfulnessConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
