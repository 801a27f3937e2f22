"""A pair of models on disk, as far as it can be read without PyTorch: which files it has, and what its JSON says.

pair.json      {"teacher": reference, relative to this folder where it is a folder in it}
student/       config.json, vocabulary.json, model.safetensors: see `checkpoint`
teacher/       only where the teacher travels with the pair, as in the bundled one
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dixtill_core.errors import CheckpointError
from dixtill_core.files import read_json, recover_folder

PAIR, STUDENT = "pair.json", "student"
STUDENT_FORMAT = 1
CONFIG, VOCABULARY, WEIGHTS = "config.json", "vocabulary.json", "model.safetensors"


def read_student_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a student, checked for its format.

    Raises:
        CheckpointError: not there, not JSON, or of another format.
    """
    folder = Path(folder)
    recover_folder(folder)
    if not folder.is_dir():
        raise CheckpointError(f"There is no student at {folder}. Make one with: dixtill distill")
    missing = f"{folder} holds no {CONFIG}, so it is no student of DiXtill."
    return read_json(folder / CONFIG, STUDENT_FORMAT, missing=missing, again="distil the student again")
