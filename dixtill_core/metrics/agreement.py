"""Do two explanations of a text agree? Measures of Krishna et al. 2022, "The disagreement problem" (arXiv:2202.01602).

An explanation is one signed score a word, (words,). E(i) is the score of word i, rank(i) its place when the words are
ordered by |E|, the strongest first; equal magnitudes go to the earlier word. Both explanations are of the same words.

| measure                   | formula                                                          | range   |
|---------------------------|------------------------------------------------------------------|---------|
| feature_agreement@k       | words in the top k of both / k                                   | [0, 1]  |
| sign_agreement@k          | words in the top k of both, with the same sign / k               | [0, 1]  |
| rank_agreement@k          | places 1..k that hold the same word in both / k                  | [0, 1]  |
| signed_rank_agreement@k   | places 1..k that hold the same word with the same sign / k       | [0, 1]  |
| spearman                  | Pearson correlation of the ranks of the signed scores            | [-1, 1] |
| pairwise_rank_agreement   | word pairs that both rankings by magnitude order alike / pairs   | [0, 1]  |
| cosine                    | E1 . E2 / (|E1| |E2|)                                            | [-1, 1] |

Higher is better. All are symmetric, and the scale of an explanation does not matter. A zero agrees in sign with a zero
only. A text with fewer than k words is measured on all that it has: k becomes its number of words. NaN marks a text on
which a measure is undefined: one without words, with fewer than two where pairs or correlations are asked for, or with
a score that is NaN or infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

DEFAULT_KS = (1, 2, 3, 4, 5)
QUANTILES = (10, 25, 50, 75, 90)


def top_words(scores: np.ndarray, k: int) -> np.ndarray:
    """Positions of the k scores of largest magnitude, the largest first, ties by position."""
    return np.argsort(-np.abs(scores), kind="stable")[:k]


def feature_agreement(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Share of the top-k words of one that are among the top-k of the other; NaN for a text without words."""
    return agreement(first, second, (k,))[f"feature_agreement@{k}"]


