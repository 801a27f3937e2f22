from __future__ import annotations

import math
from dataclasses import astuple
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import bootstrap
from scipy.stats import t as student_t
from sklearn.metrics import f1_score, matthews_corrcoef

from dixtill_core.metrics.classification import classification_scores
from dixtill_core.metrics.significance import (
    Difference,
    holm,
    interval_over_seeds,
    macro_f1,
    matthews_correlation,
    mean_over_texts,
    paired_bootstrap,
    wilson_interval,
)

LABELS = np.array([0, 0, 1, 1, 2, 2])
PREDICTED = np.array([[0, 1, 1, 1, 2, 0]])
AS_THEY_ARE = np.ones((1, 6))
STATISTICS = {"macro F1": macro_f1, "Matthews correlation": matthews_correlation}


def plain_macro_f1(labels: np.ndarray, predicted: np.ndarray) -> float:
    return float(f1_score(labels, predicted, average="macro", labels=np.unique(labels), zero_division=0))


PLAIN = {"macro F1": plain_macro_f1, "Matthews correlation": matthews_corrcoef}


def test_the_wilson_interval_is_that_of_its_formula() -> None:
    right, n, z = 7, 10, 1.959963984540054
    centre, half = (right / n + z**2 / (2 * n)), z * math.sqrt(right / n * (1 - right / n) / n + z**2 / (4 * n**2))
    assert wilson_interval(right, n) == pytest.approx(((centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)))
    assert all(map(math.isnan, wilson_interval(0, 0)))


@pytest.mark.parametrize(
    ("right", "n", "interval"), [(7, 10, (0.3968, 0.8922)), (1, 2, (0.0945, 0.9055)), (0, 5, (0.0, 0.4345)), (5, 5, (0.5655, 1.0))]
)
def test_the_wilson_interval_by_hand(right: int, n: int, interval: tuple[float, float]) -> None:
    assert wilson_interval(right, n) == pytest.approx(interval, abs=5e-5)


def test_macro_f1_worked_out_by_hand() -> None:
    # F1 of 0: 1 right of 2 gold and 2 predicted, 1/2. Of 1: 2 of 2 and 3, 4/5. Of 2: 1 of 2 and 1, 2/3.
    assert macro_f1(LABELS, PREDICTED, AS_THEY_ARE) == pytest.approx(np.array([[(1 / 2 + 4 / 5 + 2 / 3) / 3]]))


def test_macro_f1_counts_a_text_as_often_as_it_was_drawn_and_classes_that_were_drawn() -> None:
    # Gold 0 0 0 1, predicted 0 0 1 1: F1 of 0 is 4/5, of 1 it is 2/3; no text of class 2 was drawn.
    assert macro_f1(LABELS, PREDICTED, np.array([[2.0, 1, 1, 0, 0, 0]]))[0, 0] == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_matthews_correlation_worked_out_by_hand() -> None:
    # 4 of 6 right, gold 2 2 2, predicted 2 3 1: (4*6 - 12) / sqrt((36 - 14) (36 - 12))
    assert matthews_correlation(LABELS, PREDICTED, AS_THEY_ARE)[0, 0] == pytest.approx(12 / math.sqrt(22 * 24))


def test_matthews_correlation_is_zero_where_everything_is_one_class() -> None:
    assert matthews_correlation(LABELS, np.zeros_like(PREDICTED), AS_THEY_ARE)[0, 0] == 0
    assert matthews_correlation(LABELS, PREDICTED, np.array([[3.0, 3, 0, 0, 0, 0]]))[0, 0] == 0


def test_mean_over_texts_worked_out_by_hand() -> None:
    values = np.array([[1.0, 2, 4], [0, 0, 3]])
    assert mean_over_texts(values, np.array([[1.0, 1, 1], [0, 2, 1]])) == pytest.approx(np.array([[7 / 3, 1], [8 / 3, 1]]))


