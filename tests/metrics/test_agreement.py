from __future__ import annotations

import math
import statistics
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from dixtill_core.metrics.agreement import (
    DEFAULT_KS,
    agreement,
    corpus_agreement,
    cosine,
    distribution,
    feature_agreement,
    mean_agreement,
    pairwise_rank_agreement,
    rank_agreement,
    sign_agreement,
    signed_rank_agreement,
    spearman,
    top_words,
)


def scores(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


@pytest.mark.parametrize(
    ("values", "k", "expected"),
    [
        ((0.1, -0.9, 0.5), 2, [1, 2]),
        ((0.5, -0.5, 0.5), 2, [0, 1]),  # a tie goes to the earlier word
        ((0.0, 0.0, 0.0), 2, [0, 1]),
        ((0.1, 0.2), 5, [1, 0]),
        ((), 3, []),
    ],
)
def test_words_rank_by_magnitude_and_ties_by_position(values: tuple[float, ...], k: int, expected: list[int]) -> None:
    assert top_words(scores(*values), k).tolist() == expected


def test_ties_in_a_long_text_go_to_the_earlier_words() -> None:
    assert top_words(np.tile([0.5, -1.0], 100), 4).tolist() == [1, 3, 5, 7]


TEACHER = scores(0.9, -0.7, 0.1, 0.05, 0.0)
STUDENT = scores(0.2, 0.8, -0.4, 0.1, 0.0)


@pytest.mark.parametrize(
    ("k", "features", "signs"),
    [
        (1, 0, 0),  # {0} and {1}
        (2, 1 / 2, 0),  # {0, 1} and {1, 2}: 1 is shared, its signs differ
        (3, 1, 1 / 3),  # {0, 1, 2} both: 0 agrees, 1 and 2 do not
        (4, 1, 2 / 4),  # 3 agrees
        (5, 1, 3 / 5),  # 4: zero agrees with zero
        (9, 1, 3 / 5),  # a short text is measured on all its words
    ],
)
def test_agreement_worked_out_by_hand(k: int, features: float, signs: float) -> None:
    assert feature_agreement(TEACHER, STUDENT, k) == pytest.approx(features)
    assert sign_agreement(TEACHER, STUDENT, k) == pytest.approx(signs)


def test_zero_agrees_in_sign_with_zero_only() -> None:
    assert sign_agreement(scores(0.0), scores(0.0), 1) == 1
    assert sign_agreement(scores(0.0), scores(0.3), 1) == 0
    assert sign_agreement(scores(0.0), scores(-0.3), 1) == 0


def test_ties_at_the_edge_take_the_earlier_word_in_both() -> None:
    assert feature_agreement(scores(1, 1, 1), scores(0, 1, 1), 2) == 1 / 2  # {0, 1} and {1, 2}


def test_an_explanation_agrees_fully_with_itself_and_its_size_does_not_matter() -> None:
    assert feature_agreement(TEACHER, TEACHER * 1e-9, 3) == sign_agreement(TEACHER, TEACHER * 1e-9, 3) == 1


def test_an_explanation_turned_round_names_the_same_words_with_no_sign_in_common() -> None:
    assert feature_agreement(TEACHER[:3], -TEACHER[:3], 2) == 1
    assert sign_agreement(TEACHER[:3], -TEACHER[:3], 2) == 0


def test_a_text_without_words_has_no_agreement() -> None:
    assert all(math.isnan(value) for value in agreement(scores(), scores()).values())


@pytest.mark.parametrize("measure", [feature_agreement, sign_agreement, rank_agreement, signed_rank_agreement])
def test_explanations_of_different_words_are_refused(measure: object) -> None:
    with pytest.raises(ValueError, match="3 and 2 words"):
        measure(scores(1, 2, 3), scores(1, 2), 1)  # type: ignore[operator]


def test_names_say_the_measure_and_k() -> None:
    assert agreement(TEACHER, STUDENT, (2,)) == {"feature_agreement@2": 0.5, "sign_agreement@2": 0.0}


def test_the_mean_leaves_out_texts_without_words() -> None:
    mean = mean_agreement([TEACHER, scores(), scores(1.0)], [STUDENT, scores(), scores(2.0)], (2,))
    assert mean == {"feature_agreement@2": pytest.approx(0.75), "sign_agreement@2": pytest.approx(0.5)}


def test_the_mean_of_no_text_is_not_a_number() -> None:
    assert all(math.isnan(value) for value in mean_agreement([], [], (1, 2)).values())
    assert list(mean_agreement([], [], (1,))) == ["feature_agreement@1", "sign_agreement@1"]


def test_the_mean_needs_as_many_of_both() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        mean_agreement([TEACHER], [], (1,))


pairs = st.integers(1, 8).flatmap(
    lambda n: st.tuples(*[st.lists(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0]), min_size=n, max_size=n)] * 2)
)