def sign_agreement(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Share of the top-k words that both name with the same sign (0 agrees with 0 only)."""
    return agreement(first, second, (k,))[f"sign_agreement@{k}"]


def rank_agreement(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Share of the k first places that hold the same word in both; in [0, 1], never above `feature_agreement`.

    Ties in magnitude are ordered by word position; with fewer than k words all places count; NaN for a text without words.
    """
    return _of_one_text(first, second, lambda a, b: _ranked_agreement(a, b, (k,)))[f"rank_agreement@{k}"]


def signed_rank_agreement(first: np.ndarray, second: np.ndarray, k: int) -> float:
    """Share of the k first places that hold the same word with the same sign in both; in [0, 1], the strictest of the four.

    Ties in magnitude are ordered by word position; with fewer than k words all places count; NaN for a text without words.
    """
    return _of_one_text(first, second, lambda a, b: _ranked_agreement(a, b, (k,)))[f"signed_rank_agreement@{k}"]


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of the signed scores over all words, in [-1, 1].

    Equal scores share the mean of their ranks, as is usual: word order must not make a correlation. NaN with fewer than
    two words or where one explanation is constant.
    """
    return _of_one_text(first, second, lambda a, b: {"spearman": _spearman(a, b)})["spearman"]


def pairwise_rank_agreement(first: np.ndarray, second: np.ndarray) -> float:
    """Share of the n (n - 1) / 2 word pairs that both order alike by magnitude, in [0, 1]; a random ranking scores 1/2.

    Of two equal magnitudes the earlier word comes first. NaN with fewer than two words.
    """
    return _of_one_text(first, second, lambda a, b: {"pairs": _pairwise(_ranks(a), _ranks(b))})["pairs"]


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Cosine of the angle between the score vectors over all words, in [-1, 1]; no ranks, so no ties. NaN if one is all zero."""
    return _of_one_text(first, second, lambda a, b: {"cosine": _cosines(a, b)})["cosine"]


def agreement(first: np.ndarray, second: np.ndarray, ks: Iterable[int] = DEFAULT_KS) -> dict[str, float]:
    """`feature_agreement@k` and `sign_agreement@k` of one text's two score vectors."""
    ks = _checked(ks)
    return _of_one_text(first, second, lambda a, b: _top_k_agreement(_ranks(a), _ranks(b), _same_sign(a, b), ks))


def mean_agreement(firsts: Sequence[np.ndarray], seconds: Sequence[np.ndarray], ks: Iterable[int] = DEFAULT_KS) -> dict[str, float]:
    """Mean over texts of `agreement`; texts on which it is undefined are left out, NaN where none is left."""
    ks = _checked(ks)
    values = _over_texts(firsts, seconds, lambda a, b: _top_k_agreement(_ranks(a), _ranks(b), _same_sign(a, b), ks))
    return {name: _mean(column) for name, column in values.items()}


def corpus_agreement(firsts: Sequence[np.ndarray], seconds: Sequence[np.ndarray], ks: Iterable[int] = DEFAULT_KS) -> dict[str, np.ndarray]:
    """Every measure of this module on every text.

    Args:
        firsts, seconds: the score vectors of each text, (words,) both.
        ks: numbers of top words, from 1.

    Returns:
        Values (texts,) float64 by name: the four top-k measures as `<measure>@<k>`, then `spearman`,
        `pairwise_rank_agreement` and `cosine`. NaN where undefined.

    Raises:
        ValueError: different numbers of texts or words, or a k below 1.
    """
    ks = _checked(ks)
    return _over_texts(firsts, seconds, lambda a, b: _all_measures(a, b, ks))


def distribution(values: np.ndarray) -> dict[str, float]:
    """Quantiles `p10`, `p25`, `p50`, `p75`, `p90` of values (texts,), NaN left out; all NaN where no value is left.

    Between two values a quantile is interpolated linearly.
    """
    values = np.asarray(values, dtype=np.float64)
    defined = values[~np.isnan(values)]
    quantiles = np.percentile(defined, QUANTILES) if len(defined) else np.full(len(QUANTILES), np.nan)
    return {f"p{share}": float(quantile) for share, quantile in zip(QUANTILES, quantiles, strict=True)}


# Below, `first` and `second` are (texts, words): the scores of texts of one length, so that nothing is padded.

Measures = Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]


def _all_measures(first: np.ndarray, second: np.ndarray, ks: tuple[int, ...]) -> dict[str, np.ndarray]:
    first_ranks, second_ranks, same_sign = _ranks(first), _ranks(second), _same_sign(first, second)
    return {
        **_top_k_agreement(first_ranks, second_ranks, same_sign, ks),
        **_top_k_rank_agreement(first_ranks, second_ranks, same_sign, ks),
        "spearman": _spearman(first, second),
        "pairwise_rank_agreement": _pairwise(first_ranks, second_ranks),
        "cosine": _cosines(first, second),
    }


def _ranked_agreement(first: np.ndarray, second: np.ndarray, ks: Iterable[int]) -> dict[str, np.ndarray]:
    return _top_k_rank_agreement(_ranks(first), _ranks(second), _same_sign(first, second), _checked(ks))


