"""Which texts are trained on together."""

from __future__ import annotations

import numpy as np


def similar_length_batches(positions: np.ndarray, lengths: list[int], batch_size: int, random: np.random.Generator) -> list[np.ndarray]:
    """Random batches whose texts have similar lengths: sorted within chunks of 50 batches, the batches shuffled."""
    shuffled = random.permutation(positions)
    batches: list[np.ndarray] = []
    for start in range(0, len(shuffled), batch_size * 50):
        chunk = sorted(shuffled[start : start + batch_size * 50].tolist(), key=lambda i: lengths[i])
        batches.extend(np.array(chunk[i : i + batch_size]) for i in range(0, len(chunk), batch_size))
    return [batches[i] for i in random.permutation(len(batches))]
