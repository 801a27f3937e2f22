from __future__ import annotations

import numpy as np

from dixtill_core.data.datasets import SAMPLE, duplicate_key, load_dataset, split_dataset
from dixtill_core.data.words import split_words


def test_the_bundled_sample_is_large_enough_unique_and_balanced() -> None:
    sample = load_dataset(SAMPLE)
    assert len(sample) >= 600
    assert len({duplicate_key(text) for text in sample.texts}) == len(sample)
    assert sample.label_names == ("bearish", "bullish", "neutral")
    assert np.bincount(sample.require_labels(), minlength=3).min() >= 150


def test_every_sentence_of_the_sample_has_words() -> None:
    assert all(len(split_words(text)) >= 3 for text in load_dataset(SAMPLE).texts)


def test_the_sample_can_be_split() -> None:
    sample = load_dataset(SAMPLE)
    train, validation = split_dataset(sample, 0.1, seed=0)
    assert 0.08 < len(validation) / len(sample) < 0.12
    assert set(sample.require_labels()[train]) == set(sample.require_labels()[validation]) == {0, 1, 2}
