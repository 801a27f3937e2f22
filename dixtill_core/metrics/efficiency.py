"""What models cost: bytes, parameters, memory of a forward pass, latency, throughput, time of an explanation.

Two kinds of input, always the same for all models:

    corpus    a seeded sample of the texts at their own lengths, end to end: from text to logits (`predict`)
    150       the same texts padded or cut to 150 pieces (a student's pieces are words), prepared beforehand: the
              network alone (`forward`), as in Cantini et al. 2024, Table 3

The models take turns: in each round every model runs the same batch, so that whatever else the machine does meets all
of them. A turn lasts `TURN_SECONDS` or one pass, whichever is longer, and counts as one latency: the median of its passes.

    speedup       median latency of the first model / that of the model, same batch and length; higher is better
    compression   bytes of the first model / those of the model; higher is better
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.nn import functional

from dixtill_core.config import EfficiencyConfig
from dixtill_core.errors import ConfigError, DataError, ModelError
from dixtill_core.explain.attention import attention
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.metrics.memory import peak_memory_bytes
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress

CORPUS = "corpus"
TURN_SECONDS = 0.2
"""A fast model repeats the batch of a round for so long: one pass of a fraction of a millisecond says little."""
LEAST_ROUNDS = 3
"""Taken even where the time budget is spent earlier, so that there is a median."""


@dataclass(frozen=True)
class EfficiencyRow:
    """One model on one kind of batch."""

    model: str
    batch: int
    length: int | str
    """Pieces of each text, or "corpus" for the texts' own lengths."""
    threads: int
    median_ms: float
    """Latency of a batch; `low_ms` and `high_ms` are its quartiles over the rounds."""
    low_ms: float
    high_ms: float
    texts_per_second: float
    explanation_ms: float | None
    """Median time from one text to its prediction and explanation; only beside batch 1 of the corpus' lengths."""
    bytes: int
    """On disk, of all that is needed to run: weights, vocabulary or tokenizer, configuration."""
    parameters: int
    peak_memory_bytes: int | None
    """Of one forward pass, on top of the weights (see `metrics.memory`); None for a model that runs outside PyTorch."""
    speedup: float
    compression: float


def measure_efficiency(
    models: Mapping[str, Classifier], texts: Sequence[str], config: EfficiencyConfig | None = None
) -> Iterator[Progress | list[EfficiencyRow]]:
    """Yield progress after each turn of a model, and last the rows: by length, batch and model, as given.

    The first model is the baseline of speedup and compression. Where the configuration names no number of threads,
    each model runs on all cores, or on those of its `useful_threads`; its rows say how many. The process's
    number of threads is as before once this ends, is closed or fails.

    Raises:
        ConfigError: no model, or a length that one of them cannot read.
        DataError: no texts.
        ModelError: a model that does not run on the CPU.
    """
    config = config or EfficiencyConfig()
    require_measurable(models, texts, config)
    before = torch.get_num_threads()
    try:
        with threadpool_limits(config.threads or available_threads()):  # NumPy's and SciPy's own
            rows: list[EfficiencyRow] = []
            for length in config.lengths:
                for batch in config.batches:
                    rows += yield from _measure_batch(models, texts, batch, length, config)
            yield rows
    finally:
        torch.set_num_threads(before)


def threads_of(model: Classifier, texts: Sequence[str], length: int | None, config: EfficiencyConfig) -> int:
    """Threads that a model is measured on with batches like `texts`."""
    if config.threads is not None:
        return config.threads
    useful_threads = getattr(model, "useful_threads", None)
    if useful_threads is None:
        return available_threads()
    longest = max(model.piece_counts(texts)) if length is None else length
    return min(available_threads(), useful_threads(len(texts) * longest))


def available_threads() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def require_measurable(models: Mapping[str, Classifier], texts: Sequence[str], config: EfficiencyConfig) -> None:
    """Raise what `measure_efficiency` would, before anything is run."""
    if not models:
        raise ConfigError("There is no model to measure.")
    if not texts:
        raise DataError("There are no texts to measure on. Give a file with at least one.")
    for name, model in models.items():
        window = getattr(model, "max_length", None)
        longest = max((length for length in config.lengths if length is not None), default=0)
        if window is not None and longest > window:
            raise ConfigError(
                f"The model {name} reads {window} pieces at most. Measure on lengths up to that, not on {longest}, as by "
                f"--lengths corpus,{window}."
            )
        device = model.encode(texts[:1]).inputs["input_ids"].device
        if device.type != "cpu":
            raise ModelError(f"The model {name} runs on {device.type}. Load it with device='cpu': times are compared on the CPU.")


def within_windows(models: Mapping[str, Classifier], config: EfficiencyConfig) -> EfficiencyConfig:
    """The configuration with no length that one of the models cannot read: where 150 is too long, its window is taken."""
    window = min((limit for model in models.values() if (limit := getattr(model, "max_length", None)) is not None), default=None)
    if window is None:
        return config
    lengths = dict.fromkeys(None if length is None else min(length, window) for length in config.lengths)
    return replace(config, lengths=tuple(lengths))


Models = Mapping[str, Classifier]
Pass = Callable[[], object]


