from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from dixtill_core.data.words import split_words
from dixtill_core.errors import ModelError
from dixtill_core.models.teacher import Teacher, load_teacher
from tests.small_models import MAX_PIECES, SAVE, SENTENCES, save_bert

TEXTS = [
    *SENTENCES,
    "gold",
    "  The bank rose, $TSLA +3% 👍🏽!!",
    "<b>שלום</b> 我们 \u200b x\x00y",
    "the stock falls as the bank cuts its outlook and warns of losses " * 8,
    "",
    " ",
    "\u200b",
]


# Prediction


def test_teacher_alone_equals_teacher_in_a_ragged_batch(any_teacher: Teacher) -> None:
    alone = np.stack([any_teacher.predict([text])[0] for text in TEXTS])
    np.testing.assert_allclose(any_teacher.predict(TEXTS), alone, atol=2e-4)
    np.testing.assert_allclose(any_teacher.predict(TEXTS, batch_size=3), alone, atol=2e-4)
    assert alone.dtype == np.float32
    assert np.ptp(alone, axis=0).min() > 0.5  # so that the tolerance means something


@pytest.mark.parametrize("kind", SAVE)
def test_logits_are_those_of_transformers(
    small_teacher: Callable[[str], Teacher], teacher_folder: Callable[[str], Path], kind: str
) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(teacher_folder(kind)).eval()
    tokenizer = AutoTokenizer.from_pretrained(teacher_folder(kind))
    for text in TEXTS[:10]:
        with torch.no_grad():
            expected = model(**tokenizer(text, truncation=True, return_tensors="pt")).logits[0]
        np.testing.assert_allclose(small_teacher(kind).predict([text])[0], expected, atol=2e-4)


def test_no_texts_have_no_logits(bert: Teacher) -> None:
    assert bert.predict([]).shape == (0, 3)


def test_left_padding_of_a_saved_tokenizer_does_not_change_a_batch(teacher_folder: Callable[[str], Path], tmp_path: Path) -> None:
    for kind in ("gpt2", "bert"):
        folder = SAVE[kind](tmp_path / kind)
        _edit(folder / "tokenizer_config.json", padding_side="left", truncation_side="left")
        teacher = load_teacher(folder, device="cpu")
        expected = load_teacher(teacher_folder(kind), device="cpu").predict(TEXTS)
        np.testing.assert_allclose(teacher.predict(TEXTS), expected, atol=2e-4)


def test_many_threads_get_the_same_answers_as_one(bert: Teacher) -> None:
    texts = TEXTS * 6
    logits, words = [bert.predict([text])[0] for text in texts], [bert.readable_words(text) for text in texts]
    shapes = [bert.encode([text, "gold"]).piece_words.shape for text in texts]
    with ThreadPoolExecutor(8) as threads:
        found_logits = threads.map(lambda text: bert.predict([text, "gold"])[0], texts)
        found_words = threads.map(bert.readable_words, texts)
        found_shapes = threads.map(lambda text: bert.encode([text, "gold"]).piece_words.shape, texts)
        np.testing.assert_allclose(list(found_logits), logits, atol=2e-4)
        assert list(found_words) == words
        assert list(found_shapes) == shapes


