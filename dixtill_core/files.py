"""Atomic writes, fingerprints and records: a reader sees the old content or the new, never half of either."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dixtill_core.errors import CheckpointError, DixtillError


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` beside `path`, flush it to the disk, then move it into place."""
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise DixtillError(f"Cannot write {path}: {error.strerror or error}. What was there before is unchanged.") from error


def make_folder(path: Path) -> None:
    """Create a folder, or say why nothing can be written there."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise DixtillError(f"Cannot write to {path}: {error.strerror or error}. Choose another folder.") from error


def write_json(path: Path, value: Any) -> None:
    """Atomic, human-readable JSON."""
    write_atomic(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def read_json(path: Path, format: int, *, missing: str, again: str) -> dict[str, Any]:
    """A JSON file that says its format.

    Args:
        missing: what to say where there is no file.
        again: what helps against a damaged one: "analyse the corpus again".

    Raises:
        CheckpointError: not there, not JSON, or of another format.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(missing) from error
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is damaged: {error}. Put a copy of the file in its place, or {again}.") from error
    if not isinstance(found, dict) or found.get("format") != format:
        shown = found.get("format") if isinstance(found, dict) else None
        raise CheckpointError(
            f"{path} has format {shown!r}, this version of DiXtill reads format {format}. Use the version that wrote it, or {again}."
        )
    return found


@contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block ends, and vanishes when it raises.

    A folder that was at `path` before stays readable until the new one is complete. Between the two renames a crash
    leaves it under the name `previous_folder(path)`, where `recover_folder` finds it.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.new."))
    except OSError as error:
        raise DixtillError(f"Cannot write to {path.parent}: {error.strerror or error}.") from error
    try:
        os.chmod(fresh, 0o755)
        yield fresh
        for file in fresh.rglob("*"):
            if file.is_file():
                with open(file, "rb") as stream:
                    os.fsync(stream.fileno())
        previous = previous_folder(path)
        if path.exists():
            shutil.rmtree(previous, ignore_errors=True)
            os.rename(path, previous)
        os.rename(fresh, path)
        shutil.rmtree(previous, ignore_errors=True)
    except OSError as error:
        recover_folder(path)
        raise DixtillError(f"Cannot write {path}: {error.strerror or error}. What was there before is unchanged.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def previous_folder(path: Path) -> Path:
    """Where `replace_folder` keeps the old folder during its swap."""
    return path.with_name(f".{path.name}.previous")


def recover_folder(path: Path) -> None:
    """Put back the folder that a crash in the middle of `replace_folder` left under its other name."""
    if not Path(path).name:  # The root, or the folder that one is in: never swapped.
        return
    previous = previous_folder(Path(path))
    if not Path(path).exists() and previous.exists():
        os.rename(previous, path)


def sha256_of_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_json(value: Any) -> str:
    """Fingerprint of plain data, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def folder_bytes(path: Path) -> int:
    """Bytes on disk of a file, or of every file below a folder."""
    path = Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
