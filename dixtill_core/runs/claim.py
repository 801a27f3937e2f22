"""A run in a folder that the user names, as `dixtill distill --out` does: made anew, or gone on with."""

from __future__ import annotations

import shlex
from pathlib import Path

from dixtill_core.distill.trainer import STATE
from dixtill_core.errors import DixtillError
from dixtill_core.files import make_folder, write_json
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.runs.card import start_record
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import EPOCHS, LOG, RUN, WATCHED
from dixtill_core.runs.records import RunCard
from dixtill_core.runs.spec import RunSpec, differences

MOST_DIFFERENCES = 5
"""Settings that are named where another run is in the folder."""


def claim_run(out: Path, spec: RunSpec, name: str, *, overwrite: bool = False) -> Run:
    """The run in `out`: the one that is there where it is of this specification and not finished, else a new one.

    Args:
        overwrite: let go of a run that is there. Its student stays until the first epoch of the new one is over.

    Raises:
        DixtillError: `out` holds a student or a run of other settings, is being trained, or cannot be written.
    """
    out = Path(out)
    run = Run(out)
    if run.is_training:
        raise DixtillError(f"The run in {out} is being trained already.")
    card = run.card()
    if card.can_resume and card.spec == spec:
        return run
    if (out / RUN).exists() and not overwrite:
        _require_no_progress(card, spec)
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


def _require_no_progress(card: RunCard, spec: RunSpec) -> None:
    """Refuse to start anew over a run that could go on, or of which nobody can say how far it is."""
    anew = "To start anew choose another --out, or say --overwrite to let go of it."
    if card.spec is None:
        raise DixtillError(f"{card.folder} holds a run that cannot be read. {card.problem} {anew}")
    is_begun = card.epochs > 0 or card.spec.teach is not None or (card.folder / STATE).exists()
    if card.can_resume and is_begun:
        epochs = f"after epoch {card.epochs} of {card.spec.distill.epochs}" if card.epochs else "before its first epoch was over"
        differing = differences(card.spec, spec)
        more = f" and {len(differing) - MOST_DIFFERENCES} more" if len(differing) > MOST_DIFFERENCES else ""
        raise DixtillError(
            f"{card.folder} holds a run of other settings, {card.status} {epochs}: {'; '.join(differing[:MOST_DIFFERENCES])}{more}. "
            f"Go on with it by: dixtill resume {shlex.quote(str(card.folder))}. {anew}"
        )
