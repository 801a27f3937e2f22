"""Is what a stranger's zip file held a run? Everything is read through the loader that will read it later.

The loaders build what a configuration asks for before they compare it with the weights, so sizes are compared first: a
small file cannot ask for a large network.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from dixtill_core.config import StudentConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.distill.teach import LORA_TARGETS
from dixtill_core.distill.trainer import STATE
from dixtill_core.errors import DixtillError
from dixtill_core.models.base_model import BASE_MODEL
from dixtill_core.models.checkpoint import VOCABULARY, WEIGHTS, load_student, read_student_config
from dixtill_core.models.pair_folder import PAIR, STUDENT
from dixtill_core.models.teacher import load_teacher
from dixtill_core.models.teacher_reference import read_teacher_card
from dixtill_core.runs.estimate import student_parameters
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import TEACHER, TEACHING_STATE

MOST_RANK = 512
"""Of a LoRA adapter."""
_ADAPTER_FIXED: Mapping[str, Any] = {
    "peft_type": "LORA",
    "task_type": "SEQ_CLS",
    "base_model_name_or_path": BASE_MODEL,
    "megatron_core": "megatron.core",
    "init_lora_weights": True,
    "inference_mode": True,
    "bias": "none",
}
_ADAPTER_FREE = ("peft_version", "qalora_group_size", "lora_alpha", "lora_dropout")


class ArchiveError(DixtillError):
    """A zip file is no run, or not one that can be trusted."""


def check_run(folder: Path) -> None:
    """Read an unpacked run.

    Raises:
        ArchiveError: says which part is damaged or no part of a run.
    """
    card = Run(folder).card()
    if card.spec is None:
        raise ArchiveError(_without(f"The run in the zip file cannot be read. {card.problem}", folder))
    try:
        if (folder / STUDENT).exists():
            _check_size(folder / STUDENT)
            load_student(folder / STUDENT)
        if (folder / PAIR).exists():
            _check_pair(folder)
        if (folder / TEACHER).exists():
            _check_adapter(folder / TEACHER)
            load_teacher(folder / TEACHER, device="cpu", allow_download=False)
        for name in (STATE, TEACHING_STATE):
            if (folder / name).exists():
                with safe_open(folder / name, "pt") as state:
                    state.metadata()
        for reference in (card.spec.data, card.spec.test_data):
            if reference is not None and (found := Run(folder).find(reference)) != reference:
                load_dataset(found, text_column=card.spec.text_column, label_column=card.spec.label_column)
    except (DixtillError, SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise ArchiveError(_without(f"The run in the zip file is damaged: {error}", folder)) from error


def _check_size(folder: Path) -> None:
    """The network that the configuration asks for has the size of the weights that are there."""
    config = read_student_config(folder)
    words = json.loads((folder / VOCABULARY).read_bytes())
    shape = StudentConfig.from_dict({**config["student"], "max_vocabulary": max(16, len(words))})
    expected = 4 * (student_parameters(shape, len(config["label_names"])) - (shape.max_vocabulary - len(words)) * shape.embedding_size)
    found = (folder / WEIGHTS).stat().st_size
    if not math.isclose(expected, found, abs_tol=65_536):  # The header of the file is the difference.
        raise ArchiveError(f"the student's configuration asks for {expected:,} bytes of weights, there are {found:,}.")


def _check_pair(folder: Path) -> None:
    reference = json.loads((folder / PAIR).read_text(encoding="utf-8"))["teacher"]
    if not isinstance(reference, str) or ".." in Path(reference).parts:
        raise ArchiveError(f"{PAIR} names no teacher that a run can have.")


def _check_adapter(folder: Path) -> None:
    """An adapter as `dixtill teach` makes it, and nothing that PEFT would import, fetch or compute on top."""
    if read_teacher_card(folder)["base_model"] != BASE_MODEL:
        raise ArchiveError(f"its teacher is no adapter of {BASE_MODEL}.")
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
    for name, value in config.items():
        if name in _ADAPTER_FIXED:
            is_fine = value == _ADAPTER_FIXED[name]
        elif name == "r":
            is_fine = isinstance(value, int) and 1 <= value <= MOST_RANK
        elif name == "target_modules":
            is_fine = isinstance(value, list) and set(value) <= set(LORA_TARGETS)
        elif name == "modules_to_save":
            is_fine = value is None or set(value) <= {"classifier", "score"}
        else:
            is_fine = (name in _ADAPTER_FREE and isinstance(value, int | float | str)) or not value
        if not is_fine:
            raise ArchiveError(f"its teacher has a setting that dixtill teach does not make, {name[:40]!r}.")


def _without(message: str, folder: Path) -> str:
    """The message in terms of the zip file, which is what the user has."""
    return message.replace(f"{folder}/", "").replace(str(folder), "the zip file")