def _top_k_agreement(
    first_ranks: np.ndarray, second_ranks: np.ndarray, same_sign: np.ndarray, ks: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Feature and sign agreement: a word is shared from the k on that reaches the worse of its two places."""
    enters = np.maximum(first_ranks, second_ranks)  # (texts, words)
    return {f"feature_agreement@{k}": _share(enters < k, k) for k in ks} | {
        f"sign_agreement@{k}": _share((enters < k) & same_sign, k) for k in ks
    }


def _top_k_rank_agreement(
    first_ranks: np.ndarray, second_ranks: np.ndarray, same_sign: np.ndarray, ks: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Rank and signed rank agreement."""
    same_place = first_ranks == second_ranks  # (texts, words)
    return {f"rank_agreement@{k}": _share(same_place & (first_ranks < k), k) for k in ks} | {
        f"signed_rank_agreement@{k}": _share(same_place & same_sign & (first_ranks < k), k) for k in ks
    }


def _share(counted: np.ndarray, k: int) -> np.ndarray:
    """Counted words (texts, words) bool as a share of k, or of all words of a shorter text."""
    return counted.sum(axis=1) / min(k, counted.shape[1])


def _spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation is the cosine of what is centred: here of ranks that equal scores share.

    Ascending, a score has the place p, ties by position. Descending it has q. Equal scores fill the same places in opposite
    order, so that (p - q) / 2 is the mean of their ranks, less the mean of all ranks.
    """
    return _cosines(_places(first) - _places(-first), _places(second) - _places(-second))


def _pairwise(first_ranks: np.ndarray, second_ranks: np.ndarray) -> np.ndarray:
    """One distance between the words of a pair at a time, so that memory grows with the words and not with the pairs."""
    n_texts, n_words = first_ranks.shape
    if n_words < 2:
        return np.full(n_texts, np.nan)
    alike = np.zeros(n_texts, dtype=np.int64)
    for distance in range(1, n_words):
        first_order = first_ranks[:, distance:] > first_ranks[:, :-distance]
        second_order = second_ranks[:, distance:] > second_ranks[:, :-distance]
        alike += (first_order == second_order).sum(axis=1)
    return alike / (n_words * (n_words - 1) // 2)


def _cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # all zero: 0 / 0 is the NaN that is wanted
        # Brought to a largest magnitude of 1 first: squares of very small or large scores leave the range of floats.
        first = first / np.abs(first).max(axis=1, keepdims=True)
        second = second / np.abs(second).max(axis=1, keepdims=True)
        squared_norms = (first**2).sum(axis=1) * (second**2).sum(axis=1)
        return np.clip((first * second).sum(axis=1) / np.sqrt(squared_norms), -1, 1)


def _ranks(scores: np.ndarray) -> np.ndarray:
    """Place of each word by magnitude, 0 the strongest, ties by position: (texts, words) int64."""
    return _places(-np.abs(scores))


def _places(values: np.ndarray) -> np.ndarray:
    """Place of each value in its row in ascending order, from 0, ties by position: (texts, words) int64."""
    return np.argsort(np.argsort(values, axis=1, kind="stable"), axis=1)


def _same_sign(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.sign(first) == np.sign(second)


def _over_texts(firsts: Sequence[np.ndarray], seconds: Sequence[np.ndarray], measures: Measures) -> dict[str, np.ndarray]:
    """Values (texts,) of each measure, computed together for all texts of one length; NaN where undefined."""
    values = {name: np.full(len(firsts), np.nan) for name in measures(np.ones((1, 1)), np.ones((1, 1)))}
    for texts, first, second in _by_length(firsts, seconds):
        for name, column in measures(first, second).items():
            values[name][texts] = column
    return values


def _of_one_text(first: np.ndarray, second: np.ndarray, measures: Measures) -> dict[str, float]:
    return {name: float(column[0]) for name, column in _over_texts([first], [second], measures).items()}


def _by_length(firsts: Sequence[np.ndarray], seconds: Sequence[np.ndarray]) -> Iterator[tuple[list[int], np.ndarray, np.ndarray]]:
    """Positions of the measurable texts of each length, and both explanations of them, (texts, words) float64."""
    groups: dict[int, list[int]] = {}
    for text, (first, second) in enumerate(zip(firsts, seconds, strict=True)):
        if len(first) != len(second):
            where = f"Text {text}: the" if len(firsts) > 1 else "The"
            raise ValueError(f"{where} explanations have {len(first)} and {len(second)} words; both need the same words.")
        groups.setdefault(len(first), []).append(text)
    groups.pop(0, None)
    for texts in groups.values():
        both = np.stack([[firsts[text] for text in texts], [seconds[text] for text in texts]]).astype(np.float64)
        finite = np.all(np.isfinite(both), axis=(0, 2))
        if finite.any():
            yield [text for text, usable in zip(texts, finite, strict=True) if usable], both[0, finite], both[1, finite]


def _checked(ks: Iterable[int]) -> tuple[int, ...]:
    ks = tuple(ks)
    if any(k < 1 for k in ks):
        raise ValueError(f"k counts top words and starts at 1, but is {min(ks)}.")
    return ks


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(np.mean(defined)) if len(defined) else float("nan")
