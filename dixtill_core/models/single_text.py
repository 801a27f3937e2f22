"""The student's equations for one short text, in NumPy.

A text of a sentence or two is so little arithmetic that PyTorch spends most of its time on calling: about 40
operations, and an LSTM that rearranges its weights at each call. Here both directions take a step together, and the
weights are arranged once:

    sigmoid(x) = (tanh(x / 2) + 1) / 2      so the gates' weights are halved and one tanh serves all four
    W_hh of both directions                 one block-diagonal matrix (2 * hidden, 8 * hidden)

The same float32 numbers as `Student.forward` but for rounding. Only for a network that is in evaluation, on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import nn

from dixtill_core.data.vocabulary import PADDING_ID

if TYPE_CHECKING:
    from dixtill_core.models.student import Student

SHORT_TEXT = 64
"""Words up to which a text is faster here than in PyTorch, whose time grows more slowly."""

_TORCH_GATES = (0, 1, 3, 2)
"""Input, forget, output, candidate, as places in PyTorch's order: input, forget, candidate, output."""

_ONE, _HALF = np.array(1, dtype=np.float32), np.array(0.5, dtype=np.float32)  # Plain numbers would be converted at each word.


class SingleText(NamedTuple):
    """What the network makes of one text; as `StudentOutput` without the batch."""

    logits: np.ndarray  # (classes,)
    scores: np.ndarray  # (words,)
    weights: np.ndarray  # (words,)


class SingleTextNetwork:
    """A copy of a student's weights, arranged for one text at a time; the embedding is shared."""

    def __init__(self, network: Student) -> None:
        hidden = network.config.hidden_size
        self.hidden = hidden
        directions = (network.forward_lstm, network.backward_lstm)
        parameters = [{name: _gates(value, hidden) for name, value in lstm.named_parameters()} for lstm in directions]
        inputs = [each["weight_ih_l0"] for each in parameters]  # (4, hidden, size)
        states = [each["weight_hh_l0"] for each in parameters]  # (4, hidden, hidden)
        biases = [each["bias_ih_l0"] + each["bias_hh_l0"] for each in parameters]  # (4, hidden, 1)
        blocks = np.zeros((2, hidden, 4, 2, hidden), dtype=np.float32)
        for direction, state in enumerate(states):
            blocks[direction, :, :, direction, :] = state.transpose(2, 0, 1)
        self.embedding = _array(network.embedding.weight)  # (vocabulary, size)
        self.input_weights = np.ascontiguousarray(np.stack(inputs, axis=1).reshape(8 * hidden, -1).T)  # (size, 8 * hidden)
        self.input_bias = np.stack(biases, axis=1).reshape(8 * hidden)
        self.state_weights = blocks.reshape(2 * hidden, 8 * hidden)
        self.attention = np.ascontiguousarray(_array(network.attention.weight).T)  # U^T
        self.attention_vector = _array(network.attention_vector.weight)[0].copy()  # v
        self.gain = network.gain.item() if network.config.attention == "magnitude" else None
        self.classifier, self.classifier_bias = (_array(value).copy() for value in (network.classifier.weight, network.classifier.bias))

    def __call__(self, word_ids: Sequence[int]) -> SingleText:
        """Run one text; without words it is read as a single padding id and has no scores."""
        states = self._states(word_ids or [PADDING_ID])  # (words, 2 * hidden)
        scores = np.tanh(states @ self.attention) @ self.attention_vector
        ranked = scores if self.gain is None else self.gain * np.abs(scores)
        weights = np.exp(ranked - ranked.max())
        weights /= weights.sum()
        logits = self.classifier @ (weights @ states) + self.classifier_bias
        n_words = len(word_ids)
        return SingleText(logits, scores[:n_words], weights[:n_words])

    def _states(self, word_ids: Sequence[int]) -> np.ndarray:
        """States of both directions at each word, (words, 2 * hidden)."""
        n_words, hidden = len(word_ids), self.hidden
        from_words = self.embedding.take(word_ids, axis=0) @ self.input_weights + self.input_bias
        by_direction = from_words.reshape(n_words, 4, 2, hidden)
        by_direction[:, :, 1] = by_direction[::-1, :, 1].copy()  # The backward direction starts at the last word.

        cells = np.zeros((5, 2 * hidden), dtype=np.float32)  # input, forget, output, candidate, cell
        gates, sigmoids, output = cells[:4].reshape(-1), cells[:3], cells[2]
        input_and_forget, candidate_and_cell, cell = cells[:2], cells[3:], cells[4]
        kept = np.empty((2, 2 * hidden), dtype=np.float32)
        new, old = kept
        squashed = np.empty(2 * hidden, dtype=np.float32)
        states = np.empty((n_words, 2 * hidden), dtype=np.float32)
        state = np.zeros(2 * hidden, dtype=np.float32)
        state_weights, add, multiply, tanh = self.state_weights, np.add, np.multiply, np.tanh  # Looked up once, not at each word.
        for from_word, next_state in zip(from_words, states, strict=True):
            state.dot(state_weights, gates)
            add(gates, from_word, gates)
            tanh(gates, gates)
            add(sigmoids, _ONE, sigmoids)
            multiply(sigmoids, _HALF, sigmoids)
            multiply(input_and_forget, candidate_and_cell, kept)
            add(new, old, cell)
            tanh(cell, squashed)
            multiply(output, squashed, next_state)
            state = next_state
        states[:, hidden:] = states[::-1, hidden:].copy()
        return states


def _gates(parameter: torch.Tensor, hidden: int) -> np.ndarray:
    """An LSTM's parameter by gate, (4, hidden, columns), the three sigmoid gates halved."""
    gates = _array(parameter).reshape(4, hidden, -1)[list(_TORCH_GATES)]
    gates[:3] *= 0.5
    return gates


def _array(parameter: torch.Tensor | nn.Parameter) -> np.ndarray:
    return parameter.detach().numpy()
