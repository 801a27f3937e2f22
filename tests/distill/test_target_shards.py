from __future__ import annotations

import os
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from dixtill_core.distill import target_shards
from dixtill_core.distill.target_keys import text_keys
from dixtill_core.distill.target_shards import Damage, DamagedShardError, ShardFolder, keys_of, read_shard, shard_bytes, shard_name
from dixtill_core.errors import DixtillError
from tests.distill.made_shards import made_rows, write_shard, write_unsealed_shard

TEXTS = ["shares rose", "shares fell", "nothing new"]
PATH = Path(f"{shard_name(text_keys(TEXTS))}.parquet")


def keys_and_damage(folder: Path) -> tuple[np.ndarray, list[Damage]]:
    found: Iterable[np.ndarray | Damage] = list(ShardFolder(folder).check())
    keys = [item for item in found if not isinstance(item, Damage)]
    return np.concatenate([text_keys([]), *keys]), [item for item in found if isinstance(item, Damage)]


def test_a_shard_is_read_as_it_was_written_and_is_plain_parquet(tmp_path: Path) -> None:
    path = write_shard(tmp_path, TEXTS)
    assert path.name == PATH.name
    assert read_shard(path, path.read_bytes()).equals(made_rows(TEXTS))
    assert parquet.read_table(path).equals(made_rows(TEXTS))
    assert keys_of(made_rows(TEXTS)).tolist() == text_keys(TEXTS).tolist()


def test_the_same_rows_are_the_same_bytes() -> None:
    assert shard_bytes(made_rows(TEXTS)) == shard_bytes(pa.concat_tables([made_rows(TEXTS[:1]), made_rows(TEXTS[1:])]).combine_chunks())


def test_a_damaged_byte_is_found_wherever_it_is() -> None:
    content = shard_bytes(made_rows(TEXTS))
    for position in range(len(content)):
        damaged = bytearray(content)
        damaged[position] ^= 0x40
        with pytest.raises(DamagedShardError):
            read_shard(PATH, bytes(damaged))


@pytest.mark.parametrize("kept", [slice(0, -1), slice(1, None), slice(0, 0), slice(0, 1), slice(-4, None)], ids=str)
def test_a_shard_that_was_cut_is_damaged(kept: slice) -> None:
    with pytest.raises(DamagedShardError):
        read_shard(PATH, shard_bytes(made_rows(TEXTS))[kept])


def test_a_shard_that_was_written_on_to_is_damaged() -> None:
    with pytest.raises(DamagedShardError):
        read_shard(PATH, shard_bytes(made_rows(TEXTS)) + b"x")


def test_a_damaged_shard_is_removed_and_said_and_the_others_are_kept(tmp_path: Path) -> None:
    whole, damaged = write_shard(tmp_path, TEXTS[:2]), write_shard(tmp_path, TEXTS[2:])
    content = damaged.read_bytes()
    damaged.write_bytes(content[:50] + b"\x00" + content[51:])
    keys, damage = keys_and_damage(tmp_path)
    assert keys.tolist() == text_keys(TEXTS[:2]).tolist()
    assert [item.path for item in damage] == [damaged]
    assert str(damaged) in str(damage[0])
    assert list(tmp_path.iterdir()) == [whole]
    assert keys_and_damage(tmp_path)[1] == []


def test_reading_passes_over_a_damaged_shard_and_leaves_it(tmp_path: Path) -> None:
    write_shard(tmp_path, TEXTS[:2])
    damaged = write_shard(tmp_path, TEXTS[2:])
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert [table.num_rows for table in ShardFolder(tmp_path).read_all()] == [2]
    assert not ShardFolder(tmp_path).has(damaged.stem)
    assert damaged.exists()


def test_a_whole_shard_that_another_process_put_in_place_of_a_damaged_one_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_shard(tmp_path, TEXTS)
    content = path.read_bytes()
    path.write_bytes(b"damaged")
    read = target_shards.read_shard

    def repaired_after_it_was_read(path: Path, read_content: bytes) -> pa.Table:
        if read_content == b"damaged":
            path.write_bytes(content)
        return read(path, read_content)

    monkeypatch.setattr(target_shards, "read_shard", repaired_after_it_was_read)
    _, damage = keys_and_damage(tmp_path)
    assert damage == []
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_shard_that_another_process_removed_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = write_shard(tmp_path, TEXTS)
    folder = ShardFolder(tmp_path)
    paths = folder._paths()
    gone.unlink()
    monkeypatch.setattr(folder, "_paths", lambda: paths)
    assert list(folder.check()) == []
    assert list(folder.read_all()) == []
    assert not folder.has(gone.stem)


def test_a_shard_that_cannot_be_read_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / PATH
    path.mkdir()  # Reading it fails, for root too.
    with pytest.raises(DixtillError, match=path.name):
        list(ShardFolder(tmp_path).check())
    assert path.exists()


def test_a_shard_without_checksum_is_read_and_then_sealed(tmp_path: Path) -> None:
    old = write_unsealed_shard(tmp_path, TEXTS)
    assert [table.to_pylist() for table in ShardFolder(tmp_path).read_all()] == [made_rows(TEXTS).to_pylist()]
    keys, damage = keys_and_damage(tmp_path)
    assert (keys.tolist(), damage) == (text_keys(TEXTS).tolist(), [])
    assert not old.exists()
    (sealed,) = tmp_path.iterdir()
    assert sealed.read_bytes() == shard_bytes(made_rows(TEXTS))


@pytest.mark.parametrize("how", ["cut", "other texts", "no rows of ours"])
def test_a_shard_without_checksum_is_believed_only_when_it_is_what_its_name_says(tmp_path: Path, how: str) -> None:
    old = write_unsealed_shard(tmp_path, TEXTS)
    if how == "cut":
        old.write_bytes(old.read_bytes()[:-20])
    elif how == "other texts":
        write_unsealed_shard(tmp_path, TEXTS[:2]).replace(old)
    else:
        parquet.write_table(pa.table({"key": ["a"]}), old)
    keys, damage = keys_and_damage(tmp_path)
    assert (len(keys), len(damage)) == (0, 1)
    assert not old.exists()


def test_what_a_killed_process_left_half_written_is_removed_once_it_is_old(tmp_path: Path) -> None:
    path = write_shard(tmp_path, TEXTS)
    old, young = tmp_path / f".{path.name}.abc", tmp_path / f".{path.name}.def"
    for file in (old, young):
        file.write_bytes(b"half")
    hour_ago = time.time() - target_shards.STALE_SECONDS - 1
    os.utime(old, (hour_ago, hour_ago))
    keys, _ = keys_and_damage(tmp_path)
    assert len(keys) == 3
    assert sorted(tmp_path.iterdir()) == sorted([path, young])
