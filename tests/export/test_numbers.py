from __future__ import annotations

import pytest

from dixtill_core.export.numbers import (
    format_bytes,
    format_parameters,
    format_score,
    format_seconds,
    format_share,
    format_times,
    score_decimals,
)


@pytest.mark.parametrize(("share", "text"), [(0, "0%"), (0.0001, "<1%"), (0.125, "12%"), (0.93, "93%"), (0.9999, ">99%"), (1, "100%")])
def test_a_share_never_claims_certainty(share: float, text: str) -> None:
    assert format_share(share) == text


@pytest.mark.parametrize(("largest", "decimals"), [(0, 3), (2.5, 3), (0.12, 3), (0.012, 3), (0.0057, 4), (0.00057, 5)])
def test_small_scores_get_more_decimals(largest: float, decimals: int) -> None:
    assert score_decimals(largest) == decimals


def test_scores_carry_a_sign_unless_they_round_to_nothing() -> None:
    assert [format_score(score) for score in (0.1234, -0.5, 0.0001, -0.0001, 0)] == ["+0.123", "−0.500", "0", "0", "0"]


@pytest.mark.parametrize(("seconds", "text"), [(0.00005, "50 µs"), (0.0009, "0.9 ms"), (0.31, "0.31 s"), (12.4, "12 s")])
def test_times_have_a_fitting_unit(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(12, "12 bytes"), (3_450_000, "3.5 MB"), (94_055_740, "94 MB"), (1_200_000_000, "1.2 GB")])
def test_sizes_are_decimal(size: int, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(("count", "text"), [(900, "900 parameters"), (801_204, "0.8 M parameters"), (22_714_371, "22.7 M parameters")])
def test_parameters_are_counted_in_millions(count: int, text: str) -> None:
    assert format_parameters(count) == text


@pytest.mark.parametrize(("ratio", "text"), [(1.44, "1.4×"), (26.2, "26×"), (1549.7, "1,550×"), (123_456, "123,000×")])
def test_ratios_have_three_figures_at_most(ratio: float, text: str) -> None:
    assert format_times(ratio) == text
