import numpy as np
import pyarrow.parquet as parquet
import pytest

from dixtill_core.config import ExplainConfig
from dixtill_core.data.words import split_words
from dixtill_core.distill import targets as targets_module
from dixtill_core.distill.targets import TargetStore
from dixtill_core.errors import DixtillError
from dixtill_core.explain.integrated_gradients import integrated_gradients
from tests.distill.conftest import EXPLAIN


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


def test_a_killed_computation_goes_on_behind_its_last_shard(bert, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(targets_module, "SHARD_TEXTS", 4)
    texts = corpus.texts[:12]
    whole = TargetStore(bert, EXPLAIN, tmp_path / "whole")
    _compute(whole, texts)
    killed = TargetStore(bert, EXPLAIN, tmp_path / "killed")
    steps = killed.compute(texts)
    for step in steps:
        if step.done >= 8:
            break
    steps.close()  # The second shard is computed but not written.
    assert _compute(killed, texts)[-1].total == 8
    first, second = whole.load(texts), killed.load(texts)
    np.testing.assert_array_equal(first.logits, second.logits)
    for one, other in zip(first.scores, second.scores, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_shard_that_was_cut_short_is_computed_again(bert, corpus, tmp_path):
    store = TargetStore(bert, EXPLAIN, tmp_path)
    _compute(store, corpus.texts[:6])
    (shard,) = store.folder.glob("*.parquet")
    shard.write_bytes(shard.read_bytes()[:100])
    assert _compute(store, corpus.texts[:6])[-1].total == 6
    assert len(store.load(corpus.texts[:6]).scores) == 6


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
