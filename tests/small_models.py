"""Small teachers and a student, made here: random weights, vocabularies of a few sentences, the same in every run.

Every teacher is a folder that `save_pretrained` wrote, as a user's own model would be. The weights are scaled up, so
that outputs depend on the words and Integrated Gradients has something to integrate.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertTokenizer,
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2Tokenizer,
    PreTrainedModel,
    RobertaConfig,
    RobertaForSequenceClassification,
    RobertaTokenizer,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaTokenizer,
)

from dixtill_core.config import Attention, StudentConfig
from dixtill_core.data.vocabulary import build_vocabulary
from dixtill_core.models.student import Student, StudentClassifier

SENTENCES = (
    "shares of the company rose after better than expected earnings",
    "the stock falls as the bank cuts its outlook and warns of losses",
    "profit and revenue beat estimates, guidance raised for the year",
    "analysts downgrade the shares on weak demand and falling margins",
    "the board holds its annual meeting on tuesday in new york",
    "oil prices slip while gold climbs to a record high",
)
LABELS = ("bearish", "bullish", "neutral")
SIZE = 32
SHAPE = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": SIZE, "intermediate_size": 48}
MAX_PIECES = 128
WEIGHT_SCALE = 20.0


def save_bert(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """WordPiece, lower case, CLS and SEP, a mask token."""
    letters, words = _letters_and_words()
    pieces = [
        *letters,
        *(f"##{letter}" for letter in letters),
        *(word[:4] for word in words),
        *(f"##{word[4:]}" for word in words if word[4:]),
    ]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces]))}
    tokenizer = BertTokenizer(vocab=vocabulary, model_max_length=MAX_PIECES)
    config = BertConfig(vocab_size=len(tokenizer), max_position_embeddings=MAX_PIECES, **SHAPE, **_names(labels))
    return _save(folder, BertForSequenceClassification, config, tokenizer)


def save_roberta(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """Byte-level BPE; positions start after the padding id."""
    vocabulary, merges = _byte_level_bpe(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    tokenizer = RobertaTokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_PIECES)
    config = RobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=MAX_PIECES + 2, type_vocab_size=1, pad_token_id=1,
        bos_token_id=0, eos_token_id=2, **SHAPE, **_names(labels),
    )  # fmt: skip
    return _save(folder, RobertaForSequenceClassification, config, tokenizer)


def save_gpt2(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """Byte-level BPE without any special piece: no padding token, no CLS, no mask."""
    vocabulary, merges = _byte_level_bpe(["<|endoftext|>"])
    tokenizer = GPT2Tokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_PIECES)
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=MAX_PIECES,
        n_embd=SIZE,
        n_layer=2,
        n_head=4,
        bos_token_id=0,
        eos_token_id=0,
        **_names(labels),
    )
    return _save(folder, GPT2ForSequenceClassification, config, tokenizer)


def save_xlm_roberta(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """SentencePiece-like Unigram: a space mark is part of the piece that follows it."""
    letters, words = _letters_and_words()
    likely = dict.fromkeys([*(f"▁{word[:4]}" for word in words), *(word[4:] for word in words if len(word) > 5)], -2.0)
    scores = dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>"], 0.0) | dict.fromkeys(["▁", *letters], -4.0) | likely
    tokenizer = XLMRobertaTokenizer(vocab=list(scores.items()), model_max_length=MAX_PIECES)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=MAX_PIECES + 2, type_vocab_size=1, pad_token_id=1,
        bos_token_id=0, eos_token_id=2, **SHAPE, **_names(labels),
    )  # fmt: skip
    return _save(folder, XLMRobertaForSequenceClassification, config, tokenizer)


SAVE = {"bert": save_bert, "roberta": save_roberta, "gpt2": save_gpt2, "xlm-roberta": save_xlm_roberta}


def small_student(labels: tuple[str, ...] = LABELS, attention: Attention = "magnitude", seed: int = 0) -> StudentClassifier:
    """A student of 8 dimensions that knows the words of `SENTENCES`, with random weights."""
    torch.manual_seed(seed)
    vocabulary = build_vocabulary(SENTENCES * 2, max_words=200)
    network = Student(StudentConfig(embedding_size=8, hidden_size=6, attention=attention), len(vocabulary), len(labels))
    with torch.no_grad():
        for parameter in (network.attention.weight, network.attention_vector.weight, network.classifier.weight):
            parameter.mul_(4)
    return StudentClassifier(network, vocabulary, labels)


def _letters_and_words() -> tuple[list[str], list[str]]:
    words = sorted(set(" ".join(SENTENCES).replace(",", "").split()))
    return sorted({",", *"".join(words)}), words


def _byte_level_bpe(special: list[str]) -> tuple[dict[str, int], list[str]]:
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(SENTENCES, vocab_size=330, min_frequency=1, show_progress=False, special_tokens=special)
    merges = json.loads(trained.to_str())["model"]["merges"]
    return trained.get_vocab(), [tuple(merge) for merge in merges]


def _names(labels: tuple[str, ...]) -> dict[str, object]:
    return {"num_labels": len(labels), "id2label": dict(enumerate(labels)), "label2id": {name: i for i, name in enumerate(labels)}}


def _save(folder: Path, kind: type[PreTrainedModel], config: object, tokenizer: object) -> Path:
    torch.manual_seed(0)
    model = kind(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and "embed" not in name and "wte" not in name and "wpe" not in name:
                parameter.mul_(WEIGHT_SCALE)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
