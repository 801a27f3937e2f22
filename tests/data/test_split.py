from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.data.datasets import Dataset, duplicate_key, split_dataset
from dixtill_core.errors import DataError

WORDS = ["shares", "profit", "bank", "gold", "oil", "margin", "demand", "outlook", "revenue", "guidance"]


def corpus(counts: tuple[int, ...]) -> Dataset:
    """Different texts, so many of each class."""
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    texts = [f"{WORDS[i % 10]} {WORDS[i // 10 % 10]} {WORDS[i // 100 % 10]}" for i in range(len(labels))]
    return Dataset(tuple(texts), np.array(labels), tuple(f"class {i}" for i in range(len(counts))), "a.csv")


def test_the_parts_are_disjoint_and_complete() -> None:
    train, validation = split_dataset(corpus((100, 60, 40)), 0.1, seed=0)
    assert sorted([*train, *validation]) == list(range(200))


def test_the_same_seed_gives_the_same_split_and_another_seed_another() -> None:
    dataset = corpus((100, 60, 40))
    first, again, other = (split_dataset(dataset, 0.1, seed)[1] for seed in (3, 3, 4))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_both_parts_have_the_corpus_shares_of_each_label(share: float) -> None:
    dataset = corpus((200, 120, 80))
    _, validation = split_dataset(dataset, share, seed=0)
    counts = np.bincount(dataset.require_labels()[validation], minlength=3)
    assert counts.tolist() == pytest.approx([200 * share, 120 * share, 80 * share], abs=2)


def test_texts_that_differ_in_urls_only_stay_on_one_side() -> None:
    base = corpus((60, 60))
    texts = [f"{text} https://t.co/{copy}" for copy in "ab" for text in base.texts]
    dataset = Dataset(tuple(texts), np.concatenate([base.require_labels()] * 2), base.label_names, "a.csv")
    train, validation = (set(part.tolist()) for part in split_dataset(dataset, 0.2, seed=1))
    assert validation
    for i in range(120):
        assert (i in train) == (i + 120 in train)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Shares rose", "shares  ROSE"),
        ("Shares rose https://t.co/a", "Shares rose"),
        ("$TSLA rose 5%", "$AAPL rose 7%"),
        ("@ann said so", "@bob said so"),
    ],
)
def test_repetitions_have_one_key(first: str, second: str) -> None:
    assert duplicate_key(first) == duplicate_key(second)


@pytest.mark.parametrize(("first", "second"), [("shares rose", "shares fell"), ("+5%", "-5%"), ("https://t.co/a", "https://t.co/b")])
def test_different_texts_have_different_keys(first: str, second: str) -> None:
    assert duplicate_key(first) != duplicate_key(second)


@pytest.mark.parametrize(
    ("counts", "message"),
    [((50, 4), "4 with the label 'class 1'"), ((50, 0), "only one label, 'class 0'"), ((3, 3), "needs 10 of each label")],
)
def test_too_few_texts_are_refused_with_what_is_needed(counts: tuple[int, ...], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_dataset(corpus(counts), 0.1, seed=0)


def test_a_label_whose_texts_are_all_one_is_refused() -> None:
    many = corpus((50,))
    dataset = Dataset((*many.texts, *["the same text"] * 20), np.array([0] * 50 + [1] * 20), ("a", "b"), "a.csv")
    with pytest.raises(DataError, match="different texts: 1 with the label 'b'"):
        split_dataset(dataset, 0.1, seed=0)
    assert len(split_dataset(corpus((50, 20)), 0.1, seed=0)[1]) > 0


def test_texts_without_labels_cannot_be_split() -> None:
    with pytest.raises(DataError, match="no label column"):
        split_dataset(Dataset(("a", "b"), None, (), "a.csv"), 0.1, seed=0)


def test_the_split_does_not_hang_on_how_the_words_are_spelt() -> None:
    """Groups are numbered by first occurrence: a change of the word rules must not move texts from one part to the other."""
    dataset = corpus((60, 40))
    spelt = Dataset(
        tuple(f"{'z' if i % 3 else 'a'} {text}" for i, text in enumerate(dataset.texts)), dataset.labels, dataset.label_names, "b"
    )
    for one, other in zip(split_dataset(dataset, 0.1, 0), split_dataset(spelt, 0.1, 0), strict=True):
        assert one.tolist() == other.tolist()
