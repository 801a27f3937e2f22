"""From a reference to a teacher's place, and what lies there: all that can be said of it before PyTorch is loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from dixtill_core.errors import ModelError
from dixtill_core.files import recover_folder
from dixtill_core.models.pair_folder import PAIR, VOCABULARY
from dixtill_core.paths import BUNDLED_PAIR

BUNDLED = "bundled"
BUNDLED_TEACHER = BUNDLED_PAIR / "teacher"
ADAPTER, ADAPTER_CARD, MODEL_CONFIG = "adapter_config.json", "teacher.json", "config.json"
TOKENIZER_FILES = ("*token*", "*vocab*", "*.model", "*.spm")
"""Any of them is left to the library, which knows its own formats."""
_SHOWN_FILES = 6


def find_teacher(reference: str | Path) -> Path | None:
    """The folder of a teacher, which holds an adapter or a model; None where the reference can only be a Hub id.

    Raises:
        ModelError: there is no such folder, or it holds no model that can be read.
    """
    source = str(BUNDLED_TEACHER if str(reference) == BUNDLED else reference)
    if not source.strip():
        raise ModelError("No teacher is named. Give a folder with a model, 'bundled', or a Hub id like owner/model.")
    folder = Path(source).expanduser() if source.startswith("~/") else Path(source)
    recover_folder(folder)
    if folder.is_dir():
        if not is_adapter(folder):
            _require_model(folder)
        return folder
    if folder.exists() or not is_hub_id(source):
        raise ModelError(f"There is no teacher at {source}. Give a folder with a model, 'bundled', or a Hub id like owner/model.")
    return None


def is_hub_id(reference: str) -> bool:
    """Whether a reference has the form of a Hub id, owner/model; a folder that is there goes before it."""
    return reference.count("/") == 1 and not reference.startswith((".", "/", "~"))


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds a LoRA adapter, which needs its base model."""
    return (folder / ADAPTER).exists()


def read_teacher_card(folder: Path) -> dict[str, Any]:
    """`teacher.json` beside an adapter: base model, label names, how it was made."""
    try:
        card = json.loads((folder / ADAPTER_CARD).read_text(encoding="utf-8"))
        if not isinstance(card["label_names"], list) or not isinstance(card["base_model"], str):
            raise TypeError("label_names has to be a list, base_model a string")
        return card
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{folder} holds a LoRA adapter but no readable {ADAPTER_CARD} ({error}). Make it again with: dixtill teach"
        ) from error


def _require_model(folder: Path) -> None:
    """Say what a folder lacks that has to hold a whole model: the libraries would say it in words of their own code."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise ModelError(f"The folder {folder} cannot be read: {error.strerror or error}.") from error
    has_weights = any(name.endswith(".safetensors") for name in names)
    if not has_weights and any(name.endswith(".bin") for name in names):
        raise ModelError(
            f"The model {folder} cannot be loaded: it has pickled weights only, which could run any code. Load it where you "
            "trust it, and save it again with model.save_pretrained, which writes safetensors."
        )
    lacking = [name for name, is_there in ((MODEL_CONFIG, MODEL_CONFIG in names), ("model.safetensors", has_weights)) if not is_there]
    if lacking:
        what = f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} missing. {_listed(names)}"
    elif not _is_model(folder):
        what = f"its {MODEL_CONFIG} names no model_type."
    else:
        return
    raise ModelError(f"{folder} holds no model: {what} {_advice(folder, names)}")


def require_undamaged(folder: Path) -> None:
    """Read the heads of the files with weights, which say how long each has to be.

    Raises:
        ModelError: one of them cannot be loaded.
    """
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, "np"):
                pass
        except (SafetensorError, OSError) as error:
            raise ModelError(
                f"The model {folder} cannot be loaded: {path.name} is damaged, or was copied only in part ({error}). Copy it anew."
            ) from error


def has_tokenizer_files(folder: Path) -> bool:
    return any(any(folder.glob(pattern)) for pattern in TOKENIZER_FILES)


def no_tokenizer(source: str) -> str:
    """What to say of a model without one."""
    return f"{source} holds no tokenizer. Save it beside the model with tokenizer.save_pretrained."


def _is_model(folder: Path) -> bool:
    """Whether a configuration is of a network of transformers; one that is damaged is left to the library, which says how."""
    try:
        found = json.loads((folder / MODEL_CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return (folder / MODEL_CONFIG).is_file()
    return not isinstance(found, dict) or "model_type" in found


def _listed(names: list[str]) -> str:
    shown = [name for name in names if not name.startswith(".")]
    if not shown:
        return "The folder is empty."
    more = f" and {len(shown) - _SHOWN_FILES} more" if len(shown) > _SHOWN_FILES else ""
    return f"The folder holds {', '.join(shown[:_SHOWN_FILES])}{more}."


def _advice(folder: Path, names: list[str]) -> str:
    inside = [name for name in names if is_adapter(folder / name) or _is_model(folder / name)]
    if inside:
        return f"Did you mean {folder / inside[0]}?"
    if PAIR in names or VOCABULARY in names:
        return "A student is no teacher: give the teacher that it was distilled from."
    return "Give the folder that model.save_pretrained and tokenizer.save_pretrained wrote."
