"""What every compressed teacher on disk has: its tokenizer, its settings, and the SHA-256 of each file.

compressed.json         format, kind, name, label names, window, fingerprint, SHA-256 of the other files, and what the kind needs
tokenizer.json, ...     the teacher's tokenizer
validation_texts.txt    only where the teacher says what it was validated on
the network             in the form of its kind
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dixtill_core.errors import CheckpointError
from dixtill_core.files import recover_folder, sha256_of_file, write_atomic, write_json
from dixtill_core.models.teacher import VALIDATION_TEXTS, Teacher, load_tokenizer

FORMAT = 1
SETTINGS = "compressed.json"
AGAIN = "Copy the whole folder again or compress the teacher again."


def finish_folder(folder: Path, teacher: Teacher, kind: str, **settings: Any) -> None:
    """Write tokenizer and settings of `teacher` beside the network that is already in `folder`."""
    with teacher.lock:
        teacher.tokenizer.save_pretrained(folder)
    if teacher.validation_keys:
        write_atomic(folder / VALIDATION_TEXTS, "\n".join(sorted(teacher.validation_keys)).encode("ascii"))
    common = {
        "format": FORMAT,
        "kind": kind,
        "name": teacher.name,
        "label_names": list(teacher.label_names),
        "max_length": teacher.max_length,
        "padding_side": teacher.tokenizer.padding_side,
        "fingerprint": teacher.fingerprint,
        "versions": {package: version(package) for package in ("dixtill", "torch", "transformers")},
    }
    files = {str(file.relative_to(folder)): sha256_of_file(file) for file in sorted(folder.rglob("*")) if file.is_file()}
    write_json(folder / SETTINGS, common | settings | {"sha256": files})


def tokenizer_bytes(teacher: Teacher) -> int:
    """Bytes of `tokenizer.json`, nearly all that a tokenizer needs on disk."""
    with teacher.lock:
        return len(teacher.tokenizer.backend_tokenizer.to_str(pretty=True).encode())


def read_settings(folder: Path, kind: str) -> dict[str, Any]:
    """Settings of a folder whose files are all there and unchanged.

    Raises:
        CheckpointError: says what is missing, damaged or of another kind.
    """
    recover_folder(folder)
    if not folder.is_dir():
        raise CheckpointError(f"There is no compressed teacher at {folder}. Give the folder that it was written to.")
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        found_format, found_kind, files = settings["format"], settings["kind"], dict(settings["sha256"])
    except FileNotFoundError as error:
        raise CheckpointError(f"{folder} holds no {SETTINGS}, so it is no compressed teacher of DiXtill.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / SETTINGS} is damaged: {error}. {AGAIN}") from error
    if (found_format, found_kind) != (FORMAT, kind):
        raise CheckpointError(
            f"{folder} holds a teacher of kind {found_kind} in format {found_format}; wanted is kind {kind} in format {FORMAT}. "
            "Give another folder, or use the version of DiXtill that wrote it."
        )
    for name, digest in files.items():
        if not (folder / name).is_file():
            raise CheckpointError(f"{folder / name} is missing. {AGAIN}")
        if sha256_of_file(folder / name) != digest:
            raise CheckpointError(f"{folder / name} is damaged or cut short: its SHA-256 differs. {AGAIN}")
    return settings


def read_tokenizer(folder: Path, settings: dict[str, Any]) -> Any:
    """The tokenizer of a compressed teacher, which pads on the side where the teacher's did."""
    tokenizer = load_tokenizer(str(folder), local_only=True)
    tokenizer.padding_side = settings["padding_side"]
    return tokenizer


def read_validation_keys(folder: Path) -> frozenset[str]:
    path = folder / VALIDATION_TEXTS
    return frozenset(path.read_text(encoding="ascii").split()) if path.exists() else frozenset()
