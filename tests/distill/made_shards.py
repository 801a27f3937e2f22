"""Shards of made-up targets, and the folder of a store as its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from dixtill_core.data.datasets import text_key
from dixtill_core.distill.target_shards import SCHEMA, ShardFolder, keys_of, shard_bytes, shard_name


def made_rows(texts: Sequence[str], words: int = 5, classes: int = 3) -> pa.Table:
    """Rows as a teacher would give them, other ones for other texts."""
    rows = []
    for text in texts:
        random = np.random.default_rng(int(text_key(text), 16))
        logits = random.normal(size=classes).astype(np.float32)
        rows.append(
            {
                "key": text_key(text),
                "logits": logits,
                "scores": random.normal(size=words).astype(np.float32),
                "target": int(logits.argmax()),
                "convergence_delta": float(random.normal()),
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def write_shard(folder: Path, texts: Sequence[str], **shape: int) -> Path:
    table = made_rows(texts, **shape)
    name = shard_name(keys_of(table))
    ShardFolder(folder).write(name, shard_bytes(table))
    return folder / f"{name}.parquet"


def write_unsealed_shard(folder: Path, texts: Sequence[str]) -> Path:
    """A shard as version 0.1.0 wrote it before shards had checksums."""
    stream = BytesIO()
    parquet.write_table(made_rows(texts), stream)
    name = hashlib.sha256("".join(text_key(text) for text in texts).encode()).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.parquet").write_bytes(stream.getvalue())
    return folder / f"{name}.parquet"


def bytes_of(folder: Path) -> dict[str, bytes]:
    """What a store holds: every file that is not hidden."""
    return {path.name: path.read_bytes() for path in folder.glob("[!.]*")}