def test_the_tokenizer_is_used_under_the_lock_only(bert: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps padding and truncation between calls, so that two threads would spoil each other's batches."""
    tokenizer, held = bert.tokenizer, []

    def watched(*arguments: object, **options: object) -> object:
        held.append(bert.lock._is_owned())  # type: ignore[attr-defined]
        return tokenizer(*arguments, **options)

    monkeypatch.setattr(bert, "tokenizer", watched)
    for use in (bert.predict, bert.encode, bert.piece_counts, lambda texts: bert.readable_words(texts[0])):
        held.clear()
        use(TEXTS)
        assert held
        assert all(held)


def test_pieces_are_counted_up_to_the_window(any_teacher: Teacher) -> None:
    added = any_teacher.tokenizer.num_special_tokens_to_add()
    counts = any_teacher.piece_counts(["gold", "bank " * 200])
    assert counts == [int(any_teacher.encode([text]).inputs["attention_mask"].sum()) for text in ("gold", "bank " * 200)]
    assert counts[0] >= 1 + added
    assert counts[1] == any_teacher.max_length
    assert any_teacher.piece_counts([]) == []


# Labels and what a model says about itself


def test_a_teacher_of_five_classes_has_five(tmp_path: Path) -> None:
    names = ("awful", "bad", "fair", "good", "great")
    teacher = load_teacher(save_bert(tmp_path / "five", names), device="cpu")
    assert teacher.label_names == names
    assert teacher.predict(SENTENCES).shape == (len(SENTENCES), 5)


def test_size_and_parameters_are_counted(bert: Teacher, teacher_folder: Callable[[str], Path]) -> None:
    assert bert.bytes_on_disk == sum(path.stat().st_size for path in teacher_folder("bert").iterdir())
    assert bert.parameters == sum(
        p.numel() for p in AutoModelForSequenceClassification.from_pretrained(teacher_folder("bert")).parameters()
    )


def test_a_teacher_is_frozen_and_does_not_drop_out(any_teacher: Teacher) -> None:
    assert not any(parameter.requires_grad for parameter in any_teacher.model.parameters())
    assert not any_teacher.model.training


def test_the_fingerprint_follows_the_weights(bert: Teacher, teacher_folder: Callable[[str], Path], tmp_path: Path) -> None:
    assert load_teacher(teacher_folder("bert"), device="cpu").fingerprint == bert.fingerprint
    assert load_teacher(save_bert(tmp_path / "again"), device="cpu").fingerprint == bert.fingerprint
    model = AutoModelForSequenceClassification.from_pretrained(tmp_path / "again")
    with torch.no_grad():
        model.classifier.bias += 1e-3
    model.save_pretrained(tmp_path / "again")
    assert load_teacher(tmp_path / "again", device="cpu").fingerprint != bert.fingerprint


def test_the_window_is_the_least_of_its_limits(teacher_folder: Callable[[str], Path], tmp_path: Path) -> None:
    assert load_teacher(teacher_folder("bert"), device="cpu").max_length == MAX_PIECES  # positions and tokenizer
    assert load_teacher(teacher_folder("bert"), device="cpu", max_length=20).max_length == 20
    for kind in ("roberta", "gpt2"):  # RoBERTa has two positions more, which no text can use.
        folder = SAVE[kind](tmp_path / kind)
        _edit(folder / "tokenizer_config.json", model_max_length=10**30)
        teacher = load_teacher(folder, device="cpu")
        assert teacher.max_length == MAX_PIECES
        assert np.isfinite(teacher.predict(["bank " * 500])).all()


# Baselines


@pytest.mark.parametrize(
    ("kind", "pad", "mask"), [("bert", "[PAD]", "[MASK]"), ("roberta", "<pad>", "<mask>"), ("xlm-roberta", "<pad>", "<mask>")]
)
def test_baselines_are_the_tokenizers_own_pieces(small_teacher: Callable[[str], Teacher], kind: str, pad: str, mask: str) -> None:
    teacher = small_teacher(kind)
    assert teacher.tokenizer.convert_ids_to_tokens([teacher.baseline_id("pad"), teacher.baseline_id("mask")]) == [pad, mask]


def test_a_teacher_without_a_padding_piece_pads_with_its_last(small_teacher: Callable[[str], Teacher]) -> None:
    teacher = small_teacher("gpt2")
    assert teacher.tokenizer.convert_ids_to_tokens(teacher.baseline_id("pad")) == "<|endoftext|>"
    with pytest.raises(ModelError, match="no mask token"):
        teacher.baseline_id("mask")


# The window in words


@pytest.mark.parametrize("kind", SAVE)
@pytest.mark.parametrize(
    "text", [SENTENCES[1], "bank" * 40, "a, b. c! d? e; f: g", "  gold   bank  rose ", "$TSLA +3% 👍🏽👍🏽 up", "gold"]
)
def test_readable_words_are_those_that_end_inside_the_window(teacher_folder: Callable[[str], Path], kind: str, text: str) -> None:
    teacher = load_teacher(teacher_folder(kind), device="cpu", max_length=8)
    encoding = teacher.tokenizer(text, return_offsets_mapping=True, return_special_tokens_mask=True)
    offsets = [offset for offset, special in zip(encoding["offset_mapping"], encoding["special_tokens_mask"], strict=True) if not special]
    room = 8 - sum(encoding["special_tokens_mask"])
    inside = offsets[:room]
    words = split_words(text)
    if len(offsets) < room:
        assert teacher.readable_words(text) == len(words)
    else:
        assert teacher.readable_words(text) == sum(word.end <= inside[-1][1] for word in words)
    n_read = teacher.encode([text]).n_read[0]
    assert teacher.readable_words(text) <= n_read <= teacher.readable_words(text) + 1


def test_a_word_cut_by_the_window_is_read_in_part_and_not_readable(teacher_folder: Callable[[str], Path]) -> None:
    teacher = load_teacher(teacher_folder("gpt2"), device="cpu", max_length=8)
    text = "up " + "xyz" * 20 + " down"
    assert teacher.readable_words(text) == 1
    assert teacher.encode([text]).n_read == (2,)


def _edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
