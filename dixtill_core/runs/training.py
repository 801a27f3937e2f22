"""Train a run: everything from its specification to a finished folder, as one generator that can be stopped anywhere.

Whatever happens, the folder says how it ended. Closing the generator cancels the run and keeps its best epoch; an
exception fails it with its message; a process that dies leaves it "running" without anyone who holds its lock, which
reads as interrupted. Each of these can be trained again, and ends in the same weights as a run that nothing disturbed:
what the teacher said is kept in the cache of targets, and the training state after every epoch.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
from scipy.special import softmax

from dixtill_core.data.datasets import Dataset, load_dataset
from dixtill_core.distill.teach import teach
from dixtill_core.distill.trainer import STATE, FinishedEpoch, distill
from dixtill_core.errors import DataError, DixtillError
from dixtill_core.evaluate import Evaluation, evaluate
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.files import sha256_of_json
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair import STUDENT, ModelPair
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher, load_teacher
from dixtill_core.progress import Progress, result_of
from dixtill_core.runs.folder import TEACHER, Run
from dixtill_core.runs.records import EpochRecord, RunProgress, WatchedEpoch, WatchedTeacher
from dixtill_core.runs.spec import RunSpec

REPORT_SECONDS = 1.0
"""How often run.json says how far a run is, for readers in other processes."""


def train_run(run: Run, *, cache: Path | None = None, device: str | None = None) -> Iterator[Progress]:
    """Train a run that is queued, cancelled, failed or interrupted; yield progress throughout.

    Args:
        cache: folder of teacher targets; the user's cache where None.
        device: of the teacher; the fastest that is there where None.

    Raises:
        DixtillError: the run is finished, is being trained, or cannot be trained; what to do is said.
    """
    with run.hold():
        found = run.read()
        if found["status"] == "finished":
            raise DixtillError(f"{found['name']} is finished. Start a new run with the same settings to train it again.")
        spec = run.spec
        clock = _Clock(run, float(found.get("seconds", 0.0)))
        run.update(status="running", error=None)
        run.say("started" if found["status"] == "queued" else f"resumed, after it was {found['status']}")
        try:
            for progress in _stages(run, spec, clock, cache, device):
                clock.see(progress)
                yield progress
                if run.is_asked_to_stop:
                    clock.end("cancelled")
                    yield Progress("cancelled", 0, 0, note="The run was asked to stop. Its best epoch is kept.")
                    return
        except (GeneratorExit, KeyboardInterrupt):
            clock.end("cancelled")
            raise
        except DixtillError as error:
            clock.end("failed", str(error))
            raise
        except BaseException as error:
            clock.end("failed", f"An unexpected {type(error).__name__}: {error}")
            raise
        clock.end("finished")


def _stages(run: Run, spec: RunSpec, clock: _Clock, cache: Path | None, device: str | None) -> Iterator[Progress]:
    yield Progress("reading the data", 0, 1)
    dataset = load_run_data(run, spec)
    dataset.require_labels()
    teacher = yield from _teacher(run, spec, dataset, clock, device)
    dataset = match_labels(dataset, spec, teacher.label_names)
    run.update(teacher_name=teacher.name)
    _check_unchanged(run, dataset, teacher)
    yield from _watch_teacher(run, spec, teacher)
    if not _is_trained(run, spec):
        watched = run.watched()
        yield from distill(
            dataset, teacher, run.folder, spec.student, spec.distill, teacher_reference=_teacher_reference(run, spec), cache=cache,
            overwrite=True, on_epoch=lambda epoch: _record(run, epoch, watched.teacher if watched else None, clock),
        )  # fmt: skip
    if spec.test_data is not None:
        yield from _evaluate(run, spec, teacher, cache)


def load_run_data(run: Run, spec: RunSpec, reference: str | None = None, split: str = "train") -> Dataset:
    """The data of a run as its specification reads them; `reference` for others with the same columns."""
    return load_dataset(
        run.find(reference or spec.data), text_column=spec.text_column, label_column=spec.label_column, label_names=spec.label_names,
        split=split,
    )  # fmt: skip


def match_labels(dataset: Dataset, spec: RunSpec, teacher_names: tuple[str, ...]) -> Dataset:
    """The data with the teacher's labels: by the run's label map, or by their names.

    Raises:
        DataError: a label that has no counterpart.
    """
    if spec.label_map is None:
        return dataset.with_label_names(teacher_names)
    return _mapped(dataset, spec.label_map, teacher_names)


def _mapped(dataset: Dataset, mapping, teacher_names: tuple[str, ...]) -> Dataset:  # type: ignore[no-untyped-def]
    from dataclasses import replace

    labels = dataset.require_labels()
    position = {name: i for i, name in enumerate(teacher_names)}
    unknown = sorted({to for to in mapping.values() if to is not None and to not in position})
    if unknown:
        raise DataError(f"The teacher has no label {', '.join(unknown)}. It has {', '.join(teacher_names)}.")
    table = np.array([position[to] if (to := mapping.get(name)) is not None else -1 for name in dataset.label_names])
    kept = np.flatnonzero(table[labels] >= 0)
    chosen = dataset.subset(kept)
    return replace(chosen, labels=table[labels[kept]], label_names=tuple(teacher_names))


def _teacher(run: Run, spec: RunSpec, dataset: Dataset, clock: _Clock, device: str | None) -> Generator[Progress, None, Teacher]:
    """The teacher that the specification names, fine-tuned first where it asks for that."""
    if spec.teach is None:
        yield Progress("loading the teacher", 0, 1)
        return load_teacher(spec.teacher, device=device)
    folder = run.folder / TEACHER
    if not run.read().get("is_taught"):
        if spec.label_map is not None:
            dataset = match_labels(dataset, spec, tuple(dict.fromkeys(name for name in spec.label_map.values() if name is not None)))
        losses: dict[str, float] = {}
        best = -1.0
        for progress in teach(dataset, spec.teach, folder, name=f"MiniLM with LoRA, {run.read()['name']}", device=device):
            if progress.metrics:
                is_best = progress.metrics["macro_f1"] > best
                best = max(best, progress.metrics["macro_f1"])
                run.append_epoch(EpochRecord(progress.epoch, losses, progress.metrics, is_best, "teacher", clock.seconds))
            losses = dict(progress.losses)
            yield progress
        run.update(is_taught=True)
    return load_teacher(folder, device=device)


def _teacher_reference(run: Run, spec: RunSpec) -> str:
    return spec.teacher if spec.teach is None else str(run.folder / TEACHER)


def _check_unchanged(run: Run, dataset: Dataset, teacher: Teacher) -> None:
    """A resumed run must go on with what it began with."""
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


def _watch_teacher(run: Run, spec: RunSpec, teacher: Teacher) -> Iterator[Progress]:
    """Explain the watched sentence with the teacher, once."""
    if not spec.watched.strip() or run.watched() is not None:
        return
    yield Progress("explaining the watched sentence", 0, 1)
    text = spec.watched
    reasons = integrated_gradients(teacher, [text], None)[0]
    if not reasons.words:
        return
    text = text[: reasons.words[-1].end]
    shares = softmax(teacher.predict([text])[0].astype(np.float64)).tolist()
    names = teacher.label_names
    run.append_watched(
        WatchedTeacher(
            text, tuple(word.text for word in reasons.words), tuple(reasons.scores.tolist()), names[reasons.target],
            dict(zip(names, shares, strict=True)), reasons.method,
        )
    )  # fmt: skip


def _is_trained(run: Run, spec: RunSpec) -> bool:
    """Whether every epoch is done and the state, which goes last, is gone."""
    epochs = run.epochs()
    is_over = bool(epochs) and epochs[-1].epoch == spec.distill.epochs
    return is_over and (run.folder / STUDENT).exists() and not (run.folder / STATE).exists()


def _record(run: Run, finished: FinishedEpoch, watched: WatchedTeacher | None, clock: _Clock) -> None:
    """Write down an epoch before its training state is: what a kill in between leaves twice, readers see once."""
    run.append_epoch(EpochRecord(finished.epoch, finished.losses, finished.metrics, finished.is_best, "student", clock.seconds))
    if watched is not None:
        run.append_watched(read_watched(finished.student, watched, finished.epoch))
    kept = {"metrics": dict(finished.metrics) | {"epoch": float(finished.epoch)}} if finished.is_best else {}
    run.update(epochs=finished.epoch, **kept)


def read_watched(student: StudentClassifier, watched: WatchedTeacher, epoch: int) -> WatchedEpoch:
    """The watched sentence under a student."""
    reading = student.run([watched.text])[0]
    shares = softmax(reading.logits.astype(np.float64)).tolist()
    names = student.label_names
    return WatchedEpoch(
        epoch, tuple(reading.scores.tolist()), tuple(reading.weights.tolist()), names[int(reading.logits.argmax())],
        dict(zip(names, shares, strict=True)),
    )  # fmt: skip


def _evaluate(run: Run, spec: RunSpec, teacher: Teacher, cache: Path | None) -> Iterator[Progress]:
    """Both models on the test data, once training is over."""
    test = match_labels(load_run_data(run, spec, spec.test_data, "test"), spec, teacher.label_names)
    pair = ModelPair(teacher, load_student(run.folder / STUDENT), run.folder)
    found = yield from result_of(evaluate(pair, test, cache=cache), Evaluation)
    run.update(test=asdict(found))
    yield Progress("evaluated", len(test), len(test))


class _Clock:
    """Time spent on a run and how far it is, kept in its run.json."""

    def __init__(self, run: Run, seconds_before: float) -> None:
        self.run, self.before, self.started = run, seconds_before, time.monotonic()
        self.reported, self.stage = -np.inf, ""

    @property
    def seconds(self) -> float:
        return self.before + time.monotonic() - self.started

    def see(self, progress: Progress) -> None:
        """Report, at once where a stage begins and else now and then."""
        if progress.note:
            self.run.say(progress.note)
        if progress.stage != self.stage:
            self.run.say(progress.stage)
        elif time.monotonic() - self.reported < REPORT_SECONDS:
            return
        self.stage, self.reported = progress.stage, time.monotonic()
        where = RunProgress(progress.stage, progress.done, progress.total, progress.epoch)
        self.run.update(progress=asdict(where), seconds=round(self.seconds, 2))

    def end(self, status: str, error: str | None = None) -> None:
        self.run.update(status=status, error=error, seconds=round(self.seconds, 2))
        self.run.say(status if error is None else f"{status}: {error}")
