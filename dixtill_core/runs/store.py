"""All runs below one folder: listed, made, renamed, put into a bin and taken out again.

A run's id is the name of its folder; that of a run which belongs to a sweep is `sweep/run`. Nothing but the folders is
kept, so any number of processes agree on what there is.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dixtill_core.data.sources import TABLE_SUFFIXES
from dixtill_core.errors import CheckpointError, DataError, DixtillError
from dixtill_core.files import make_folder, write_atomic, write_json
from dixtill_core.models.pair_folder import PAIR
from dixtill_core.runs.card import start_record
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import RUN, SWEEP, UPLOAD, checked_name, checked_tags, folder_name
from dixtill_core.runs.records import RunCard
from dixtill_core.runs.spec import RunSpec

BIN = ".bin"
IN_BIN = "~"
"""Stands for the slash of an id in the bin."""
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._+-]{0,119}")
_BINNED = re.compile(r"[A-Za-z0-9_][A-Za-z0-9 ._+~-]{0,249}")


@dataclass(frozen=True)
class Upload:
    """A file that a user handed over, by the name that it had there."""

    name: str
    content: bytes


class RunStore:
    """The runs below `root`. Every method reads the disk anew."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)

    def list(self) -> tuple[RunCard, ...]:
        """Every run, those of sweeps too, the newest first; a damaged one with what is wrong with it."""
        runs = [Run(folder) for folder in _folders(self.root) if is_run(folder)]
        for sweep in self.sweeps():
            runs += [Run(folder, f"{sweep.name}/{folder.name}") for folder in _folders(sweep) if is_run(folder)]
        return _newest_first(run.card() for run in runs)

    def sweeps(self) -> tuple[Path, ...]:
        """Folders of sweeps, by name."""
        return tuple(sorted(folder for folder in _folders(self.root) if (folder / SWEEP).is_file()))

    def create(
        self, spec: RunSpec, name: str, *, upload: Upload | None = None, test_upload: Upload | None = None, tags: Iterable[str] = ()
    ) -> Run:
        """Make the folder of a run that has not begun. Files that are handed over become its data and test data.

        Raises:
            ConfigError: no such name or tag can be given.
            DataError: a file is too large or of no known kind.
            DixtillError: the folder cannot be written.
        """
        name, checked = checked_name(name), checked_tags(tags)
        files = {role: given for role, given in (("data", upload), ("test_data", test_upload)) if given is not None}
        references = {role: f"{UPLOAD}/{upload_name(role, given)}" for role, given in files.items()}
        spec = replace(spec, **references)  # type: ignore[arg-type]
        with self.fresh_folder() as folder:
            for role, given in files.items():
                write_atomic(folder / references[role], given.content)
            return self.adopt(folder, name, start_record(spec, "", name, checked))

    def adopt(self, folder: Path, name: str, record: dict | None = None) -> Run:
        """Give a folder of a run, which lies beside the store's, an id of its own and a place among the runs.

        Args:
            record: its run.json; the one that it has where None.
        """
        record = record or Run(folder).read()
        while True:
            stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
            target = self.root / f"{stamp}-{folder_name(name)}-{secrets.token_hex(3)}"
            write_json(folder / RUN, record | {"id": target.name})
            if target.exists():
                continue
            try:
                os.rename(folder, target)  # Whole or not at all, so that no half of a run is ever listed.
            except FileExistsError:
                continue
            except OSError as error:
                raise DixtillError(f"Cannot write to {self.root}: {error.strerror or error}.") from error
            return Run(target)

    def open(self, id: str) -> Run:
        """The run with this id.

        Raises:
            CheckpointError: there is none.
        """
        folder = self._folder(id)
        if not is_run(folder):
            raise CheckpointError(f"There is no run {id} in {self.root}.")
        return Run(folder, id)

    def rename(self, id: str, name: str) -> None:
        """Raises ConfigError where there is nothing to read in the name."""
        self.open(id).update(name=checked_name(name))

    def set_tags(self, id: str, tags: Iterable[str]) -> None:
        """Raises ConfigError for too many or unreadable tags."""
        self.open(id).update(tags=list(checked_tags(tags)))

    def delete(self, id: str) -> str:
        """Move a run, or a whole sweep, into the bin and return its id there.

        Raises:
            CheckpointError: there is none.
            DixtillError: it is being trained.
        """
        folder = self._folder(id)
        if not (is_run(folder) or (folder / SWEEP).is_file()):
            raise CheckpointError(f"There is no run {id} in {self.root}.")
        for run in [Run(folder), *(Run(part) for part in _folders(folder) if is_run(part))]:
            if run.is_training:
                name = run.card().name if is_run(run.folder) else f"The sweep {run.folder.name}"
                raise DixtillError(f"{name} is being trained. Cancel it first, then delete it.")
        target = _free(self.root / BIN / id.replace("/", IN_BIN))
        _move(folder, target)
        return target.name

    def binned(self) -> tuple[RunCard, ...]:
        """The runs in the bin, the newest first. A run's id, or for those of a deleted sweep its first part, is for `restore`."""
        return RunStore(self.root / BIN).list()

    def restore(self, id: str) -> str:
        """Take a run or a sweep out of the bin and return its id: its own, or one like it where that is taken by now.

        Raises:
            CheckpointError: the bin does not hold it.
        """
        folder = self.root / BIN / id
        if not _BINNED.fullmatch(id) or not folder.is_dir():
            raise CheckpointError(f"There is no run {id!r} in the bin of {self.root}.")
        sweep, _, name = id.rpartition(IN_BIN)
        if not (self.root / sweep / SWEEP).is_file():  # Its sweep is gone by now: it becomes a run by itself.
            sweep = ""
        target = _free(self.root / sweep / name)
        _move(folder, target)
        return f"{sweep}/{target.name}" if sweep else target.name

    def empty_bin(self) -> int:
        """Delete for good what is in the bin and return how many runs that were."""
        count = len(self.binned())
        shutil.rmtree(self.root / BIN, ignore_errors=True)
        return count

    def _folder(self, id: str) -> Path:
        parts = id.split("/")
        if len(parts) > 2 or not all(_PART.fullmatch(part) and not part.endswith((".", " ")) for part in parts):
            raise CheckpointError(f"There is no run {id!r} in {self.root}.")
        return self.root.joinpath(*parts)

    @contextmanager
    def fresh_folder(self) -> Iterator[Path]:
        """A hidden folder beside the runs, for `adopt`; gone at the end unless it was adopted."""
        make_folder(self.root)
        folder = Path(tempfile.mkdtemp(dir=self.root, prefix=".new."))
        try:
            os.chmod(folder, 0o755)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def is_run(folder: Path) -> bool:
    """Whether a folder is a run, or a pair of models from before there were runs."""
    return not folder.name.startswith(".") and ((folder / RUN).is_file() or (folder / PAIR).is_file())


