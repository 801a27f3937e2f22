from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dixtill_core.comparison import compare
from dixtill_core.config import ExplainConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import ConfigError, DataError
from dixtill_core.explain.attention import attention
from dixtill_core.explain.explainers import EXPLAINERS, explain
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.metrics.agreement import agreement
from dixtill_core.models.pair import ModelPair
from dixtill_core.models.teacher import load_teacher
from tests.small_models import LABELS, SAVE, SENTENCES, small_student

QUICK = ExplainConfig(n_steps=8, max_steps=8, tolerance=1e9)
TEXT = "  the stock falls, $TSLA -3% 👍🏽 as the bank cuts its outlook"


def test_both_models_answer_on_the_same_words(pair: ModelPair) -> None:
    found = compare(pair, TEXT, QUICK)
    assert found.words == found.teacher.attributions.words == found.student.attributions.words == tuple(split_words(TEXT))
    assert found.text == TEXT
    assert found.typed_characters == len(TEXT)
    assert all(TEXT[word.start : word.end] == word.text for word in found.words)


def test_the_answers_are_those_of_the_models_alone(pair: ModelPair) -> None:
    found = compare(pair, TEXT, QUICK)
    for answer, model in ((found.teacher, pair.teacher), (found.student, pair.student)):
        logits = model.predict([TEXT])[0].astype(np.float64)
        expected = np.exp(logits) / np.exp(logits).sum()
        assert list(answer.probabilities) == list(LABELS)
        assert list(answer.probabilities.values()) == pytest.approx(expected.tolist(), abs=1e-4)
        assert answer.label == LABELS[int(logits.argmax())]
        assert (answer.model_name, answer.bytes_on_disk, answer.parameters) == (model.name, model.bytes_on_disk, model.parameters)
        assert answer.seconds > 0
    assert (found.teacher.role, found.student.role) == ("teacher", "student")
    alone = integrated_gradients(pair.teacher, [TEXT], None, QUICK)[0]
    np.testing.assert_allclose(found.teacher.attributions.scores, alone.scores, atol=1e-4)
    np.testing.assert_allclose(found.student.attributions.scores, attention(pair.student, [TEXT])[0].scores, atol=1e-6)
    assert found.agreement == agreement(found.teacher.attributions.scores, found.student.attributions.scores)


def test_a_chosen_target_is_what_the_teachers_words_are_about(pair: ModelPair) -> None:
    own = compare(pair, TEXT, QUICK)
    for label in LABELS:
        found = compare(pair, TEXT, QUICK, target=label.upper())
        assert found.teacher.target_label == label
        assert found.teacher.label == own.teacher.label
        assert found.teacher.attributions.target == LABELS.index(label)
        assert found.student.target_label == found.student.label == own.student.label
        assert any("its own prediction" in note for note in found.notes) == (label != found.student.label)


def test_a_target_that_the_teacher_does_not_have_is_refused(pair: ModelPair) -> None:
    with pytest.raises(ConfigError, match=r"no label 'sideways'\. It has bearish, bullish, neutral"):
        compare(pair, TEXT, QUICK, target="sideways")


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200d", "\x00\x00"])
def test_a_text_without_words_is_refused(pair: ModelPair, text: str) -> None:
    with pytest.raises(DataError, match="no words"):
        compare(pair, text, QUICK)


def test_a_text_past_the_window_is_cut_for_both_and_said(pair: ModelPair) -> None:
    long = TEXT * 20
    found = compare(pair, long, QUICK)
    n_read = len(found.words)
    assert 10 < n_read < len(split_words(long))
    assert found.words == tuple(split_words(long)[:n_read]) == found.student.attributions.words
    assert found.text == long[: found.words[-1].end]
    assert found.typed_characters == len(long)
    assert pair.teacher.readable_words(long) == n_read
    (note,) = [note for note in found.notes if "The text has" in note]
    assert f"has {len(split_words(long)):,} words; the teacher reads {n_read:,}" in note


def test_a_short_text_needs_no_note_of_its_length(pair: ModelPair) -> None:
    assert not any("The text has" in note for note in compare(pair, TEXT, QUICK).notes)


def test_what_did_not_converge_is_said(pair: ModelPair) -> None:
    found = compare(pair, TEXT, ExplainConfig(n_steps=2, max_steps=2, path="uniform", tolerance=1e-9))
    assert not found.teacher.attributions.converged
    assert any("did not converge" in note for note in found.notes)
    assert not any("did not converge" in note for note in compare(pair, TEXT, QUICK).notes)


def test_models_with_different_labels_are_compared_and_said(pair: ModelPair) -> None:
    other = replace(pair, student=small_student(labels=("down", "up", "flat", "unclear")))
    found = compare(other, TEXT, QUICK)
    assert not other.shares_labels
    assert list(found.student.probabilities) == ["down", "up", "flat", "unclear"]
    assert any("different labels" in note for note in found.notes)
    assert not any("different labels" in note for note in compare(pair, TEXT, QUICK).notes)


