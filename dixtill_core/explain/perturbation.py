"""A text with some of its words taken out, as a model reads it: the ground of occlusion, LIME, SHAP and faithfulness.

"delete" removes all pieces of a word and closes the gap, "mask" puts the mask token (a student's unknown word) in place
of each. The two give different numbers: deleting moves what follows, masking leaves holes that training never showed
to a student. Word order is kept, and what belongs to no word (CLS, SEP) always stays. Working on pieces instead of
text means that what is left is read exactly as it was in the whole text.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from dixtill_core.config import Perturbation
from dixtill_core.models.classifier import NO_WORD, Classifier

BATCH_SIZE = 64


def perturbed_logits(model: Classifier, text: str, kept: np.ndarray, perturbation: Perturbation = "delete") -> np.ndarray:
    """Logits (variants, classes) float32 of each variant of a text.

    Args:
        kept: (variants, words) bool, True on the words that stay; a column for each word that the model reads.
            Variants that repeat are computed once.

    Raises:
        ModelError: "mask" with a tokenizer that has no mask token.
    """
    kept = np.asarray(kept, dtype=bool)
    logits = np.zeros((len(kept), len(model.label_names)), dtype=np.float32)
    if not len(kept):
        return logits
    different, place = np.unique(kept, axis=0, return_inverse=True)
    found = np.zeros((len(different), logits.shape[1]), dtype=np.float32)
    with model.lock, torch.inference_mode():
        encoded = model.encode([text])
        if encoded.n_read[0] != kept.shape[1]:
            raise ValueError(f"The model reads {encoded.n_read[0]} words, but `kept` has {kept.shape[1]} columns.")
        piece_words = encoded.piece_words[0]
        # A piece without a word reads column -1, which is added and always True.
        stays = np.hstack([different, np.ones((len(different), 1), dtype=bool)])[:, piece_words]  # (variants, pieces)
        stays[:, ~encoded.inputs["attention_mask"][0].bool().cpu().numpy()] = False
        if perturbation == "mask":
            stays[:, piece_words == NO_WORD] = True
            mask_id = model.baseline_id("mask")
        for chosen in _similar_lengths(stays.sum(axis=1)):
            rows = torch.from_numpy(stays[chosen]).to(model.device)
            inputs = _masked(encoded.inputs, rows, mask_id) if perturbation == "mask" else _deleted(encoded.inputs, rows, model)
            found[chosen] = model.forward(inputs).float().cpu().numpy()
    return found[place.reshape(-1)]


def _similar_lengths(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Positions in batches of at most `BATCH_SIZE`, so alike in length that little is spent on padding."""
    order = np.argsort(lengths, kind="stable")
    start = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or end - start == BATCH_SIZE or lengths[order[end]] > 1.25 * lengths[order[start]] + 4:
            yield order[start:end]
            start = end


def _masked(inputs: dict[str, Tensor], stays: Tensor, mask_id: int) -> dict[str, Tensor]:
    """All inputs (1, pieces) repeated for each row of `stays` (variants, pieces), with the mask where a piece goes."""
    repeated = {name: values.expand(len(stays), -1) for name, values in inputs.items()}
    return repeated | {"input_ids": torch.where(stays, repeated["input_ids"], mask_id)}


def _deleted(inputs: dict[str, Tensor], stays: Tensor, model: Classifier) -> dict[str, Tensor]:
    """All inputs (1, pieces) with only the pieces that stay, moved together and padded where the model has its padding."""
    longest = max(1, int(stays.sum(dim=1).max()))
    if model.pads_left:
        order = torch.argsort(stays.long(), dim=1, stable=True)[:, -longest:]
    else:
        order = torch.argsort((~stays).long(), dim=1, stable=True)[:, :longest]  # the places of those that stay, in their order
    is_piece = stays.gather(1, order)
    shorter = {name: values.expand(len(stays), -1).gather(1, order) for name, values in inputs.items()}
    shorter = {name: torch.where(is_piece, values, 0) for name, values in shorter.items()}
    return shorter | {"input_ids": torch.where(is_piece, shorter["input_ids"], model.padding_id)}
