from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from dixtill_core.analysis.global_reasons import PARTING, REASONS, SUPPORT, GlobalReasons, global_reasons
from dixtill_core.data.words import normalize_word, split_words
from tests.analysis.made_corpus import LABELS, made_corpus


def finish(table, labels=LABELS, **more) -> GlobalReasons:
    *_, last = global_reasons(table, labels, **more)
    return last


def plain_reasons(table, role, label, least):
    """Word -> (texts, mean, strength, share for) by loops over texts and words."""
    said = defaultdict(list)
    for _, row in table.iterrows():
        if row[role] == label:
            for word, value in plain_shares(row, role).items():
                said[word].append(value)
    return {
        word: (len(all_), np.mean(all_), len(all_) / (len(all_) + SUPPORT) * np.mean(all_), np.mean(np.array(all_) > 0))
        for word, all_ in said.items()
        if len(all_) >= least
    }


def plain_shares(row, role):
    scores = np.asarray(row[f"{role}_scores"], dtype=np.float64)
    total = np.abs(scores).sum()
    shares = defaultdict(float)
    for word, score in zip(split_words(row["text"]), scores, strict=True):
        shares[normalize_word(word.text)] += score / total if total else 0.0
    return shares


@pytest.mark.parametrize("least", [1, 2, 5])
@pytest.mark.parametrize("labels", [LABELS, tuple(f"label {i}" for i in range(20))])
def test_reasons_are_those_of_a_plain_loop(labels, least):
    table = made_corpus(150, labels, seed=1).table
    found = finish(table, labels, least_texts=least)
    assert tuple(found.reasons.columns) == REASONS
    seen = 0
    for role in ("teacher", "student"):
        for label in labels:
            expected = plain_reasons(table, role, label, least)
            rows = found.reasons[(found.reasons["model"] == role) & (found.reasons["label"] == label)]
            assert set(rows["word"]) == set(expected)
            seen += len(rows)
            for row in rows.itertuples():
                assert (row.texts, row.mean, row.strength, row.share_for) == pytest.approx(expected[row.word])
            assert rows["strength"].is_monotonic_decreasing
    assert seen == len(found.reasons) > 0


def test_the_parting_of_the_models_is_that_of_a_plain_loop():
    table = made_corpus(150, seed=2).table
    found = finish(table)
    assert tuple(found.parting.columns) == PARTING
    said = defaultdict(list)
    for _, row in table[table["teacher"] == table["student"]].iterrows():
        teacher, student = plain_shares(row, "teacher"), plain_shares(row, "student")
        for word in teacher:
            said[row["teacher"], word].append((teacher[word], student[word]))
    expected = {key: np.mean(values, axis=0) for key, values in said.items() if len(values) >= 2}
    assert {(row.label, row.word) for row in found.parting.itertuples()} == set(expected)
    for row in found.parting.itertuples():
        teacher, student = expected[row.label, row.word]
        n = len(said[row.label, row.word])
        assert (row.texts, row.teacher, row.student) == pytest.approx((n, teacher, student))
        assert row.difference == pytest.approx(teacher - student)
        assert row.strength == pytest.approx(n / (n + SUPPORT) * (teacher - student))
    assert found.parting["strength"].abs().is_monotonic_decreasing


def two_texts(**changes):
    """By hand: teacher 3 and -1 on two words, then 1, 1 and 2 on a word that repeats and another."""
    columns = {
        "text": ["Shares FALL", "fall fall today"],
        "teacher": ["a", "a"],
        "student": ["a", "b"],
        "teacher_scores": [np.array([3.0, -1.0]), np.array([1.0, 1.0, 2.0])],
        "student_scores": [np.array([0.0, 0.0]), np.array([-2.0, 0.0, 2.0])],
    }
    return pd.DataFrame(columns | changes)


def test_reasons_by_hand():
    """r(fall) is -1/4 in the first text and 1/4 + 1/4 in the second: mean 1/8, two texts of seven."""
    found = finish(two_texts(), ("a", "b"), least_texts=1)
    fall = found.reasons.query("model == 'teacher' and label == 'a' and word == 'fall'").iloc[0]
    assert (fall["texts"], fall["mean"], fall["share_for"]) == (2, pytest.approx(0.125), 0.5)
    assert fall["strength"] == pytest.approx(2 / 7 * 0.125)
    assert found.strongest("teacher", "a")["word"].tolist() == ["shares", "today", "fall"]
    assert found.strongest("teacher", "a", against=True)["word"].tolist() == []
    assert found.strongest("student", "b")["word"].tolist() == ["today"]
    assert found.strongest("student", "b", against=True)["word"].tolist() == ["fall"]
    (row,) = found.parting.query("word == 'fall'").itertuples()
    assert (row.label, row.texts, row.teacher, row.student) == ("a", 1, -0.25, 0)


def test_a_long_text_weighs_no_more_than_a_short_one():
    """Two texts: with scores a thousand times as large and many words around, the mean is still that of two shares."""
    long = "fall " + "word " * 200
    scores = np.full(201, 100.0)
    table = two_texts(text=["fall now", long], teacher_scores=[np.array([0.1, 0.1]), scores], student_scores=[np.array([1.0, 1.0]), scores])
    found = finish(table, ("a", "b"), least_texts=1)
    (fall,) = found.reasons.query("model == 'teacher' and word == 'fall'").itertuples()
    assert fall.mean == pytest.approx((0.5 + 1 / 201) / 2)


def test_each_word_has_its_rows():
    table = made_corpus(80, seed=5).table
    found = finish(table)
    for word in ("bank", "<cashtag>", "<percent>", "never seen"):
        has = np.array([word in map(normalize_word, (w.text for w in split_words(text))) for text in table["text"]])
        assert found.rows(word).tolist() == np.flatnonzero(has).tolist()
        wanted = has & (table["student"] == "bearish") & (table["teacher"] == "bearish")
        assert found.rows(word, "bearish", ("teacher", "student")).tolist() == np.flatnonzero(wanted).tolist()
    row = found.strongest("student", "neutral").iloc[0]
    assert len(found.rows(row["word"], "neutral", ("student",))) == row["texts"]


def test_scores_that_are_not_of_the_words_are_refused():
    table = two_texts(teacher_scores=[np.array([1.0]), np.array([1.0, 1.0, 2.0])])
    with pytest.raises(ValueError, match="Text 0 has 2 words, but 1 scores"):
        finish(table, ("a", "b"))


@pytest.mark.parametrize("texts", [[], ["\u200b"]])
def test_no_text_and_no_word_have_no_reasons(texts):
    table = pd.DataFrame(
        {
            "text": texts, "teacher": ["a"] * len(texts), "student": ["a"] * len(texts),
            "teacher_scores": [np.zeros(0)] * len(texts), "student_scores": [np.zeros(0)] * len(texts),
        }
    )  # fmt: skip
    found = finish(table, ("a", "b"))
    assert len(found.reasons) == len(found.parting) == len(found.rows("a")) == 0
