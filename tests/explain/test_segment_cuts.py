from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixtill_core.explain.integrated_gradients import segment_cuts


def cuts(values: list[float], n_segments: int) -> list[float]:
    return segment_cuts(np.array([values]), n_segments)[0].tolist()


def test_a_steep_middle_gets_most_segments() -> None:
    # Shares of change 0, 1, 0; nine tenths of it and a tenth spread evenly: 1/30, 28/30, 1/30.
    # A quarter lies (1/4 - 1/30) / (28/30) of the middle third past 1/3.
    expected = 1 / 3 + (1 / 4 - 1 / 30) / (28 / 30) / 3
    assert cuts([0.0, 0.0, 1.0, 1.0], 4) == pytest.approx([0, expected, 0.5, 1 - expected, 1])


def test_two_unequal_changes_by_hand() -> None:
    # Shares 3/4 and 1/4 become 0.725 and 0.275; half lies 0.5 / 0.725 of the first half.
    assert cuts([0.0, 0.3, 0.4], 2) == pytest.approx([0, 0.5 / 0.725 / 2, 1])


def test_falling_counts_as_much_as_rising() -> None:
    assert cuts([0.4, 0.1, 0.2], 3) == pytest.approx(cuts([0.0, 0.3, 0.4], 3))


@pytest.mark.parametrize("values", [[0.2, 0.2, 0.2], [0.0, 0.5, 1.0]])
def test_no_change_and_even_change_give_even_segments(values: list[float]) -> None:
    assert cuts(values, 4) == pytest.approx([0, 0.25, 0.5, 0.75, 1])


def test_one_segment_is_the_whole_path() -> None:
    assert cuts([0.0, 0.9, 0.1], 1) == [0, 1]


@given(st.lists(st.lists(st.floats(0, 1, width=32), min_size=11, max_size=11), min_size=1, max_size=4), st.integers(1, 20))
def test_cuts_rise_from_zero_to_one_and_leave_no_stretch_unvisited(scans: list[list[float]], n_segments: int) -> None:
    found = segment_cuts(np.array(scans), n_segments)
    assert found.shape == (len(scans), n_segments + 1)
    assert (found[:, 0] == 0).all()
    assert (found[:, -1] == 1).all()
    assert (np.diff(found, axis=1) > 0).all()
    # A tenth of the density is even, so a segment is never longer than its share divided by a tenth.
    assert np.diff(found, axis=1).max() <= 10 / n_segments + 1e-9
    for row, scan in zip(found, scans, strict=True):
        np.testing.assert_allclose(row, cuts(scan, n_segments))