@settings(deadline=None)
@given(pairs, st.integers(1, 10))
def test_agreement_equals_a_count_word_by_word(pair: tuple[list[float], list[float]], k: int) -> None:
    first, second = pair
    n = min(k, len(first))
    shared = [i for i in range(len(first)) if _rank(first, i) < n and _rank(second, i) < n]
    same_sign = [i for i in shared if (first[i] > 0) == (second[i] > 0) and (first[i] < 0) == (second[i] < 0)]
    assert feature_agreement(np.array(first), np.array(second), k) == pytest.approx(len(shared) / n)
    assert sign_agreement(np.array(first), np.array(second), k) == pytest.approx(len(same_sign) / n)


def _rank(values: list[float], i: int) -> int:
    """How many words come before word i."""
    return sum(abs(other) > abs(values[i]) or (abs(other) == abs(values[i]) and j < i) for j, other in enumerate(values))


# Places: TEACHER 0 1 2 3 4, STUDENT 1 2 0 3 4; same sign on words 0, 3 and 4.


@pytest.mark.parametrize(
    ("k", "ranks", "signed"),
    [
        (1, 0, 0),
        (3, 0, 0),  # the same three words, none in its place
        (4, 1 / 4, 1 / 4),  # word 3 in place 4 of both
        (5, 2 / 5, 2 / 5),
        (9, 2 / 5, 2 / 5),  # a short text is measured on all its words
    ],
)
def test_rank_agreement_worked_out_by_hand(k: int, ranks: float, signed: float) -> None:
    assert rank_agreement(TEACHER, STUDENT, k) == pytest.approx(ranks)
    assert signed_rank_agreement(TEACHER, STUDENT, k) == pytest.approx(signed)


def test_the_same_word_in_the_same_place_with_the_other_sign_counts_for_rank_agreement_only() -> None:
    assert rank_agreement(scores(3, -2, 1), scores(3, 2, -1), 3) == 1
    assert signed_rank_agreement(scores(3, -2, 1), scores(3, 2, -1), 3) == pytest.approx(1 / 3)


def test_equal_magnitudes_hold_places_by_word_position() -> None:
    assert rank_agreement(scores(1, -1, 1), scores(3, 2, 1), 3) == 1
    assert rank_agreement(scores(1, -1, 1), scores(1, 2, 3), 3) == pytest.approx(1 / 3)  # 0 1 2 and 2 1 0


def test_spearman_worked_out_by_hand() -> None:
    # Signed ranks, the lowest first: TEACHER 5 1 4 3 2, STUDENT 4 5 1 3 2; 1 - 6 (1 + 16 + 9) / (5 * 24)
    assert spearman(TEACHER, STUDENT) == pytest.approx(1 - 6 * 26 / 120)


def test_spearman_shares_the_rank_of_equal_scores_so_that_word_order_makes_no_correlation() -> None:
    # Ranks 1.5 1.5 3 and 1 2 3: covariance 1.5, variances 1.5 and 2
    assert spearman(scores(0, 0, 1), scores(1, 2, 3)) == pytest.approx(1.5 / math.sqrt(1.5 * 2))
    assert spearman(scores(0, 0, 1), scores(2, 1, 3)) == spearman(scores(0, 0, 1), scores(1, 2, 3))


