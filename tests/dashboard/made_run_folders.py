"""Folders of runs and sweeps as training leaves them, written without training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dixtill_core.config import DistillConfig, Method
from dixtill_core.models.checkpoint import save_student
from dixtill_core.models.pair import STUDENT, write_pair
from dixtill_core.runs.folder import Run
from dixtill_core.runs.records import EpochRecord
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore
from dixtill_core.runs.sweep import plan_sweep
from dixtill_core.runs.sweep_grid import SweepGrid
from dixtill_core.runs.sweep_result import METRICS, read_sweep
from tests.small_models import small_student

EPOCHS = 3


def epoch_metrics(epoch: int, level: float = 0.5) -> dict[str, float]:
    """Numbers that grow with the epochs and with the level."""
    return {"loss": 2.0 / epoch} | {name: min(1.0, level + 0.01 * epoch) for name in METRICS}


def make_run(
    store: RunStore, name: str, teacher: Path, *, method: Method = "dixtill", seed: int = 0, tags: Sequence[str] = (), level: float = 0.5,
    status: str = "finished", spec: RunSpec | None = None, **changes: Any,
) -> Run:  # fmt: skip
    """A run with three epochs, the last one kept, and a small student with random weights of this seed.

    Args:
        changes: of run.json.
    """
    spec = spec or RunSpec()
    spec = replace(spec, teacher=str(teacher), distill=DistillConfig(method=method, seed=seed, epochs=EPOCHS))
    run = store.create(spec, name, tags=tags)
    finish_run(run, teacher, seed=seed, level=level, status=status, **changes)
    return run


def finish_run(run: Run, teacher: Path, *, seed: int = 0, level: float = 0.5, status: str = "finished", **changes: Any) -> None:
    """Put into a queued run what training would."""
    for epoch in range(1, EPOCHS + 1):
        metrics = epoch_metrics(epoch, level)
        run.append_epoch(EpochRecord(epoch, {"loss": 3.0 / epoch, "kl": 1.0}, metrics, True, "student", 10.0 * epoch))
    kept = epoch_metrics(EPOCHS, level)
    save_student(run.folder / STUDENT, small_student(seed=seed), metrics=kept, provenance={})
    write_pair(run.folder, str(teacher))
    run.say("made up")
    run.update(
        **{
            "status": status, "epochs": EPOCHS, "seconds": 90.0, "metrics": kept | {"epoch": float(EPOCHS)}, "teacher_name": "small BERT",
            "fingerprints": {"data": "same", "teacher": "same"},
        }
        | changes
    )  # fmt: skip


def make_sweep(folder: Path, teacher: Path, levels: Sequence[float], *, seeds: int = 2) -> Path:
    """A sweep over alpha whose points have these levels; NaN leaves the runs of a point queued."""
    alphas = tuple(round(0.1 * (i + 1), 1) for i in range(len(levels)))
    plan_sweep(folder, RunSpec(teacher=str(teacher), distill=DistillConfig(epochs=EPOCHS)), SweepGrid(alpha=alphas, seeds=seeds))
    for row, level in zip(read_sweep(folder).rows, levels, strict=True):
        for seed, name in enumerate(row.runs):
            if not math.isnan(level):
                finish_run(Run(folder / name), teacher, seed=seed, level=level + 0.02 * seed)
    return folder
