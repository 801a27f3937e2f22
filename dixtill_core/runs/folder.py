"""A training run as a folder: everything about it is there, and nothing about it is anywhere else.

run.json        format, id, name, tags, created, spec, status, progress, seconds, metrics, versions, error
epochs.jsonl    one line an epoch: losses, metrics
watched.jsonl   the watched sentence: the teacher once, the student after every epoch
log.txt         what happened when, for people
run.lock        held by the process that trains; "running" is believed only while it is
upload/         data that were handed over with the run
pair.json, student/, teacher/, training_state.safetensors    see `models.pair` and `distill.trainer`

Readers take pictures (`RunCard`, `EpochRecord`, `Watched`) at any time and from any process. run.json is replaced as a
whole, the journals are only appended.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dixtill_core.errors import CheckpointError, ConfigError, DixtillError
from dixtill_core.files import write_json
from dixtill_core.lock import WAIT_SECONDS, hold_lock, is_held
from dixtill_core.runs.card import read_card, read_record
from dixtill_core.runs.journal import append_line, finite, numbers, read_lines
from dixtill_core.runs.layout import EDIT_LOCK, EPOCHS, LOCK, LOG, RUN, STOP, UPLOAD, WATCHED, now
from dixtill_core.runs.records import EpochRecord, RunCard, Watched, WatchedEpoch, WatchedTeacher
from dixtill_core.runs.spec import RunSpec


class Run:
    """A run's folder. Holds no state of its own: two `Run`s of one folder see the same."""

    def __init__(self, folder: Path, id: str | None = None) -> None:
        self.folder = Path(folder)
        self.id = id or self.folder.name

    @property
    def spec(self) -> RunSpec:
        """What the run was asked to do.

        Raises:
            CheckpointError: run.json is missing or damaged.
        """
        try:
            return RunSpec.from_dict(self.read()["spec"])
        except (KeyError, TypeError, ConfigError) as error:
            raise CheckpointError(f"{self.folder / RUN} holds no specification that can be read: {error}.") from error

    @property
    def is_training(self) -> bool:
        """Whether a process or thread trains it now."""
        return is_held(self.folder / LOCK)

    def read(self) -> dict[str, Any]:
        """run.json as it is. Raises CheckpointError where it cannot be read."""
        return read_record(self.folder)

    def card(self) -> RunCard:
        """The run now. Never raises: what is wrong with a folder is its `problem`."""
        return read_card(self.folder, self.id)

    def epochs(self, role: str = "student") -> tuple[EpochRecord, ...]:
        """Every finished epoch of the student (or of the "teacher" that was taught), in order."""
        records: list[EpochRecord] = []
        for line in read_lines(self.folder / EPOCHS):
            try:
                record = EpochRecord.from_dict(line)
            except (KeyError, TypeError, ValueError):
                continue
            if record.role == role:
                # A run that was killed does its last epoch again: what was written later counts.
                records = [*(earlier for earlier in records if earlier.epoch < record.epoch), record]
        return tuple(records)

    def watched(self) -> Watched | None:
        """The watched sentence so far; None before the teacher has read it, or where there is none."""
        teacher: WatchedTeacher | None = None
        epochs: list[WatchedEpoch] = []
        for line in read_lines(self.folder / WATCHED):
            try:
                if line["role"] == "teacher":
                    teacher = WatchedTeacher(
                        line["text"], tuple(line["words"]), _floats(line["scores"]), line["label"], numbers(line["probabilities"]),
                        line["method"],
                    )  # fmt: skip
                    epochs = []
                elif teacher is not None:
                    epoch = WatchedEpoch(
                        int(line["epoch"]), _floats(line["scores"]), _floats(line["weights"]), line["label"], numbers(line["probabilities"])
                    )
                    if len(epoch.scores) == len(epoch.weights) == len(teacher.words):
                        epochs = [*(earlier for earlier in epochs if earlier.epoch < epoch.epoch), epoch]
            except (KeyError, TypeError, ValueError):
                continue
        return None if teacher is None else Watched(teacher, tuple(epochs))

    def log(self, lines: int = 200) -> str:
        """The last lines of the log."""
        try:
            text = (self.folder / LOG).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def find(self, reference: str) -> str:
        """A data reference of the specification as `load_dataset` takes it: an uploaded file by its place in this folder."""
        path = Path(reference)
        if path.parts[:1] == (UPLOAD,) and len(path.parts) == 2 and (self.folder / path).is_file():
            return str(self.folder / path)
        return reference

    def update(self, **changes: Any) -> None:
        """Change fields of run.json; two processes that change different fields both succeed."""
        with hold_lock(self.folder / EDIT_LOCK, f"{self.folder / RUN} is being changed by another process. Try again.", wait=10):
            write_json(self.folder / RUN, finite(self.read() | changes))

    def append_epoch(self, record: EpochRecord) -> None:
        append_line(self.folder / EPOCHS, record.to_dict())

    def append_watched(self, record: WatchedTeacher | WatchedEpoch) -> None:
        role = "teacher" if isinstance(record, WatchedTeacher) else "student"
        append_line(self.folder / WATCHED, {"role": role} | asdict(record))

    def say(self, message: str) -> None:
        """Add a line to the log."""
        line = f"{now()}  {' '.join(message.split())}\n"
        try:
            with open(self.folder / LOG, "a", encoding="utf-8") as stream:
                stream.write(line)
        except OSError as error:
            raise DixtillError(f"Cannot write {self.folder / LOG}: {error.strerror or error}.") from error

    @contextmanager
    def hold(self, wait: float = WAIT_SECONDS) -> Iterator[None]:
        """Be the one that trains this run, until the block ends or the process does.

        Raises:
            LockedError: another process or thread trains it.
        """
        with hold_lock(self.folder / LOCK, f"The run in {self.folder} is being trained already.", wait):
            (self.folder / STOP).unlink(missing_ok=True)  # A wish to whoever trained it before, and was killed.
            try:
                yield
            finally:
                (self.folder / STOP).unlink(missing_ok=True)

    def ask_to_stop(self) -> None:
        """Ask whoever trains this run, in any process, to stop at its next step and keep the best epoch."""
        if self.is_training:
            (self.folder / STOP).touch()

    @property
    def is_asked_to_stop(self) -> bool:
        return (self.folder / STOP).exists()


def _floats(values: list[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
