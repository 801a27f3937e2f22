"""Any Hugging Face sequence classifier with a fast tokenizer, seen through words instead of pieces.

Covers prediction and the pieces-to-words alignment that every explainer of a teacher needs. Reading a model from disk
or the Hub is in `teacher_loading`, half precision in `teacher_precision`; explaining itself is in `explain`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dixtill_core.data.words import Word, split_words
from dixtill_core.errors import ModelError
from dixtill_core.models.classifier import NO_WORD, EncodedTexts
from dixtill_core.models.teacher_loading import DEFAULT_MAX_LENGTH, VALIDATION_TEXTS, load_parts, load_tokenizer
from dixtill_core.models.teacher_reference import BUNDLED

__all__ = [
    "BUNDLED",
    "DEFAULT_MAX_LENGTH",
    "VALIDATION_TEXTS",
    "Teacher",
    "choose_device",
    "load_teacher",
    "load_tokenizer",
    "match_pieces",
]

LEAST_LENGTH = 8
"""Pieces of a text that every teacher reads, whatever it says of itself."""


class Teacher:
    """A frozen classifier. `lock` guards its hooks: hold it while explaining a teacher that others share."""

    has_gradients = True
    """False where the network is one that only runs forwards: nothing that needs a gradient can explain it."""

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Any,
        label_names: Sequence[str],
        *,
        name: str,
        max_length: int,
        bytes_on_disk: int,
        fingerprint: str,
    ) -> None:
        self.model = model.eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.label_names = tuple(label_names)
        self.name = name
        self.max_length = max_length
        self.bytes_on_disk = bytes_on_disk
        self.fingerprint = fingerprint
        self.validation_keys: frozenset[str] = frozenset()
        """`text_key`s of the texts that this teacher was validated on, where it says so: a student is validated on the same."""
        self.autocast: torch.dtype | None = None
        """Half precision that the network runs in; float32 where None."""
        self.lock = threading.RLock()

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device

    @property
    def embedding_layer(self) -> nn.Module:
        """The layer that turns pieces into the vectors that gradients are taken of."""
        return self.model.get_input_embeddings()  # type: ignore[operator]

    @property
    def parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def padding_id(self) -> int:
        return int(self.tokenizer.pad_token_id)

    @property
    def pads_left(self) -> bool:
        return bool(self.tokenizer.padding_side == "left")

    def encode(self, texts: Sequence[str]) -> EncodedTexts:
        """Tokenise a batch and give every piece its word by character offsets."""
        words = tuple(tuple(split_words(text)) for text in texts)
        batch = self._tokenize(texts, padding=True, max_length=self.max_length)
        if batch["input_ids"].shape[1] == 0:  # GPT-2 and its kin make no piece at all of an empty text.
            batch = self._tokenize(texts, padding="max_length", max_length=1)
        offsets = batch.pop("offset_mapping").numpy()  # (texts, pieces, 2)
        special = batch.pop("special_tokens_mask").bool() | ~batch["attention_mask"].bool()
        piece_words = np.stack([match_pieces(offsets[i], special[i].numpy(), words[i]) for i in range(len(texts))])
        is_full = batch["attention_mask"].sum(dim=1) >= self.max_length
        n_read = tuple(_words_read(offsets[i], piece_words[i], words[i]) if is_full[i] else len(words[i]) for i in range(len(texts)))
        inputs = {name: tensor.to(self.device) for name, tensor in batch.items()}
        return EncodedTexts(inputs, special.to(self.device), piece_words, words, n_read)

    def _tokenize(self, texts: Sequence[str], *, padding: bool | str, max_length: int) -> Any:
        with self.lock:  # A fast tokenizer keeps its padding and truncation between calls, so threads must not share one.
            return self.tokenizer(
                list(texts),
                padding=padding,
                truncation=True,
                max_length=max_length,
                return_tensors="pt",
                return_offsets_mapping=True,
                return_special_tokens_mask=True,
            )

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Logits (texts, classes) float32 of encoded texts.

        Raises:
            ModelError: the network fails on them, or has no room for them.
        """
        precision: AbstractContextManager = nullcontext() if self.autocast is None else torch.autocast(self.device.type, self.autocast)
        try:
            with precision:
                return self.model(**inputs).logits.float()
        except Exception as error:  # Networks raise almost any type for what they cannot read.
            texts, pieces = inputs["input_ids"].shape
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelError(
                f"The model {self.name} failed on {texts} texts of {pieces} pieces: {reason.rstrip('.')}. "
                "What works for it is said by: dixtill doctor"
            ) from error

    def predict(self, texts: Sequence[str], batch_size: int = 32) -> np.ndarray:
        """Logits (texts, classes) float32, in the order given; texts of similar length share a batch."""
        logits = np.zeros((len(texts), len(self.label_names)), dtype=np.float32)
        counts = self.piece_counts(texts)
        order = sorted(range(len(texts)), key=counts.__getitem__)
        with torch.inference_mode(), self.lock:
            for start in range(0, len(order), batch_size):
                chosen = order[start : start + batch_size]
                encoded = self.encode([texts[i] for i in chosen])
                logits[chosen] = self.forward(encoded.inputs).cpu().numpy()
        return logits

    def piece_counts(self, texts: Sequence[str]) -> list[int]:
        """How many pieces the teacher reads of each text, special ones counted: what its time follows."""
        if not texts:
            return []
        with self.lock:
            return [len(ids) for ids in self.tokenizer(list(texts), truncation=True, max_length=self.max_length)["input_ids"]]

    def readable_words(self, text: str) -> int:
        """How many leading words of `text` lie wholly inside the teacher's window."""
        words = split_words(text)
        with self.lock:
            encoded = self.tokenizer(text, truncation=True, max_length=self.max_length, return_offsets_mapping=True)
        if len(encoded["input_ids"]) < self.max_length:
            return len(words)
        end = max(stop for _, stop in encoded["offset_mapping"])
        return sum(word.end <= end for word in words)

    def baseline_id(self, baseline: str) -> int:
        """Id of the piece whose embedding is the baseline "pad" or "mask".

        Raises:
            ModelError: the tokenizer has no such piece.
        """
        token_id = self.tokenizer.pad_token_id if baseline == "pad" else self.tokenizer.mask_token_id
        if token_id is None:
            raise ModelError(f"The tokenizer of {self.name} has no {baseline} token. Choose another baseline, for example zero.")
        return int(token_id)

    def activation_bytes(self, longest: int) -> int:
        """An estimate from the model's shape, floats of 4 bytes."""
        whole: Any = self.model.config
        config = whole.get_text_config()
        hidden, layers = getattr(config, "hidden_size", 768), getattr(config, "num_hidden_layers", 12)
        heads = getattr(config, "num_attention_heads", 12)
        return 4 * layers * (20 * hidden + 3 * heads * longest)


