"""A teacher and the student distilled from it, as one folder: what `dixtill distill` writes and everything else reads.

Which files there are is in `pair_folder`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dixtill_core.errors import CheckpointError, ModelError
from dixtill_core.files import write_json
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair_folder import PAIR, STUDENT
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher, load_teacher
from dixtill_core.paths import BUNDLED_PAIR


@dataclass(frozen=True, eq=False)
class ModelPair:
    teacher: Teacher
    student: StudentClassifier
    folder: Path

    @property
    def shares_labels(self) -> bool:
        return self.teacher.label_names == self.student.label_names

    def require_shared_labels(self, done: str) -> None:
        """Raises ModelError where the two have different labels, so that they cannot be `done` ("evaluated") together."""
        if not self.shares_labels:
            raise ModelError(
                f"The teacher has the labels {', '.join(self.teacher.label_names)}, the student {', '.join(self.student.label_names)}. "
                f"Only models with the same labels can be {done} together."
            )


def write_pair(folder: Path, teacher: str) -> None:
    """Note which teacher the student in `folder` was distilled from: a folder by its path, relative where it is inside."""
    inside, path = Path(folder).resolve(), Path(teacher).resolve()
    if Path(teacher).is_dir():
        teacher = str(path.relative_to(inside)) if path.is_relative_to(inside) else str(path)
    write_json(inside / PAIR, {"teacher": teacher})


def load_pair(folder: Path = BUNDLED_PAIR, *, device: str | None = None, allow_download: bool = True) -> ModelPair:
    """Load both models of a folder.

    Raises:
        CheckpointError: no pair there, or a damaged student.
        ModelError: its teacher cannot be loaded.
    """
    folder = Path(folder)
    try:
        reference = json.loads((folder / PAIR).read_text(encoding="utf-8"))["teacher"]
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{folder} holds no {PAIR}, so it is no pair of models. Make one with: dixtill distill --out {folder}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / PAIR} is damaged: {error}.") from error
    student = load_student(folder / STUDENT)
    inside = folder / str(reference)
    teacher = load_teacher(inside if inside.is_dir() else reference, device=device, allow_download=allow_download)
    return ModelPair(teacher, student, folder)
