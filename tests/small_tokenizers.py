"""Tokenizers of the kinds that real classifiers have, with vocabularies of a few sentences; made without the network.

Each is of the class that transformers has for its architecture, so it is saved and loaded as the real one is.
"""

from __future__ import annotations

import json

from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import BPE
from transformers import (
    AlbertTokenizer,
    BertTokenizer,
    DebertaV2Tokenizer,
    DistilBertTokenizer,
    GPT2Tokenizer,
    LlamaTokenizer,
    MPNetTokenizer,
    PreTrainedTokenizerFast,
    Qwen2Tokenizer,
    RobertaTokenizer,
    XLMRobertaTokenizer,
)

SENTENCES = (
    "shares of the company rose after better than expected earnings",
    "the stock falls as the bank cuts its outlook and warns of losses",
    "profit and revenue beat estimates, guidance raised for the year",
    "analysts downgrade the shares on weak demand and falling margins",
    "the board holds its annual meeting on tuesday in new york",
    "oil prices slip while gold climbs to a record high",
)
MAX_PIECES = 128

GPT_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""How the tokenizer of Llama 3 cuts a text before its byte pairs."""


def word_piece(kind: type[BertTokenizer] = BertTokenizer) -> BertTokenizer:
    """BERT, DistilBERT, ELECTRA: lower case, CLS and SEP, a mask token."""
    return kind(vocab=_word_pieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]), model_max_length=MAX_PIECES)


def distilbert_word_piece() -> DistilBertTokenizer:
    """The same without segment ids."""
    return word_piece(DistilBertTokenizer)


def mpnet_word_piece() -> MPNetTokenizer:
    """The WordPieces of BERT between the special tokens of RoBERTa."""
    return MPNetTokenizer(vocab=_word_pieces(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"]), model_max_length=MAX_PIECES)


def roberta_bytes() -> RobertaTokenizer:
    vocabulary, merges = _byte_pairs(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return RobertaTokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_PIECES)


def gpt2_bytes() -> GPT2Tokenizer:
    """No special piece but the end of a text: no padding token, no CLS, no mask."""
    vocabulary, merges = _byte_pairs(["<|endoftext|>"])
    return GPT2Tokenizer(vocab=vocabulary, merges=merges, model_max_length=MAX_PIECES)


def qwen2_bytes() -> Qwen2Tokenizer:
    """Composes Unicode first; has a padding token and nothing around a text."""
    vocabulary, merges = _byte_pairs(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    return Qwen2Tokenizer(vocab=vocabulary, merges=merges, eos_token="<|im_end|>", model_max_length=MAX_PIECES)


def llama3_bytes() -> PreTrainedTokenizerFast:
    """The begin of a text before it, no padding token, and no class of its own in transformers."""
    special = ["<|begin_of_text|>", "<|end_of_text|>"]
    tokenizer = _byte_level(special)
    cut = pre_tokenizers.Split(Regex(GPT_WORDS), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([cut, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=special[0], eos_token=special[1], model_max_length=MAX_PIECES,
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


def modernbert_bytes() -> PreTrainedTokenizerFast:
    """Byte pairs between the special tokens of BERT, and no class of its own in transformers."""
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    tokenizer = _byte_level(special)
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(piece, tokenizer.token_to_id(piece)) for piece in ("[CLS]", "[SEP]")]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", pad_token="[PAD]",
        mask_token="[MASK]", model_max_length=MAX_PIECES, model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


def llama_pieces() -> LlamaTokenizer:
    """SentencePiece's byte pairs, bytes for unknown characters; pads on the left and has no padding token."""
    special = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trained = Tokenizer(BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    trained.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()])
    trained.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=420, special_tokens=special, show_progress=False))
    vocabulary, merges = _vocabulary_and_merges(trained)
    return LlamaTokenizer(vocab=vocabulary, merges=merges, add_bos_token=True, model_max_length=MAX_PIECES)


def xlm_roberta_pieces() -> XLMRobertaTokenizer:
    """Unigram: a space mark is part of the piece that follows it."""
    return XLMRobertaTokenizer(vocab=_unigram(["<s>", "<pad>", "</s>", "<unk>"]), model_max_length=MAX_PIECES)


def albert_pieces() -> AlbertTokenizer:
    """Unigram in lower case without accents."""
    return AlbertTokenizer(vocab=_unigram(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]), model_max_length=MAX_PIECES)


def deberta_pieces() -> DebertaV2Tokenizer:
    """Unigram whose pieces may reach over spaces, with segment ids."""
    return DebertaV2Tokenizer(vocab=_unigram(["[PAD]", "[CLS]", "[SEP]", "[UNK]"]), model_max_length=MAX_PIECES)


def _letters_and_words() -> tuple[list[str], list[str]]:
    words = sorted(set(" ".join(SENTENCES).replace(",", "").split()))
    return sorted({",", *"".join(words)}), words


def _word_pieces(special: list[str]) -> dict[str, int]:
    letters, words = _letters_and_words()
    endings = (f"##{word[4:]}" for word in words if word[4:])
    pieces = [*special, *letters, *(f"##{letter}" for letter in letters), *(word[:4] for word in words), *endings]
    return {piece: i for i, piece in enumerate(dict.fromkeys(pieces))}


def _unigram(special: list[str]) -> list[tuple[str, float]]:
    letters, words = _letters_and_words()
    likely = dict.fromkeys([*(f"▁{word[:4]}" for word in words), *(word[4:] for word in words if len(word) > 5)], -2.0)
    return list((dict.fromkeys(special, 0.0) | dict.fromkeys(["▁", *letters], -4.0) | likely).items())


def _byte_level(special: list[str]) -> Tokenizer:
    trained = Tokenizer(BPE())
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trained.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=330, min_frequency=1, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    trained.train_from_iterator(SENTENCES, trainer)
    return trained


def _byte_pairs(special: list[str]) -> tuple[dict[str, int], list[tuple[str, str]]]:
    return _vocabulary_and_merges(_byte_level(special))


def _vocabulary_and_merges(trained: Tokenizer) -> tuple[dict[str, int], list[tuple[str, str]]]:
    merges = json.loads(trained.to_str())["model"]["merges"]
    return trained.get_vocab(), [tuple(merge) for merge in merges]
