"""Train a student on what the teacher said: a generator that can be stopped at any yield and resumed after a kill.

`out/student` always holds the best epoch so far. `out/training_state.safetensors` holds everything the next epoch
depends on; it is written after each epoch and removed at the end. Every random choice follows from the seed and the
number of the epoch, so a run that was killed and resumed ends in the same weights as one that was not.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from dixtill_core.config import DistillConfig, ExplainConfig, StudentConfig
from dixtill_core.data.datasets import Dataset
from dixtill_core.data.vocabulary import PADDING_ID, initial_embeddings
from dixtill_core.data.words import UNKNOWN
from dixtill_core.distill.batches import similar_length_batches
from dixtill_core.distill.corpus import Corpus, Examples, prepare_corpus
from dixtill_core.distill.losses import distillation_loss
from dixtill_core.distill.targets import TARGET_CONFIG
from dixtill_core.errors import CheckpointError, DixtillError
from dixtill_core.files import make_folder, sha256_of_json, write_atomic
from dixtill_core.metrics.agreement import mean_agreement
from dixtill_core.metrics.classification import classification_scores, fidelity
from dixtill_core.models.checkpoint import save_student
from dixtill_core.models.pair import STUDENT, write_pair
from dixtill_core.models.student import Student, StudentClassifier
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress, result_of

STATE = "training_state.safetensors"
WARMUP_SHARE = 0.1
MOMENTUM = 0.9
"""Of SGD; the paper's."""
CLIP_NORM = 1.0
EVALUATION_BATCH = 256
VALIDATION_KS = (1, 3, 5)
TIMED_STEPS = 5


@dataclass(frozen=True, eq=False)
class FinishedEpoch:
    """What an epoch left: for whoever follows a student while it learns."""

    epoch: int
    """From 1."""
    student: StudentClassifier
    """The averaged weights, which training goes on to change: use it before the next step, do not keep it."""
    losses: Mapping[str, float]
    """Means over the epoch's training steps."""
    metrics: Mapping[str, float]
    """On the validation texts."""
    is_best: bool
    """The least validation loss so far: this student is the one on disk."""


@dataclass(eq=False)
class _Run:
    """What changes while training."""

    network: Student
    averaged: Student
    optimizer: torch.optim.Optimizer
    unknown_id: int
    epoch: int = 0
    step: int = 0
    best: dict[str, float] = field(default_factory=dict)


def distill(
    dataset: Dataset,
    teacher: Teacher,
    out: Path,
    student_config: StudentConfig | None = None,
    config: DistillConfig | None = None,
    *,
    explain: ExplainConfig = TARGET_CONFIG,
    teacher_reference: str = "",
    cache: Path | None = None,
    overwrite: bool = False,
    corpus: Corpus | None = None,
    on_epoch: Callable[[FinishedEpoch], None] | None = None,
) -> Iterator[Progress]:
    """Distil `teacher` into a student on the texts of `dataset`, and keep the epoch with the least validation loss.

    Yields progress after every batch of targets, every training step and every epoch (then with `metrics`: validation
    quality, `agreement` with the teacher, `loss`). The last one repeats the metrics of the kept epoch.

    Args:
        out: folder of the pair that results; see `models.pair`.
        teacher_reference: how the pair's folder names the teacher; its name where empty.
        cache: folder of the teacher's targets; the user's cache where None.
        overwrite: let go of a finished student in `out`.
        corpus: what `prepare_corpus` made of the same arguments, where several students share it.
        on_epoch: called when an epoch is evaluated, before its state is written: a kill between the two makes it be
            called for the same epoch again, never not at all.

    Raises:
        DataError: labels are missing, too few, or not the teacher's.
        DixtillError: `out` holds a finished student, or cannot be written; or training diverged.
    """
    student_config, config = student_config or StudentConfig(), config or DistillConfig()
    out = Path(out)
    dataset = dataset.with_label_names(teacher.label_names)
    key = _run_key(dataset, teacher, student_config, config, explain)
    if (out / STUDENT).exists() and not overwrite and _state_key(out / STATE) != key:
        raise DixtillError(f"{out} already holds a student. Choose another folder, or say --overwrite to replace it.")

    make_folder(out)  # An hour of explaining before a folder turns out to be closed would be lost.

    if corpus is None:
        corpus = yield from result_of(prepare_corpus(dataset, teacher, student_config, config, explain, cache), Corpus)

    run = _start(corpus, len(teacher.label_names), student_config, config)
    if _state_key(out / STATE) == key:
        _restore(run, out / STATE)
        yield Progress("resuming", run.epoch, config.epochs, note=f"Resuming after epoch {run.epoch} of {config.epochs}.")
    provenance = {
        "data": Path(dataset.source).name,
        "texts": len(dataset),
        "teacher": teacher.name,
        "teacher_fingerprint": teacher.fingerprint,
        "distill": config.to_dict(),
        "explain": explain.to_dict(),
    }
    while run.epoch < config.epochs:
        losses = yield from _train_epoch(run, corpus, config)
        metrics = _evaluate(run.averaged, corpus.validation, config)
        student = StudentClassifier(run.averaged, corpus.vocabulary, teacher.label_names)
        is_best = not run.best or metrics["loss"] < run.best["loss"]
        if is_best:
            run.best = metrics | {"epoch": float(run.epoch)}
            save_student(out / STUDENT, student, metrics=run.best, provenance=provenance)
            write_pair(out, teacher_reference or teacher.name)
        if on_epoch is not None:
            on_epoch(FinishedEpoch(run.epoch, student, losses, metrics, is_best))
        _save_state(run, out / STATE, key)
        yield Progress("validating the student", run.epoch, config.epochs, run.epoch, metrics=metrics)
    (out / STATE).unlink(missing_ok=True)
    yield Progress("done", config.epochs, config.epochs, int(run.best["epoch"]), metrics=run.best)


