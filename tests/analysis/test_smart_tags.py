"""Tags about what the models make of a text: rows by hand, each changed in the one thing that its tag is about."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dixtill_core.analysis.smart_tags import CONFIDENT, SMART_TAGS, tag_table
from dixtill_core.data.vocabulary import Vocabulary
from dixtill_core.data.words import SPECIAL_WORDS
from tests.analysis.made_corpus import made_corpus, value_of

VOCABULARY = Vocabulary(("<pad>", *SPECIAL_WORDS, "shares", "fall", "on", "news"))
OF_MODELS = {name for name, tag in SMART_TAGS.items() if tag.ground != "text"}


def tags_of(training=None, **changes):
    """Of the text "shares fall on news", right in both and with the same reasons where nothing is changed."""
    row = {
        "text": "shares fall on news",
        "gold": "a", "teacher": "a", "student": "a", "teacher_confidence": 0.95, "student_confidence": 0.95,
        "teacher_scores": np.array([0.1, 0.9, 0.0, 0.3]), "student_scores": np.array([0.2, 0.8, 0.0, 0.3]),
        "teacher_comprehensiveness": 0.5, "teacher_sufficiency": 0.1, "student_comprehensiveness": 0.5, "student_sufficiency": 0.1,
    } | changes  # fmt: skip
    (tags,) = value_of(tag_table(pd.DataFrame([row]), VOCABULARY, training))
    return set(tags) & OF_MODELS


def test_where_nothing_is_remarkable_there_is_no_tag():
    assert tags_of() == set()


def test_a_suspicious_label_needs_both_models_sure_of_the_same_other_one():
    assert tags_of(gold="b") == {"suspicious_label"}
    assert tags_of(gold="b", student_confidence=CONFIDENT - 0.01) == set()
    assert tags_of(gold="b", teacher_confidence=CONFIDENT - 0.01) == set()
    assert tags_of(gold="b", student_confidence=CONFIDENT, teacher_confidence=CONFIDENT) == {"suspicious_label"}
    assert tags_of(gold="b", student="c") == set()


def test_the_top_word_is_the_largest_of_either_sign():
    assert tags_of(student_scores=np.array([0.9, 0.8, 0.0, 0.3])) == {"top_word_differs"}
    assert tags_of(student_scores=np.array([-0.9, 0.8, 0.0, 0.3])) == {"top_word_differs", "sign_flips"}
    assert tags_of(student_scores=np.zeros(4)) == set()  # It has no strongest word.


def test_a_sign_flips_among_the_strongest_of_both_and_about_one_label_only():
    assert tags_of(student_scores=np.array([0.2, -0.8, 0.0, 0.3])) == {"sign_flips"}
    assert tags_of(student_scores=np.array([0.2, -0.8, 0.0, 0.3]), student="b") == set()
    # The flipped word is the student's fourth: not among its three strongest.
    assert tags_of(teacher_scores=np.array([0.1, 0.9, 0.0, 0.3]), student_scores=np.array([-0.1, 0.9, 0.2, 0.3])) == set()
    assert tags_of(teacher_scores=np.array([0.0, 0.9, 0.0, 0.0])) == set()  # A zero flips nothing.


def test_faithfulness_is_low_in_either_model_and_unknown_where_it_was_not_measured():
    assert tags_of(teacher_comprehensiveness=0.0) == {"low_faithfulness"}
    assert tags_of(student_sufficiency=0.6) == {"low_faithfulness"}
    assert tags_of(student_sufficiency=0.5) == set()
    assert tags_of(teacher_comprehensiveness=np.nan, teacher_sufficiency=np.nan) == set()


@pytest.mark.parametrize(
    ("text", "is_unknown"),
    [
        ("shares fall on news", False),
        ("Shares falling on $KRVN news 3%", False),
        ("shares fall on zorkmids", True),
        ("shares fall on", False),
    ],
)
def test_a_word_is_unknown_where_no_form_of_it_is_known(text, is_unknown):
    scores = np.ones(len(text.split()))
    assert ("unknown_words" in tags_of(text=text, teacher_scores=scores, student_scores=scores)) == is_unknown


def test_a_near_duplicate_needs_training_texts():
    assert tags_of(training=["Shares fall on news."]) == {"near_duplicate"}
    assert tags_of(training=["Something else altogether"]) == set()
    assert tags_of(training=[]) == set()


def test_one_word_has_no_other_top_word():
    assert tags_of(text="shares", teacher_scores=np.array([0.1]), student_scores=np.array([-0.1])) == {"sign_flips"}


def test_every_tag_says_in_one_sentence_what_it_is():
    for name, tag in SMART_TAGS.items():
        assert name == tag.name
        assert tag.title
        assert tag.definition.endswith(".")
        assert 20 < len(tag.definition) < 220


def test_a_corpus_without_faithfulness_has_no_tag_of_it():
    table = made_corpus(30, faithfulness=False).table
    found = value_of(tag_table(table, VOCABULARY))
    assert len(found) == 30
    assert not any("low_faithfulness" in tags or "near_duplicate" in tags for tags in found)
    order = list(SMART_TAGS)
    assert all(tags == sorted(tags, key=order.index) for tags in found)
