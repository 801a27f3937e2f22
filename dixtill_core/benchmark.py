"""What teacher, student and the paper's other ways to a smaller model cost on this machine, against BERT-base."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import numpy as np

from dixtill_core.compress.prune_heads import head_counts, remove_heads
from dixtill_core.compress.quantize import quantize
from dixtill_core.config import EfficiencyConfig
from dixtill_core.errors import ModelError
from dixtill_core.metrics.efficiency import EfficiencyRow, available_threads, measure_efficiency, require_measurable
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.pair import ModelPair
from dixtill_core.models.reference import bert_base_reference
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress

HEADS_KEPT = 6
BASELINE, TEACHER, PRUNED, QUANTIZED, STUDENT = "bert-base", "teacher", f"ahp-{HEADS_KEPT}", "ptq", "student"
DESCRIPTIONS = {
    BASELINE: "BERT-base's shape with random weights, in place of FinBERT for size and time alone; 1x of all ratios",
    TEACHER: "the pair's teacher",
    PRUNED: f"the teacher with {HEADS_KEPT} heads left in each layer; which ones matters to quality, not to size and time",
    QUANTIZED: "the teacher with int8 linear layers, in ONNX Runtime",
    STUDENT: "the pair's student",
}

BUSY = (
    "Other processes keep this machine busy. Models on several threads then wait for each other's cores, some a hundred "
    "times longer than others: no ratio holds. Wait until it is idle, or say --threads 1."
)


def benchmark(
    pair: ModelPair, texts: Sequence[str], config: EfficiencyConfig, *, with_quantized: bool = True
) -> Iterator[Progress | list[EfficiencyRow]]:
    """Yield progress, and last the rows of `measure_efficiency` for the models of `DESCRIPTIONS`.

    A teacher that cannot be pruned or quantised is measured without; a note says so.

    Args:
        pair: on the CPU.
        with_quantized: quantising takes a while, a quarter of a minute for the bundled teacher.
    """
    if is_busy():
        yield Progress("looking at the machine", 0, 1, note=BUSY)
    require_measurable({TEACHER: pair.teacher, STUDENT: pair.student}, texts, config)
    with tempfile.TemporaryDirectory() as folder:
        models: dict[str, Classifier] = {BASELINE: bert_base_reference(), TEACHER: pair.teacher}
        models |= yield from _compressed(pair.teacher, Path(folder) if with_quantized else None, config.threads or available_threads())
        models[STUDENT] = pair.student
        yield from measure_efficiency(models, texts, config)


def is_busy() -> bool:
    """Whether half of the cores or more had something to do in the last minute."""
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > available_threads() / 2


def _compressed(teacher: Teacher, folder: Path | None, threads: int) -> Generator[Progress, None, dict[str, Classifier]]:
    makers: dict[str, Callable[[], Classifier]] = {PRUNED: lambda: _any_heads(teacher)}
    if folder is not None:
        makers[QUANTIZED] = lambda: quantize(teacher, folder / QUANTIZED, threads=threads)
    models: dict[str, Classifier] = {}
    for done, (name, make) in enumerate(makers.items()):
        yield Progress("compressing the teacher", done, len(makers))
        try:
            models[name] = make()
        except ModelError as error:
            yield Progress("compressing the teacher", done, len(makers), note=f"Without {name}: {error}")
    return models


def _any_heads(teacher: Teacher) -> Classifier:
    layers, heads = head_counts(teacher)
    if heads <= HEADS_KEPT:
        raise ModelError(f"{teacher.name} has only {heads} heads in each layer.")
    return remove_heads(teacher, np.tile(np.arange(heads) < HEADS_KEPT, (layers, 1)))
