"""From a reference to a network and a tokenizer that fit each other: folders, LoRA adapters, the Hub, the bundled teacher.

Weights are read as float32 whatever they were saved in, because the small differences that Integrated Gradients adds up
are lost in half precision. Every batch is padded on the right with the tokenizer's own padding token, and the network is
told which one that is: decoders classify by the last piece that is not padding.
"""

from __future__ import annotations

import hashlib
import inspect
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dixtill_core.errors import ModelError
from dixtill_core.files import folder_bytes, sha256_of_file
from dixtill_core.models.base_model import BASE_MODEL, BASE_SHA256, base_model_bytes, find_base_model, load_base_classifier
from dixtill_core.models.teacher_reference import (
    find_teacher,
    has_tokenizer_files,
    is_adapter,
    no_tokenizer,
    read_teacher_card,
    require_undamaged,
)

# PEFT asks transformers for it at every load; users can do nothing about it.
warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)

DEFAULT_MAX_LENGTH = 256
VALIDATION_TEXTS = "validation_texts.txt"
"""Beside an adapter: the `text_key` of each text that it was validated on, one a line."""
COUNT_FROM_PADDING = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer")
"""Model types whose positions start after the padding id."""
HUB_SECONDS = 5.0


class TokenizerError(ModelError):
    """The tokenizer is what keeps a model from being a teacher."""


class NotAClassifierError(ModelError):
    """The model is whole, but no classifier that a student could learn from."""


@dataclass(frozen=True, eq=False)
class TeacherParts:
    """What a teacher is made of."""

    model: Any
    tokenizer: Any
    label_names: tuple[str, ...]
    name: str
    max_length: int
    """Pieces of a text that the network can read, special ones counted."""
    bytes_on_disk: int
    fingerprint: str
    validation_keys: frozenset[str] = frozenset()


def load_parts(reference: str | Path, *, allow_download: bool = True) -> TeacherParts:
    """Read everything of a teacher from "bundled", a folder or a Hub id.

    Raises:
        TokenizerError, NotAClassifierError, ModelError: see `load_teacher`.
    """
    folder = find_teacher(reference)
    if folder is not None:
        return _adapter(folder) if is_adapter(folder) else _whole(str(folder), folder, local_only=True)
    source = str(reference)
    # Where there is no network, transformers tries for most of a minute, even for what is in the cache.
    if allow_download and hub_is_reachable():
        return _whole(source, None, local_only=False)
    why = "the Hub cannot be reached from here" if allow_download else "downloading was not asked for"
    try:
        return _whole(source, None, local_only=True)
    except ModelError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        raise ModelError(
            f"The model {source} cannot be loaded: it is not in this machine's cache of the Hub, and {why}. "
            "Connect and try again, or give a folder with the model."
        ) from error


def hub_is_reachable() -> bool:
    """Whether the Hub answers, or its mirror where one is set. Not asked where HF_HUB_OFFLINE says no."""
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=HUB_SECONDS)
    except Exception:  # Its types are those of the HTTP client, which has been exchanged before.
        return False
    return True


def _whole(source: str, folder: Path | None, *, local_only: bool) -> TeacherParts:
    """A model with all of its weights."""
    from transformers import AutoModelForSequenceClassification

    tokenizer = load_tokenizer(source, local_only=local_only)
    if folder is not None:
        require_undamaged(folder)
    model, loading = _or_model_error(
        source,
        lambda: AutoModelForSequenceClassification.from_pretrained(
            source,
            local_files_only=local_only,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=torch.float32,
        ),
    )
    if lacking := sorted(loading["missing_keys"]):
        raise NotAClassifierError(
            f"The model {source} is no trained classifier: it has no {lacking[0]}. Give one that was fine-tuned on labels."
        )
    size = folder_bytes(folder) if folder else sum(p.numel() * p.element_size() for p in model.parameters())
    weights = sorted(folder.glob("*.safetensors")) if folder else []
    fingerprint = _fingerprint([sha256_of_file(path) for path in weights] or [source, _weights_digest(model)])
    return _fitted(model, tokenizer, _label_names(model, source), source, size, fingerprint)


def _adapter(folder: Path) -> TeacherParts:
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
    model = _or_model_error(str(base), lambda: load_base_classifier(base, len(names)).float())
    model.config.id2label = dict(enumerate(names))
    model.config.label2id = {name: i for i, name in enumerate(names)}
    merged = _or_model_error(str(folder), lambda: PeftModel.from_pretrained(model, str(folder)).merge_and_unload())
    base_sha256 = BASE_SHA256 if is_known else sha256_of_file(base / "model.safetensors")
    fingerprint = _fingerprint([sha256_of_file(adapter), base_sha256])
    size = folder_bytes(folder) + base_model_bytes(base)
    validated = folder / VALIDATION_TEXTS
    keys = frozenset(validated.read_text(encoding="ascii", errors="replace").split()) if validated.exists() else frozenset()
    return _fitted(merged, tokenizer, names, card.get("name", str(folder)), size, fingerprint, keys)


