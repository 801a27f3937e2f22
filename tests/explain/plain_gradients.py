"""Gradients of a model's output at its embeddings, made without hooks and without the code under test."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dixtill_core.models.classifier import NO_WORD, Classifier
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher


def plain_gradients(model: Classifier, text: str, target: int, output: str) -> tuple[Tensor, Tensor]:
    """Embeddings of a text's pieces and dF/d(embedding) at them, both (pieces, size).

    A student's are those of its embedding matrix, so no word of the text may come twice.
    """
    if isinstance(model, Teacher):
        ids = model.tokenizer(text, return_tensors="pt")["input_ids"]
        embeddings = model.model.get_input_embeddings()(ids).detach().requires_grad_(True)
        logits = model.model(inputs_embeds=embeddings, attention_mask=torch.ones_like(ids)).logits
        (gradients,) = torch.autograd.grad(_chosen(logits, target, output), embeddings)
        return embeddings.detach()[0], gradients[0]
    assert isinstance(model, StudentClassifier)
    encoded = model.encode([text])
    ids, matrix = encoded.inputs["input_ids"], model.network.embedding.weight
    assert len(set(ids[0].tolist())) == ids.shape[1]
    logits = model.network(ids, torch.tensor([ids.shape[1]])).logits
    (gradients,) = torch.autograd.grad(_chosen(logits, target, output), matrix)
    return matrix.detach()[ids[0]], gradients[ids[0]]


def _chosen(logits: Tensor, target: int, output: str) -> Tensor:
    return (logits.softmax(dim=-1) if output == "probability" else logits)[0, target]


def words_from(model: Classifier, text: str, per_piece: np.ndarray, merge: str = "sum") -> list[float]:
    """Scores of words, one piece after the other."""
    encoded = model.encode([text])
    pieces: dict[int, list[float]] = {word: [] for word in range(len(encoded.words[0]))}
    for word, score in zip(encoded.piece_words[0], per_piece, strict=True):
        if word != NO_WORD:
            pieces[int(word)].append(float(score))
    return [sum(scores) / (len(scores) if merge == "mean" else 1) for scores in pieces.values()]
