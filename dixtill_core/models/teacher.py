"""Any Hugging Face sequence classifier with a fast tokenizer, seen through words instead of pieces.

Covers loading (folder, LoRA adapter, Hub id, the bundled teacher), prediction and the pieces-to-words alignment that
every explainer of a teacher needs. Explaining itself is in `explain`.
"""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dixtill_core.data.words import Word, split_words
from dixtill_core.errors import ModelError
from dixtill_core.files import folder_bytes, recover_folder, sha256_of_file
from dixtill_core.models.base_model import BASE_MODEL, BASE_SHA256, base_model_bytes, find_base_model, load_base_classifier
from dixtill_core.models.classifier import NO_WORD, EncodedTexts
from dixtill_core.paths import BUNDLED_PAIR

# PEFT asks transformers for it at every load; users can do nothing about it.
warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)

BUNDLED = "bundled"
BUNDLED_TEACHER = BUNDLED_PAIR / "teacher"
DEFAULT_MAX_LENGTH = 256
VALIDATION_TEXTS = "validation_texts.txt"
"""Beside an adapter: the `text_key` of each text that it was validated on, one a line."""


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
        """Logits (texts, classes) of encoded texts."""
        return self.model(**inputs).logits

    def predict(self, texts: Sequence[str], batch_size: int = 32) -> np.ndarray:
        """Logits (texts, classes) float32, in the order given; texts of similar length share a batch."""
        logits = np.zeros((len(texts), len(self.label_names)), dtype=np.float32)
        counts = self.piece_counts(texts)
        order = sorted(range(len(texts)), key=counts.__getitem__)
        with torch.inference_mode(), self.lock:
            for start in range(0, len(order), batch_size):
                chosen = order[start : start + batch_size]
                encoded = self.encode([texts[i] for i in chosen])
                logits[chosen] = self.forward(encoded.inputs).float().cpu().numpy()
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
        config = self.model.config
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
    reference: str | Path = BUNDLED, *, device: str | None = None, max_length: int | None = None, allow_download: bool = True
) -> Teacher:
    """Load a teacher from "bundled", a local folder (whole model or LoRA adapter) or a Hub id `owner/model`.

    Code that comes with a model is never run, and pickled weights are never read.

    Args:
        device: "cpu", "cuda", "mps"; the fastest that is there where None.
        max_length: pieces per text; 256 or the model's own limit, whichever is less, where None.
        allow_download: False looks for a Hub id in the local cache only.

    Raises:
        ModelError: not found, damaged, no classifier, or without a fast tokenizer.
    """
    source = str(BUNDLED_TEACHER if str(reference) == BUNDLED else reference)
    folder = Path(source)
    recover_folder(folder)
    if folder.is_dir():
        if (folder / "adapter_config.json").exists():
            return _load_adapter(folder, device, max_length)
        return _load_whole(str(folder), folder, device, max_length, local_only=True)
    if folder.exists() or source.count("/") != 1 or source.startswith((".", "/", "~")):
        raise ModelError(f"There is no teacher at {source}. Give a folder with a model, 'bundled', or a Hub id like owner/model.")
    return _load_whole(source, None, device, max_length, local_only=not allow_download)


def choose_device(wanted: str | None = None) -> torch.device:
    """The wanted device, or the fastest one that is there."""
    if wanted is None:
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        return torch.empty(0, device=wanted).device
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"The device {wanted!r} is not there. Use cpu.") from error


def _load_whole(source: str, folder: Path | None, device: str | None, max_length: int | None, *, local_only: bool) -> Teacher:
    from transformers import AutoModelForSequenceClassification

    tokenizer = load_tokenizer(source, local_only=local_only)
    model, loading = _or_model_error(
        source,
        lambda: AutoModelForSequenceClassification.from_pretrained(
            source, local_files_only=local_only, use_safetensors=True, trust_remote_code=False, output_loading_info=True
        ),
    )
    if lacking := sorted(loading["missing_keys"]):
        raise ModelError(f"The model {source} is no trained classifier: it has no {lacking[0]}. Give one that was fine-tuned on labels.")
    if sorted(model.config.id2label) != list(range(model.config.num_labels)):
        raise ModelError(
            f"The model {source} does not name its labels 0 to {model.config.num_labels - 1}. Correct id2label in config.json."
        )
    names = [str(model.config.id2label[i]) for i in range(model.config.num_labels)]
    size = folder_bytes(folder) if folder else sum(p.numel() * p.element_size() for p in model.parameters())
    weights = sorted(folder.glob("*.safetensors")) if folder else []
    fingerprint = _fingerprint([sha256_of_file(path) for path in weights] or [source, _weights_digest(model)])
    return _finish(model, tokenizer, names, source, device, max_length, size, fingerprint)


