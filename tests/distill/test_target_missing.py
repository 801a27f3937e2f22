from __future__ import annotations

from collections.abc import Iterable

import pytest

from dixtill_core.distill import target_missing
from dixtill_core.distill.target_keys import KeySet, text_keys
from dixtill_core.distill.target_missing import MissingTexts, find_missing
from dixtill_core.progress import Progress

TEXTS = [f"text {i}" for i in range(10)]


def missing_of(texts: Iterable[str], known: Iterable[str] = (), shard_texts: int = 4) -> tuple[MissingTexts, list[Progress]]:
    keys = KeySet()
    keys.add(text_keys(known))
    steps, progress = find_missing(texts, keys, shard_texts, "reading"), []
    while True:
        try:
            progress.append(next(steps))
        except StopIteration as end:
            return end.value, progress


def test_missing_texts_come_in_their_order_a_shard_at_a_time() -> None:
    missing, _ = missing_of(TEXTS)
    assert list(missing) == [TEXTS[:4], TEXTS[4:8], TEXTS[8:]]
    assert (len(missing), missing.shard_count) == (10, 3)


def test_a_text_that_comes_again_belongs_to_the_first_shard_only() -> None:
    missing, _ = missing_of([*TEXTS[:3], TEXTS[0], *TEXTS[2:6], *TEXTS])
    assert list(missing) == [TEXTS[:4], TEXTS[4:8], TEXTS[8:]]


def test_they_can_be_read_again() -> None:
    missing, _ = missing_of(TEXTS)
    assert list(missing) == list(missing)


def test_with_any_whole_shards_on_disk_the_others_stay_the_same() -> None:
    shards = list(missing_of(TEXTS)[0])
    for there in ([0], [1], [2], [0, 2], [1, 2]):
        known = [text for i in there for text in shards[i]]
        assert list(missing_of(TEXTS, known)[0]) == [shard for i, shard in enumerate(shards) if i not in there]


def test_nothing_is_missing_when_all_is_known() -> None:
    missing, _ = missing_of([*TEXTS, *TEXTS], TEXTS)
    assert list(missing) == []
    assert not missing


def test_a_text_that_appears_only_in_the_second_reading_is_left_for_the_next_run() -> None:
    texts = TEXTS[:5]
    missing, _ = missing_of(texts)
    texts.append("new")
    assert list(missing) == [TEXTS[:4], TEXTS[4:5]]


def test_a_long_stream_shows_signs_of_life_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_missing, "READING_TEXTS", 2000)
    _, progress = missing_of(f"text {i}" for i in range(5000))
    assert [(step.stage, step.detail) for step in progress] == [("reading", "2,048 texts read"), ("reading", "4,096 texts read")]
    assert missing_of(TEXTS)[1] == []
