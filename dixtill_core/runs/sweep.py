"""Train a student for each point of a grid: method, alpha, temperature, weight of the alignment, size, several seeds.

The folder of a sweep holds one run for each point and seed, so a point is looked at, compared and loaded like any run,
and a sweep that was stopped or killed goes on where it was. Data and teacher are read once for all of
them, the corpus once for each size of the vocabulary.

    sweep.json      the plan; at the end the result too
    sweep.csv       the result, a row a point
    upload/         data that were handed over with it
    teacher/        where the specification asks for a teacher to be taught: one for all points
    <run>/          see `runs.folder`
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dixtill_core.config import DistillConfig
from dixtill_core.data.datasets import Dataset
from dixtill_core.distill.corpus import Corpus, prepare_corpus
from dixtill_core.distill.targets import TARGET_CONFIG
from dixtill_core.distill.teach import teach
from dixtill_core.errors import DixtillError
from dixtill_core.files import make_folder, write_atomic, write_json
from dixtill_core.lock import LockedError, hold_lock
from dixtill_core.models.teacher import Teacher, load_teacher
from dixtill_core.progress import Progress, result_of
from dixtill_core.runs.card import start_record
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import LOCK, RUN, SWEEP, TEACHER, TEACHING_STATE, UPLOAD
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import Upload, upload_name
from dixtill_core.runs.sweep_grid import SweepGrid, SweepPoint, sweep_points
from dixtill_core.runs.sweep_result import SweepResult, read_plan, read_sweep, write_plan, write_result
from dixtill_core.runs.training import Materials, match_run_labels, read_data, taught_labels, train_run

STAGE = "training students"
POLL_SECONDS = 0.5
TAUGHT = ".taught"
"""Beside the teacher: its training is over."""


def plan_sweep(out: Path, base: RunSpec, grid: SweepGrid, *, upload: Upload | None = None, test_upload: Upload | None = None) -> None:
    """Make the folder of a sweep and its runs, all queued; a folder that holds the same sweep already stays as it is.

    Args:
        base: every setting that the grid does not try; its seed is not read.

    Raises:
        ConfigError: a value of the grid is out of range.
        DataError: a file that is handed over is too large or of no known kind.
        DixtillError: the folder holds another sweep or anything else, or cannot be written.
    """
    out = Path(out)
    files = {role: given for role, given in (("data", upload), ("test_data", test_upload)) if given is not None}
    paths = {role: out / UPLOAD / upload_name(role, given) for role, given in files.items()}
    base = replace(base, **{role: str(path) for role, path in paths.items()})  # type: ignore[arg-type]
    points = sweep_points(base, grid)
    if (out / SWEEP).exists():
        if read_plan(out) != (base, grid):
            raise DixtillError(f"{out} holds another sweep. Choose another folder, or delete this one.")
        return
    if out.exists() and any(out.iterdir()):
        raise DixtillError(f"{out} is not empty and holds no sweep. Choose another folder.")
    make_folder(out)
    for role, given in files.items():
        write_atomic(paths[role], given.content)
    write_plan(out, base, grid)
    _make_runs(out, base, points)


def run_sweep(out: Path, *, cache: Path | None = None, jobs: int = 1, device: str | None = None) -> Iterator[Progress | SweepResult]:
    """Train every run of a planned sweep that is not finished; yield progress over all of them, and last the result.

    A run that fails is left out of the result, and its card says why. Closing the generator cancels the run that is
    being trained; the next call goes on from there.

    Args:
        jobs: processes that train; the result is the same for any number.

    Raises:
        CheckpointError: there is no sweep in the folder.
        LockedError: another process trains it.
        DataError: the data cannot be read, or their labels are not the teacher's.
        DixtillError: not a single run could be trained.
    """
    out = Path(out)
    read_plan(out)  # A folder that holds no sweep is said to be none before a lock is left in it.
    with hold_lock(out / LOCK, f"The sweep in {out} is being trained already."):
        yield from _train_sweep(out, cache, jobs, device)


def _train_sweep(out: Path, cache: Path | None, jobs: int, device: str | None) -> Iterator[Progress | SweepResult]:
    base, grid = read_plan(out)
    points = sweep_points(base, grid)
    _make_runs(out, base, points)
    names = {name: f"{point.name}, seed {spec.distill.seed}" for point in points for name, spec in point.specs.items()}
    if _unfinished(out, names):
        shared = yield from load_shared(out, base, grid, cache, device)
        yield from shared.of(next(iter(points[0].specs.values())))  # What the teacher says is on disk before several processes read it.
        follow = _Follow(out, names, base.distill.epochs)
        if jobs > 1 and len(_unfinished(out, names)) > 1:
            from dixtill_core.runs.sweep_workers import train_in_processes

            yield from follow.watch(train_in_processes(out, list(names), cache, min(jobs, len(names))))
        else:
            yield from follow.watch(train_points(out, list(names), shared, cache))
    result = read_sweep(out)
    if not any(row.seeds for row in result.rows):
        errors = [card.error for card in (Run(out / name).card() for name in names) if card.error]
        raise DixtillError(f"No run of the sweep finished. {errors[0] if errors else 'Start it again to go on.'}")
    write_result(result)
    yield result


@dataclass(eq=False)
class Shared:
    """What the runs of a sweep train on."""

    dataset: Dataset
    teacher: Teacher
    config: DistillConfig
    """Of the corpus: the same for all methods."""
    cache: Path | None
    latest: tuple[int, Corpus] | None = None
    """The corpus that was made last, and the size of its vocabulary; two at once would need twice the memory."""

    def of(self, spec: RunSpec) -> Generator[Progress, None, Materials]:
        """What one run trains on; the method "ce" learns from texts with gold labels alone."""
        size = spec.student.max_vocabulary
        if self.latest is None or self.latest[0] != size:
            self.latest = None
            steps = prepare_corpus(self.dataset, self.teacher, spec.student, self.config, TARGET_CONFIG, self.cache)
            self.latest = size, (yield from result_of(steps, Corpus))
        corpus = self.latest[1]
        return Materials(self.dataset, self.teacher, corpus.labelled() if spec.distill.method == "ce" else corpus)


def load_shared(
    out: Path, base: RunSpec, grid: SweepGrid, cache: Path | None, device: str | None = None
) -> Generator[Progress, None, Shared]:
    """Read data and teacher, teaching it where that is asked for."""
    yield Progress("reading the data", 0, 1)
    dataset = read_data(base, base.data)
    if base.teach is not None and not (out / TEACHER / TAUGHT).exists():
        labelled = match_run_labels(base, dataset, taught_labels(base, dataset))
        yield from teach(labelled, base.teach, out / TEACHER, name="MiniLM with LoRA", device=device, state=out / TEACHING_STATE)
        write_atomic(out / TEACHER / TAUGHT, b"")
        (out / TEACHING_STATE).unlink(missing_ok=True)
    yield Progress("loading the teacher", 0, 1)
    teacher = load_teacher(_teacher_of(out, base), device=device, precision=base.precision)
    dataset = match_run_labels(base, dataset, teacher.label_names)
    only_gold = set(grid.method or (base.distill.method,)) == {"ce"}
    return Shared(dataset, teacher, replace(base.distill, method="ce" if only_gold else "kl"), cache)


def train_points(out: Path, names: list[str], shared: Shared, cache: Path | None) -> Generator[Progress, None, None]:
    """Train what nobody else trains until nothing is left to do; a run that failed here is not tried again."""
    tried: set[str] = set()
    while left := [name for name in _unfinished(out, names) if name not in tried]:
        for name in left:
            run = Run(out / name)
            if run.is_training:
                continue
            materials = yield from shared.of(run.spec)
            try:
                yield from train_run(run, cache=cache, materials=materials, wait=0.0)
            except LockedError:  # Another process trains it.
                continue
            except DixtillError:  # Its card says why; the other points do not depend on it.
                if run.card().status == "finished":  # By another process, since we looked.
                    continue
            tried.add(name)
        busy = [name for name in left if name not in tried]
        if busy:
            time.sleep(POLL_SECONDS)
            yield Progress(STAGE, 0, 0, detail=busy[0])


def _make_runs(out: Path, base: RunSpec, points: tuple[SweepPoint, ...]) -> None:
    """The folder of each run that is not there."""
    for point in points:
        for name, spec in point.specs.items():
            if not (out / name / RUN).exists():
                spec = replace(spec, teacher=_teacher_of(out, base), teach=None)
                title = f"{point.name}, seed {spec.distill.seed}"
                write_json(out / name / RUN, start_record(spec, name, title, (out.name[:40],)))


def _teacher_of(out: Path, base: RunSpec) -> str:
    return base.teacher if base.teach is None else str(out / TEACHER)


def _unfinished(out: Path, names: Mapping[str, str] | list[str]) -> list[str]:
    return [name for name in names if Run(out / name).card().status != "finished"]


class _Follow:
    """Progress over all runs, in epochs, from what their cards say."""

    def __init__(self, out: Path, names: Mapping[str, str], epochs: int) -> None:
        self.out, self.names, self.epochs = out, names, epochs
        self.started, self.looked = time.monotonic(), -math.inf
        self.finished = set(names) - set(_unfinished(out, names))
        self.done_before = self._done()

    def _done(self) -> int:
        return sum(min(Run(self.out / name).card().epochs, self.epochs) for name in self.names)

    def watch(self, steps: Iterator[Progress]) -> Iterator[Progress]:
        """Pass time on as progress over the sweep, and a note for each run that ends."""
        total = len(self.names) * self.epochs
        if self.finished:
            yield Progress(STAGE, self.done_before, total, note=f"{len(self.finished)} of {len(self.names)} runs are finished already.")
        for step in steps:
            if time.monotonic() - self.looked < POLL_SECONDS and step.stage != "done":
                continue
            self.looked = time.monotonic()
            yield from self._ended()
            done = self._done()
            spent, moved = self.looked - self.started, done - self.done_before
            left = spent / moved * (total - done) if moved > 0 else None
            yield Progress(STAGE, done, total, detail=step.detail or f"{step.stage} {step.epoch or ''}".strip(), seconds_left=left)
        yield from self._ended()

    def _ended(self) -> Iterator[Progress]:
        for name, title in self.names.items():
            if name in self.finished:
                continue
            card = Run(self.out / name).card()
            if card.status in ("finished", "failed"):
                self.finished.add(name)
                shown = ", ".join(
                    f"{metric} {card.metrics[metric]:.3f}" for metric in ("macro_f1", "feature_agreement@3") if metric in card.metrics
                )
                what = shown if card.status == "finished" else f"failed: {card.error}"
                yield Progress(STAGE, self._done(), len(self.names) * self.epochs, note=f"{title}: {what}")