@pytest.mark.parametrize("pair", [((), ()), ((1,), (2,)), ((1, 1, 1), (1, 2, 3)), ((1, 2, 3), (0, 0, 0))])
def test_spearman_of_a_constant_or_of_one_word_is_not_a_number(pair: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    assert math.isnan(spearman(scores(*pair[0]), scores(*pair[1])))


def test_pairwise_rank_agreement_worked_out_by_hand() -> None:
    # Of 10 pairs the student turns round (0, 1) and (0, 2).
    assert pairwise_rank_agreement(TEACHER, STUDENT) == pytest.approx(8 / 10)
    assert pairwise_rank_agreement(scores(3, 2, 1), scores(1, 2, 3)) == 0


def test_pairwise_rank_agreement_orders_equal_magnitudes_by_word_position() -> None:
    assert pairwise_rank_agreement(scores(1, -1), scores(2, 1)) == 1  # the tie puts word 0 first, as the other does
    assert pairwise_rank_agreement(scores(1, -1), scores(1, 2)) == 0
    assert pairwise_rank_agreement(scores(0, 0, 0), scores(-1, 1, -1)) == 1  # two ties


def test_one_word_makes_no_pair() -> None:
    assert math.isnan(pairwise_rank_agreement(scores(1), scores(1)))


def test_cosine_worked_out_by_hand() -> None:
    assert cosine(scores(3, 4), scores(4, -3)) == pytest.approx(0)
    assert cosine(scores(3, 4), scores(4, 3)) == pytest.approx(24 / 25)
    assert cosine(scores(-1), scores(5)) == -1


@pytest.mark.parametrize("size", [1e-300, 1e-40, 1e40, 1e300])
def test_cosine_survives_scores_whose_squares_leave_the_range_of_floats(size: float) -> None:
    assert cosine(scores(3, 4) * size, scores(4, 3)) == pytest.approx(24 / 25)


@pytest.mark.parametrize("pair", [((), ()), ((0, 0), (1, 2)), ((1, 2), (0, 0))])
def test_cosine_with_nothing_is_not_a_number(pair: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    assert math.isnan(cosine(scores(*pair[0]), scores(*pair[1])))


@pytest.mark.parametrize("measure", [spearman, pairwise_rank_agreement, cosine])
def test_whole_text_measures_refuse_explanations_of_different_words(measure: object) -> None:
    with pytest.raises(ValueError, match="3 and 2 words"):
        measure(scores(1, 2, 3), scores(1, 2))  # type: ignore[operator]


@pytest.mark.parametrize("k", [0, -1])
def test_k_starts_at_one(k: int) -> None:
    with pytest.raises(ValueError, match="starts at 1"):
        corpus_agreement([TEACHER], [STUDENT], (1, k))


def test_the_corpus_names_every_measure() -> None:
    top_k = [f"{kind}@{k}" for kind in TOP_K for k in (2, 7)]
    assert list(corpus_agreement([], [], (2, 7))) == [*top_k, *WHOLE_TEXT]
    assert all(column.shape == (0,) for column in corpus_agreement([], [], (2, 7)).values())


def test_the_corpus_says_which_text_has_different_words() -> None:
    with pytest.raises(ValueError, match="Text 1: the explanations have 1 and 2 words"):
        corpus_agreement([TEACHER, scores(1)], [STUDENT, scores(1, 2)], (1,))


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_a_score_that_is_no_number_leaves_its_text_undefined_and_the_others_as_they_were(broken: float) -> None:
    damaged = np.where(np.arange(5) == 2, broken, STUDENT)
    for name, column in corpus_agreement([TEACHER, TEACHER], [damaged, STUDENT], (1, 3)).items():
        assert math.isnan(column[0]), name
        assert column[1] == corpus_agreement([TEACHER], [STUDENT], (1, 3))[name][0]
    assert mean_agreement([TEACHER, TEACHER], [damaged, STUDENT]) == agreement(TEACHER, STUDENT)


def test_the_mean_is_that_of_the_corpus_and_has_features_and_signs_only() -> None:
    generator = np.random.default_rng(0)
    firsts = [generator.normal(size=n) for n in (3, 9, 0, 4, 9, 1)]
    seconds = [generator.normal(size=len(first)) for first in firsts]
    columns = corpus_agreement(firsts, seconds, DEFAULT_KS)
    mean = mean_agreement(firsts, seconds)
    assert list(mean) == [f"{kind}_agreement@{k}" for kind in ("feature", "sign") for k in DEFAULT_KS]
    assert mean == {name: pytest.approx(np.nanmean(columns[name])) for name in mean}


def test_the_distribution_leaves_out_what_is_undefined() -> None:
    values = np.array([0, math.nan, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, math.nan])
    assert distribution(values) == {"p10": 10, "p25": 25, "p50": 50, "p75": 75, "p90": 90}
    assert all(math.isnan(quantile) for quantile in distribution(np.array([math.nan])).values())


TOP_K = {
    "feature_agreement": feature_agreement,
    "sign_agreement": sign_agreement,
    "rank_agreement": rank_agreement,
    "signed_rank_agreement": signed_rank_agreement,
}
WHOLE_TEXT = {"spearman": spearman, "pairwise_rank_agreement": pairwise_rank_agreement, "cosine": cosine}
KS = (1, 2, 3, 5, 10)

values = st.one_of(st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0]), st.floats(-4, 4, width=16))
any_pair = st.integers(0, 8).flatmap(lambda n: st.tuples(*[st.lists(values, min_size=n, max_size=n)] * 2))


