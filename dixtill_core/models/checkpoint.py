"""A student on disk: a folder with weights (safetensors), vocabulary and configuration (JSON).

    config.json         format, shape, label names, metrics, provenance, versions, SHA-256 of the other two files
    vocabulary.json     the words by id
    model.safetensors   the weights, float32

The folder is replaced as a whole, so a crash leaves the old student or the new one. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save

from dixtill_core.config import StudentConfig
from dixtill_core.data.vocabulary import Vocabulary
from dixtill_core.errors import CheckpointError, ConfigError
from dixtill_core.files import folder_bytes, replace_folder, sha256_of_file, write_atomic, write_json
from dixtill_core.models.pair_folder import CONFIG, STUDENT_FORMAT, VOCABULARY, WEIGHTS, read_student_config
from dixtill_core.models.student import Student, StudentClassifier


def save_student(folder: Path, student: StudentClassifier, *, metrics: Mapping[str, float], provenance: Mapping[str, Any]) -> None:
    """Write a student atomically.

    Args:
        metrics: of the kept epoch, on validation data.
        provenance: where it comes from: training configuration, data, teacher.
    """
    with replace_folder(Path(folder)) as fresh:
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in student.network.state_dict().items()}
        write_atomic(fresh / WEIGHTS, save(weights))
        write_atomic(fresh / VOCABULARY, json.dumps(list(student.vocabulary.words), ensure_ascii=False).encode())
        write_json(
            fresh / CONFIG,
            {
                "format": STUDENT_FORMAT,
                "student": student.network.config.to_dict(),
                "label_names": list(student.label_names),
                "metrics": dict(metrics),
                "provenance": dict(provenance),
                "versions": {package: version(package) for package in ("dixtill", "torch")},
                "saved": datetime.now(UTC).isoformat(timespec="seconds"),
                "sha256": {name: sha256_of_file(fresh / name) for name in (WEIGHTS, VOCABULARY)},
            },
        )


def load_student(folder: Path) -> StudentClassifier:
    """Read a student and check every byte of it.

    Raises:
        CheckpointError: says which file is missing, cut short, changed or does not fit.
    """
    folder = Path(folder)
    config = read_student_config(folder)
    try:
        for name in (WEIGHTS, VOCABULARY):
            if not (folder / name).exists():
                raise CheckpointError(f"{folder / name} is missing. Copy the whole folder of the student.")
            if sha256_of_file(folder / name) != config["sha256"][name]:
                raise CheckpointError(
                    f"{folder / name} is damaged or cut short: its SHA-256 differs. Copy the student again or distil it again."
                )
        vocabulary = Vocabulary(tuple(json.loads((folder / VOCABULARY).read_bytes())))
        network = Student(StudentConfig.from_dict(config["student"]), len(vocabulary), len(config["label_names"]))
        network.load_state_dict(load((folder / WEIGHTS).read_bytes()))
    except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError, ConfigError, OSError) as error:
        raise CheckpointError(f"{folder} does not fit together: {error}. Copy the student again or distil it again.") from error
    return StudentClassifier(network, vocabulary, config["label_names"], bytes_on_disk=folder_bytes(folder))
