"""The labels of a teacher from its configuration alone, before anybody waits for its weights."""

from __future__ import annotations

from pathlib import Path

from dixtill_core.errors import ModelError
from dixtill_core.models.teacher_loading import BUNDLED, BUNDLED_TEACHER, read_teacher_card


def read_teacher_labels(reference: str, *, allow_download: bool = False) -> tuple[str, ...]:
    """Label names of "bundled", a folder or a Hub id, in the order of the logits.

    Args:
        allow_download: fetch config.json, a few kB, where the model is not in this machine's cache of the Hub.

    Raises:
        ModelError: no model there, or none whose labels can be told.
    """
    folder = BUNDLED_TEACHER if reference == BUNDLED else Path(reference).expanduser()
    if folder.is_dir() and (folder / "adapter_config.json").exists():
        return tuple(str(name) for name in read_teacher_card(folder)["label_names"])
    is_folder = folder.is_dir()
    if not is_folder and (folder.exists() or reference.count("/") != 1 or reference.startswith((".", "/", "~"))):
        raise ModelError(f"There is no teacher at {reference}. Give a folder with a model, or a Hub id like owner/model.")
    config = _read_config(str(folder) if is_folder else reference, local_only=is_folder or not allow_download)
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