def _load_adapter(folder: Path, device: str | None, max_length: int | None) -> Teacher:
    """A LoRA adapter over its base model, merged into one plain model."""
    from peft import PeftModel

    card = read_teacher_card(folder)
    adapter = folder / "adapter_model.safetensors"
    if not adapter.exists():  # PEFT would look for pickled weights.
        raise ModelError(f"{adapter} is missing. Copy the whole folder of the teacher, or make it again with: dixtill teach")
    names = [str(name) for name in card["label_names"]]
    is_known = card["base_model"] == BASE_MODEL
    base = find_base_model() if is_known else Path(card["base_model"])  # The known one comes with its SHA-256 checked.
    tokenizer = load_tokenizer(str(base), local_only=True)
    model = _or_model_error(str(base), lambda: load_base_classifier(base, len(names)))
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: i for i, name in enumerate(names)}
    merged = _or_model_error(str(folder), lambda: PeftModel.from_pretrained(model, str(folder)).merge_and_unload())
    base_sha256 = BASE_SHA256 if is_known else sha256_of_file(base / "model.safetensors")
    fingerprint = _fingerprint([sha256_of_file(adapter), base_sha256])
    size = folder_bytes(folder) + base_model_bytes(base)
    teacher = _finish(merged, tokenizer, names, card.get("name", str(folder)), device, max_length, size, fingerprint)
    if (folder / VALIDATION_TEXTS).exists():
        teacher.validation_keys = frozenset((folder / VALIDATION_TEXTS).read_text(encoding="ascii", errors="replace").split())
    return teacher


def read_teacher_card(folder: Path) -> dict[str, Any]:
    """`teacher.json` beside an adapter: base model, label names, how it was made."""
    try:
        card = json.loads((folder / "teacher.json").read_text(encoding="utf-8"))
        if not isinstance(card["label_names"], list) or not isinstance(card["base_model"], str):
            raise TypeError("label_names has to be a list, base_model a string")
        return card
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{folder} holds a LoRA adapter but no readable teacher.json ({error}). Make it again with: dixtill teach"
        ) from error


def load_tokenizer(source: str, *, local_only: bool) -> Any:
    """A fast tokenizer that can pad.

    Raises:
        ModelError: there is only a slow one, which cannot say where its pieces lie in the text.
    """
    from transformers import AutoTokenizer

    tokenizer = _or_model_error(
        source, lambda: AutoTokenizer.from_pretrained(source, local_files_only=local_only, use_fast=True, trust_remote_code=False)
    )
    if not tokenizer.is_fast:
        raise ModelError(
            f"{source} has no fast tokenizer, so its pieces cannot be matched to words. Save one with tokenizer.json beside the model."
        )
    if tokenizer.vocab_size <= len(tokenizer.all_special_tokens):  # What transformers makes of a folder without a tokenizer.
        raise ModelError(f"{source} holds no tokenizer. Save it beside the model with tokenizer.save_pretrained.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token_id is None:
        raise ModelError(f"The tokenizer of {source} has no padding token. Set its pad_token and save it again.")
    tokenizer.truncation_side = "right"  # What is read is the start of a text.
    return tokenizer


def _finish(
    model: Any, tokenizer: Any, names: list[str], name: str, device: str | None, max_length: int | None, size: int, fingerprint: str
) -> Teacher:
    if len(names) < 2:
        raise ModelError(f"{name} has a single output, so it is a regression and no classifier. Give a model with two labels or more.")
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    if model.config.model_type != "xlnet":  # Its head reads the last position. Others count positions from the left.
        tokenizer.padding_side = "right"
    limits = [DEFAULT_MAX_LENGTH if max_length is None else max_length, int(min(tokenizer.model_max_length, 10**6))]
    positions = getattr(model.config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        # RoBERTa and its kin start counting positions after the padding id.
        offset = (
            (model.config.pad_token_id or 0) + 1
            if model.config.model_type in ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer")
            else 0
        )
        limits.append(positions - offset)
    return Teacher(
        model.to(choose_device(device)),
        tokenizer,
        names,
        name=name,
        max_length=max(8, min(limits)),
        bytes_on_disk=size,
        fingerprint=fingerprint,
    )


def _or_model_error(source: str, load: Any) -> Any:
    """Run a loader of a library and turn what it raises into a message that says what to do."""
    try:
        return load()
    except Exception as error:  # The libraries raise almost any type for a damaged folder.
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"The model {source} cannot be loaded: {first_line}") from error


def _fingerprint(parts: Sequence[str]) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _weights_digest(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
