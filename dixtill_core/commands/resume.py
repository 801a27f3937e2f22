"""`dixtill resume`: go on with a run that did not end."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dixtill_core.commands.options import CacheOption
from dixtill_core.commands.output import follow_run, say


def resume(
    run: Annotated[Path, typer.Argument(help="Folder of the run, for example runs/mine.")],
    cache: CacheOption = None,
) -> None:
    """Go on with a run that was cancelled, interrupted or failed, wherever it was started."""
    from dixtill_core.runs.folder import Run

    found = Run(run)
    _ = found.spec  # A folder that is no run is said without waiting for PyTorch.

    from dixtill_core.runs.training import train_run

    follow_run(found, train_run(found, cache=cache))
    say(f"The run in {run} is finished.")