@pytest.mark.parametrize("name", [name for name in EXPLAINERS if name != "attention"])
def test_each_model_is_explained_as_asked_for(pair: ModelPair, name: str) -> None:
    found = compare(pair, TEXT, QUICK, teacher_explainer=name, student_explainer=name)
    for answer, model in ((found.teacher, pair.teacher), (found.student, pair.student)):
        (alone,) = explain(model, name, [TEXT], None, QUICK)
        assert answer.attributions.method == alone.method
        assert answer.attributions.target == alone.target == LABELS.index(answer.label)
        np.testing.assert_allclose(answer.attributions.scores, alone.scores, atol=1e-4)
        assert answer.seconds > 0
        probabilities = np.exp(model.predict([TEXT])[0].astype(np.float64))
        assert list(answer.probabilities.values()) == pytest.approx((probabilities / probabilities.sum()).tolist(), abs=1e-4)
    assert [f"The {role}'s scores have no sign" in " ".join(found.notes) for role in ("teacher", "student")] == [name == "saliency"] * 2


def test_a_student_that_is_not_explained_by_attention_speaks_about_the_chosen_target(pair: ModelPair) -> None:
    for label in LABELS:
        found = compare(pair, TEXT, QUICK, label, student_explainer="occlusion")
        assert found.student.target_label == found.teacher.target_label == label
    other = replace(pair, student=small_student(labels=("down", "up", "flat")))
    found = compare(other, TEXT, QUICK, "bullish", student_explainer="occlusion")
    assert found.student.target_label == found.student.label


def test_a_students_integrated_gradients_that_did_not_converge_are_said(pair: ModelPair) -> None:
    config = ExplainConfig(n_steps=2, max_steps=2, path="uniform", tolerance=1e-9)
    notes = compare(pair, TEXT, config, teacher_explainer="occlusion", student_explainer="integrated_gradients").notes
    assert [note for note in notes if "did not converge" in note and "the student's heatmap" in note]
    assert not [note for note in notes if "the teacher's heatmap" in note]


@pytest.mark.parametrize("names", [{"teacher_explainer": "attention"}, {"teacher_explainer": "tea"}, {"student_explainer": "leaves"}])
def test_an_explainer_that_there_is_not_is_refused(pair: ModelPair, names: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="Choose one of integrated_gradients"):
        compare(pair, TEXT, QUICK, **names)


# Anything that can be typed

PIECES = [
    "stock", "FALLS", "$TSLA", "$BRK.B", "+4.5%", "−3%", "€1,200.50", "1.5-2%", "https://t.co/x?y=1", "me@x.com", "#fed", "@you", "U.S.",
    "...", "?!", "<b>", "</b>", "&amp;", "<script>alert(1)</script>", "don't", "it’s", "better-than-feared", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪",
    "3️⃣", "🇩", "e\u0301", "\u0301\u0301", "\u200b", "\u200d", "\ufeff", "\u202e", "\x00", "\x07", "\r\n", "שלום", "مرحبا", "我们", "カタ",
    "ไทย", "क्षमा", "\ufffd", "\ue000", "\U0010ffff", "[MASK]", "[SEP]", "[PAD]", "<s>", "<pad>", "<|endoftext|>", "##ing", "Ġ", "▁", "\\n",
    "%s {0}", "'; DROP TABLE", "-", "_", "\u3000",
]  # fmt: skip
CHOSEN = [
    "", " ", "a", "!", "!!!???...", "$", "%", "👍", "🇩🇪", "\x00", "a\x00b", "\ufffd" * 80, "\u0301", "x" * 5_000, "é" * 3_000,
    "1" * 2_000, "." * 3_000, "!)" * 80, "a" + "\u0301" * 500, "👨‍👩‍👧‍👦" * 60, "gold " * 10_000, "我" * 500, "שלום " * 100, "<b>" * 100,
    "[SEP] " * 80, "<|endoftext|>" * 40, "bank" * 40 + ".", "\n".join(SENTENCES), "a-" * 500, "www." + "x" * 500, "the bank\u200b" * 40,
    "a " * 22 + "\ufffd",
]  # fmt: skip


def odd_texts() -> list[str]:
    """The texts above and random mixtures, 200 in all, half of them without spaces, some longer than any window."""
    mixed, texts = random.Random(0), list(CHOSEN)
    while len(texts) < 200:
        separator = mixed.choice(["", " "])
        texts.append(separator.join(mixed.choices(PIECES, k=mixed.choice([1, 3, 8, 20, 60, 150]))))
    return texts


@pytest.mark.parametrize("kind", SAVE)
def test_any_text_is_compared_or_refused_for_having_no_words(teacher_folder: Callable[[str], Path], kind: str) -> None:
    teacher = load_teacher(teacher_folder(kind), device="cpu", max_length=24)
    pair = ModelPair(teacher, small_student(), teacher_folder(kind))
    config = ExplainConfig(n_steps=2, max_steps=2, path="uniform", tolerance=1e9)
    compared = 0
    for text in odd_texts():
        words = split_words(text)
        if not words:
            with pytest.raises(DataError, match="no words"):
                compare(pair, text, config)
            continue
        found = compare(pair, text, config)
        compared += 1
        assert found.words == found.student.attributions.words == tuple(split_words(found.text)), repr(text[:80])
        assert text.startswith(found.text)
        assert np.isfinite(found.teacher.attributions.scores).all()
        assert np.isfinite(found.student.attributions.scores).all()
        assert sum(found.teacher.probabilities.values()) == pytest.approx(1)
    assert compared > 150


def test_half_a_surrogate_pair_is_refused(pair: ModelPair) -> None:
    with pytest.raises(DataError, match="surrogate"):
        compare(pair, "good \ud83d", QUICK)