def _start(corpus: Corpus, n_classes: int, student_config: StudentConfig, config: DistillConfig) -> _Run:
    torch.manual_seed(config.seed)
    network = Student(student_config, len(corpus.vocabulary), n_classes)
    table = initial_embeddings(corpus.vocabulary, student_config.embedding_size, corpus.glove, config.seed)
    with torch.no_grad():
        network.embedding.weight.copy_(torch.from_numpy(table))
    return _run_of(network, config, corpus.vocabulary.position[UNKNOWN])


def _run_of(network: Student, config: DistillConfig, unknown_id: int) -> _Run:
    settings: dict[str, Any] = {"lr": config.learning_rate, "weight_decay": config.weight_decay, "fused": True}
    optimizer: torch.optim.Optimizer
    if config.optimizer == "sgd":
        optimizer = torch.optim.SGD(network.parameters(), momentum=MOMENTUM, **settings)
    else:
        optimizer = torch.optim.AdamW(network.parameters(), **settings)
    return _Run(network, copy.deepcopy(network).eval(), optimizer, unknown_id)


def _train_epoch(run: _Run, corpus: Corpus, config: DistillConfig) -> Generator[Progress, None, dict[str, float]]:
    """Its value is the mean of each loss over the epoch."""
    examples = corpus.train
    run.epoch += 1
    random = np.random.default_rng([config.seed, run.epoch])
    torch.manual_seed(config.seed * 100_003 + run.epoch)
    batches = similar_length_batches(np.arange(len(examples)), [len(ids) for ids in examples.word_ids], config.batch_size, random)
    total_steps = len(batches) * config.epochs
    sums: dict[str, float] = {}
    means: dict[str, float] = {}
    run.network.train()
    for done, positions in enumerate(batches, start=1):
        terms = _train_step(run, examples, positions, total_steps, config, random)
        for name, value in terms.items():
            sums[name] = sums.get(name, 0.0) + value
        means = {name: value / done for name, value in sums.items()}
        yield Progress("training the student", done, len(batches), run.epoch, means)
    return means


def _train_step(
    run: _Run, examples: Examples, positions: np.ndarray, total_steps: int, config: DistillConfig, random: np.random.Generator
) -> dict[str, float]:
    """One batch; the loss and its terms."""
    ids, lengths, targets = examples.batch(positions)
    is_dropped = torch.from_numpy(random.random(ids.shape) < config.word_dropout) & (ids != PADDING_ID)
    ids = ids.masked_fill(is_dropped, run.unknown_id)
    with single_thread():
        loss, terms = distillation_loss(run.network(ids, lengths), targets, config)
        share = 1.0 if config.optimizer == "sgd" else one_cycle(run.step / total_steps)
        run.optimizer.param_groups[0]["lr"] = config.learning_rate * share
        run.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(run.network.parameters(), CLIP_NORM)
        run.optimizer.step()
        run.step += 1
        _average(run, config.average_decay)
    return {name: value.item() for name, value in {"loss": loss, **terms}.items()}


def time_training_step(student_config: StudentConfig, config: DistillConfig, lengths: Sequence[int], n_classes: int) -> float:
    """Seconds of a training step here and now: the median of a few, on made-up texts of these lengths in words.

    Draws nothing from torch's random numbers, which a training in another thread may be using.
    """
    random = np.random.default_rng(0)
    n_words = student_config.max_vocabulary
    with torch.device("meta"):
        network = Student(replace(student_config, dropout=0.0), n_words, n_classes)
    network = network.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.from_numpy(random.normal(0.0, 0.1, tuple(parameter.shape)).astype(np.float32)))
    counts = np.resize(np.clip(lengths, 1, config.max_words), config.batch_size)
    examples = Examples(
        [random.integers(1, n_words, count) for count in counts],
        random.integers(0, n_classes, len(counts)),
        random.normal(0.0, 1.0, (len(counts), n_classes)).astype(np.float32),
        [random.normal(0.0, 1.0, count).astype(np.float32) for count in counts],
    )
    run = _run_of(network.train(), config, unknown_id=1)
    seconds = []
    for _ in range(TIMED_STEPS + 1):  # The first one makes the optimiser's state.
        started = time.perf_counter()
        _train_step(run, examples, np.arange(len(counts)), TIMED_STEPS + 1, config, random)
        seconds.append(time.perf_counter() - started)
    return median(seconds[1:])


