"""Reproduce the paper's tables and figures: train every student, measure every model, keep one result set.

The work is a list of steps. The rows of each are written when it is done, so a killed run goes on behind its last
step (a student behind its last epoch). The folder holds

    settings.json      what was asked for and on which data: another run cannot be mixed in
    steps/             rows of each finished step; single steps can be asked for
    models/            the students, the compressed teachers
    readings/          what each student says about each test text
    results.parquet, results.json, tables/
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import Any

from dixtill_core.config import Method, ReproduceConfig
from dixtill_core.distill.corpus import prepare_corpus
from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore
from dixtill_core.errors import ConfigError, DixtillError
from dixtill_core.experiments import speed, students, teachers
from dixtill_core.experiments.examples import figure_examples
from dixtill_core.experiments.results import Results, Row, read_results, read_rows, table_bytes, write_results
from dixtill_core.experiments.setup import METHODS, Arguments, Setup, Step, load_setup
from dixtill_core.experiments.tables import write_tables
from dixtill_core.experiments.workers import Report, run_in_processes, run_step
from dixtill_core.files import make_folder, sha256_of_json, write_atomic, write_json
from dixtill_core.metrics.faithfulness import metric_directions
from dixtill_core.progress import Progress

SETTINGS = "settings.json"
EXAMPLE_STUDENT = "student-dixtill-0"
"""The step whose student explains the examples and is timed."""
PACKAGES = ("dixtill", "torch", "transformers", "peft", "captum", "onnxruntime", "scikit-learn", "numpy")


def reproduce(
    data: str,
    out: Path,
    config: ReproduceConfig | None = None,
    *,
    teacher: str = "bundled",
    cache: Path | None = None,
    jobs: int = 1,
    only: Sequence[str] = (),
) -> Iterator[Progress | Results]:
    """Yield progress over all steps, and last the results, which are then in `out`.

    Args:
        data: folder with train and test files, or "sample".
        jobs: processes that train students; the results are the same for any number.
        only: names of steps to do, with those that they need; all where empty. The results are those of the steps that
            are done, and their record has the others as `left_out`.

    Raises:
        DataError: data that cannot be read, or whose labels are not the teacher's.
        ConfigError: no such step.
        DixtillError: `out` holds another run, or cannot be written.
    """
    arguments = Arguments(data, Path(out), teacher, cache, config or ReproduceConfig())
    make_folder(arguments.out)
    setup = load_setup(arguments)
    whole = plan(setup)
    steps = choose_steps(whole, only)
    _claim_folder(setup)
    shares = {step.name: 1.0 if rows_file(setup, step.name).exists() else 0.0 for step in steps}
    if any(shares.values()):
        n_done = sum(share == 1.0 for share in shares.values())
        yield Progress("reproducing", 0, 1, note=f"{n_done} of {len(steps)} steps are done already.")
    yield from _prepare(setup, shares)
    clock = _Clock(steps, shares)
    for is_parallel, group in groupby(steps, key=lambda step: step.is_parallel):
        left = [step for step in group if shares[step.name] < 1]
        for report in _run(setup, left, jobs if is_parallel else 1):
            shares[report.step] = report.share
            yield clock.progress(report)

    done = [step.name for step in whole if rows_file(setup, step.name).exists()]
    rows = [row for name in done for row in read_rows(rows_file(setup, name))]
    record = make_record(setup) | {"left_out": [step.name for step in whole if step.name not in done]}
    if EXAMPLE_STUDENT in done:
        record["examples"] = figure_examples(setup)
    write_results(setup.out, rows, record)
    results = read_results(setup.out)
    write_tables(setup.out / "tables", results)
    yield results


def plan(setup: Setup) -> list[Step]:
    """Every step in order. Students may be trained beside each other; whatever takes times runs alone."""
    n_test, n_validation = len(setup.test), len(setup.validation)
    explained = setup.config.teacher_texts or n_test
    pruned = teachers.pruned_name(setup)
    every_student = tuple(f"student-{method}-{seed}" for seed in range(setup.config.seeds) for method in METHODS)
    return [
        Step("teacher", "teacher", 1, teachers.teacher_quality),
        *_method_steps(setup),
        Step("ptq", "PTQ", 20 + n_test / 300, teachers.quantized_quality),
        Step("pruning", "head pruning", n_validation / 5 + n_test / 20, teachers.pruned_quality),
        Step("faithfulness-teacher", "faithfulness of the teacher", explained * 6, teachers.teacher_faithfulness),
        Step("faithfulness-ptq", "faithfulness of PTQ", explained * 3, teachers.quantized_faithfulness, needs=("ptq",)),
        Step(f"faithfulness-{pruned}", f"faithfulness of {pruned}", explained * 5, teachers.pruned_faithfulness, needs=("pruning",)),
        Step("efficiency", "size and speed", 240, speed.measure, needs=("ptq", "pruning", EXAMPLE_STUDENT)),
        Step("difference", "significance", 60, students.compare_methods, needs=every_student),
        *_temperature_steps(setup),
    ]  # fmt: skip


def choose_steps(steps: Sequence[Step], only: Sequence[str]) -> list[Step]:
    """The steps of these names and all that they need, in order; every step where no name is given.

    Raises:
        ConfigError: no such step.
    """
    if not only:
        return list(steps)
    names = [step.name for step in steps]
    if unknown := [name for name in only if name not in names]:
        raise ConfigError(f"There is no step {unknown[0]!r}. The steps are: {', '.join(names)}.")
    wanted = set(only)
    for step in reversed(steps):  # What a step needs comes before it.
        if step.name in wanted:
            wanted.update(step.needs)
    return [step for step in steps if step.name in wanted]


def _training_seconds(setup: Setup, method: Method) -> float:
    texts = len(setup.train) + (0 if method == "ce" else setup.config.distill.augmented_texts)
    return 10 + texts * setup.config.distill.epochs / 6000


def _method_steps(setup: Setup) -> Iterator[Step]:
    config = setup.config
    pairs = [(method, seed) for seed in range(config.seeds) for method in METHODS]
    for method, seed in pairs:
        guess = _training_seconds(setup, method)
        train = partial(students.train, method=method, seed=seed)
        yield Step(f"student-{method}-{seed}", f"{method}, seed {seed}", guess, train, is_parallel=True)
    for method, seed in pairs:
        measure = partial(students.measure_faithfulness, method=method, seed=seed)
        guess, student = (config.student_texts or len(setup.test)) / 5, f"student-{method}-{seed}"
        yield Step(f"faithfulness-{method}-{seed}", f"faithfulness of {method}, seed {seed}", guess, measure, True, (student,))


def _temperature_steps(setup: Setup) -> Iterator[Step]:
    """Last, since no other table waits for them."""
    for seed in range(min(setup.config.seeds, setup.config.temperature_seeds)):
        for temperature in setup.config.temperatures:
            if temperature != setup.config.distill.temperature:
                train = partial(students.train, method="dixtill", seed=seed, temperature=float(temperature))
                name = f"temperature-{temperature}-{seed}"
                guess = _training_seconds(setup, "dixtill")
                yield Step(name, f"temperature {temperature}, seed {seed}", guess, train, is_parallel=True)


def rows_file(setup: Setup, name: str) -> Path:
    return setup.out / "steps" / f"{name}.parquet"


def keep_rows(setup: Setup, step: Step, rows: list[Row]) -> None:
    """Write the rows of a finished step."""
    write_atomic(rows_file(setup, step.name), table_bytes(rows))


def make_record(setup: Setup) -> dict[str, Any]:
    """What made the results: settings, data, versions, machine."""
    import torch

    return {
        "settings": setup.config.to_dict(),
        "explain": TARGET_CONFIG.to_dict(),
        "directions": metric_directions(),
        "data": {"train_texts": len(setup.train), "validation_texts": len(setup.validation), "test_texts": len(setup.test)},
        "fingerprints": setup.fingerprints,
        "teacher": setup.teacher.name,
        "label_names": list(setup.teacher.label_names),
        "versions": {package: version(package) for package in PACKAGES} | {"python": platform.python_version()},
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "threads": torch.get_num_threads(),
        },
    }


def _claim_folder(setup: Setup) -> None:
    """Refuse a folder that another run has begun: its steps would be mixed with these."""
    key = sha256_of_json([setup.config.to_dict(), setup.fingerprints])
    path = setup.out / SETTINGS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["key"]
    except FileNotFoundError:
        write_json(path, {"key": key, "settings": setup.config.to_dict(), "fingerprints": setup.fingerprints})
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DixtillError(f"{path} is damaged: {error}. Choose another folder, or delete this one.") from error
    if found != key:
        raise DixtillError(f"{setup.out} holds a run with other settings or other data. Choose another folder, or delete this one.")


def _prepare(setup: Setup, shares: dict[str, float]) -> Iterator[Progress]:
    """Put everything that the teacher has to say, and that a step reads, on disk, so that the workers only read."""
    left = [name for name, share in shares.items() if share < 1]
    yield from TargetStore(setup.teacher, None, setup.arguments.cache).compute(setup.test.texts)
    trains = any(name.startswith(("student", "temperature")) for name in left)
    if trains or "difference" in left:
        texts = [*(setup.train.texts if trains else ()), *setup.test.texts]
        yield from TargetStore(setup.teacher, TARGET_CONFIG, setup.arguments.cache).compute(texts)
    if trains:
        corpus = prepare_corpus(
            setup.train, setup.teacher, setup.config.student, setup.config.distill, TARGET_CONFIG, setup.arguments.cache
        )
        yield from (item for item in corpus if isinstance(item, Progress))


def _run(setup: Setup, steps: Sequence[Step], jobs: int) -> Iterator[Report]:
    if jobs > 1 and len(steps) > 1:
        yield from run_in_processes(setup.arguments, steps, min(jobs, len(steps)), keep_rows)
        return
    for step in steps:
        yield from run_step(setup, step, keep_rows)


class _Clock:
    """All steps as one progress, in seconds of the guesses, so that the time left can be told."""

    def __init__(self, steps: Sequence[Step], shares: dict[str, float]) -> None:
        self.steps, self.shares = {step.name: step for step in steps}, shares

    def progress(self, report: Report) -> Progress:
        total = sum(step.seconds for step in self.steps.values())
        done = sum(step.seconds * self.shares[name] for name, step in self.steps.items())
        return Progress("reproducing", round(done), round(total), detail=f"{self.steps[report.step].title}: {report.detail}")