def load_tokenizer(source: str, *, local_only: bool) -> Any:
    """A fast tokenizer that can pad, and that cuts a text at its end.

    Raises:
        TokenizerError: there is only a slow one, which cannot say where its pieces lie in the text; none at all; or
            none that can pad.
        ModelError: it cannot be read.
    """
    from transformers import AutoTokenizer

    if Path(source).is_dir() and not has_tokenizer_files(Path(source)):
        raise TokenizerError(no_tokenizer(source))
    tokenizer = _or_model_error(
        source, lambda: AutoTokenizer.from_pretrained(source, local_files_only=local_only, use_fast=True, trust_remote_code=False)
    )
    if not tokenizer.is_fast:
        raise TokenizerError(
            f"{source} has no fast tokenizer, so its pieces cannot be matched to words. Save one with tokenizer.json beside the model."
        )
    if tokenizer.vocab_size <= len(tokenizer.all_special_tokens):  # What transformers makes of a folder without a tokenizer.
        raise TokenizerError(no_tokenizer(source))
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token_id is None:
        raise TokenizerError(f"The tokenizer of {source} has no padding token. Set its pad_token and save it again.")
    tokenizer.truncation_side = "right"  # What is read is the start of a text.
    return tokenizer


def _label_names(model: Any, source: str) -> list[str]:
    """Names of the labels in their order; any text, but each only once."""
    count, id2label = model.config.num_labels, model.config.id2label
    if sorted(id2label) != list(range(count)):
        raise NotAClassifierError(f"The model {source} does not name its labels 0 to {count - 1}. Correct id2label in config.json.")
    return [str(id2label[i]) for i in range(count)]


def _fitted(
    model: Any, tokenizer: Any, names: Sequence[str], name: str, size: int, fingerprint: str, keys: frozenset[str] = frozenset()
) -> TeacherParts:
    """Make network and tokenizer agree on padding, inputs and the longest text."""
    if len(names) < 2:
        raise NotAClassifierError(
            f"{name} has a single output, so it is a regression and no classifier. Give a model with two labels or more."
        )
    if twice := next((label for i, label in enumerate(names) if label in names[:i]), None):
        raise NotAClassifierError(f"{name} calls two of its labels {twice!r}. Give each a name of its own in id2label of config.json.")
    config, text_config = model.config, model.config.get_text_config()
    window = _window(config, tokenizer)
    _fit_padding(model, tokenizer, name)
    # Segment ids are for two texts; a network that does not know them may fail on them.
    known = inspect.signature(model.forward).parameters
    if "attention_mask" not in known:
        raise ModelError(f"The model {name} has no attention mask, so it would read the padding of a batch as text. Choose another model.")
    tokenizer.model_input_names = [key for key in tokenizer.model_input_names if key in known]
    for part in (config, text_config):
        part.pad_token_id = tokenizer.pad_token_id
        part.use_cache = False  # Keys and values of a text are of no use after it.
    return TeacherParts(model, tokenizer, tuple(names), name, window, size, fingerprint, keys)


def _fit_padding(model: Any, tokenizer: Any, name: str) -> None:
    """Pad on the right, with a token that the network has an embedding for."""
    # XLNet's head reads the last position. Others count positions from the left.
    tokenizer.padding_side = "left" if model.config.model_type == "xlnet" else "right"
    rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) <= rows:
        return
    beyond = {token: number for token, number in tokenizer.get_vocab().items() if number >= rows}
    if tokenizer.pad_token in beyond and (tokenizer.eos_token or tokenizer.unk_token):  # Added for training, and never trained.
        del beyond[tokenizer.pad_token]
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if beyond:
        token = min(beyond, key=beyond.__getitem__)
        raise TokenizerError(
            f"The tokenizer of {name} has pieces that the model has no embedding for, {token!r} the first of {len(beyond)}. "
            "Save the model and the tokenizer that were trained together."
        )


def _window(config: Any, tokenizer: Any) -> int:
    """Pieces of a text that the network has positions for, as far as tokenizer and configuration say."""
    limits = [int(min(tokenizer.model_max_length, 10**6))]
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        padding = config.pad_token_id or 0
        limits.append(positions - (padding + 1 if config.model_type in COUNT_FROM_PADDING else 0))
    return min(limits)


def _or_model_error(source: str, load: Callable[[], Any]) -> Any:
    """Run a loader of a library and turn what it raises into a message that says what to do."""
    try:
        return load()
    except Exception as error:  # The libraries raise almost any type for a damaged folder.
        lines = (str(error).strip() or type(error).__name__).splitlines()
        said = " ".join(" ".join(lines).split()) if lines[0].rstrip().endswith(":") else lines[0]  # The list that a colon announces too.
        raise ModelError(f"The model {source} cannot be loaded: {said}") from error


def _fingerprint(parts: Sequence[str]) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def _weights_digest(model: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
