"""What a sweep from the page would train, how long it would take, and its folder. No Streamlit here."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dixtill_core.errors import ConfigError, DixtillError
from dixtill_core.files import write_atomic
from dixtill_core.runs.estimate import EXPLAINING, TRAINING, estimate
from dixtill_core.runs.layout import TEACHER, UPLOAD, folder_name
from dixtill_core.runs.spec import PRESETS, RunSpec
from dixtill_core.runs.store import Upload
from dixtill_core.runs.sweep import TAUGHT, plan_sweep
from dixtill_core.runs.sweep_grid import SweepGrid, SweepPoint, sweep_points

if TYPE_CHECKING:
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.records import EpochRecord, RunCard
    from dixtill_core.runs.store import RunStore

PRESET = "preset "
"""Before the name of a preset, where a base is named; anything else is a run's id."""


@dataclass(frozen=True)
class Base:
    """Everything that a sweep does not try: a preset on the sample, or what one run was asked to do."""

    title: str
    spec: RunSpec
    run: Run | None = None


class Expected(NamedTuple):
    """What a sweep costs, roughly."""

    seconds: float
    meaning: str
    """Where the number comes from."""


def find_bases(cards: Sequence[RunCard]) -> dict[str, str]:
    """Titles of what a sweep can start from: runs, the finished ones first, then presets; runs of sweeps are none."""
    own = sorted((card for card in cards if card.spec is not None and "/" not in card.id), key=lambda card: card.status != "finished")
    runs = {card.id: f"run: {card.name}" for card in own}
    return runs | {PRESET + name: f"preset on the sample: {preset.title}" for name, preset in PRESETS.items()}


def open_base(store: RunStore, name: str, title: str) -> Base:
    """Raises CheckpointError where the run is gone or damaged."""
    if name.startswith(PRESET):
        return Base(title, PRESETS[name.removeprefix(PRESET)].apply(RunSpec(watched="")))
    run = store.open(name)
    # Settings are chosen on validation texts: test texts are for the one that is chosen.
    return Base(title, replace(run.spec, watched="", test_data=None), run)


def read_numbers(values: Sequence[str], what: str) -> tuple[float, ...]:
    """Raises ConfigError where one is no number."""
    found = []
    for value in values:
        try:
            found.append(float(value.replace(",", ".")))
        except ValueError as error:
            raise ConfigError(f"{value!r} is no number, as {what} has to be.") from error
        if not math.isfinite(found[-1]):
            raise ConfigError(f"{value!r} is not finite, as {what} has to be.")
    return tuple(found)


def planned_points(base: Base, grid: SweepGrid) -> tuple[SweepPoint, ...]:
    """Every point.

    Raises:
        ConfigError: a value is out of range, there are too many runs, or there is nothing to compare.
    """
    points = sweep_points(base.spec, grid)
    if len(points) * grid.seeds < 2:
        raise ConfigError("That is one run. Choose a second value of something, or more seeds.")
    return points


def expect(base: Base, runs: int, jobs: int, n_texts: int, mean_words: float) -> Expected | None:
    """Time of a sweep; None where nothing is known.

    Args:
        jobs: students that are trained at once.
        n_texts, mean_words: of the sample; read only where the base is a preset on it.
    """
    rounds = math.ceil(runs / jobs)
    if base.run is None:
        seconds = estimate(base.spec, n_texts, mean_words).seconds
        once = sum(seconds.values()) - seconds.get(TRAINING, 0.0)
        return Expected(
            once + rounds * seconds.get(TRAINING, 0.0),
            f"From stored times. {_spoken(EXPLAINING)} the texts is most of it where it was not done before.",
        )
    trained = training_seconds(base.run.epochs(), base.spec.distill.epochs)
    if trained is None:
        return None
    return Expected(rounds * trained, "As the epochs of that run took; what its teacher said about the texts is kept.")


def training_seconds(epochs: Sequence[EpochRecord], planned: int) -> float | None:
    """Seconds of all planned epochs, from the median time of those that are done; None with fewer than two."""
    steps = sorted(later.seconds - earlier.seconds for earlier, later in pairwise(epochs))
    return steps[len(steps) // 2] * planned if steps and steps[len(steps) // 2] > 0 else None


def sweep_title(grid: SweepGrid, base: Base) -> str:
    """A name for a sweep that was given none: what it tries."""
    tried = {"method": grid.method, "alpha": grid.alpha, "temperature": grid.temperature, "weight": grid.alignment_weight}
    names = [name for name, values in tried.items() if len(values) > 1]
    return f"{' and '.join(names) or 'seeds'} of {base.run.card().name if base.run else 'the sample'}"


def create_sweep(store: RunStore, title: str, base: Base, grid: SweepGrid) -> Path:
    """Make the folder of a sweep with all its runs, and return it. It holds the data and the teacher of a run that has its own.

    Raises:
        DixtillError: the folder cannot be written, or a file of the run is gone.
    """
    out = _free_folder(store.root, folder_name(title))
    spec, upload = base.spec, None
    if base.run is not None:
        file = base.run.folder / spec.data
        if Path(spec.data).parts[:1] == (UPLOAD,):
            try:
                upload = Upload(file.name.removeprefix("train-"), file.read_bytes())
            except OSError as error:
                raise DixtillError(f"The data of {base.run.card().name} are gone: {file}. Start from another run.") from error
    plan_sweep(out, spec, grid, upload=upload)
    if base.run is not None and spec.teach is not None and base.run.read().get("is_taught"):
        shutil.copytree(base.run.folder / TEACHER, out / TEACHER)
        write_atomic(out / TEACHER / TAUGHT, b"")
    return out


def _free_folder(root: Path, name: str) -> Path:
    candidate, number = root / name, 2
    while candidate.exists():
        candidate, number = root / f"{name}-{number}", number + 1
    return candidate


def _spoken(stage: str) -> str:
    return stage.split(" ")[0].capitalize()