def plain(first: list[float], second: list[float]) -> dict[str, float]:
    """Every measure, word by word and pair by pair."""
    n = len(first)
    found = {}
    for k in KS:
        top = range(min(k, n))
        word_at = [{_rank(explanation, i): i for i in range(n)} for explanation in (first, second)]
        shared = {word_at[0][place] for place in top} & {word_at[1][place] for place in top}
        placed = [word_at[0][place] for place in top if word_at[0][place] == word_at[1][place]]
        counts = (len(shared), _same_signs(first, second, shared), len(placed), _same_signs(first, second, placed))
        found |= {f"{kind}@{k}": count / len(top) if n else math.nan for kind, count in zip(TOP_K, counts, strict=True)}
    word_pairs = list(combinations(range(n), 2))
    alike = sum((_rank(first, i) < _rank(first, j)) == (_rank(second, i) < _rank(second, j)) for i, j in word_pairs)
    lengths = math.hypot(*first) * math.hypot(*second)
    varied = len(set(first)) > 1 and len(set(second)) > 1
    return found | {
        "spearman": statistics.correlation(_shared_ranks(first), _shared_ranks(second)) if varied else math.nan,
        "pairwise_rank_agreement": alike / len(word_pairs) if word_pairs else math.nan,
        "cosine": sum(a * b for a, b in zip(first, second, strict=True)) / lengths if lengths else math.nan,
    }


def _same_signs(first: list[float], second: list[float], words: list[int] | set[int]) -> int:
    return sum((first[i] > 0) == (second[i] > 0) and (first[i] < 0) == (second[i] < 0) for i in words)


def _shared_ranks(explanation: list[float]) -> list[float]:
    return [sum(other < value for other in explanation) + (explanation.count(value) + 1) / 2 for value in explanation]


@settings(deadline=None)
@given(st.lists(any_pair, min_size=1, max_size=6))
def test_the_corpus_equals_a_plain_count_of_each_text(texts: list[tuple[list[float], list[float]]]) -> None:
    found = corpus_agreement([np.array(first) for first, _ in texts], [np.array(second) for _, second in texts], KS)
    for text, pair in enumerate(texts):
        expected = plain(*pair)
        assert {name: column[text] for name, column in found.items()} == pytest.approx(expected, nan_ok=True, abs=1e-12)


