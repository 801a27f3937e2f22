from types import SimpleNamespace

import numpy as np

from dixtill_core.config import DistillConfig
from dixtill_core.data.datasets import split_dataset, text_key
from dixtill_core.distill.corpus import split_as_taught


def _teacher(texts):
    return SimpleNamespace(validation_keys=frozenset(map(text_key, texts)))


def test_a_student_is_validated_on_what_its_teacher_was_validated_on(corpus):
    train, validation = split_as_taught(corpus, _teacher(corpus.texts[5:15]), DistillConfig())
    assert validation.tolist() == list(range(5, 15))
    assert sorted([*train, *validation]) == list(range(len(corpus)))


def test_a_teacher_of_other_texts_leaves_the_split_to_the_seed(corpus):
    for texts in ([], ["something else"], corpus.texts[:2], corpus.texts):  # none, too few, so many that none is left to train on
        found = split_as_taught(corpus, _teacher(texts), DistillConfig())
        expected = split_dataset(corpus, DistillConfig().validation_share, DistillConfig().split_seed)
        assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))
