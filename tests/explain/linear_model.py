"""A classifier that is linear in its words, so that the right attribution of each is known."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dixtill_core.models.student import StudentClassifier, StudentOutput
from tests.small_models import small_student


class BagOfWords(StudentClassifier):
    """Logits are the sum of the words' vectors times a matrix, plus a bias; the order of the words means nothing."""

    matrix: Tensor  # (classes, size)
    bias: Tensor  # (classes,)

    def read(self, inputs: dict[str, Tensor]) -> StudentOutput:
        mask = inputs["attention_mask"].float()  # (batch, words)
        vectors = self.embedding_layer(inputs["input_ids"]) * mask[..., None]
        return StudentOutput(vectors.sum(dim=1) @ self.matrix.T + self.bias, mask, mask)

    def contributions(self, text: str, target: int) -> np.ndarray:
        """What each word adds to the logit of `target`, (words,)."""
        ids = self.encode([text]).inputs["input_ids"][0]
        return (self.network.embedding.weight[ids] @ self.matrix[target]).detach().double().numpy()


def bag_of_words() -> BagOfWords:
    student = small_student()
    model = BagOfWords(student.network, student.vocabulary, student.label_names)
    generator = torch.Generator().manual_seed(1)
    model.matrix = torch.randn(3, 8, generator=generator)
    model.bias = torch.randn(3, generator=generator)
    return model