def one_cycle(progress: float) -> float:
    """Share of the highest learning rate (Smith 2018): a linear rise over `WARMUP_SHARE`, then half a cosine to 0."""
    if progress < WARMUP_SHARE:
        return 0.04 + 0.96 * progress / WARMUP_SHARE
    return (1 + math.cos(math.pi * (progress - WARMUP_SHARE) / (1 - WARMUP_SHARE))) / 2


@torch.no_grad()
def _average(run: _Run, decay: float) -> None:
    """Move the averaged weights towards the current ones; faster at first, when there is nothing to average yet."""
    decay = min(decay, (1 + run.step) / (10 + run.step))
    for average, current in zip(run.averaged.parameters(), run.network.parameters(), strict=True):
        average.lerp_(current, 1 - decay)


@torch.inference_mode()
def _evaluate(network: Student, examples: Examples, config: DistillConfig) -> dict[str, float]:
    """Loss, quality against gold labels, fidelity and agreement with the teacher."""
    logits = np.zeros_like(examples.logits)
    scores: list[np.ndarray] = [np.zeros(0)] * len(examples)
    total = 0.0
    order = np.argsort([len(ids) for ids in examples.word_ids], kind="stable")
    for start in range(0, len(order), EVALUATION_BATCH):
        positions = order[start : start + EVALUATION_BATCH]
        ids, lengths, targets = examples.batch(positions)
        with single_thread():
            output = network(ids, lengths)
            total += distillation_loss(output, targets, config)[0].item() * len(positions)
        logits[positions] = output.logits.numpy()
        for row, i in enumerate(positions):
            scores[i] = output.scores[row, : len(examples.scores[i])].numpy()
    if not (np.isfinite(logits).all() and math.isfinite(total)):
        raise DixtillError(
            "Training diverged: the student's output is no number any more. The best epoch so far is kept. Choose a lower learning "
            f"rate than {config.learning_rate:g}."
        )
    quality = classification_scores(examples.labels, logits)
    same = fidelity(examples.logits, logits)
    return {"loss": total / len(examples), **quality, "fidelity": same, **mean_agreement(examples.scores, scores, VALIDATION_KS)}


@contextmanager
def single_thread() -> Iterator[None]:
    """One thread: the student is too small for two, and sums in one order give the same weights on every machine size."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _run_key(dataset: Dataset, teacher: Teacher, student: StudentConfig, config: DistillConfig, explain: ExplainConfig) -> str:
    labels = dataset.require_labels().tolist()
    taught = [teacher.fingerprint, sorted(teacher.validation_keys)]
    training = config.to_dict()
    if training["optimizer"] == "adamw":  # States that were written before there was a choice keep their key.
        del training["optimizer"]
    parts = [list(dataset.texts), labels, taught, student.to_dict(), training, explain.to_dict()]
    return sha256_of_json(parts)


def _save_state(run: _Run, path: Path, key: str) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in run.network.state_dict().items()}
    tensors |= {f"averaged.{name}": tensor for name, tensor in run.averaged.state_dict().items()}
    for i, values in run.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{i}.{name}": tensor for name, tensor in values.items()}
    metadata = {"key": key, "epoch": str(run.epoch), "step": str(run.step), "best": json.dumps(run.best)}
    write_atomic(path, save({name: tensor.contiguous() for name, tensor in tensors.items()}, metadata))


def _state_key(path: Path) -> str | None:
    """Key of the run that left its state at `path`; None where there is none that can be read."""
    try:
        with safe_open(path, "pt") as state:
            return (state.metadata() or {}).get("key")
    except (OSError, SafetensorError):
        return None


def _restore(run: _Run, path: Path) -> None:
    try:
        with safe_open(path, "pt") as state:
            metadata = state.metadata()
            tensors = {name: state.get_tensor(name) for name in state.keys()}  # noqa: SIM118 - no mapping
        for module, prefix in ((run.network, "network."), (run.averaged, "averaged.")):
            module.load_state_dict({name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)})
        optimizer_state: dict[int, dict[str, Any]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, i, field_name = name.split(".")
                optimizer_state.setdefault(int(i), {})[field_name] = tensor
        run.optimizer.load_state_dict({"state": optimizer_state, "param_groups": run.optimizer.state_dict()["param_groups"]})
        run.epoch, run.step, run.best = int(metadata["epoch"]), int(metadata["step"]), json.loads(metadata["best"])
    except (KeyError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} cannot be resumed: {error}. Delete it to start again.") from error
