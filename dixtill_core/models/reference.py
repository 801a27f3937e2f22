"""A model of FinBERT's shape with random weights: it stands in for FinBERT where only size and time are asked.

Neither depends on what the weights say. Its predictions mean nothing, so it has no place in a table of quality.
"""

from __future__ import annotations

import torch

from dixtill_core.files import folder_bytes
from dixtill_core.models.base_model import find_base_model
from dixtill_core.models.teacher import DEFAULT_MAX_LENGTH, Teacher, load_tokenizer

REFERENCE_NAME = "BERT-base shape, random weights: stands in for FinBERT for size and time alone"
REFERENCE_LABELS = ("bearish", "bullish", "neutral")


def bert_base_reference(seed: int = 0) -> Teacher:
    """BERT-base (12 layers, 768 dimensions, 12 heads, 110 M parameters) with a head of 3 classes, made in memory.

    `bytes_on_disk` is what it would take: its parameters as float32 and the tokenizer. The tokenizer is the base
    model's, which has the vocabulary of uncased BERT, FinBERT's too.

    Raises:
        ModelError: the base model, whose tokenizer is used, is not there.
    """
    from transformers import BertConfig, BertForSequenceClassification

    folder = find_base_model()
    tokenizer = load_tokenizer(str(folder), local_only=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertForSequenceClassification(BertConfig(id2label=dict(enumerate(REFERENCE_LABELS))))
    parameter_bytes = 4 * sum(parameter.numel() for parameter in model.parameters())
    return Teacher(
        model,
        tokenizer,
        REFERENCE_LABELS,
        name=REFERENCE_NAME,
        max_length=DEFAULT_MAX_LENGTH,
        bytes_on_disk=parameter_bytes + folder_bytes(folder / "tokenizer.json"),
        fingerprint=f"bert-base-random-{seed}",
    )
