"""Which texts of a stream a store still lacks, cut into shards: found in one pass, handed out in a second.

Both passes hold keys instead of texts: at most 36 bytes for each text that is known and for each that is missing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from dixtill_core.distill.target_keys import KeySet, find_keys, keyed_batches
from dixtill_core.progress import Progress

SHARD_TEXTS = 512
EXPLAINED_SHARD_TEXTS = 128
"""With attributions, which take some 30 times as long: what a kill loses should be well below a minute of one core."""
READING_TEXTS = 50_000
"""Texts between two signs of life while a stream is read through."""


@dataclass(frozen=True, eq=False)
class MissingTexts:
    """Different texts without targets, in the order of the stream, a shard's worth at a time; can be read again.

    What goes into a shard depends on the stream and on whole shards that are there, so a computation that was killed
    forms the same ones when it goes on.
    """

    texts: Iterable[str]
    keys: np.ndarray  # sorted, (missing texts,) of target_keys.KEY
    shard_texts: int

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def shard_count(self) -> int:
        return -(-len(self.keys) // self.shard_texts)

    def __iter__(self) -> Iterator[list[str]]:
        taken = np.zeros(len(self.keys), dtype=bool)
        shard: list[str] = []
        for batch, keys in keyed_batches(self.texts):
            for text, position in zip(batch, find_keys(self.keys, keys).tolist(), strict=True):
                if position < 0 or taken[position]:
                    continue
                taken[position] = True
                shard.append(text)
                if len(shard) == self.shard_texts:
                    yield shard
                    shard = []
        if shard:
            yield shard


def find_missing(texts: Iterable[str], known: KeySet, shard_texts: int, stage: str) -> Generator[Progress, None, MissingTexts]:
    """Read the stream through, yielding progress of `stage` now and then; the return value is what `known` lacks."""
    missing, read = KeySet(), 0
    for batch, keys in keyed_batches(texts):
        missing.add(keys[~known.contains(keys)])
        before, read = read, read + len(batch)
        if read // READING_TEXTS > before // READING_TEXTS:
            yield Progress(stage, 0, 0, detail=f"{read:,} texts read")
    return MissingTexts(texts, missing.sorted(), shard_texts)
