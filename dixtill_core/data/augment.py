"""Texts like the training texts, for the teacher to label (Tang et al. 2019): where a small student gains the most.

Each new text starts from a training text and may be spliced with a second one, cropped, thinned by dropping words and
varied by replacing words by their neighbours among the GloVe vectors of the corpus's own words. The teacher's logits
are its only label: what the change did to the meaning, the teacher says.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dixtill_core.data.glove import Glove
from dixtill_core.data.words import normalize_word, split_words

SPLICE_SHARE = 0.15
CROP_SHARE = 0.20
DROP_SHARE = 0.08
REPLACE_SHARE = 0.15
NEIGHBOURS = 8
SHORTEST_CROP = 4


def augment(texts: Sequence[str], count: int, seed: int, glove: Glove) -> list[str]:
    """`count` new texts, different from each other and from `texts` where the corpus allows it."""
    random = np.random.default_rng(seed)
    word_lists = [[word.text for word in split_words(text)] for text in texts]
    neighbours = nearest_words({normalize_word(word) for words in word_lists for word in words}, glove)
    seen = {" ".join(words) for words in word_lists}
    made: list[str] = []
    for attempt in range(4 * count):
        if len(made) == count:
            break
        words = list(word_lists[attempt % len(word_lists)] if attempt < len(word_lists) else word_lists[random.integers(len(word_lists))])
        if random.random() < SPLICE_SHARE:
            words = _splice(words, word_lists[random.integers(len(word_lists))], random)
        if random.random() < CROP_SHARE:
            words = _crop(words, random)
        words = [word for word in words if random.random() >= DROP_SHARE] or words[:1]
        words = [_replace(word, neighbours, random) for word in words]
        text = " ".join(words)
        if text and text not in seen:
            seen.add(text)
            made.append(text)
    return made


def nearest_words(words: set[str], glove: Glove) -> dict[str, list[str]]:
    """The `NEIGHBOURS` nearest of `words` to each of them by cosine; only words with a vector and a letter."""
    known = sorted(word for word in words if word in glove.position and any(character.isalpha() for character in word))
    if len(known) <= NEIGHBOURS:
        return {}
    vectors = glove.vectors[[glove.position[word] for word in known]]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    result = {}
    for start in range(0, len(known), 1024):
        similarity = vectors[start : start + 1024] @ vectors.T
        similarity[np.arange(len(similarity)), np.arange(start, start + len(similarity))] = -2.0
        for row, nearest in enumerate(np.argpartition(-similarity, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]):
            result[known[start + row]] = sorted(known[i] for i in nearest)
    return result


def _splice(first: list[str], second: list[str], random: np.random.Generator) -> list[str]:
    return (
        first[: max(1, len(first) // 2)] + second[len(second) // 2 :]
        if random.random() < 0.5
        else second[: len(second) // 2] + first[len(first) // 2 :]
    )


def _crop(words: list[str], random: np.random.Generator) -> list[str]:
    if len(words) <= SHORTEST_CROP:
        return words
    length = int(random.integers(SHORTEST_CROP, len(words)))
    start = int(random.integers(0, len(words) - length + 1))
    return words[start : start + length]


def _replace(word: str, neighbours: dict[str, list[str]], random: np.random.Generator) -> str:
    if random.random() >= REPLACE_SHARE:
        return word
    choices = neighbours.get(normalize_word(word))
    return choices[int(random.integers(len(choices)))] if choices else word