def _measure_batch(
    models: Models, texts: Sequence[str], batch: int, length: int | None, config: EfficiencyConfig
) -> Generator[Progress, None, list[EfficiencyRow]]:
    """One batch size and length for all models."""
    batches = sample_batches(texts, batch, config.repetitions, config.seed)
    threads = {name: threads_of(model, batches[0], length, config) for name, model in models.items()}
    stage = f"batch {batch}, " + ("the texts' own lengths" if length is None else f"padded to {length}")

    def prepare(model: Classifier, chosen: Sequence[str]) -> Pass:
        return (lambda: model.predict(chosen)) if length is None else _network_alone(model, chosen, length)

    peaks = {}
    for name, model in models.items():
        torch.set_num_threads(threads[name])
        prepare(model, batches[0])()  # Warm-up: the first pass of a shape plans its kernels.
        torch.set_num_threads(1)  # Memory is counted in one thread alone.
        peaks[name] = peak_memory_bytes(_network_alone(model, batches[0], length)) or None
        yield Progress(stage, 0, config.repetitions * len(models))
    seconds = yield from _take_turns(models, threads, prepare, batches, stage, config.seconds, LEAST_ROUNDS)
    explanations: dict[str, np.ndarray] = {}
    if batch == 1 and length is None:
        explained = {name: model for name, model in models.items() if explanation_of(model) is not None}
        explanations = yield from _take_turns(explained, threads, _explain, batches, "one explanation", config.seconds, 1)

    first = next(iter(models))
    rows = []
    for name, model in models.items():
        low, median, high = (float(value) for value in np.percentile(seconds[name], (25, 50, 75)))
        rows.append(
            EfficiencyRow(
                model=name,
                batch=batch,
                length=CORPUS if length is None else length,
                threads=threads[name],
                median_ms=1000 * median,
                low_ms=1000 * low,
                high_ms=1000 * high,
                texts_per_second=batch / median,
                explanation_ms=1000 * float(np.median(explanations[name])) if name in explanations else None,
                bytes=model.bytes_on_disk,
                parameters=model.parameters,
                peak_memory_bytes=peaks[name],
                speedup=float(np.median(seconds[first])) / median,
                compression=models[first].bytes_on_disk / model.bytes_on_disk if model.bytes_on_disk else float("nan"),
            )
        )
    return rows


def _take_turns(
    models: Models,
    threads: Mapping[str, int],
    prepare: Callable[[Classifier, Sequence[str]], Pass],
    batches: Sequence[Sequence[str]],
    stage: str,
    seconds: float,
    least_rounds: int,
) -> Generator[Progress, None, dict[str, np.ndarray]]:
    """Seconds of a pass of each model in each round, one batch a round, until the batches or `seconds` are used up."""
    found: dict[str, list[float]] = {name: [] for name in models}
    spent, done, total = 0.0, 0, len(batches) * len(models)
    yield Progress(stage, 0, total)
    for round_number, chosen in enumerate(batches, start=1):
        for name, model in models.items():
            torch.set_num_threads(threads[name])
            passes = _turn(prepare(model, chosen))
            found[name].append(float(np.median(passes)))
            spent, done = spent + sum(passes), done + 1
            yield Progress(stage, done, total)
        if spent > seconds and round_number >= least_rounds:
            break
    yield Progress(stage, total, total)
    return {name: np.array(values) for name, values in found.items()}


def _turn(run: Pass) -> list[float]:
    """Seconds of each pass of one turn."""
    passes: list[float] = []
    while sum(passes) < TURN_SECONDS:
        start = time.perf_counter()
        run()
        passes.append(time.perf_counter() - start)
    return passes


def sample_batches(texts: Sequence[str], batch: int, n_batches: int, seed: int) -> list[list[str]]:
    """Batches drawn with a seed; a text occurs once in a batch, more often only where there are fewer texts than that."""
    source = random.Random(seed)
    return [source.sample(texts, batch) if batch <= len(texts) else source.choices(texts, k=batch) for _ in range(n_batches)]


def padded_inputs(model: Classifier, texts: Sequence[str], length: int) -> dict[str, Tensor]:
    """What the model reads of `texts`, each tensor (texts, length): padded at the end, or cut."""
    fillings = {"input_ids": model.padding_id}  # Masks and segments go on with 0.
    return {
        name: functional.pad(values[:, :length], (0, max(0, length - values.shape[1])), value=fillings.get(name, 0))
        for name, values in model.encode(texts).inputs.items()
    }


def _network_alone(model: Classifier, texts: Sequence[str], length: int | None) -> Pass:
    inputs = model.encode(texts).inputs if length is None else padded_inputs(model, texts, length)

    def run() -> Tensor:
        with torch.inference_mode():
            return model.forward(inputs)

    return run


def explanation_of(model: Classifier) -> Callable[[Sequence[str]], object] | None:
    """How the model explains itself: a student by its attention, a teacher by Integrated Gradients, others not at all."""
    if isinstance(model, StudentClassifier):
        return lambda texts: attention(model, texts)
    if isinstance(model, Teacher) and model.has_gradients:
        return lambda texts: integrated_gradients(model, texts)
    return None


def _explain(model: Classifier, texts: Sequence[str]) -> Pass:
    explain = explanation_of(model)
    assert explain is not None
    return lambda: explain(texts)