def match_pieces(offsets: np.ndarray, special: np.ndarray, words: Sequence[Word]) -> np.ndarray:
    """Index of the word that each piece overlaps most; `NO_WORD` for special pieces.

    Args:
        offsets: (pieces, 2) character offsets of each piece. Byte-level and SentencePiece tokenizers may count the
            space before a word as part of the piece; it belongs to no word, so it does not matter.
        special: (pieces,) bool.
        words: in the order of the text.

    A piece without a visible character of its own (a lone space mark) goes to the word that follows it, so that no
    attribution is lost.
    """
    result = np.full(len(offsets), NO_WORD, dtype=np.int64)
    if not words:
        return result
    starts = np.array([word.start for word in words])
    ends = np.array([word.end for word in words])
    for i, (start, end) in enumerate(offsets):
        if special[i]:
            continue
        first = int(np.searchsorted(ends, start, side="right"))  # first word that ends after the piece starts
        best, most = min(first, len(words) - 1), 0
        for j in range(first, len(words)):
            if starts[j] >= end:
                break
            overlap = min(end, ends[j]) - max(start, starts[j])
            if overlap > most:
                best, most = j, overlap
        result[i] = best
    return result


def _words_read(offsets: np.ndarray, piece_words: np.ndarray, words: Sequence[Word]) -> int:
    """Leading words that the pieces of a full window reach."""
    end = int(offsets[piece_words != NO_WORD, 1].max(initial=0))
    return max(int(piece_words.max(initial=NO_WORD)) + 1, sum(word.start < end for word in words))


def load_teacher(
    reference: str | Path = BUNDLED,
    *,
    device: str | None = None,
    max_length: int | None = None,
    allow_download: bool = True,
    precision: str = "float32",
) -> Teacher:
    """Load a teacher from "bundled", a local folder (whole model or LoRA adapter) or a Hub id `owner/model`.

    Code that comes with a model is never run, and pickled weights are never read.

    Args:
        device: "cpu", "cuda", "mps"; the fastest that is there where None.
        max_length: pieces per text; 256 or the model's own limit, whichever is less, where None.
        allow_download: False looks for a Hub id in the local cache only.
        precision: "float32", whatever the weights were saved in; or "auto", which runs in half precision where the
            device gains from it and predictions and convergence deltas hold (see `teacher_precision`).

    Raises:
        ModelError: not found, damaged, no classifier, or without a fast tokenizer.
        ConfigError: a precision that is not there.
    """
    parts = load_parts(reference, allow_download=allow_download)
    teacher = Teacher(
        parts.model.to(choose_device(device)),
        parts.tokenizer,
        parts.label_names,
        name=parts.name,
        max_length=max(LEAST_LENGTH, min(DEFAULT_MAX_LENGTH if max_length is None else max_length, parts.max_length)),
        bytes_on_disk=parts.bytes_on_disk,
        fingerprint=parts.fingerprint,
    )
    teacher.validation_keys = parts.validation_keys
    if precision != "float32":
        from dixtill_core.models.teacher_precision import set_precision

        set_precision(teacher, precision)
    return teacher


def choose_device(wanted: str | None = None) -> torch.device:
    """The wanted device, or the fastest one that is there."""
    if wanted is None:
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(0, device=wanted).device
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"The device {wanted!r} is not there. Use cpu.") from error