@pytest.mark.filterwarnings("ignore:A single label was found")
@pytest.mark.parametrize("name", STATISTICS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_corpus_statistics_equal_sklearn_on_the_texts_that_were_drawn(name: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 12))
    labels = data.draw(arrays.arrays(np.int64, n, elements=st.integers(0, 3)))
    predicted = data.draw(arrays.arrays(np.int64, (2, n), elements=st.integers(0, 4)))
    counts = data.draw(arrays.arrays(np.int64, (3, n), elements=st.integers(0, 3)).filter(lambda c: c.sum(axis=1).all()))
    found = STATISTICS[name](labels, predicted, counts.astype(np.float64))
    for resample, row in enumerate(counts):
        drawn = np.repeat(np.arange(n), row)
        expected = [PLAIN[name](labels[drawn], one_seed[drawn]) for one_seed in predicted]
        assert found[resample] == pytest.approx(expected, abs=1e-12)


def test_corpus_statistics_are_those_that_are_published() -> None:
    generator = np.random.default_rng(0)
    labels, logits = generator.integers(0, 3, 200), generator.normal(size=(200, 3))
    published = classification_scores(labels, logits)
    predicted, once = logits.argmax(axis=1)[None], np.ones((1, 200))
    assert macro_f1(labels, predicted, once)[0, 0] == pytest.approx(published["macro_f1"])
    assert matthews_correlation(labels, predicted, once)[0, 0] == pytest.approx(published["mcc"])
    assert mean_over_texts(predicted == labels, once)[0, 0] == pytest.approx(published["accuracy"])


@pytest.mark.parametrize("statistic", STATISTICS.values())
def test_labels_of_other_texts_are_refused(statistic: object) -> None:
    with pytest.raises(ValueError, match="5 labels for predictions of 6 texts"):
        statistic(LABELS[:5], PREDICTED, AS_THEY_ARE)  # type: ignore[operator]


def predictions(labels: np.ndarray, accuracy: float, seeds: int, seed: int) -> np.ndarray:
    """Predictions (seeds, texts), right with this probability and otherwise the next class."""
    right = np.random.default_rng(seed).random((seeds, len(labels))) < accuracy
    return np.where(right, labels, (labels + 1) % 3)


GOLD = np.random.default_rng(1).choice(3, 300, p=[0.2, 0.2, 0.6])
BETTER, WORSE = predictions(GOLD, 0.85, 3, 2), predictions(GOLD, 0.70, 5, 3)


@pytest.mark.parametrize("name", STATISTICS)
def test_interval_and_p_equal_a_slow_bootstrap_over_the_same_resamples(name: str) -> None:
    seen: list[np.ndarray] = []

    def statistic(predicted: np.ndarray, counts: np.ndarray) -> np.ndarray:
        if predicted.shape == BETTER.shape:
            seen.extend(counts)
        return STATISTICS[name](GOLD, predicted, counts)

    found = paired_bootstrap(BETTER, WORSE, statistic, samples=39)

    def difference(counts: np.ndarray) -> float:
        drawn = np.repeat(np.arange(300), counts.astype(int))
        figures = [[PLAIN[name](GOLD[drawn], one_seed[drawn]) for one_seed in model] for model in (BETTER, WORSE)]
        return float(np.mean(figures[0]) - np.mean(figures[1]))

    point, *resampled = [difference(counts) for counts in seen]
    assert len(resampled) == 39
    assert all(counts.sum() == 300 for counts in seen)
    assert found.mean == pytest.approx(point)
    assert (found.low, found.high) == pytest.approx(np.percentile(resampled, [2.5, 97.5]))
    below, above = sum(d <= 0 for d in resampled), sum(d >= 0 for d in resampled)
    assert found.p == pytest.approx(min(1, 2 * (1 + min(below, above)) / 40))


