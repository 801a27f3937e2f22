"""What the explainers that take gradients share: batches within a memory budget, F of the embeddings, pieces to words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dixtill_core.config import ExplainConfig
from dixtill_core.errors import ModelError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.target_classes import Targets, target_classes
from dixtill_core.models.classifier import NO_WORD, Classifier, EncodedTexts

LARGEST_BATCH = 16
"""Texts explained together; more of them gain nothing on a CPU."""


class EmbeddedTexts:
    """A batch of texts as embeddings, and F as a function of them.

    Hooks the model while `function` runs: hold its lock from making this to the last call.
    """

    def __init__(self, model: Classifier, encoded: EncodedTexts, targets: np.ndarray, config: ExplainConfig) -> None:
        self.layer = model.embedding_layer
        self.forward = model.forward
        self.output = config.output
        self.name = model.name
        self.names = tuple(encoded.inputs)
        self.inputs = tuple(encoded.inputs.values())
        self.target = torch.as_tensor(targets, device=model.device)  # (texts,)
        with torch.no_grad():
            self.embeddings = self.layer(encoded.inputs["input_ids"])  # (texts, pieces, size)

    def leaves(self) -> Tensor:
        """The embeddings as what gradients are taken of."""
        return self.embeddings.detach().requires_grad_(True)

    def function(self, embeddings: Tensor, *inputs: Tensor) -> Tensor:
        """F of every class, float32: the model run on its usual inputs, with the embeddings of the words replaced.

        Raises:
            ModelError: the model does not read its words through its embedding layer.
        """
        named = dict(zip(self.names, inputs, strict=True))
        replaced = False

        def replace(module: nn.Module, arguments: tuple[Tensor, ...], result: Tensor) -> Tensor | None:
            nonlocal replaced
            placed = _in_place_of(result, arguments[0], named["input_ids"], embeddings) if arguments else None
            replaced = replaced or placed is not None
            return placed

        hook = self.layer.register_forward_hook(replace)
        try:
            logits = self.forward(named)
        finally:
            hook.remove()
        if not replaced:
            raise ModelError(
                f"{self.name} does not read its words through its embedding layer, so it has no gradients to explain it by. "
                "Choose occlusion, LIME or Kernel SHAP."
            )
        return logits.softmax(dim=-1) if self.output == "probability" else logits


def _in_place_of(result: Tensor, looked_up: Tensor, ids: Tensor, embeddings: Tensor) -> Tensor | None:
    """`embeddings` (texts, pieces, size) of `ids` in the form of a layer's `result` for `looked_up`; None for other ids.

    GPT-2 looks up segment ids in the same table; XLNet has the pieces before the texts; Longformer pads by itself.
    """
    if torch.equal(looked_up, ids):
        return embeddings
    if torch.equal(looked_up, ids.T):
        return embeddings.transpose(0, 1)
    pieces = ids.shape[1]
    if looked_up.dim() == 2 and looked_up.shape[1] > pieces and torch.equal(looked_up[:, :pieces], ids):
        return torch.cat([embeddings, result[:, pieces:]], dim=1)
    return None


def explain_by_gradient(
    model: Classifier,
    texts: Sequence[str],
    targets: Targets,
    config: ExplainConfig,
    score_pieces: Callable[[EmbeddedTexts], Tensor],
    method: str,
    *,
    is_signed: bool,
) -> list[WordAttributions]:
    """Word attributions of each text from one backward pass.

    Args:
        score_pieces: scores of all pieces, (texts, pieces), of a batch.
    """
    classes = target_classes(model, texts, targets)
    results: list[WordAttributions | None] = [None] * len(texts)
    for batch in length_batches(model, texts, list(range(len(texts))), config.memory_budget_mb):
        with model.lock:
            encoded = model.encode([texts[i] for i in batch])
            per_piece = score_pieces(EmbeddedTexts(model, encoded, classes[batch], config)).detach().cpu().double().numpy()
        for row, i in enumerate(batch):
            words = encoded.words[row][: encoded.n_read[row]]
            scores = merge_pieces(per_piece[row], encoded.piece_words[row], len(words), config.merge)
            results[i] = WordAttributions(words, scores, int(classes[i]), method, is_signed=is_signed)
    return [result for result in results if result is not None]


def pieces_of_budget(model: Classifier, memory_budget_mb: int, longest: int) -> int:
    """Pieces that one forward and backward pass may hold."""
    return max(1, memory_budget_mb * 2**20 // model.activation_bytes(longest))


def length_batches(model: Classifier, texts: Sequence[str], positions: list[int], memory_budget_mb: int) -> list[np.ndarray]:
    """Positions of texts of similar length together, so many that one pass over them fits into the budget."""
    counts = dict(zip(positions, model.piece_counts([texts[i] for i in positions]), strict=True))
    batches: list[list[int]] = []
    for i in sorted(positions, key=counts.__getitem__):
        room = min(LARGEST_BATCH, pieces_of_budget(model, memory_budget_mb, counts[i]) // max(1, counts[i]))
        if batches and len(batches[-1]) < room:
            batches[-1].append(i)
        else:
            batches.append([i])
    return [np.array(batch, dtype=np.int64) for batch in batches]


def merge_pieces(piece_scores: np.ndarray, piece_words: np.ndarray, n_words: int, merge: str) -> np.ndarray:
    """Scores of words (n_words,) from those of their pieces: their sum, or their mean; special pieces are dropped."""
    kept = piece_words != NO_WORD
    scores = np.bincount(piece_words[kept], weights=piece_scores[kept], minlength=n_words).astype(np.float64)
    if merge == "mean":
        scores = scores / np.maximum(np.bincount(piece_words[kept], minlength=n_words), 1)
    return scores
