"""A run as one zip file: packed in one store, unpacked in another.

A zip file that comes in is a stranger's. Only names that a run has are taken, each once; no links, no encryption, no
path of its own; bytes are counted while they are read, so that no header is believed. Everything is unpacked beside the
store and read through the loaders before it gets a name that `RunStore.list` sees. Nothing in it is ever executed.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from pathlib import Path
from typing import IO

from dixtill_core.data.sources import TABLE_SUFFIXES
from dixtill_core.distill.trainer import STATE
from dixtill_core.errors import DixtillError
from dixtill_core.models.pair_folder import PAIR, STUDENT
from dixtill_core.runs.archive_check import ArchiveError, check_run
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import EPOCHS, LOG, RUN, TEACHER, TEACHING_STATE, UPLOAD, WATCHED
from dixtill_core.runs.store import RunStore

MOST_FILES = 64
MOST_BYTES = 1024**3
"""Of all files together, unpacked."""
MOST_JSON_BYTES = 64 * 1024**2
"""Of each file that is read as text."""
MOST_RATIO = 200
"""Unpacked to packed bytes of a file above `RATIO_BYTES`; journals reach about 20."""
RATIO_BYTES = 1024**2
_CHUNK = 1024**2

_TEXT = (
    RUN, EPOCHS, WATCHED, LOG, PAIR, f"{STUDENT}/config.json", f"{STUDENT}/vocabulary.json", f"{TEACHER}/teacher.json",
    f"{TEACHER}/adapter_config.json", f"{TEACHER}/validation_texts.txt",
)  # fmt: skip
_TENSORS = (STATE, TEACHING_STATE, f"{STUDENT}/model.safetensors", f"{TEACHER}/adapter_model.safetensors")
_UPLOAD = re.compile(rf"{UPLOAD}/[a-z0-9-]{{1,60}}({'|'.join(re.escape(suffix) for suffix in TABLE_SUFFIXES)})")


def export_zip(run: Run, *, with_data: bool = True) -> bytes:
    """Everything that the run is.

    Args:
        with_data: pack files that were uploaded with the run too; without them it cannot be resumed elsewhere.

    Raises:
        DixtillError: the run is being trained, so its files are about to change.
    """
    stream = io.BytesIO()
    write_zip(run, stream, with_data=with_data)
    return stream.getvalue()


def write_zip(run: Run, stream: IO[bytes], *, with_data: bool = True) -> None:
    """As `export_zip`, into a stream."""
    if run.is_training:
        raise DixtillError(f"{run.card().name} is being trained. Cancel it or wait for its end, then download it.")
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(run.folder.rglob("*")):
            name = file.relative_to(run.folder).as_posix()
            if _is_known(name) and file.is_file() and not file.is_symlink() and (with_data or not name.startswith(f"{UPLOAD}/")):
                archive.write(file, name)


def import_zip(store: RunStore, content: bytes | IO[bytes]) -> Run:
    """Unpack a run into the store, under a new id.

    Raises:
        ArchiveError: the file is no zip, no run, damaged, or tries what no run does; nothing of it is kept.
    """
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    if not zipfile.is_zipfile(stream):
        raise ArchiveError("This is no zip file, or not all of one. Choose one that Download gives for a run, or download it again.")
    with store.fresh_folder() as folder:
        try:
            with zipfile.ZipFile(stream) as archive:
                _unpack(archive, folder)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError, ValueError, RuntimeError) as error:
            raise ArchiveError(f"The zip file cannot be read: {error}. Download the run again.") from error
        except OSError as error:
            raise ArchiveError(f"The run cannot be unpacked: {error.strerror or error}.") from error
        check_run(folder)
        return store.adopt(folder, Run(folder).card().name)


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Check every name first, then read."""
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(archive.infolist()) > 2 * MOST_FILES or len(entries) > MOST_FILES:
        raise ArchiveError(f"The zip file has {len(archive.infolist()):,} entries; a run has {MOST_FILES} at most.")
    prefix = _common_folder([entry.filename for entry in entries])
    names: set[str] = set()
    for entry in entries:
        name = entry.filename.removeprefix(prefix)
        if not _is_known(name):
            raise ArchiveError(f"The zip file holds {_shown(entry.filename)}, which is no file of a run.")
        if name in names:
            raise ArchiveError(f"The zip file holds {name} twice.")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise ArchiveError(f"{name} in the zip file is a link or a device and no file.")
        if entry.flag_bits & 0x1:
            raise ArchiveError(f"{name} in the zip file is encrypted. Pack the run without a password.")
        names.add(name)
    if RUN not in names:
        raise ArchiveError(f"The zip file holds no {RUN}, so it is no run of DiXtill.")
    total = 0
    for entry in entries:
        name = entry.filename.removeprefix(prefix)
        total += _read_entry(archive, entry, folder / name, _limit(name, MOST_BYTES - total))


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, limit: int) -> int:
    """Unpack one file and return its bytes; stop as soon as there are more than `limit`."""
    path.parent.mkdir(exist_ok=True)
    size = 0
    with archive.open(entry) as source, open(path, "xb") as target:
        while chunk := source.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise ArchiveError(f"{path.name} in the zip file is larger than what is left of the limit, {limit / 1e6:,.0f} MB.")
            if size > RATIO_BYTES and size > MOST_RATIO * max(1, entry.compress_size):
                raise ArchiveError(f"{path.name} in the zip file unpacks to more than {MOST_RATIO} times its size; no file of a run does.")
            target.write(chunk)
    return size


def _limit(name: str, left: int) -> int:
    return min(left, MOST_JSON_BYTES) if name in _TEXT else left


def _is_known(name: str) -> bool:
    return name in _TEXT or name in _TENSORS or _UPLOAD.fullmatch(name) is not None


def _common_folder(names: list[str]) -> str:
    """The one folder that a run packed by hand lies in, with its slash; empty where there is none."""
    first = names[0].split("/")[0] + "/" if names and "/" in names[0] else ""
    return first if first and f"{first}{RUN}" in names and all(name.startswith(first) for name in names) else ""


def _shown(name: str) -> str:
    """A stranger's file name, short and printable."""
    return repr("".join(character if character.isprintable() else "�" for character in name[:80]))
