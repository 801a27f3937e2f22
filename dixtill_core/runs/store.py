"""All runs of one folder: listed, made, renamed, put into a bin and taken out again."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dixtill_core.errors import CheckpointError, DataError, DixtillError
from dixtill_core.files import make_folder, write_atomic, write_json
from dixtill_core.models.pair import PAIR
from dixtill_core.runs.folder import RUN, UPLOAD, Run, checked_name, checked_tags, folder_name, start_record
from dixtill_core.runs.records import RunCard
from dixtill_core.runs.spec import RunSpec

BIN = ".bin"
MOST_UPLOAD_BYTES = 200 * 1024**2
UPLOAD_SUFFIXES = (".csv", ".tsv", ".txt", ".parquet")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")


@dataclass(frozen=True)
class Upload:
    """A file that a user handed over, by the name that it had there."""

    name: str
    content: bytes


class RunStore:
    """The runs below `root`, one folder each. Every method reads the disk anew, so any number of processes agree."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def list(self) -> tuple[RunCard, ...]:
        """Every run, the newest first; a damaged one with what is wrong with it. Never raises on what a folder holds."""
        try:
            folders = [folder for folder in self.root.iterdir() if _is_run(folder)]
        except OSError:
            return ()
        cards = [Run(folder).card() for folder in folders]
        return tuple(sorted(cards, key=lambda card: (card.created, card.id), reverse=True))

    def create(
        self, spec: RunSpec, name: str, *, upload: Upload | None = None, test_upload: Upload | None = None, tags: Iterable[str] = ()
    ) -> Run:
        """Make the folder of a run that has not begun. Files that are handed over become its data and test data.

        Raises:
            ConfigError: no such name or tag can be given.
            DataError: a file is too large or of no known kind.
            DixtillError: the folder cannot be written.
        """
        name, tags = checked_name(name), checked_tags(list(tags))
        files = {role: given for role, given in (("data", upload), ("test_data", test_upload)) if given is not None}
        references = {role: f"{UPLOAD}/{_upload_name(role, given)}" for role, given in files.items()}
        spec = replace(spec, **references)  # type: ignore[arg-type]
        make_folder(self.root)
        folder = self._new_folder(name)
        for role, given in files.items():
            write_atomic(folder / references[role], given.content)
        write_json(folder / RUN, start_record(spec, folder.name, name, tags))
        return Run(folder)

    def open(self, id: str) -> Run:
        """The run with this id.

        Raises:
            CheckpointError: there is none.
        """
        folder = self._folder(id)
        if not _is_run(folder):
            raise CheckpointError(f"There is no run {id} in {self.root}.")
        return Run(folder)

    def rename(self, id: str, name: str) -> None:
        self.open(id).update(name=checked_name(name))

    def set_tags(self, id: str, tags: Iterable[str]) -> None:
        self.open(id).update(tags=list(checked_tags(list(tags))))

    def delete(self, id: str) -> str:
        """Move a run into the bin and return its name there.

        Raises:
            DixtillError: it is being trained.
        """
        run = self.open(id)
        if run.is_training:
            raise DixtillError(f"{run.card().name} is being trained. Cancel it first, then delete it.")
        target = _free(self.root / BIN / id)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(run.folder, target)
        return target.name

    def binned(self) -> tuple[RunCard, ...]:
        """What is in the bin; each card's `id` is what `restore` takes."""
        return RunStore(self.root / BIN).list()

    def restore(self, id: str) -> Run:
        """Move a run out of the bin; under another id where its own is taken by now."""
        run = RunStore(self.root / BIN).open(id)
        target = _free(self.root / id)
        os.rename(run.folder, target)
        return Run(target)

    def empty_bin(self) -> int:
        """Delete for good everything in the bin and return how many runs that were."""
        count = len(self.binned())
        shutil.rmtree(self.root / BIN, ignore_errors=True)
        return count

    def _folder(self, id: str) -> Path:
        if not _ID.fullmatch(id) or id.endswith((".", " ")):
            raise CheckpointError(f"There is no run {id!r} in {self.root}.")
        return self.root / id

    def _new_folder(self, name: str) -> Path:
        """An empty folder that no other process has: made, not looked for."""
        while True:
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            folder = self.root / f"{stamp}-{folder_name(name)}-{secrets.token_hex(2)}"
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            except OSError as error:
                raise DixtillError(f"Cannot write to {self.root}: {error.strerror or error}.") from error
            return folder


def _is_run(folder: Path) -> bool:
    return not folder.name.startswith(".") and folder.is_dir() and ((folder / RUN).is_file() or (folder / PAIR).is_file())


def _upload_name(role: str, upload: Upload) -> str:
    """A safe file name that still says what the file was called."""
    suffix = Path(upload.name).suffix.lower()
    if suffix not in UPLOAD_SUFFIXES:
        raise DataError(f"{Path(upload.name).name} ends in {suffix or 'nothing'}; DiXtill reads .csv, .tsv and .parquet.")
    if len(upload.content) > MOST_UPLOAD_BYTES:
        raise DataError(
            f"{Path(upload.name).name} has {len(upload.content) / 1e6:,.0f} MB; {MOST_UPLOAD_BYTES / 1e6:,.0f} MB is the most. "
            "Give its path instead."
        )
    return f"{'test' if role == 'test_data' else 'train'}-{folder_name(Path(upload.name).stem)}{suffix}"


def _free(wanted: Path) -> Path:
    """The path, or the first with a number behind it that is not taken."""
    candidate, number = wanted, 2
    while candidate.exists():
        candidate, number = wanted.with_name(f"{wanted.name}-{number}"), number + 1
    return candidate
