"""Train a run: everything from its specification to a finished folder, as one generator that can be stopped anywhere.

Whatever happens, the folder says how it ended. Closing the generator cancels the run and keeps its best epoch; an
exception fails it with its message; a process that dies leaves it "running" without anyone who holds its lock, which
reads as interrupted. Each of these can be trained again, and ends in the same weights as a run that nothing disturbed:
what the teacher said is kept in the cache of targets, and the training state after every epoch.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from dixtill_core.data.datasets import Dataset, load_dataset
from dixtill_core.data.label_map import match_labels
from dixtill_core.data.words import split_words
from dixtill_core.distill.corpus import Corpus
from dixtill_core.distill.teach import teach
from dixtill_core.distill.trainer import STATE, FinishedEpoch, distill
from dixtill_core.errors import DixtillError
from dixtill_core.evaluate import Evaluation, evaluate
from dixtill_core.files import sha256_of_json
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair import STUDENT, ModelPair
from dixtill_core.models.teacher import Teacher, load_teacher
from dixtill_core.progress import Progress, result_of
from dixtill_core.runs.clock import Clock
from dixtill_core.runs.estimate import ASKING, EXPLAINING, TEACHING, TRAINING, estimate
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import TEACHER, TEACHING_STATE
from dixtill_core.runs.records import EpochRecord, WatchedTeacher
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.watched import read_student, read_teacher


@dataclass(frozen=True, eq=False)
class Materials:
    """What a run trains on, loaded: several runs that differ in their training alone can share it."""

    dataset: Dataset
    """With the teacher's labels."""
    teacher: Teacher
    corpus: Corpus | None = None


def train_run(
    run: Run, *, cache: Path | None = None, device: str | None = None, materials: Materials | None = None, wait: float = 2.0
) -> Iterator[Progress]:
    """Train a run that is queued, cancelled, failed or interrupted; yield progress throughout.

    Args:
        cache: folder of teacher targets; the user's cache where None.
        device: of the teacher; the fastest that is there where None.
        materials: what the specification names, where it is loaded already.
        wait: seconds for another process to let go of the run.

    Raises:
        LockedError: another process or thread trains it.
        DixtillError: the run is finished or cannot be trained; what to do is said.
    """
    run.read()  # A folder that is no run is said to be none before a lock is left in it.
    with run.hold(wait):
        found = run.read()
        if found["status"] == "finished":
            raise DixtillError(f"{found['name']} is finished. Start a new run with the same settings to train it again.")
        spec = run.spec
        clock = Clock(run, float(found.get("seconds", 0.0)))
        run.update(status="running", error=None)
        run.say("started" if found["status"] == "queued" else "resumed")
        is_stopped = False
        try:
            with closing(_stages(run, spec, clock, cache, device, materials)) as stages:  # What it writes last, it writes under the lock.
                for progress in stages:
                    yield clock.see(progress)
                    if is_stopped := run.is_asked_to_stop:
                        break
        except (GeneratorExit, KeyboardInterrupt):
            clock.end("cancelled")
            raise
        except DixtillError as error:
            clock.end("failed", str(error))
            raise
        except BaseException as error:
            clock.end("failed", f"An unexpected {type(error).__name__}: {error}")
            raise
        clock.end("cancelled" if is_stopped else "finished")
        if is_stopped:
            yield Progress("cancelled", 0, 0, note="The run was asked to stop. Its best epoch is kept.")


def _stages(
    run: Run, spec: RunSpec, clock: Clock, cache: Path | None, device: str | None, materials: Materials | None
) -> Generator[Progress, None, None]:
    if materials is None:
        materials = yield from _load_materials(run, spec, clock, device)
    else:
        _expect(clock, run, spec, materials.dataset, len(materials.teacher.label_names))
    dataset, teacher, corpus = materials.dataset, materials.teacher, materials.corpus
    run.update(teacher_name=teacher.name)
    _check_unchanged(run, dataset, teacher)
    if spec.watched.strip() and run.watched() is None:
        yield Progress("explaining the watched sentence", 0, 1)
        if (watched := read_teacher(teacher, spec.watched)) is not None:
            run.append_watched(watched)
    if not _is_trained(run, spec):
        seen = run.watched()
        watched = seen.teacher if seen else None
        yield from distill(
            dataset, teacher, run.folder, spec.student, spec.distill, teacher_reference=_teacher_reference(run, spec), cache=cache,
            overwrite=True, corpus=corpus, on_epoch=lambda epoch: _record(run, epoch, watched, clock),
        )  # fmt: skip
    if spec.test_data is not None:
        yield from _evaluate(run, spec, teacher, cache)


def read_data(spec: RunSpec, path: str, split: str = "train") -> Dataset:
    """Labelled texts at `path`, with the columns of the specification.

    Raises:
        DataError: they cannot be read, or have no labels.
    """
    dataset = load_dataset(path, text_column=spec.text_column, label_column=spec.label_column, label_names=spec.label_names, split=split)
    dataset.require_labels()
    return dataset


def match_run_labels(spec: RunSpec, dataset: Dataset, teacher_names: Sequence[str]) -> Dataset:
    """Training or test data of a run with its teacher's labels.

    Raises:
        DataError: a label has no counterpart, also by the run's label map.
    """
    return match_labels(dataset, teacher_names, spec.label_map, is_shared=True)


def taught_labels(spec: RunSpec, dataset: Dataset) -> tuple[str, ...]:
    """Labels of a teacher that is taught on the data: theirs, or those that the label map makes of them."""
    if spec.label_map is None:
        return dataset.label_names
    return tuple(dict.fromkeys(name for name in spec.label_map.values() if name is not None))


