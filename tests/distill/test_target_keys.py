from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixtill_core.data.datasets import text_key
from dixtill_core.distill.target_keys import KEY, KEY_BYTES, KeySet, find_keys, keyed_batches, text_keys
from dixtill_core.errors import DataError

SHORT_KEYS = st.lists(st.binary(min_size=1, max_size=3).map(lambda start: start.ljust(KEY_BYTES, b"\0")))
"""Few enough to repeat, and ending in zeros, which NumPy's strings leave out."""


def test_a_key_is_the_text_key_without_hexadecimal() -> None:
    texts = ["", "shares rose", "Ünïcödé 👍🏽"]
    assert [key.ljust(KEY_BYTES, b"\0").hex() for key in text_keys(texts).tolist()] == [text_key(text) for text in texts]


def test_half_of_a_surrogate_pair_is_an_error_for_the_user() -> None:
    with pytest.raises(DataError, match="Character 3"):
        text_keys(["ab\ud800"])


@given(st.lists(SHORT_KEYS, max_size=8), SHORT_KEYS)
def test_a_key_set_knows_what_a_set_knows(batches: list[list[bytes]], asked: list[bytes]) -> None:
    ours, theirs = KeySet(), set()
    for batch in batches:
        ours.add(np.array(batch, dtype=KEY))
        theirs.update(batch)
        assert len(ours) == len(theirs)
        assert ours.contains(np.array(asked, dtype=KEY)).tolist() == [key in theirs for key in asked]
    assert ours.sorted().tolist() == np.array(sorted(theirs), dtype=KEY).tolist()


@given(SHORT_KEYS, SHORT_KEYS)
def test_a_key_is_found_at_its_position(known: list[bytes], asked: list[bytes]) -> None:
    in_order = np.array(sorted(set(known)), dtype=KEY)
    expected = [sorted(set(known)).index(key) if key in known else -1 for key in asked]
    assert find_keys(in_order, np.array(asked, dtype=KEY)).tolist() == expected


def test_a_key_set_holds_twelve_bytes_a_text() -> None:
    keys = KeySet()
    for start in range(0, 20_000, 500):
        keys.add(text_keys(f"text {i}" for i in range(start, start + 500)))
    assert sum(run.nbytes for run in keys._runs) == 12 * 20_000
    assert len(keys._runs) <= 6


def test_batches_hold_every_text_with_its_key() -> None:
    texts = [f"text {i}" for i in range(2500)]
    batches = list(keyed_batches(iter(texts)))
    assert [text for batch, _ in batches for text in batch] == texts
    assert np.concatenate([keys for _, keys in batches]).tolist() == text_keys(texts).tolist()
    assert max(len(batch) for batch, _ in batches) < 2500
