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

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dixtill_core.errors import CheckpointError, ConfigError, DixtillError
from dixtill_core.files import write_json
from dixtill_core.models.checkpoint import read_student_config
from dixtill_core.models.pair import PAIR, STUDENT
from dixtill_core.runs.journal import append_line, finite, numbers, read_lines
from dixtill_core.runs.lock import WAIT_SECONDS, hold_lock, is_held
from dixtill_core.runs.records import EpochRecord, RunCard, RunProgress, Status, Watched, WatchedEpoch, WatchedTeacher
from dixtill_core.runs.spec import RunSpec

FORMAT = 1
RUN, EPOCHS, WATCHED, LOG, LOCK, STOP = "run.json", "epochs.jsonl", "watched.jsonl", "log.txt", "run.lock", "run.stop"
EDIT_LOCK = "run.json.lock"
UPLOAD = "upload"
TEACHER = "teacher"
TEACHING_STATE = "teaching_state.safetensors"
LONGEST_NAME = 120
LONGEST_TAG, MOST_TAGS = 40, 20
_STATUSES = ("queued", "running", "finished", "cancelled", "failed")
_PACKAGES = ("dixtill", "torch", "transformers", "peft")


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
        """run.json, checked for its format.

        Raises:
            CheckpointError: not there, not JSON, or of another format.
        """
        path = self.folder / RUN
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise CheckpointError(f"{self.folder} holds no {RUN}, so it is no run.") from error
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{path} is damaged: {error}. Delete the run, or put a copy of the file in its place.") from error
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            shown = found.get("format") if isinstance(found, dict) else None
            raise CheckpointError(f"{path} has format {shown!r}, this version of DiXtill reads format {FORMAT}.")
        return found

    def card(self) -> RunCard:
        """The run now. Never raises: what is wrong with a folder is its `problem`."""
        has_student = (self.folder / STUDENT / "config.json").is_file()
        try:
            found = self.read()
            spec = RunSpec.from_dict(found["spec"])
            status: Status = found["status"]
            if status not in _STATUSES:
                raise ConfigError(f"the status {status!r} is not known")
            if status == "running" and not self.is_training:
                # The process that wrote it may have ended well since: read again what it left.
                found = self.read()
                status = "interrupted" if found["status"] == "running" else found["status"]
            return RunCard(
                self.id, self.folder, _text(found["name"], LONGEST_NAME), status, _text(found.get("created", ""), 40),
                tuple(_text(tag, LONGEST_TAG) for tag in found.get("tags", ())), spec, _progress(found.get("progress")),
                float(found.get("seconds", 0)), int(found.get("epochs", 0)), numbers(found.get("metrics")), _mapping(found.get("test")),
                _text(found.get("teacher_name", ""), LONGEST_NAME), _mapping(found.get("versions")), found.get("error"), None, has_student,
            )  # fmt: skip
        except CheckpointError as error:
            if not (self.folder / RUN).exists() and (self.folder / PAIR).exists():
                return self._plain_pair()
            return RunCard(self.id, self.folder, self.folder.name, "damaged", problem=str(error), has_student=has_student)
        except (DixtillError, KeyError, TypeError, ValueError) as error:
            problem = f"{self.folder / RUN} is damaged: {error}"
            return RunCard(self.id, self.folder, self.folder.name, "damaged", problem=problem, has_student=has_student)

    def _plain_pair(self) -> RunCard:
        """A pair of models that an earlier version distilled, without a run around it."""
        try:
            config = read_student_config(self.folder / STUDENT)
        except CheckpointError as error:
            return RunCard(self.id, self.folder, self.folder.name, "damaged", problem=str(error))
        teacher = _text(_mapping(config.get("provenance")).get("teacher", ""), LONGEST_NAME)
        return RunCard(
            self.id, self.folder, self.folder.name, "finished", _text(config.get("saved", ""), 40), metrics=numbers(config.get("metrics")),
            teacher_name=teacher, versions=_mapping(config.get("versions")), has_student=True,
            problem="A pair of models without a record of its training.",
        )  # fmt: skip

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
            (self.folder / STOP).unlink(missing_ok=True)
            yield

    def ask_to_stop(self) -> None:
        """Ask whoever trains this run, in any process, to stop at its next step and keep the best epoch."""
        if self.is_training:
            (self.folder / STOP).touch()

    @property
    def is_asked_to_stop(self) -> bool:
        return (self.folder / STOP).exists()


def start_record(spec: RunSpec, id: str, name: str, tags: tuple[str, ...] = ()) -> dict[str, Any]:
    """run.json of a run that has not begun."""
    return {
        "format": FORMAT,
        "id": id,
        "name": checked_name(name),
        "tags": list(checked_tags(tags)),
        "created": now(),
        "status": "queued",
        "progress": asdict(RunProgress()),
        "seconds": 0.0,
        "epochs": 0,
        "metrics": {},
        "test": {},
        "teacher_name": "",
        "error": None,
        "versions": {package: version(package) for package in _PACKAGES},
        "spec": spec.to_dict(),
    }


def checked_name(name: str) -> str:
    """A name of one line. Raises ConfigError where it is empty or too long."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ConfigError(f"The name of a run has 1 to {LONGEST_NAME} printable characters, this one has {len(name)}.")
    return name


def checked_tags(tags: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Tags without repetition. Raises ConfigError where there are too many, or one is empty or too long."""
    found = tuple(dict.fromkeys(" ".join(tag.split()) for tag in tags))
    if len(found) > MOST_TAGS or not all(0 < len(tag) <= LONGEST_TAG and tag.isprintable() for tag in found):
        raise ConfigError(f"A run has {MOST_TAGS} tags at most, of 1 to {LONGEST_TAG} printable characters each.")
    return found


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def folder_name(title: str) -> str:
    """A file name that every system takes, made of a title."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-").lower()
    return plain[:40].strip("-") or "run"


def _progress(found: Any) -> RunProgress:
    found = _mapping(found)
    left = found.get("seconds_left")
    done, total, epoch = (int(found.get(name, 0)) for name in ("done", "total", "epoch"))
    return RunProgress(_text(found.get("stage", ""), 200), done, total, epoch, None if left is None else float(left))


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _text(found: Any, longest: int) -> str:
    return str(found)[:longest]


def _floats(values: list[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