def _folders(root: Path) -> Iterator[Path]:
    try:
        yield from (folder for folder in root.iterdir() if not folder.name.startswith(".") and folder.is_dir())
    except OSError:
        return


def _newest_first(cards: Iterable[RunCard]) -> tuple[RunCard, ...]:
    return tuple(sorted(cards, key=lambda card: (card.created, card.id), reverse=True))


def upload_name(role: str, upload: Upload) -> str:
    """A safe file name that still says what the file was called."""
    from dixtill_core.data.upload import named_upload  # With pandas, which a list of runs does without.

    name = named_upload(upload.name, upload.content)
    if name.suffix.lower() not in TABLE_SUFFIXES:
        raise DataError(f"{name.name} ends in {name.suffix or 'nothing'}; DiXtill reads .csv, .tsv and .parquet.")
    return f"{'test' if role == 'test_data' else 'train'}-{folder_name(name.stem)}{name.suffix.lower()}"


def _free(wanted: Path) -> Path:
    """The path, or the first with a number behind it that is not taken."""
    candidate, number = wanted, 2
    while candidate.exists():
        candidate, number = wanted.with_name(f"{wanted.name}-{number}"), number + 1
    return candidate


def _move(folder: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(folder, target)
    except OSError as error:
        raise DixtillError(f"Cannot move {folder} to {target}: {error.strerror or error}.") from error
