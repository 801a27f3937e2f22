import gc
import tracemalloc

import numpy as np
import pyarrow.parquet as parquet
import pytest

from dixtill_core.config import ExplainConfig
from dixtill_core.data.stream import stream_texts
from dixtill_core.data.words import split_words
from dixtill_core.distill import targets as targets_module
from dixtill_core.distill.targets import TargetStore
from dixtill_core.errors import DixtillError
from dixtill_core.explain.integrated_gradients import integrated_gradients
from tests.distill.conftest import EXPLAIN
from tests.distill.made_shards import bytes_of, made_rows, write_shard, write_unsealed_shard


def _compute(store, texts):
    return list(store.compute(texts))


def test_targets_are_the_teachers_logits_and_attributions_in_the_order_asked_for(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    texts = corpus.texts[:10]
    _compute(store, texts)
    found = store.load(texts[::-1])
    np.testing.assert_allclose(found.logits, bert.predict(texts[::-1]), atol=1e-5)
    for text, scores, delta in zip(texts[::-1], found.scores, found.deltas, strict=True):
        expected = integrated_gradients(bert, [text], None, EXPLAIN)[0]
        assert len(scores) == len(split_words(text))
        np.testing.assert_allclose(scores, expected.scores, atol=1e-5)
        assert delta == pytest.approx(expected.convergence_delta, abs=1e-4)


def test_nothing_is_computed_twice(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    _compute(store, corpus.texts[:10])
    before = {path: path.stat().st_mtime_ns for path in store.folder.iterdir()}
    assert [step.total for step in _compute(store, corpus.texts[:10])] == [0]
    assert {path: path.stat().st_mtime_ns for path in store.folder.iterdir()} == before
    assert _compute(store, corpus.texts[:12])[-1].total == 2


def test_what_is_there_is_counted_each_text_once(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    assert store.count_known(corpus.texts[:10]) == 0
    _compute(store, corpus.texts[:6])
    assert store.count_known((*corpus.texts[:10], corpus.texts[0])) == len(set(corpus.texts[:6]))


def test_a_stopped_computation_goes_on_behind_its_last_shard_and_ends_with_the_same_bytes(bert, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(targets_module, "EXPLAINED_SHARD_TEXTS", 4)
    texts = corpus.texts[:12]
    whole = TargetStore(bert, EXPLAIN, tmp_path / "whole")
    _compute(whole, texts)
    stopped = TargetStore(bert, EXPLAIN, tmp_path / "stopped")
    steps = stopped.compute(texts)
    for step in steps:
        if step.done >= 8:
            break
    steps.close()  # The second shard is computed but not written.
    assert _compute(stopped, texts)[-1].total == 8
    assert bytes_of(stopped.folder) == bytes_of(whole.folder)


def test_a_damaged_score_is_found_said_and_computed_again(bert, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(targets_module, "EXPLAINED_SHARD_TEXTS", 4)
    store = TargetStore(bert, EXPLAIN, tmp_path)
    _compute(store, corpus.texts[:12])
    before = bytes_of(store.folder)
    damaged = store.folder / min(name for name in before if name.endswith(".parquet"))
    footer = parquet.read_metadata(damaged)
    column = footer.row_group(0).column(2)
    assert column.path_in_schema.startswith("scores")
    content = bytearray(damaged.read_bytes())
    content[column.data_page_offset + column.total_compressed_size // 3] ^= 1
    damaged.write_bytes(content)
    assert parquet.read_metadata(damaged).equals(footer)

    with pytest.raises(DixtillError, match="4 of 12 texts"):
        store.load(corpus.texts[:12])
    steps = _compute(store, corpus.texts[:12])
    assert "damaged" in steps[0].note
    assert damaged.name in steps[0].note
    assert steps[-1].total == 4
    assert bytes_of(store.folder) == before


def test_damage_of_texts_that_are_not_asked_for_is_said_too(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    _compute(store, corpus.texts[:3])
    (shard,) = store.folder.glob("*.parquet")
    _compute(store, corpus.texts[3:6])
    shard.write_bytes(shard.read_bytes()[:100])
    assert ["damaged" in step.note for step in _compute(store, corpus.texts[3:6])] == [True, False]
    assert len(store.load(corpus.texts[3:6]).scores) == 3


def test_a_text_that_comes_twice_is_computed_once_and_loaded_twice(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    texts = [corpus.texts[0], corpus.texts[1], corpus.texts[0]]
    assert _compute(store, texts)[-1].total == 2
    found = store.load(texts)
    np.testing.assert_array_equal(found.logits[0], found.logits[2])
    np.testing.assert_array_equal(found.scores[0], found.scores[2])


def test_a_file_is_streamed_with_the_same_result_as_a_list_of_its_texts(bert, corpus, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("\n".join(["text", *(f'"{text}"' for text in corpus.texts[:8])]), encoding="utf-8")
    streamed, listed = TargetStore(bert, EXPLAIN, tmp_path / "streamed"), TargetStore(bert, EXPLAIN, tmp_path / "listed")
    _compute(streamed, stream_texts(path))
    _compute(listed, corpus.texts[:8])
    assert bytes_of(streamed.folder) == bytes_of(listed.folder)


def test_a_bad_row_is_found_before_the_teacher_is_asked_anything(bert, tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("\n".join(["text,label", *(f"text number {i},up" for i in range(3000)), " ,up"]), encoding="utf-8")
    store = TargetStore(bert, None, tmp_path / "store")
    with pytest.raises(DixtillError, match="row 3001"):
        _compute(store, stream_texts(path))
    assert not store.folder.exists()


def test_an_iterator_is_refused_because_texts_are_read_twice(bert, tmp_path):
    with pytest.raises(TypeError, match="read twice"):
        _compute(TargetStore(bert, None, tmp_path), iter(["a text"]))


def test_logits_only_have_no_scores_and_no_deltas(bert, corpus, tmp_path):
    store = TargetStore(bert, None, tmp_path)
    _compute(store, corpus.texts[:3])
    found = store.load(corpus.texts[:3])
    np.testing.assert_allclose(found.logits, bert.predict(corpus.texts[:3]), atol=1e-5)
    assert [len(scores) for scores in found.scores] == [0, 0, 0]
    assert np.isnan(found.deltas).all()


def test_nothing_asked_for_is_nothing_loaded(bert, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    assert _compute(store, [])[-1].total == 0
    found = store.load([])
    assert (found.logits.shape, found.scores, found.deltas.shape) == ((0, 3), [], (0,))


def test_a_store_of_an_earlier_version_is_read_and_gets_checksums(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    texts = list(corpus.texts[:6])
    old = write_unsealed_shard(store.folder, texts)
    expected = [row["logits"] for row in made_rows(texts).to_pylist()]
    np.testing.assert_array_equal(store.load(texts).logits, np.array(expected, dtype=np.float32))
    assert _compute(store, texts)[-1].total == 0
    assert not old.exists()
    np.testing.assert_array_equal(store.load(texts).logits, np.array(expected, dtype=np.float32))


def test_loading_a_few_texts_needs_no_more_memory_from_a_large_store(bert, tmp_path):
    def peak(shards):
        store = TargetStore(bert, EXPLAIN, tmp_path / str(shards))
        for shard in range(shards):
            write_shard(store.folder, [f"text {shard} {i}" for i in range(200)], words=100)
        asked = [f"text {shard} 7" for shard in range(4)]
        gc.collect()
        tracemalloc.start()
        try:
            store.load(asked)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(4)  # Whatever is made once.
    assert peak(40) < 2 * peak(4)  # Ten times the shards.


def test_other_settings_and_other_teachers_have_stores_of_their_own(bert, small_teacher, tmp_path):
    folders = {
        TargetStore(bert, EXPLAIN, tmp_path).folder,
        TargetStore(bert, ExplainConfig(n_steps=8), tmp_path).folder,
        TargetStore(bert, None, tmp_path).folder,
        TargetStore(small_teacher("roberta"), EXPLAIN, tmp_path).folder,
    }
    assert len(folders) == 4


def test_texts_that_were_never_computed_are_an_error_that_says_what_to_do(bert, corpus, tmp_path):
    with pytest.raises(DixtillError, match="dixtill targets"):
        TargetStore(bert, EXPLAIN, tmp_path).load(corpus.texts[:2])


def test_the_store_holds_no_text(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    _compute(store, corpus.texts[:3])
    (shard,) = store.folder.glob("*.parquet")
    values = str(parquet.read_table(shard).to_pydict())
    assert not any(text[:12] in values for text in corpus.texts[:3])
