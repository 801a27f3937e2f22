"""What explainers and metrics ask of a model, teacher or student alike: pieces that belong to words, and logits."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from dixtill_core.data.words import Word

NO_WORD = -1


@dataclass(frozen=True)
class EncodedTexts:
    """A batch of texts as a model reads them. A teacher's pieces are parts of words, a student's are whole words."""

    inputs: dict[str, Tensor]  # input_ids, attention_mask, ...: (texts, pieces)
    special_mask: Tensor  # (texts, pieces) bool, True on CLS, SEP, padding: what a baseline keeps
    piece_words: np.ndarray  # (texts, pieces) int64: index of the piece's word in `words`, NO_WORD on special pieces
    words: tuple[tuple[Word, ...], ...]
    """Words of each text; those past the model's window have no piece."""
    n_read: tuple[int, ...]
    """How many leading words of each text lie inside the model's window, the last one perhaps in part."""


class Classifier(Protocol):
    """A frozen model of text, `Teacher` or `StudentClassifier`."""

    name: str
    label_names: tuple[str, ...]
    bytes_on_disk: int

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Guards the hooks of the model: held while explaining it."""

    @property
    def device(self) -> torch.device: ...

    @property
    def parameters(self) -> int: ...

    @property
    def embedding_layer(self) -> nn.Module:
        """The layer that turns pieces into the vectors that gradients are taken of."""

    @property
    def padding_id(self) -> int:
        """What fills `input_ids` beside a text."""

    @property
    def pads_left(self) -> bool:
        """Whether that stands before a text: a network whose head reads the last position needs it so."""

    def encode(self, texts: Sequence[str]) -> EncodedTexts: ...

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Logits (texts, classes) of encoded texts."""

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Logits (texts, classes) float32."""

    def piece_counts(self, texts: Sequence[str]) -> list[int]: ...

    def baseline_id(self, baseline: str) -> int:
        """Id of the piece whose embedding is the baseline "pad" or "mask"; a ModelError where there is none."""

    def activation_bytes(self, longest: int) -> int:
        """Estimated bytes that one piece holds in a forward and backward pass over texts of `longest` pieces."""