@settings(deadline=None)
@given(any_pair)
def test_the_measure_of_one_text_is_that_of_the_corpus(pair: tuple[list[float], list[float]]) -> None:
    first, second = np.array(pair[0]), np.array(pair[1])
    found = {name: column[0] for name, column in corpus_agreement([first], [second], KS).items()}
    alone = {f"{name}@{k}": measure(first, second, k) for name, measure in TOP_K.items() for k in KS}
    alone |= {name: measure(first, second) for name, measure in WHOLE_TEXT.items()}
    assert alone == pytest.approx(found, nan_ok=True, rel=0, abs=0)


@settings(deadline=None)
@given(any_pair)
def test_agreement_is_symmetric(pair: tuple[list[float], list[float]]) -> None:
    first, second = np.array(pair[0]), np.array(pair[1])
    back = _one_text(second, first)
    assert _one_text(first, second) == pytest.approx(back, nan_ok=True, rel=0, abs=1e-15)


@settings(deadline=None)
@given(any_pair, st.sampled_from([2.0**-30, 0.25, 8.0, 2.0**40]))
def test_the_scale_of_an_explanation_does_not_matter(pair: tuple[list[float], list[float]], scale: float) -> None:
    first, second = np.array(pair[0]), np.array(pair[1])
    assert _one_text(first * scale, second) == pytest.approx(_one_text(first, second), nan_ok=True, rel=0, abs=1e-15)


@settings(deadline=None)
@given(any_pair)
def test_an_explanation_agrees_fully_with_itself_in_every_measure(pair: tuple[list[float], list[float]]) -> None:
    first = pair[0]
    undefined = {
        **{f"{kind}@{k}": not first for kind in TOP_K for k in KS},
        "spearman": len(set(first)) < 2,
        "pairwise_rank_agreement": len(first) < 2,
        "cosine": not any(first),
    }
    itself = _one_text(np.array(first), np.array(first))
    assert itself == pytest.approx({name: math.nan if undefined[name] else 1 for name in itself}, nan_ok=True)


@settings(deadline=None)
@given(any_pair)
def test_values_lie_in_the_stated_ranges_and_stricter_measures_lie_below(pair: tuple[list[float], list[float]]) -> None:
    found = _one_text(np.array(pair[0]), np.array(pair[1]))
    for name, value in found.items():
        lowest = -1 if name in ("spearman", "cosine") else 0
        assert math.isnan(value) or lowest <= value <= 1
    for k in KS if pair[0] else ():
        feature, sign, rank, signed_rank = (found[f"{kind}@{k}"] for kind in TOP_K)
        assert signed_rank <= min(sign, rank) <= max(sign, rank) <= feature


@settings(deadline=None)
@given(any_pair, st.integers(0, 5))
def test_more_than_all_words_are_all_words(pair: tuple[list[float], list[float]], more: int) -> None:
    first, second = np.array(pair[0]), np.array(pair[1])
    n = max(1, len(first))
    found = {k: corpus_agreement([first], [second], (k,)) for k in (n, n + more)}
    for kind in TOP_K:
        assert found[n + more][f"{kind}@{n + more}"][0] == pytest.approx(found[n][f"{kind}@{n}"][0], nan_ok=True, rel=0, abs=0)
    if len(pair[0]):
        assert found[n][f"feature_agreement@{n}"][0] == 1


@settings(deadline=None)
@given(any_pair)
def test_spearman_equals_scipy(pair: tuple[list[float], list[float]]) -> None:
    first, second = pair
    if len(set(first)) > 1 and len(set(second)) > 1:
        assert spearman(np.array(first), np.array(second)) == pytest.approx(spearmanr(first, second).statistic, abs=1e-12)


def _one_text(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    return {name: float(column[0]) for name, column in corpus_agreement([first], [second], KS).items()}
