"""The labels of a teacher from its configuration alone, before anybody waits for its weights."""

from __future__ import annotations

from pathlib import Path

from dixtill_core.errors import ModelError
from dixtill_core.models.teacher_reference import find_teacher, is_adapter, read_teacher_card


def read_teacher_labels(reference: str, *, allow_download: bool = False) -> tuple[str, ...]:
    """Label names of "bundled", a folder or a Hub id, in the order of the logits.

    Args:
        allow_download: fetch config.json, a few kB, where the model is not in this machine's cache of the Hub.

    Raises:
        ModelError: no model there, or none whose labels can be told.
    """
    folder = find_teacher(reference)
    if folder is not None and is_adapter(folder):
        return tuple(str(name) for name in read_teacher_card(folder)["label_names"])
    config = _read_config(str(folder or reference), local_only=folder is not None or not allow_download)
    names = [str(config[i]) for i in sorted(config)]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ModelError(f"{reference} does not name two labels or more in its config.json, each once. Give a classifier.")
    return tuple(names)


def _read_config(source: str, *, local_only: bool) -> dict[int, str]:
    from transformers import AutoConfig

    try:
        return dict(AutoConfig.from_pretrained(source, local_files_only=local_only, trust_remote_code=False).id2label)
    except Exception as error:  # The libraries raise almost any type for a damaged folder or a missing network.
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        where = "It is not on this machine" if local_only and not Path(source).is_dir() else first_line
        raise ModelError(f"The labels of {source} cannot be read. {where}.".replace("..", ".")) from error