def _load_materials(run: Run, spec: RunSpec, clock: Clock, device: str | None) -> Generator[Progress, None, Materials]:
    yield Progress("reading the data", 0, 1)
    dataset = read_data(spec, run.find(spec.data))
    names = taught_labels(spec, dataset)
    _expect(clock, run, spec, dataset, len(names))
    if spec.teach is not None:
        yield from _teach(run, spec, match_run_labels(spec, dataset, names), clock, device)
    yield Progress("loading the teacher", 0, 1)
    teacher = load_teacher(_teacher_reference(run, spec), device=device, precision=spec.precision)
    return Materials(match_run_labels(spec, dataset, teacher.label_names), teacher)


def _expect(clock: Clock, run: Run, spec: RunSpec, dataset: Dataset, n_classes: int) -> None:
    """A first guess of the time that is left; each stage corrects it while it runs."""
    sample = dataset.texts[:: max(1, len(dataset) // 200)]
    mean_words = float(np.mean([len(split_words(text)) for text in sample]))
    guess = estimate(spec, len(dataset), mean_words, n_classes)
    epochs = {TRAINING: spec.distill.epochs} | ({TEACHING: spec.teach.epochs} if spec.teach else {})
    clock.expect(guess.seconds, epochs, _shares_left(run, spec))


def _shares_left(run: Run, spec: RunSpec) -> dict[str, float]:
    """How much of each stage a resumed run still has before it, as far as its folder tells."""
    if done := run.read().get("epochs", 0):  # Whoever trains has all targets.
        return {TEACHING: 0.0, EXPLAINING: 0.0, ASKING: 0.0, TRAINING: max(0.0, 1 - done / spec.distill.epochs)}
    return {TEACHING: 0.0} if run.read().get("is_taught") else {}


def _teach(run: Run, spec: RunSpec, dataset: Dataset, clock: Clock, device: str | None) -> Iterator[Progress]:
    """Fine-tune the teacher that the run asks for, unless that is done."""
    assert spec.teach is not None
    found = run.read()
    if found.get("is_taught") and (run.folder / TEACHER).is_dir():
        return
    losses: dict[str, float] = {}
    best = max((record.metrics["macro_f1"] for record in run.epochs("teacher")), default=-1.0)
    for progress in teach(
        dataset, spec.teach, run.folder / TEACHER, name=f"MiniLM with LoRA, {found['name']}", device=device,
        state=run.folder / TEACHING_STATE,
    ):  # fmt: skip
        if progress.metrics:
            is_best = progress.metrics["macro_f1"] > best
            best = max(best, progress.metrics["macro_f1"])
            run.append_epoch(EpochRecord(progress.epoch, losses, progress.metrics, is_best, "teacher", clock.seconds))
        losses = dict(progress.losses)
        yield progress
    run.update(is_taught=True)
    (run.folder / TEACHING_STATE).unlink(missing_ok=True)


def _teacher_reference(run: Run, spec: RunSpec) -> str:
    return spec.teacher if spec.teach is None else str(run.folder / TEACHER)


def _check_unchanged(run: Run, dataset: Dataset, teacher: Teacher) -> None:
    """A resumed run has to go on with what it began with."""
    now = {
        "data": sha256_of_json([list(dataset.texts), dataset.require_labels().tolist(), list(dataset.label_names)])[:16],
        "teacher": teacher.fingerprint,
    }
    before = run.read().get("fingerprints")
    if before is None:
        run.update(fingerprints=now)
    elif before != now:
        changed = " and ".join(f"the {name}" for name in now if before.get(name) != now[name])
        raise DixtillError(f"Since this run began, {changed} changed. Start a new run, or put back what was there.")


def _is_trained(run: Run, spec: RunSpec) -> bool:
    """Whether every epoch is done and the state, which goes last, is gone."""
    epochs = run.epochs()
    is_over = bool(epochs) and epochs[-1].epoch == spec.distill.epochs
    return is_over and (run.folder / STUDENT).exists() and not (run.folder / STATE).exists()


def _record(run: Run, finished: FinishedEpoch, watched: WatchedTeacher | None, clock: Clock) -> None:
    """Write down an epoch before its training state is: what a kill in between leaves twice, readers see once."""
    run.append_epoch(EpochRecord(finished.epoch, finished.losses, finished.metrics, finished.is_best, "student", clock.seconds))
    if watched is not None:
        run.append_watched(read_student(finished.student, watched, finished.epoch))
    kept = {"metrics": dict(finished.metrics) | {"epoch": float(finished.epoch)}} if finished.is_best else {}
    run.update(epochs=finished.epoch, **kept)
    shown = ", ".join(f"{name} {finished.metrics[name]:.3f}" for name in ("loss", "macro_f1", "feature_agreement@3"))
    run.say(f"epoch {finished.epoch}: {shown}{', kept' if finished.is_best else ''}")


def _evaluate(run: Run, spec: RunSpec, teacher: Teacher, cache: Path | None) -> Iterator[Progress]:
    """Both models on the test data, once training is over."""
    assert spec.test_data is not None
    test = match_run_labels(spec, read_data(spec, run.find(spec.test_data), "test"), teacher.label_names)
    pair = ModelPair(teacher, load_student(run.folder / STUDENT), run.folder)
    steps = evaluate(pair, test, cache=cache)
    found = yield from result_of((_renamed(step) for step in steps), Evaluation)
    run.update(test=asdict(found) | {"texts": len(test)})
    yield Progress("evaluated", len(test), len(test))


def _renamed(step: Progress | Evaluation) -> Progress | Evaluation:
    """Explaining the test texts is another stage than explaining the training texts."""
    return replace(step, stage="evaluating") if isinstance(step, Progress) else step
