"""Which of several processes computes a shard. The others are other openings of the same files, or real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dixtill_core.distill.target_claims import ELSEWHERE, ClaimedShard, claim_shards
from dixtill_core.distill.target_engines import Processes, TeacherSource
from dixtill_core.distill.target_keys import KeySet, text_keys
from dixtill_core.distill.target_missing import MissingTexts
from dixtill_core.distill.target_shards import ShardFolder, shard_bytes, shard_name
from dixtill_core.distill.targets import WAITING, TargetStore
from tests.distill.conftest import EXPLAIN
from tests.distill.made_shards import made_rows

TEXTS = [f"text {i}" for i in range(10)]
SHARD_TEXTS = 4
OWN = (
    "import sys, time\nfrom pathlib import Path\nfrom dixtill_core.distill.target_shards import ShardFolder\n"
    "claim = ShardFolder(Path(sys.argv[1])).claim(sys.argv[2])\nprint(claim is not None, flush=True)\ntime.sleep(600)\n"
)


def missing_texts() -> MissingTexts:
    keys = KeySet()
    keys.add(text_keys(TEXTS))
    return MissingTexts(TEXTS, keys.sorted(), SHARD_TEXTS)


def write(shards: ShardFolder, shard: ClaimedShard) -> None:
    with shard.claim:
        shards.write(shard.name, shard_bytes(made_rows(shard.texts)))


def shard_of(found: ClaimedShard | int) -> ClaimedShard:
    assert isinstance(found, ClaimedShard)
    return found


def test_one_alone_gets_every_shard_in_its_order_and_leaves_no_claim(tmp_path: Path) -> None:
    shards, texts = ShardFolder(tmp_path), []
    for found in claim_shards(missing_texts(), shards):
        texts.append(shard_of(found).texts)
        write(shards, shard_of(found))
    assert texts == [TEXTS[:4], TEXTS[4:8], TEXTS[8:]]
    assert len(list(tmp_path.iterdir())) == 3


def test_two_share_the_shards_and_each_hears_of_what_the_other_has_finished(tmp_path: Path) -> None:
    shards = ShardFolder(tmp_path)
    first, second = claim_shards(missing_texts(), shards), claim_shards(missing_texts(), shards)
    one, other = shard_of(next(first)), shard_of(next(second))
    assert (one.texts, other.texts) == (TEXTS[:4], TEXTS[4:8])
    write(shards, one)
    last = shard_of(next(first))
    assert last.texts == TEXTS[8:]
    write(shards, other)
    assert next(second) == 4  # The first one's.
    assert next(second) == ELSEWHERE
    assert next(second) == ELSEWHERE
    write(shards, last)
    assert list(second) == [2]
    assert list(first) == [4]
    assert not list(tmp_path.glob(".*"))


def test_a_claim_that_is_let_go_without_its_shard_is_taken_over(tmp_path: Path) -> None:
    shards = ShardFolder(tmp_path)
    first, second = claim_shards(missing_texts(), shards), claim_shards(missing_texts(), shards)
    given_up = shard_of(next(first))
    for texts in (TEXTS[4:8], TEXTS[8:]):
        found = shard_of(next(second))
        assert found.texts == texts
        write(shards, found)
    assert next(second) == ELSEWHERE
    given_up.claim.release()
    assert shard_of(next(second)).texts == TEXTS[:4]


@pytest.mark.parametrize("workers", [1, 2])
def test_one_waits_for_the_shard_of_another_process_says_so_and_takes_it_over_when_that_is_killed(
    bert, teacher_folder, corpus, tmp_path: Path, workers: int
) -> None:
    store = TargetStore(bert, EXPLAIN, tmp_path)
    store.shard_texts = SHARD_TEXTS
    texts = corpus.texts[:12]
    store.folder.mkdir()
    command = [sys.executable, "-c", OWN, str(store.folder), shard_name(text_keys(texts[:SHARD_TEXTS]))]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": os.getcwd()})
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "True\n"
        engine = Processes(TeacherSource.of(bert, teacher_folder("bert"), "cpu"), workers)
        steps = store.compute(texts, engine)
        waiting = next(step for step in steps if step.detail)
        assert (waiting.detail, waiting.done, waiting.total) == (WAITING, 8, 12)
        steps.close()  # Whoever waits can be cancelled.
        assert store.count_known(texts) == 8

        steps = store.compute(texts, engine)
        assert [(step.detail, step.done, step.total) for step in (next(steps), next(steps))] == [(WAITING, 0, 4)] * 2
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert [step.done for step in steps if not step.detail] == [4]
        assert store.count_known(texts) == 12
    finally:
        owner.kill()
        owner.wait()
    assert not list(store.folder.glob(".*"))


def test_claims_that_killed_processes_left_are_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".left.claim").touch()
    held = ShardFolder(tmp_path).claim("held")
    assert held is not None
    assert list(ShardFolder(tmp_path).check()) == []
    assert [path.name for path in tmp_path.iterdir()] == [".held.claim"]
    held.release()
    assert not list(tmp_path.iterdir())