def test_a_mean_has_scipys_paired_percentile_interval() -> None:
    generator = np.random.default_rng(4)
    first = generator.random(150)
    second = first + generator.normal(0.02, 0.1, 150)
    found = paired_bootstrap(first, second, mean_over_texts, samples=20_000)
    reference = bootstrap(
        (first, second),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        paired=True,
        method="percentile",
        n_resamples=20_000,
        rng=np.random.default_rng(5),
    )
    noise = 6 * reference.standard_error / math.sqrt(20_000) / 0.374  # of a 2.5th percentile: sqrt(pq) / density, six of them
    assert found.mean == pytest.approx(first.mean() - second.mean())
    assert found.low == pytest.approx(reference.confidence_interval.low, abs=noise)
    assert found.high == pytest.approx(reference.confidence_interval.high, abs=noise)


def test_the_interval_of_a_mean_is_near_that_of_the_normal_distribution() -> None:
    differences = np.random.default_rng(6).normal(0.05, 0.3, 1000)
    found = paired_bootstrap(differences, np.zeros(1000), mean_over_texts, samples=4000)
    error = differences.std() / math.sqrt(1000)
    assert found.low == pytest.approx(differences.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(differences.mean() + 1.96 * error, abs=0.15 * error)


def test_texts_are_drawn_together_for_both_models() -> None:
    texts = np.random.default_rng(7).normal(0, 100, 80)
    assert paired_bootstrap(texts + 0.5, texts, mean_over_texts).low == pytest.approx(0.5)


@pytest.mark.parametrize("name", STATISTICS)
def test_a_model_does_not_differ_from_itself(name: str) -> None:
    statistic = partial(STATISTICS[name], GOLD)
    assert paired_bootstrap(BETTER, BETTER, statistic, samples=200) == Difference(0, 0, 0, 1)


def test_the_order_of_seeds_makes_no_difference_through_rounding() -> None:
    values = np.random.default_rng(8).random((5, 90))
    assert paired_bootstrap(values, values[::-1], mean_over_texts, samples=200) == Difference(0, 0, 0, 1)


def test_equally_good_models_have_an_interval_around_zero() -> None:
    other = predictions(GOLD, 0.85, 3, 9)
    found = paired_bootstrap(BETTER, other, partial(macro_f1, GOLD))
    assert found.low < 0 < found.high
    assert found.p > 0.2


@pytest.mark.parametrize("name", STATISTICS)
def test_a_clear_difference_is_found_in_both_directions(name: str) -> None:
    statistic = partial(STATISTICS[name], GOLD)
    found, turned = paired_bootstrap(BETTER, WORSE, statistic), paired_bootstrap(WORSE, BETTER, statistic)
    assert 0 < found.low < found.mean < found.high
    assert found.p == turned.p == pytest.approx(2 / 2001)
    assert (turned.mean, turned.low, turned.high) == pytest.approx((-found.mean, -found.high, -found.low))


def test_the_p_value_is_uniform_where_models_do_not_differ() -> None:
    generator = np.random.default_rng(10)
    p_values = [paired_bootstrap(generator.normal(size=60), generator.normal(size=60), mean_over_texts, samples=199).p for _ in range(400)]
    for level in (0.05, 0.25, 0.5):
        deviation = math.sqrt(level * (1 - level) / 400)
        assert np.mean(np.array(p_values) <= level) == pytest.approx(level, abs=4 * deviation)


def test_a_seed_fixes_the_result_and_another_moves_the_bounds_only() -> None:
    first, second = np.random.default_rng(11).random((2, 4, 50))
    results = [paired_bootstrap(first, second, mean_over_texts, samples=100, seed=seed) for seed in (3, 3, 4)]
    assert results[0] == results[1]
    assert results[0].mean == results[2].mean
    assert results[0].low != results[2].low


def test_a_text_that_is_undefined_for_one_model_is_left_out_of_both() -> None:
    first, second = np.random.default_rng(12).random((2, 3, 40))
    complete = paired_bootstrap(first[:, 2:], second[:, 2:], mean_over_texts, samples=100)
    first[1, 0] = second[2, 1] = math.nan
    found = paired_bootstrap(first, second, mean_over_texts, samples=100)
    assert astuple(found) == pytest.approx(astuple(complete), rel=0, abs=1e-12)


def test_no_defined_text_gives_no_number() -> None:
    for values in (np.full(3, math.nan), np.zeros(0)):
        assert all(math.isnan(number) for number in astuple(paired_bootstrap(values, values, mean_over_texts)))


def test_resamples_without_a_figure_are_left_out() -> None:
    def mean_if_the_first_text_was_drawn(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return np.where(counts[:, :1] > 0, mean_over_texts(values, counts), np.nan)

    found = paired_bootstrap(np.array([1.0, 2, 3]), np.zeros(3), mean_if_the_first_text_was_drawn, samples=300)
    assert found.mean == 2
    assert 1 <= found.low < found.high <= 7 / 3  # the first text drawn once at least
    nowhere = paired_bootstrap(np.ones(3), np.ones(3), lambda values, counts: np.full((len(counts), 1), np.nan), samples=10)
    assert math.isnan(nowhere.p)
    assert math.isnan(nowhere.low)


def test_models_on_different_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="3 and 2 texts"):
        paired_bootstrap(np.zeros(3), np.zeros(2), mean_over_texts)
    with pytest.raises(ValueError, match="at least one sample"):
        paired_bootstrap(np.zeros(3), np.zeros(3), mean_over_texts, samples=0)


def test_the_interval_over_seeds_worked_out_by_hand() -> None:
    # mean 3, s = 1, n = 3, t(.975; 2) = 4.302653
    mean, low, high = interval_over_seeds([2, 3, 4])
    assert mean == 3
    assert (low, high) == pytest.approx((3 - 4.302653 / math.sqrt(3), 3 + 4.302653 / math.sqrt(3)))


@settings(deadline=None)
@given(st.lists(st.floats(-10, 10, width=16), min_size=2, max_size=10).filter(lambda values: len(set(values)) > 1))
def test_the_interval_over_seeds_equals_scipy(values: list[float]) -> None:
    error = np.std(values, ddof=1) / math.sqrt(len(values))
    expected = student_t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=error)
    assert interval_over_seeds(values)[1:] == pytest.approx(expected, abs=1e-9)


