"""Is one model better than another, or was it the choice of test texts or of seeds?

The bootstrap of `paired_bootstrap` draws test texts anew with replacement, the same for both models (Efron and Tibshirani
1993; Koehn 2004 for the paired form). Its interval holds for the trained models at hand, on other texts of the same kind.
What another training seed would do is asked by `interval_over_seeds`. Neither contains the other: report both.

A resample is held as counts, how often each text was drawn, (resamples, texts): a mean is then one matrix product, and
so are the margins of a confusion matrix, which is all that macro F1 and Matthews correlation need.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

CONFIDENCE = 0.95
RESAMPLES_AT_ONCE = 64
ROUNDING = 1e-12
"""Differences this small against the compared figures are rounding: equal models must not differ by the order of a sum."""

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(values (seeds, texts), counts (resamples, texts) float64) -> figures (resamples, seeds)."""


@dataclass(frozen=True)
class Difference:
    """First minus second: above zero where the first has the larger figure."""

    mean: float
    """Difference of the two figures on the texts as they are."""
    low: float
    """2.5th percentile of the difference over resamples."""
    high: float
    """97.5th percentile."""
    p: float
    """Two-sided bootstrap p-value, in (0, 1]."""


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """Bounds of a share of `successes` among `n` at 95 %, in [0, 1] (Wilson 1927); NaN for none of none."""
    from scipy.stats import binomtest

    if n == 0:
        return math.nan, math.nan
    interval = binomtest(successes, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def paired_bootstrap(first: np.ndarray, second: np.ndarray, statistic: Statistic, *, samples: int = 2000, seed: int = 0) -> Difference:
    """Difference of a figure between two models on the same test texts, with its 95 % percentile interval and p-value.

    For agreement and accuracy the values are numbers and the statistic is `mean_over_texts`; for macro F1 they are
    predicted classes and the statistic is `partial(macro_f1, labels)`, and `matthews_correlation` likewise. The figure
    of a model is the mean of its seeds' figures, each computed on the same resampled texts:

        d   = mean_s statistic(first_s) - mean_s statistic(second_s)       on all texts; d_b on resample b = 1..samples
        p   = min(1, 2 (1 + min(#{b: d_b <= 0}, #{b: d_b >= 0})) / (samples + 1))

    so that p is below .05 where the interval lies off zero, up to the resolution of the samples; its least value is
    2 / (samples + 1).

    Args:
        first, second: values (texts,) or (seeds, texts) of each model; column t is text t in both. The numbers of seeds
            may differ.
        statistic: see `Statistic`. Any metric that takes sample weights can be made one.

    A text that is NaN in any seed of either model is left out of both. Resamples on which the statistic is NaN are left
    out of the interval and of p. All four numbers are NaN where nothing is left.

    Raises:
        ValueError: different numbers of texts, or no sample.
    """
    first, second = np.atleast_2d(first), np.atleast_2d(second)
    if first.shape[1] != second.shape[1]:
        raise ValueError(f"The models have values for {first.shape[1]} and {second.shape[1]} texts; a paired test needs the same texts.")
    if samples < 1:
        raise ValueError(f"A bootstrap needs at least one sample, not {samples}.")
    defined = ~(np.isnan(first).any(axis=0) | np.isnan(second).any(axis=0))
    if not defined.all():
        first, second = first[:, defined], second[:, defined]
    n_texts = first.shape[1]
    if not n_texts:
        return Difference(math.nan, math.nan, math.nan, math.nan)
    as_they_are = np.ones((1, n_texts))
    point = _differences(first, second, statistic, as_they_are)[0]
    drawn = [_differences(first, second, statistic, counts) for counts in _resamples(n_texts, samples, seed)]
    differences = np.concatenate(drawn)
    return Difference(float(point), *_percentile_interval(differences), _p_value(differences))


def mean_over_texts(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean of per-text values (seeds, texts) under counts (resamples, texts): (resamples, seeds)."""
    return counts @ values.T.astype(np.float64) / counts.sum(axis=1, keepdims=True)


def macro_f1(labels: np.ndarray, predicted: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean over classes of F1 = 2 true positives / (gold + predicted), in [0, 1].

    As in `classification_scores`, the classes are those that occur in the labels, here of the resample.

    Args:
        labels: gold classes (texts,) int from 0.
        predicted: classes (seeds, texts) int from 0.
        counts: (resamples, texts).

    Returns:
        (resamples, seeds).
    """
    true_positives, gold, predictions = _confusion_margins(labels, predicted, counts)
    f1 = 2 * true_positives / np.maximum(gold + predictions, 1)  # (resamples, seeds, classes); 0 for a class that does not occur
    present = gold > 0
    return (f1 * present).sum(axis=2) / present.sum(axis=2)


def matthews_correlation(labels: np.ndarray, predicted: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Matthews correlation for any number of classes (Gorodkin 2004), in [-1, 1]; 0 where labels or predictions are all one class.

        (c n - sum_k p_k g_k) / sqrt((n^2 - sum_k p_k^2) (n^2 - sum_k g_k^2))

    with n texts, c of them right, g_k of gold class k and p_k predicted as k. Arguments and result as in `macro_f1`.
    """
    true_positives, gold, predictions = _confusion_margins(labels, predicted, counts)
    n = counts.sum(axis=1, keepdims=True)  # (resamples, 1)
    covariance = true_positives.sum(axis=2) * n - (predictions * gold).sum(axis=2)
    variances = (n**2 - (predictions**2).sum(axis=2)) * (n**2 - (gold**2).sum(axis=2))
    return covariance / np.sqrt(np.where(variances > 0, variances, np.inf))


def interval_over_seeds(values: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Mean over training seeds and the bounds of its 95 % Student t interval: (mean, low, high).

        mean +- t(.975; n - 1) s / sqrt(n),   s with n - 1 in the denominator

    One seed has no interval: its bounds are NaN. A NaN among the values makes all three NaN; so does no value.
    """
    values = np.asarray(values, dtype=np.float64)
    n = len(values)
    if n < 2:
        return (float(values[0]) if n else math.nan, math.nan, math.nan)
    mean = float(values.mean())
    margin = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2) * values.std(ddof=1) / math.sqrt(n))
    return mean, mean - margin, mean + margin


def holm(p_values: Sequence[float] | np.ndarray) -> np.ndarray:
    """p-values (tests,) adjusted for being several, in the same order (Holm 1979): compare each with the level as it is.

    With p_(1) <= ... <= p_(m):  adjusted_(i) = max over j <= i of min(1, (m - j + 1) p_(j)). NaN stays NaN and is no test.

    Raises:
        ValueError: a p-value outside [0, 1].
    """
    p_values = np.asarray(p_values, dtype=np.float64)
    tests = np.flatnonzero(~np.isnan(p_values))
    if ((p_values[tests] < 0) | (p_values[tests] > 1)).any():
        raise ValueError(f"p-values lie in [0, 1]; these do not: {p_values.tolist()}.")
    ascending = tests[np.argsort(p_values[tests], kind="stable")]
    factors = np.arange(len(ascending), 0, -1)  # m, m - 1, ..., 1
    adjusted = np.full(len(p_values), np.nan)
    adjusted[ascending] = np.maximum.accumulate(np.minimum(1, factors * p_values[ascending]))
    return adjusted


def _resamples(n_texts: int, samples: int, seed: int) -> Iterator[np.ndarray]:
    """Blocks of counts (resamples, texts) float64, whole numbers whose rows add up to `n_texts`."""
    generator = np.random.default_rng(seed)
    for start in range(0, samples, RESAMPLES_AT_ONCE):
        n = min(RESAMPLES_AT_ONCE, samples - start)
        positions = generator.integers(0, n_texts, (n, n_texts)) + n_texts * np.arange(n)[:, None]
        yield np.bincount(positions.ravel(), minlength=n * n_texts).reshape(n, n_texts).astype(np.float64)


def _differences(first: np.ndarray, second: np.ndarray, statistic: Statistic, counts: np.ndarray) -> np.ndarray:
    """Difference of the seeds' mean figures on each resample: (resamples,)."""
    first_figures, second_figures = statistic(first, counts).mean(axis=1), statistic(second, counts).mean(axis=1)
    differences = first_figures - second_figures
    size = np.maximum(np.abs(first_figures), np.abs(second_figures))
    return np.where(np.abs(differences) <= ROUNDING * size, 0.0, differences)


def _percentile_interval(differences: np.ndarray) -> tuple[float, float]:
    defined = differences[~np.isnan(differences)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)


def _p_value(differences: np.ndarray) -> float:
    """The +1 counts the sample at hand among its resamples: no p-value is 0 (Davison and Hinkley 1997, section 4.2)."""
    defined = differences[~np.isnan(differences)]
    if not len(defined):
        return math.nan
    fewer = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (1 + fewer) / (len(defined) + 1))


def _confusion_margins(labels: np.ndarray, predicted: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Diagonal, gold sums and predicted sums of each confusion matrix, (resamples, seeds or 1, classes) each.

    Whole numbers in float64, so exact.
    """
    if labels.shape != predicted.shape[1:]:
        raise ValueError(f"There are {len(labels)} labels for predictions of {predicted.shape[1]} texts.")
    n_classes = int(max(labels.max(), predicted.max())) + 1
    is_class = np.eye(n_classes)
    is_gold, is_predicted = is_class[labels], is_class[predicted]  # (texts, classes), (seeds, texts, classes)
    gold = (counts @ is_gold)[:, None]
    # A matrix product with a stack of matrices: (resamples, texts) @ (seeds, texts, classes) -> (seeds, resamples, classes)
    true_positives = (counts @ (is_predicted * is_gold)).swapaxes(0, 1)
    return true_positives, gold, (counts @ is_predicted).swapaxes(0, 1)
