"""A run in a folder that the user names, as `dixtill distill --out` does: made anew, or gone on with."""

from __future__ import annotations

from pathlib import Path

from dixtill_core.distill.trainer import STATE
from dixtill_core.errors import CheckpointError, DixtillError
from dixtill_core.files import make_folder, write_json
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.runs.card import start_record
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import EPOCHS, LOG, RUN, WATCHED
from dixtill_core.runs.spec import RunSpec


def claim_run(out: Path, spec: RunSpec, name: str, *, overwrite: bool = False) -> Run:
    """The run in `out`: the one that is there where it is of this specification and not finished, else a new one.

    Args:
        overwrite: let go of a student that is there; it stays until the first epoch of the new one is over.

    Raises:
        DixtillError: `out` holds a student already, is being trained, or cannot be written.
    """
    out = Path(out)
    run = Run(out)
    if run.is_training:
        raise DixtillError(f"The run in {out} is being trained already.")
    if _is_unfinished(run, spec):
        return run
    if (out / STUDENT).exists() and not overwrite:
        raise DixtillError(f"{out} already holds a student. Choose another folder, or say --overwrite to replace it.")
    make_folder(out)
    for name_of_old in (RUN, STATE, EPOCHS, WATCHED, LOG):  # run.json first: without it, the rest is no run.
        (out / name_of_old).unlink(missing_ok=True)
    write_json(out / RUN, start_record(spec, out.resolve().name, name))
    return run


def place(reference: str) -> str:
    """A path that exists as it is found from any folder; a name of the Hub or of something bundled as it is."""
    return str(Path(reference).resolve()) if Path(reference).exists() else reference


def _is_unfinished(run: Run, spec: RunSpec) -> bool:
    try:
        return run.spec == spec and run.card().can_resume
    except CheckpointError:
        return False
