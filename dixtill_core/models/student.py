"""The student: word embedding, one bi-directional LSTM, masked additive attention, a linear classifier.

    H = biLSTM(E)                 (words, 2 * hidden)
    sigma = v^T tanh(U H^T)       unnormalised scores, one a word, signed: the student's explanation
    alpha = softmax(sigma)        "signed", Cantini et al. 2024; or softmax(gain * |sigma|), "magnitude"
    z = W_out (alpha H) + b       logits

Padding never reaches a result: the backward direction reads each text flipped by its own length, and padded scores are
masked out of the softmax. The two directions are separate LSTMs around a gather, which, unlike packed sequences,
exports to ONNX as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from dixtill_core.config import StudentConfig
from dixtill_core.data.vocabulary import PADDING_ID, Vocabulary
from dixtill_core.data.words import UNKNOWN, Word, split_words
from dixtill_core.models.classifier import NO_WORD, EncodedTexts
from dixtill_core.models.shared_rows import SHARED_WORDS, run_shared
from dixtill_core.models.single_text import SHORT_TEXT, SingleTextNetwork

MASKED = -1e4
"""Added to the scores of padding before the softmax; finite, so that half precision and exports keep it."""


MOST_THREADS = 4
"""Of a large batch: the parts have to stay large."""


class StudentOutput(NamedTuple):
    logits: Tensor  # (batch, classes)
    scores: Tensor  # (batch, words) sigma, 0 on padding
    weights: Tensor  # (batch, words) alpha, 0 on padding


class Student(nn.Module):
    """The network alone, from word ids; see the module for its equations."""

    def __init__(self, config: StudentConfig, n_words: int, n_classes: int) -> None:
        super().__init__()
        size, hidden = config.embedding_size, config.hidden_size
        self.config = config
        self.embedding = nn.Embedding(n_words, size, padding_idx=PADDING_ID)
        self.forward_lstm = nn.LSTM(size, hidden, batch_first=True)
        self.backward_lstm = nn.LSTM(size, hidden, batch_first=True)
        self.attention = nn.Linear(2 * hidden, 2 * hidden, bias=False)  # U
        self.attention_vector = nn.Linear(2 * hidden, 1, bias=False)  # v
        if config.attention == "magnitude":
            self.gain = nn.Parameter(torch.ones(()))
        self.classifier = nn.Linear(2 * hidden, n_classes)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, word_ids: Tensor, lengths: Tensor) -> StudentOutput:
        """Run a batch.

        Args:
            word_ids: (batch, words) int64, padded with 0 at the end.
            lengths: (batch,) int64, words of each text, 1 or more.
        """
        steps = torch.arange(word_ids.shape[1], device=word_ids.device)[None, :]  # (1, words)
        mask = steps < lengths[:, None]  # (batch, words)
        flipped = torch.where(mask, lengths[:, None] - 1 - steps, steps)  # its own inverse

        embedded = self.dropout(self.embedding(word_ids))  # (batch, words, size)
        left, _ = self.forward_lstm(embedded)
        right, _ = self.backward_lstm(_reorder(embedded, flipped))
        hidden = torch.cat([left, _reorder(right, flipped)], dim=-1)  # (batch, words, 2 * hidden)

        scores = self.attention_vector(torch.tanh(self.attention(hidden))).squeeze(-1) * mask
        ranked = self.gain * scores.abs() if self.config.attention == "magnitude" else scores
        weights = torch.softmax(ranked + (~mask) * MASKED, dim=-1) * mask
        context = torch.bmm(weights[:, None, :], hidden).squeeze(1)  # (batch, 2 * hidden)
        return StudentOutput(self.classifier(self.dropout(context)), scores, weights)


def _reorder(values: Tensor, order: Tensor) -> Tensor:
    """Gather along the words: values (batch, words, size), order (batch, words). Rows move whole, which `gather` cannot."""
    batch, words, size = values.shape
    rows = order + words * torch.arange(batch, device=order.device)[:, None]
    return values.reshape(batch * words, size).index_select(0, rows.reshape(-1)).reshape(batch, words, size)


class StudentReading(NamedTuple):
    """What the student makes of one text."""

    words: tuple[Word, ...]
    logits: np.ndarray  # (classes,) float32
    scores: np.ndarray  # (words,) float64
    weights: np.ndarray  # (words,) float64


class StudentClassifier:
    """A trained network with the vocabulary and label names that it needs to read text."""

    def __init__(
        self,
        network: Student,
        vocabulary: Vocabulary,
        label_names: Sequence[str],
        *,
        name: str = "attention bi-LSTM",
        bytes_on_disk: int = 0,
    ) -> None:
        self.name = name
        self.network = network.eval()
        self.vocabulary = vocabulary
        self.label_names = tuple(label_names)
        self.bytes_on_disk = bytes_on_disk
        self.lock = threading.RLock()
        self._parameters = tuple(network.parameters())
        self._single_text: tuple[object, SingleTextNetwork] | None = None

    @property
    def device(self) -> torch.device:
        return self.network.embedding.weight.device

    @property
    def embedding_layer(self) -> nn.Module:
        return self.network.embedding

    @property
    def padding_id(self) -> int:
        return PADDING_ID

    @property
    def pads_left(self) -> bool:
        return False

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.network.parameters())

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """A batch as the student reads it: a piece is a word, and nothing but padding is special."""
        words = tuple(tuple(split_words(text)) for text in texts)
        counts = np.array([len(row) for row in words])
        ids, _ = pad_word_ids([self.vocabulary.word_ids(word.text for word in row) for row in words])
        steps = np.arange(ids.shape[1])[None, :]
        is_word = steps < counts[:, None]  # (texts, words)
        inputs = {"input_ids": ids, "attention_mask": torch.from_numpy(is_word.astype(np.int64))}
        piece_words = np.where(is_word, steps, NO_WORD)
        return EncodedTexts(inputs, torch.from_numpy(~is_word), piece_words, words, tuple(counts.tolist()))

    def read(self, inputs: dict[str, Tensor]) -> StudentOutput:
        """Run encoded texts; one without words is read as a single padding id."""
        ids, lengths = inputs["input_ids"], inputs["attention_mask"].sum(dim=1).clamp_min(1)
        threads = min(torch.get_num_threads(), len(ids), self.useful_threads(ids.numel()))
        if threads > 1 and ids.is_cpu and not torch.is_grad_enabled():
            return StudentOutput(*run_shared(self.network, ids, lengths, threads))
        return self.network(ids, lengths)

    @staticmethod
    def useful_threads(words: int) -> int:
        """Threads that a batch of `words`, padding counted, gains from. A second one for a small batch gains nothing, and
        where another process holds its core, every step of the LSTM waits for it."""
        return MOST_THREADS if words >= SHARED_WORDS else 1

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Logits (texts, classes) of encoded texts."""
        return self.read(inputs).logits

    def run(self, texts: Sequence[str], batch_size: int = 64) -> list[StudentReading]:
        """Prediction and explanation of each text, in the order given."""
        readings: list[StudentReading | None] = [None] * len(texts)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            if len(chosen) == 1 and (reading := self._run_short(texts[chosen[0]])) is not None:
                readings[chosen[0]] = reading
                continue
            encoded = self.encode([texts[i] for i in chosen])
            with torch.inference_mode():
                output = self.read(encoded.inputs)
            for row, i in enumerate(chosen):
                words = encoded.words[row]
                scores, weights = (tensor[row, : len(words)].double().numpy() for tensor in (output.scores, output.weights))
                readings[i] = StudentReading(words, output.logits[row].numpy(), scores, weights)
        return [reading for reading in readings if reading is not None]

    def _run_short(self, text: str) -> StudentReading | None:
        """Reading of one short text in NumPy; None where it is long or the network not on the CPU in float32."""
        weight = self._parameters[0]
        if self.network.training or not weight.is_cpu or weight.dtype != torch.float32:
            return None
        words = tuple(split_words(text))
        if len(words) > SHORT_TEXT:
            return None
        logits, scores, weights = self._single_text_network()(self.vocabulary.word_ids(word.text for word in words))
        return StudentReading(words, logits, scores.astype(np.float64), weights.astype(np.float64))

    def _single_text_network(self) -> SingleTextNetwork:
        """Arranged anew where a parameter was changed or replaced since."""
        state = [(parameter.data_ptr(), parameter._version) for parameter in self._parameters]
        if self._single_text is None or self._single_text[0] != state:
            self._single_text = state, SingleTextNetwork(self.network)
        return self._single_text[1]

    def predict(self, texts: Sequence[str], batch_size: int = 64) -> np.ndarray:
        """Logits (texts, classes) float32."""
        if not texts:
            return np.zeros((0, len(self.label_names)), dtype=np.float32)
        return np.stack([reading.logits for reading in self.run(texts, batch_size)])

    def piece_counts(self, texts: Sequence[str]) -> list[int]:
        """Words of each text: what the student's time follows."""
        return [len(split_words(text)) for text in texts]

    def baseline_id(self, baseline: str) -> int:
        """Id of the padding, or of the unknown word in place of a mask."""
        return PADDING_ID if baseline == "pad" else self.vocabulary.position[UNKNOWN]

    def activation_bytes(self, longest: int) -> int:
        """Embedding, gates and states of both directions, attention; floats of 4 bytes, kept for the backward pass."""
        config = self.network.config
        return 4 * (2 * config.embedding_size + 30 * config.hidden_size)


def pad_word_ids(ids: Sequence[Sequence[int] | np.ndarray]) -> tuple[Tensor, Tensor]:
    """One tensor of word ids (batch, words) and the lengths (batch,), which are at least 1."""
    counts = np.array([len(row) for row in ids], dtype=np.int64)
    padded = np.zeros((len(ids), max(1, counts.max(initial=0))), dtype=np.int64)
    padded[np.arange(padded.shape[1]) < counts[:, None]] = np.concatenate([np.asarray(row, dtype=np.int64) for row in ids] or [counts])
    return torch.from_numpy(padded), torch.from_numpy(np.maximum(counts, 1))
