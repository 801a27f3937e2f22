"""Shards of teacher targets: Parquet files that appear whole or not at all and carry the SHA-256 of their own bytes.

A shard is named after the texts in it, so whoever computes the same texts writes the same file. Its checksum stands in
its metadata and is that of the whole file with zeros in the checksum's place: a damaged byte is found wherever it is.
Shards of earlier versions had shorter names and no checksum; one that can be read and whose keys make up its name is
believed, and is sealed when it is next checked.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from dixtill_core.distill.target_keys import KEY
from dixtill_core.errors import DixtillError
from dixtill_core.files import write_atomic
from dixtill_core.lock import Claim, take_claim

SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("logits", pa.list_(pa.float32())),
        ("scores", pa.list_(pa.float32())),  # attributions of the words, empty where only logits are kept
        ("target", pa.int32()),
        ("convergence_delta", pa.float32()),
    ]
)
NAME_LENGTH = 32
UNSEALED_NAME_LENGTH = 16
STALE_SECONDS = 3600
"""Age at which a half-written file can only be what a killed process left."""

_SEAL = b"sha256 of this file with 64 zeros here: "
_BLANK = b"0" * 64


class DamagedShardError(DixtillError):
    """The bytes of a shard are not those that were written."""


@dataclass(frozen=True)
class Damage:
    """A shard that was found damaged and removed, so that its texts are computed again."""

    path: Path

    def __str__(self) -> str:
        return f"A shard was damaged and has been removed: {self.path}. Its texts are computed again where they are asked for."


def shard_name(keys: np.ndarray, length: int = NAME_LENGTH) -> str:
    """Name of the shard with these texts in this order, from their keys (texts,)."""
    return hashlib.sha256(keys.tobytes().hex().encode()).hexdigest()[:length]


def shard_bytes(table: pa.Table) -> bytes:
    """A sealed Parquet file of the rows in `table`, which has the columns of `SCHEMA`."""
    sink = pa.BufferOutputStream()
    with parquet.ParquetWriter(sink, SCHEMA) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"seal": (_SEAL + _BLANK).decode()})
    content = sink.getvalue().to_pybytes()
    start = content.rindex(_SEAL) + len(_SEAL)
    return content[:start] + hashlib.sha256(content).hexdigest().encode() + content[start + len(_BLANK) :]


def read_shard(path: Path, content: bytes) -> pa.Table:
    """Rows of a shard.

    Raises:
        DamagedShardError: not the bytes that were written.
    """
    if len(path.stem) == UNSEALED_NAME_LENGTH:
        return _read_unsealed(path, content)
    start = content.rfind(_SEAL) + len(_SEAL)
    end = start + len(_BLANK)
    digest = hashlib.sha256(content[:start])
    digest.update(_BLANK)
    digest.update(content[end:])
    if content[start:end] != digest.hexdigest().encode():
        raise DamagedShardError(f"{path} is not as it was written.")
    return parquet.read_table(pa.BufferReader(content), use_threads=False).replace_schema_metadata(None)


def _read_unsealed(path: Path, content: bytes) -> pa.Table:
    try:
        table = parquet.read_table(pa.BufferReader(content), schema=SCHEMA, use_threads=False)
        table.validate(full=True)
        if shard_name(keys_of(table), UNSEALED_NAME_LENGTH) != path.stem:
            raise DamagedShardError(f"{path} does not hold the texts that it is named after.")
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DamagedShardError(f"{path} is not as it was written.") from error
    return table


def keys_of(table: pa.Table) -> np.ndarray:
    """Keys of the rows, (rows,) of `KEY`."""
    return np.frombuffer(bytes.fromhex("".join(table.column("key").to_pylist())), dtype=KEY)


class ShardFolder:
    """The shards of one teacher under one setting. Several processes may use it at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def path_of(self, name: str) -> Path:
        return self.path / f"{name}.parquet"

    def write(self, name: str, content: bytes) -> None:
        write_atomic(self.path_of(name), content)

    def has(self, name: str) -> bool:
        """Whether the shard is there and as it was written."""
        try:
            return self._read(self.path_of(name)) is not None
        except DamagedShardError:
            return False

    def claim(self, name: str) -> Claim | None:
        """Be the one that computes a shard, as long as the claim is held; None where another process or thread is."""
        return take_claim(self.path / f".{name}.claim")

    def read_all(self) -> Iterator[pa.Table]:
        """Rows of one shard after the other; what is damaged is passed over."""
        for path in self._paths():
            try:
                table = self._read(path)
            except DamagedShardError:
                continue
            if table is not None:
                yield table

    def check(self) -> Iterator[np.ndarray | Damage]:
        """Keys of each shard, after its checksum was found right; of a damaged one, that it was and is no longer there."""
        self._remove_stale()
        for path in self._paths():
            try:
                table = self._read(path)
            except DamagedShardError:
                if self._remove(path):
                    yield Damage(path)
                continue
            if table is None:
                continue
            keys = keys_of(table)
            if len(path.stem) == UNSEALED_NAME_LENGTH:
                self.write(shard_name(keys), shard_bytes(table))
                path.unlink(missing_ok=True)
            yield keys

    def _paths(self) -> list[Path]:
        return sorted(self.path.glob("[!.]*.parquet"))

    def _read(self, path: Path) -> pa.Table | None:
        """Rows of a shard; None where it is not there, or no longer."""
        try:
            return read_shard(path, path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DixtillError(f"Cannot read {path}: {error.strerror or error}.") from error

    def _remove(self, path: Path) -> bool:
        """Remove a damaged shard, unless another process has put a whole one in its place meanwhile."""
        aside = path.with_name(f".{path.name}.damaged")
        try:
            path.replace(aside)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise DixtillError(f"{path} is damaged and cannot be removed: {error.strerror or error}.") from error
        try:
            read_shard(path, aside.read_bytes())
        except DamagedShardError:
            aside.unlink(missing_ok=True)
            return True
        aside.replace(path)
        return False

    def _remove_stale(self) -> None:
        """Remove what processes left that were killed while they wrote."""
        for path in self.path.glob(".*.parquet.*"):
            try:
                if time.time() - path.stat().st_mtime > STALE_SECONDS:
                    path.unlink()
            except OSError:  # Another process was quicker, or it is not ours to remove.
                continue
        for path in self.path.glob(".*.claim"):
            if (claim := take_claim(path)) is not None:
                claim.release()
