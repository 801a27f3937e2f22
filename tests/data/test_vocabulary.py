from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.data.glove import Glove, load_glove
from dixtill_core.data.vocabulary import PADDING, Vocabulary, build_vocabulary, initial_embeddings, stand_ins
from dixtill_core.data.words import SPECIAL_WORDS, UNKNOWN, split_words

GLOVE_WORDS = ("the", "rise", "rose", "fall", "debt", "5", "stock", "shares", "percent", "fell", "gold", "WORD", "company")


@pytest.fixture
def glove() -> Glove:
    """Word i has the vector (i + 1, -(i + 1))."""
    numbers = np.arange(1, len(GLOVE_WORDS) + 1, dtype=np.float32)
    return Glove(GLOVE_WORDS, np.stack([numbers, -numbers], axis=1), {word: i for i, word in enumerate(GLOVE_WORDS)})


def vector(word: str) -> list[float]:
    number = GLOVE_WORDS.index(word) + 1.0
    return [number, -number]


def vocabulary_of(*words: str) -> Vocabulary:
    return Vocabulary((PADDING, *SPECIAL_WORDS, *words))


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("Rise", "rise"),
        ("company's", "company"),
        ("company’s", "company"),
        ("stocks", "stock"),
        ("falls", "fall"),
        ("falling", "fall"),
        ("rising", "rise"),
        ("carries", "carry"),
        ("carried", "carry"),
        ("better-than-feared", "better"),
        ("falling-behind", "fall"),
        ("xyzzy-debt", "debt"),
        ("'rise", "rise"),
        ("plugh", UNKNOWN),
        ("$TSLA", "<cashtag>"),
        ("+4.5%", "<percent-up>"),
        ("https://t.co/a", "<url>"),
    ],
)
def test_a_word_takes_the_closest_form_that_is_known(word: str, found: str) -> None:
    vocabulary = vocabulary_of("rise", "company", "stock", "fall", "carry", "better", "debt")
    assert vocabulary.words[vocabulary.word_id(word)] == found


def test_a_word_of_its_own_wins_over_its_stand_in() -> None:
    vocabulary = vocabulary_of("rise", "rises", "better", "better-than-feared")
    assert [vocabulary.words[i] for i in vocabulary.word_ids(["rises", "better-than-feared"])] == ["rises", "better-than-feared"]


def test_short_words_are_not_stemmed() -> None:
    assert list(stand_ins("as")) == ["as"]
    assert list(stand_ins("was")) == ["was"]


def test_special_words_have_no_stand_in() -> None:
    assert list(stand_ins("<number>")) == ["<number>"]


def test_no_word_of_a_text_is_padding() -> None:
    vocabulary = vocabulary_of("rise", "pad", "<", ">")
    assert vocabulary.words[0] == PADDING
    assert 0 not in vocabulary.word_ids(word.text for word in split_words("<pad> rise plugh [PAD] <unk>"))


def test_words_come_most_frequent_first_and_rare_ones_without_a_vector_are_left_out() -> None:
    texts = ["rose zzz zzz the", "rose qqq", "rose the gold"]
    vocabulary = build_vocabulary(texts, max_words=100, glove=None)
    assert vocabulary.words == (PADDING, *SPECIAL_WORDS, "rose", "the", "zzz")


def test_a_rare_word_with_a_vector_is_kept(glove: Glove) -> None:
    words = build_vocabulary(["gold qqq"], max_words=12, glove=glove).words
    assert words[len(SPECIAL_WORDS) + 1 :] == ("gold",)


def test_room_that_is_left_is_filled_with_the_most_frequent_words_of_glove(glove: Glove) -> None:
    words = build_vocabulary(["gold gold"], max_words=15, glove=glove).words
    assert words[len(SPECIAL_WORDS) + 1 :] == ("gold", "the", "rise", "rose")


def test_glove_words_that_no_text_can_produce_are_not_filled_in(glove: Glove) -> None:
    words = build_vocabulary([], max_words=100, glove=glove).words
    assert "5" not in words  # a number, known by its kind
    assert "WORD" not in words
    assert len(words) == 1 + len(SPECIAL_WORDS) + len(GLOVE_WORDS) - 2


def test_the_vocabulary_never_exceeds_its_size(glove: Glove) -> None:
    texts = ["a a b b c c d d e e f f g g h h"]
    assert len(build_vocabulary(texts, max_words=16, glove=glove)) == 16


def test_the_same_texts_give_the_same_vocabulary_in_any_order(glove: Glove) -> None:
    texts = ["gold rose", "gold fell", "debt rose rose", "the the fall"]
    assert build_vocabulary(texts, 30, glove) == build_vocabulary(texts[::-1], 30, glove)


def test_a_known_word_starts_from_its_own_vector(glove: Glove) -> None:
    vocabulary = vocabulary_of("rose", "falls", "plugh")
    table = initial_embeddings(vocabulary, 2, glove, seed=0)
    first = len(SPECIAL_WORDS) + 1
    assert table.shape == (len(vocabulary), 2)
    assert table.dtype == np.float32
    assert table[first].tolist() == vector("rose")
    assert table[first + 1].tolist() == vector("fall")  # of its stand-in
    assert np.abs(table[first + 2]).max() < 1  # random and small


def test_special_words_start_from_the_mean_of_words_that_mean_the_same(glove: Glove) -> None:
    vocabulary = vocabulary_of()
    table = initial_embeddings(vocabulary, 2, glove, seed=0)
    assert table[vocabulary.words.index("<cashtag>")].tolist() == np.mean([vector("stock"), vector("shares")], axis=0).tolist()
    assert table[vocabulary.words.index("<percent-up>")].tolist() == np.mean([vector("percent"), vector("rose")], axis=0).tolist()
    assert table[vocabulary.words.index("<percent-down>")].tolist() == np.mean([vector("percent"), vector("fell")], axis=0).tolist()


@pytest.mark.parametrize("size", [2, 3])
def test_the_padding_row_is_zero(glove: Glove, size: int) -> None:
    table = initial_embeddings(vocabulary_of("rose"), size, glove, seed=0)
    assert not table[0].any()
    assert table[1:].any(axis=1).all()


def test_another_size_than_gloves_starts_at_random_from_the_seed(glove: Glove) -> None:
    vocabulary = vocabulary_of("rose")
    first, again, other = (initial_embeddings(vocabulary, 3, glove, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_installed_glove_has_its_words_and_vectors_in_step() -> None:
    glove = load_glove()
    assert (len(glove.words), glove.size, glove.vectors.shape[0]) == (400_000, 50, 400_000)
    assert glove.words[:3] == ("the", ",", ".")
    assert glove.vectors.dtype == np.float32
    similarity = _cosine(glove, "profit", "profits"), _cosine(glove, "profit", "banana")
    assert similarity[0] > 0.7 > 0.4 > similarity[1]


def _cosine(glove: Glove, first: str, second: str) -> float:
    a, b = glove.vectors[glove.position[first]], glove.vectors[glove.position[second]]
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