def test_one_seed_has_a_mean_and_no_bounds() -> None:
    assert interval_over_seeds([0.8]) == pytest.approx((0.8, math.nan, math.nan), nan_ok=True)
    assert interval_over_seeds([]) == pytest.approx((math.nan,) * 3, nan_ok=True)


def test_seeds_that_agree_have_an_interval_of_no_width_and_a_failed_seed_shows() -> None:
    assert interval_over_seeds([0.5, 0.5, 0.5]) == (0.5, 0.5, 0.5)
    assert interval_over_seeds([0.5, math.nan, 0.5]) == pytest.approx((math.nan,) * 3, nan_ok=True)


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # .005 * 4, .01 * 3, .03 * 2, .04 * 1 raised to .06
        ([0.5, 0.6], [1, 1]),
        ([0.02], [0.02]),
        ([0.03, math.nan, 0.02], [0.04, math.nan, 0.04]),  # two tests, not three
        ([], []),
    ],
)
def test_holm_worked_out_by_hand(p_values: list[float], expected: list[float]) -> None:
    assert holm(p_values) == pytest.approx(np.array(expected), nan_ok=True)


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.03, 0.04, 0.05, 0.2, 1.0]), max_size=8), st.sampled_from([0.015, 0.05, 0.1]))
def test_holm_rejects_what_the_procedure_step_by_step_rejects(p_values: list[float], level: float) -> None:
    rejected = set()
    for step, test in enumerate(sorted(range(len(p_values)), key=lambda test: p_values[test])):
        if p_values[test] * (len(p_values) - step) > level:
            break
        rejected.add(test)
    assert set(np.flatnonzero(holm(p_values) <= level)) == rejected


def test_holm_refuses_what_is_no_probability() -> None:
    with pytest.raises(ValueError, match=r"lie in \[0, 1\]"):
        holm([0.1, 1.2])
