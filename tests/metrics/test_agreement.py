from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixtill_core.metrics.agreement import agreement, feature_agreement, mean_agreement, sign_agreement, top_words


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


@pytest.mark.parametrize("measure", [feature_agreement, sign_agreement])
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
