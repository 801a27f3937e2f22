"""Small teachers and a student, made here: random weights, vocabularies of a few sentences, the same in every run.

Every teacher is a folder that `save_pretrained` wrote, as a user's own model would be, with the kind of tokenizer that
its architecture really has. The weights are scaled up, so that outputs depend on the words and Integrated Gradients has
something to integrate.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSequenceClassification

from dixtill_core.config import Attention, StudentConfig
from dixtill_core.data.vocabulary import build_vocabulary
from dixtill_core.models.student import Student, StudentClassifier
from tests import small_tokenizers as tokenizers
from tests.small_tokenizers import MAX_PIECES, SENTENCES

__all__ = ["LABELS", "MAX_PIECES", "SAVE", "SENTENCES", "SIZE", "WEIGHT_SCALE", "save_architecture", "small_student"]

LABELS = ("bearish", "bullish", "neutral")
SIZE = 32
WEIGHT_SCALE = 20.0

_SHAPE = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": SIZE, "intermediate_size": 48}
_BERT = {**_SHAPE, "max_position_embeddings": MAX_PIECES}
_ROBERTA = {
    **_SHAPE, "max_position_embeddings": MAX_PIECES + 2, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2
}  # fmt: skip
_DECODER = {**_BERT, "num_key_value_heads": 2}

_ARCHITECTURES: dict[str, tuple[str, Callable[[], Any], dict[str, Any]]] = {
    "bert": ("bert", tokenizers.word_piece, _BERT),
    "distilbert": ("distilbert", tokenizers.distilbert_word_piece, {"n_layers": 2, "n_heads": 4, "dim": SIZE, "hidden_dim": 48}),
    "roberta": ("roberta", tokenizers.roberta_bytes, _ROBERTA),
    "albert": ("albert", tokenizers.albert_pieces, {**_BERT, "embedding_size": 16}),
    "electra": ("electra", tokenizers.word_piece, {**_BERT, "embedding_size": 16}),
    "deberta-v2": (
        "deberta-v2",
        tokenizers.deberta_pieces,
        {
            **_BERT, "relative_attention": True, "position_biased_input": False, "pos_att_type": ["p2c", "c2p"],
            "position_buckets": 16, "norm_rel_ebd": "layer_norm", "share_att_key": True, "type_vocab_size": 0,
        },
    ),  # as in version 3
    "xlm-roberta": ("xlm-roberta", tokenizers.xlm_roberta_pieces, _ROBERTA),
    "mpnet": ("mpnet", tokenizers.mpnet_word_piece, {**_SHAPE, "max_position_embeddings": MAX_PIECES + 2}),
    "modernbert": ("modernbert", tokenizers.modernbert_bytes, {**_BERT, "local_attention": 16, "global_attn_every_n_layers": 2}),
    "gpt2": (
        "gpt2",
        tokenizers.gpt2_bytes,
        {"n_positions": MAX_PIECES, "n_embd": SIZE, "n_layer": 2, "n_head": 4, "bos_token_id": 0, "eos_token_id": 0},
    ),
    "llama": ("llama", tokenizers.llama_pieces, _DECODER),
    "llama-3": ("llama", tokenizers.llama3_bytes, _DECODER),
    "qwen2": ("qwen2", tokenizers.qwen2_bytes, _DECODER),
}  # fmt: skip
"""Of each kind the model type, its tokenizer and its shape."""
ARCHITECTURES = tuple(_ARCHITECTURES)
HALF_SCALE = ("distilbert", "deberta-v2", "modernbert", "llama", "llama-3", "qwen2")
"""Networks whose attention would jump from word to word along the path at the full scale, unlike a trained one's."""


def save_architecture(kind: str, folder: Path, labels: tuple[str, ...] = LABELS, **changes: Any) -> Path:
    """Write a small classifier with random weights and its tokenizer, as `save_pretrained` does.

    Args:
        changes: of its configuration.
    """
    model_type, make_tokenizer, shape = _ARCHITECTURES[kind]
    tokenizer = make_tokenizer()
    special = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")}
    names = {"num_labels": len(labels), "id2label": dict(enumerate(labels)), "label2id": {name: i for i, name in enumerate(labels)}}
    config = AutoConfig.for_model(model_type, **{**special, **shape, **names, "vocab_size": len(tokenizer), **changes})
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config).eval()
    scale = WEIGHT_SCALE / 2 if kind in HALF_SCALE else WEIGHT_SCALE
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and not any(part in name for part in ("embed", "wte", "wpe")):
                parameter.mul_(scale)
        if kind in ("modernbert", "qwen2") and config.pad_token_id is not None:  # Trained models have one for their padding.
            model.get_input_embeddings().weight[config.pad_token_id].normal_(std=0.02)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_bert(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    return save_architecture("bert", folder, labels)


def save_roberta(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    return save_architecture("roberta", folder, labels)


def save_gpt2(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    return save_architecture("gpt2", folder, labels)


def save_xlm_roberta(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    return save_architecture("xlm-roberta", folder, labels)


SAVE = {"bert": save_bert, "roberta": save_roberta, "gpt2": save_gpt2, "xlm-roberta": save_xlm_roberta}
"""Kinds that most tests go through: one of each kind of tokenizer."""


def small_student(labels: tuple[str, ...] = LABELS, attention: Attention = "magnitude", seed: int = 0) -> StudentClassifier:
    """A student of 8 dimensions that knows the words of `SENTENCES`, with random weights."""
    torch.manual_seed(seed)
    vocabulary = build_vocabulary(SENTENCES * 2, max_words=200)
    network = Student(StudentConfig(embedding_size=8, hidden_size=6, attention=attention), len(vocabulary), len(labels))
    with torch.no_grad():
        for parameter in (network.attention.weight, network.attention_vector.weight, network.classifier.weight):
            parameter.mul_(4)
    return StudentClassifier(network, vocabulary, labels)
