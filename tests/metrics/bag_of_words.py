"""A linear classifier over word counts, of which every probability can be worked out by hand."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dixtill_core.data.words import split_words
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.models.classifier import NO_WORD, EncodedTexts


class BagOfWords:
    """Two classes; the odds of the first are 2 to the sum of its words' powers, so p = odds / (1 + odds)."""

    name = "bag of words"
    label_names = ("first", "second")
    bytes_on_disk = 0
    padding_id = 0
    pads_left = False

    def __init__(self, powers: Mapping[str, float], mask_power: float = 0.0) -> None:
        self.position = {word: i + 2 for i, word in enumerate(powers)}
        self.embedding_layer = nn.Embedding(len(powers) + 2, 1, padding_idx=0)
        with torch.no_grad():
            self.embedding_layer.weight[1:, 0] = torch.tensor([mask_power, *powers.values()]) * math.log(2)
        self.lock = threading.RLock()
        self.device = torch.device("cpu")
        self.parameters = len(powers) + 1
        self.variants_run = 0

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        words = tuple(tuple(split_words(text)) for text in texts)
        longest = max(1, *(len(row) for row in words))
        ids = torch.zeros((len(texts), longest), dtype=torch.int64)
        for i, row in enumerate(words):
            ids[i, : len(row)] = torch.tensor([self.position[word.text] for word in row], dtype=torch.int64)
        steps, counts = np.arange(longest)[None, :], np.array([len(row) for row in words])
        is_word = steps < counts[:, None]
        inputs = {"input_ids": ids, "attention_mask": torch.from_numpy(is_word.astype(np.int64))}
        piece_words = np.where(is_word, steps, NO_WORD)
        return EncodedTexts(inputs, torch.from_numpy(~is_word), piece_words, words, tuple(counts.tolist()))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        self.variants_run += len(inputs["input_ids"])
        total = (self.embedding_layer(inputs["input_ids"])[..., 0] * inputs["attention_mask"]).sum(dim=1)
        return torch.stack([total, torch.zeros_like(total)], dim=1)

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        return self.forward(self.encode(texts).inputs).detach().numpy()

    def piece_counts(self, texts: Sequence[str]) -> list[int]:
        return [len(split_words(text)) for text in texts]

    def baseline_id(self, baseline: str) -> int:
        return 0 if baseline == "pad" else 1

    def activation_bytes(self, longest: int) -> int:
        return 4


def explanation(text: str, scores: Sequence[float], target: int = 0) -> WordAttributions:
    """Scores put on the words of a text."""
    return WordAttributions(tuple(split_words(text)), np.array(scores, dtype=np.float64), target, "made for a test")
