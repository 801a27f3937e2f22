"""Every piece of a tokenizer finds its word by character offsets."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.data.words import Word, split_words
from dixtill_core.models.classifier import NO_WORD
from dixtill_core.models.teacher import Teacher, match_pieces
from tests.data.test_words import any_text

TEXT = "  The company rose, $TSLA +3% 👍🏽 U.S."

# Which pieces each word gets, written as one string. $, +, 3, %, the emoji and capital letters are unknown to the
# WordPiece and Unigram models, whose training sentences have none. A space mark belongs to the word after it.
EXPECTED = {
    "bert": ["the", "company", "rose", ",", "[UNK]tsla", "[UNK][UNK][UNK]", "[UNK]", "u[UNK]s[UNK]"],
    "roberta": ["ĠĠThe", "Ġcompany", "Ġrose", ",", "Ġ$TSLA", "Ġ+3%", "ĠðŁĳįðŁı½", "ĠU.S."],
    "gpt2": ["ĠĠThe", "Ġcompany", "Ġrose", ",", "Ġ$TSLA", "Ġ+3%", "ĠðŁĳįðŁı½", "ĠU.S."],
    "xlm-roberta": ["▁<unk>he", "▁company", "▁rose", ",", "▁<unk>", "▁<unk>", "▁<unk>", "▁<unk>"],
}


@pytest.mark.parametrize("kind", EXPECTED)
def test_each_word_gets_its_own_pieces(small_teacher: Callable[[str], Teacher], kind: str) -> None:
    teacher = small_teacher(kind)
    encoded = teacher.encode([TEXT])
    assert [word.text for word in encoded.words[0]] == ["The", "company", "rose", ",", "$TSLA", "+3%", "👍🏽", "U.S."]
    pieces = teacher.tokenizer.convert_ids_to_tokens(encoded.inputs["input_ids"][0])
    joined = [""] * 8
    for piece, word in zip(pieces, encoded.piece_words[0], strict=True):
        if word != NO_WORD:
            joined[word] += piece.removeprefix("##")
    assert joined == EXPECTED[kind]


@pytest.mark.parametrize("kind", EXPECTED)
def test_special_pieces_and_padding_have_no_word_and_all_others_have_one(small_teacher: Callable[[str], Teacher], kind: str) -> None:
    teacher = small_teacher(kind)
    encoded = teacher.encode([TEXT, "gold", "the bank " * 100])
    special = encoded.special_mask.numpy()
    assert ((encoded.piece_words == NO_WORD) == special).all()
    assert not encoded.inputs["attention_mask"].numpy()[~special].size or encoded.inputs["attention_mask"].numpy()[~special].all()
    added = {"gpt2": 0}.get(kind, 2)
    assert special.sum(axis=1)[2] == added  # the longest text has no padding, only CLS and SEP


@pytest.mark.parametrize("kind", EXPECTED)
def test_pieces_keep_their_words_in_a_ragged_batch(small_teacher: Callable[[str], Teacher], kind: str) -> None:
    teacher = small_teacher(kind)
    texts = ["gold", TEXT, "the bank " * 100]
    together = teacher.encode(texts)
    for row, text in enumerate(texts):
        alone = teacher.encode([text]).piece_words[0]
        assert together.piece_words[row, : len(alone)].tolist() == alone.tolist()
        assert (together.piece_words[row, len(alone) :] == NO_WORD).all()


@given(st.lists(any_text, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_text_has_pieces_in_the_order_of_its_words(small_teacher: Callable[[str], Teacher], texts: list[str]) -> None:
    for kind in EXPECTED:
        encoded = small_teacher(kind).encode(texts)
        for row, text in enumerate(texts):
            found = encoded.piece_words[row][encoded.piece_words[row] != NO_WORD]
            assert (np.diff(found) >= 0).all()
            assert encoded.n_read[row] <= len(split_words(text))
            if len(found):
                assert found.max() < encoded.n_read[row]


def matched(words: list[tuple[int, int]], offsets: list[tuple[int, int]], special: list[int] | None = None) -> list[int]:
    mask = np.zeros(len(offsets), dtype=bool)
    mask[special or []] = True
    return match_pieces(np.array(offsets).reshape(-1, 2), mask, [Word("x" * (end - start), start, end) for start, end in words]).tolist()


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ([(0, 3), (4, 8)], [0, 1]),  # one piece a word
        ([(0, 2), (2, 3), (4, 6), (6, 8)], [0, 0, 1, 1]),  # two pieces a word
        ([(0, 3), (3, 8)], [0, 1]),  # the space counts as part of the piece
        ([(0, 3), (3, 4), (4, 8)], [0, 1, 1]),  # a lone space goes to the word after it
        ([(0, 3), (4, 4), (4, 8)], [0, 1, 1]),  # and so does an empty one
        ([(0, 5), (5, 8)], [0, 1]),  # a piece over two words goes to the one it covers most of
        ([(0, 8)], [1]),
        ([(2, 5)], [0]),  # a tie goes to the first
        ([(8, 9)], [1]),  # white space at the end goes to the last word
        ([], []),
    ],
)
def test_pieces_worked_out_by_hand(offsets: list[tuple[int, int]], expected: list[int]) -> None:
    assert matched([(0, 3), (4, 8)], offsets) == expected


def test_special_pieces_are_skipped_wherever_they_are() -> None:
    assert matched([(0, 3)], [(0, 0), (0, 3), (0, 0)], special=[0, 2]) == [NO_WORD, 0, NO_WORD]


def test_a_text_without_words_gives_its_pieces_none() -> None:
    assert matched([], [(0, 1), (1, 2)]) == [NO_WORD, NO_WORD]
