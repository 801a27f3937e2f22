"""run.json: written once when a run is made, read into a `RunCard` that never depends on the file being well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from dixtill_core.errors import CheckpointError, ConfigError, DixtillError
from dixtill_core.files import read_json
from dixtill_core.lock import is_held
from dixtill_core.models.pair_folder import PAIR, STUDENT, read_student_config
from dixtill_core.models.teacher_reference import BUNDLED, is_hub_id
from dixtill_core.runs.journal import numbers
from dixtill_core.runs.layout import FORMAT, LOCK, LONGEST_NAME, LONGEST_TAG, RUN, TEACHER, checked_name, checked_tags, now
from dixtill_core.runs.records import RunCard, RunProgress, Status, TestScores
from dixtill_core.runs.spec import RunSpec

LONGEST_MESSAGE = 2000
_STATUSES = ("queued", "running", "finished", "cancelled", "failed")
_PACKAGES = ("dixtill", "torch", "transformers", "peft")


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
        "test": None,
        "teacher_name": "",
        "error": None,
        "versions": {package: version(package) for package in _PACKAGES},
        "spec": spec.to_dict(),
    }


def read_record(folder: Path) -> dict[str, Any]:
    """run.json of a folder, checked for its format.

    Raises:
        CheckpointError: not there, not JSON, or of another format.
    """
    return read_json(folder / RUN, FORMAT, missing=f"{folder} holds no {RUN}, so it is no run.", again="delete the run")


def read_card(folder: Path, id: str) -> RunCard:
    """The run now. Never raises: what is wrong with a folder is the `problem` of its card."""
    has_student = (folder / STUDENT / "config.json").is_file()
    try:
        found = read_record(folder)
        status: Status = found["status"]
        if status == "running" and not is_held(folder / LOCK):
            # Whoever wrote that may have ended well since: read again what it left.
            found = read_record(folder)
            status = "interrupted" if found["status"] == "running" else found["status"]
        if found["status"] not in _STATUSES:
            raise ConfigError(f"the status {_text(found['status'], 40)!r} is not known")
        spec = RunSpec.from_dict(found["spec"])
        return RunCard(
            id=id,
            folder=folder,
            name=_text(found["name"], LONGEST_NAME),
            status=status,
            created=_text(found.get("created", ""), 40),
            tags=tuple(_text(tag, LONGEST_TAG) for tag in found.get("tags", ())),
            spec=spec,
            progress=_progress(found.get("progress")),
            seconds=float(found.get("seconds", 0)),
            epochs=int(found.get("epochs", 0)),
            metrics=numbers(found.get("metrics")),
            test=_test_scores(found.get("test")),
            teacher_name=_text(found.get("teacher_name", ""), LONGEST_NAME),
            versions={_text(name, 40): _text(value, 40) for name, value in _mapping(found.get("versions")).items()},
            error=None if found.get("error") is None else _text(found["error"], LONGEST_MESSAGE),
            problem=_missing_teacher(folder, spec, has_student),
            has_student=has_student,
        )
    except CheckpointError as error:
        if not (folder / RUN).exists() and (folder / PAIR).exists():
            return _plain_pair(folder, id)
        return _damaged(folder, id, str(error), has_student)
    except (DixtillError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        return _damaged(folder, id, f"{folder / RUN} is damaged: {error}", has_student)


def _damaged(folder: Path, id: str, problem: str, has_student: bool) -> RunCard:
    return RunCard(id, folder, folder.name, "damaged", problem=problem, has_student=has_student)


def _plain_pair(folder: Path, id: str) -> RunCard:
    """A pair of models that an earlier version distilled, without a run around it."""
    try:
        config = read_student_config(folder / STUDENT)
    except CheckpointError as error:
        return _damaged(folder, id, str(error), False)
    teacher = _text(_mapping(config.get("provenance")).get("teacher", ""), LONGEST_NAME)
    return RunCard(
        id, folder, folder.name, "finished", _text(config.get("saved", ""), 40), metrics=numbers(config.get("metrics")),
        teacher_name=teacher, problem="A pair of models without a record of its training.", has_student=True,
    )  # fmt: skip


def _missing_teacher(folder: Path, spec: RunSpec, has_student: bool) -> str | None:
    """What to say where the teacher is a folder that this machine does not have, as after an import."""
    if spec.teach is not None:
        if has_student and not (folder / TEACHER).is_dir():
            return "Its teacher is not in its folder any more. The student can be used alone."
        return None
    if spec.teacher != BUNDLED and not is_hub_id(spec.teacher) and not Path(spec.teacher).exists():
        return f"Its teacher {_text(spec.teacher, 200)} is not on this machine. The student can be used alone."
    return None


def _test_scores(found: Any) -> TestScores | None:
    if not isinstance(found, dict):
        return None
    return TestScores(
        int(found["texts"]), numbers(found["teacher"]), numbers(found["student"]), float(found["fidelity"]), numbers(found["agreement"])
    )


def _progress(found: Any) -> RunProgress:
    found = _mapping(found)
    left = found.get("seconds_left")
    done, total, epoch = (int(found.get(name, 0)) for name in ("done", "total", "epoch"))
    stage, detail = (_text(found.get(name, ""), LONGEST_NAME) for name in ("stage", "detail"))
    return RunProgress(stage, done, total, epoch, None if left is None else float(left), detail)


def _mapping(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _text(found: Any, longest: int) -> str:
    return str(found)[:longest]
