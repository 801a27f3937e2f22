"""Which texts are known, in a few bytes each: 12-byte hashes in sorted arrays.

Whether a text was seen before cannot be told exactly in constant memory. A `KeySet` holds 12 bytes for each text and
up to three times that for a moment, while two of its arrays become one: 12 MB for a million texts, 36 MB at the peak.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from dixtill_core.errors import DataError

KEY_BYTES = 12
KEY = np.dtype(f"S{KEY_BYTES}")
"""The first bytes of a text's SHA-256: `data.datasets.text_key` without the hexadecimal. Two among a billion different
texts are the same by chance once in a hundred billion corpora."""
BATCH_TEXTS = 1024


def text_keys(texts: Iterable[str]) -> np.ndarray:
    """Keys of texts, (texts,) of `KEY`.

    Raises:
        DataError: a text holds half of a surrogate pair, which no encoding can carry.
    """
    try:
        digests = b"".join(hashlib.sha256(text.encode()).digest()[:KEY_BYTES] for text in texts)
    except UnicodeEncodeError as error:
        raise DataError(f"Character {error.start + 1} of the text is half of a surrogate pair. Remove it.") from error
    return np.frombuffer(digests, dtype=KEY)


def keyed_batches(texts: Iterable[str]) -> Iterator[tuple[list[str], np.ndarray]]:
    """Texts and their keys, `BATCH_TEXTS` at a time."""
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH_TEXTS)):
        yield batch, text_keys(batch)


class KeySet:
    """A growing set of keys, without a Python object for each."""

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []
        """Sorted, without repetition, each more than twice as long as the next: what is added moves a few times only."""

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add(self, keys: np.ndarray) -> None:
        """Take in keys (n,) that may be known already or repeat each other."""
        fresh = np.unique(keys[~self.contains(keys)])
        if not len(fresh):
            return
        self._runs.append(fresh)
        while len(self._runs) > 1 and len(self._runs[-2]) <= 2 * len(self._runs[-1]):
            self._merge_last_two()

    def contains(self, keys: np.ndarray) -> np.ndarray:
        """Which of the keys (n,) are in the set, (n,) bool."""
        found = np.zeros(len(keys), dtype=bool)
        for run in self._runs:
            found |= find_keys(run, keys) >= 0
        return found

    def sorted(self) -> np.ndarray:
        """All keys in one sorted array; the set goes on holding no other."""
        while len(self._runs) > 1:
            self._merge_last_two()
        return self._runs[0] if self._runs else np.zeros(0, dtype=KEY)

    def _merge_last_two(self) -> None:
        merged = np.concatenate([self._runs.pop(), self._runs.pop()])
        merged.sort(kind="stable")  # Two sorted halves are merged, not sorted.
        self._runs.append(merged)


def find_keys(known: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Position of each key (n,) in the sorted array `known`, (n,) int64; -1 where it is not there."""
    if not len(known):
        return np.full(len(keys), -1, dtype=np.int64)
    positions = np.searchsorted(known, keys).clip(max=len(known) - 1)
    return np.where(known[positions] == keys, positions, -1)
