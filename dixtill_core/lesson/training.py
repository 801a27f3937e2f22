"""Two small students trained on the sample, one without the alignment loss and one with it, kept epoch by epoch.

A recording is a folder: `training.json` (settings, metrics of each epoch), `vocabulary.json` and `students.safetensors`
with the weights of both students after the kept epochs in half precision. Of the word embedding, which is most of a
student, it holds the start once and then the rows that training changed. So any sentence can be read by all of them.

Run: python -m dixtill_core.lesson.training --out assets/lesson
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from dixtill_core.config import DistillConfig, Method, StudentConfig
from dixtill_core.data.datasets import Dataset
from dixtill_core.data.vocabulary import Vocabulary, initial_embeddings
from dixtill_core.distill.corpus import Corpus, prepare_corpus
from dixtill_core.distill.targets import TARGET_CONFIG
from dixtill_core.distill.trainer import FinishedEpoch, distill
from dixtill_core.errors import CheckpointError, ConfigError
from dixtill_core.files import replace_folder, sha256_of_file, write_atomic, write_json
from dixtill_core.models.student import Student, StudentClassifier
from dixtill_core.models.teacher import Teacher
from dixtill_core.paths import ASSETS, cache_folder
from dixtill_core.progress import Progress, result_of

RECORDED = ASSETS / "lesson"
"""The recording that comes with the project."""
METHODS: tuple[Method, Method] = ("kl", "dixtill")
"""Without L_XAI, and with it; all else is the same."""
KEPT_EPOCHS = (1, 2, 4, 8, 16)
STUDENT = StudentConfig(max_vocabulary=8000)
DISTILL = DistillConfig(epochs=16, batch_size=64, augmented_texts=3000, alignment_weight=5.0, weight_decay=0.0, average_decay=0.99)
"""Small enough for a few minutes; L_XAI weighs more than usual, since few texts have reasons. Without weight decay, the
embedding of a word that no text holds stays as it was."""
FORMAT = 1
TRAINING, VOCABULARY, STUDENTS = "training.json", "vocabulary.json", "students.safetensors"
EMBEDDING = "embedding.weight"


def own_recording() -> Path:
    """Where a training on this machine is kept."""
    return cache_folder() / "lesson"


@dataclass(frozen=True, eq=False)
class Recording:
    """Both students after every kept epoch."""

    epochs: tuple[int, ...]
    students: Mapping[Method, tuple[StudentClassifier, ...]]
    metrics: Mapping[Method, tuple[Mapping[str, float], ...]]
    """On the validation texts, one a kept epoch."""
    settings: Mapping[str, Any]


def record_training(
    dataset: Dataset,
    teacher: Teacher,
    out: Path,
    *,
    student: StudentConfig = STUDENT,
    config: DistillConfig = DISTILL,
    kept_epochs: tuple[int, ...] = KEPT_EPOCHS,
    cache: Path | None = None,
) -> Iterator[Progress]:
    """Train both students and write the recording `out`, which appears whole or not at all; yields progress throughout."""
    dataset = dataset.with_label_names(teacher.label_names)
    corpus = yield from result_of(prepare_corpus(dataset, teacher, student, config, TARGET_CONFIG, cache), Corpus)
    start = torch.from_numpy(initial_embeddings(corpus.vocabulary, student.embedding_size, corpus.glove, config.seed))
    states: dict[str, list[dict[str, torch.Tensor]]] = {}
    metrics: dict[str, list[dict[str, float]]] = {}
    for method in METHODS:
        states[method], metrics[method] = [], []

        def keep(finished: FinishedEpoch, method: str = method) -> None:
            if finished.epoch in kept_epochs:
                states[method].append({name: tensor.clone() for name, tensor in finished.student.network.state_dict().items()})
                metrics[method].append(dict(finished.metrics))

        with TemporaryDirectory() as folder:
            of_method = replace(config, method=method)
            for progress in distill(dataset, teacher, Path(folder) / "pair", student, of_method, cache=cache, corpus=corpus, on_epoch=keep):
                yield replace(progress, stage=f"{progress.stage} {'with' if method == 'dixtill' else 'without'} L_XAI")
    epochs = [epoch for epoch in kept_epochs if epoch <= config.epochs]
    settings = {
        "format": FORMAT, "epochs": epochs, "metrics": metrics, "label_names": list(teacher.label_names), "student": student.to_dict(),
        "distill": config.to_dict(), "methods": list(METHODS), "data": Path(dataset.source).name, "texts": len(dataset),
        "teacher": teacher.name, "teacher_fingerprint": teacher.fingerprint,
    }  # fmt: skip
    with replace_folder(Path(out)) as fresh:
        write_atomic(fresh / VOCABULARY, json.dumps(list(corpus.vocabulary.words), ensure_ascii=False).encode())
        write_atomic(fresh / STUDENTS, save(_packed(start, states)))
        write_json(fresh / TRAINING, settings | {"sha256": {name: sha256_of_file(fresh / name) for name in (VOCABULARY, STUDENTS)}})
    yield Progress("done", 1, 1)


def _packed(start: torch.Tensor, states: Mapping[str, list[dict[str, torch.Tensor]]]) -> dict[str, torch.Tensor]:
    """Everything in half precision; of each embedding only the rows that differ from the start in any epoch."""
    packed = {"start": start.half()}
    for method, epochs in states.items():
        is_changed = torch.stack([(state[EMBEDDING] != start).any(dim=1) for state in epochs]).any(dim=0)
        rows = is_changed.nonzero().squeeze(1)
        packed[f"{method}.rows"] = rows.to(torch.int32)
        for i, state in enumerate(epochs):
            for name, tensor in state.items():
                packed[f"{method}.{i}.{name}"] = (tensor[rows] if name == EMBEDDING else tensor).half().contiguous()
    return packed


def load_recording(folder: Path = RECORDED) -> Recording:
    """Read a recording and check every byte of it.

    Raises:
        CheckpointError: it is missing, damaged or of another version.
    """
    folder = Path(folder)
    try:
        settings = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
        if settings["format"] != FORMAT:
            raise CheckpointError(f"{folder} has format {settings['format']}; this version reads {FORMAT}. Train both students again.")
        for name, expected in settings["sha256"].items():
            if sha256_of_file(folder / name) != expected:
                raise CheckpointError(f"{folder / name} is damaged: its SHA-256 differs. Train both students again.")
        vocabulary = Vocabulary(tuple(json.loads((folder / VOCABULARY).read_bytes())))
        tensors = load((folder / STUDENTS).read_bytes())
        config, names = StudentConfig.from_dict(settings["student"]), settings["label_names"]
        students = {
            method: tuple(_unpacked(tensors, method, i, config, vocabulary, names) for i in range(len(settings["epochs"])))
            for method in METHODS
        }
        metrics = {method: tuple(settings["metrics"][method]) for method in METHODS}
        return Recording(tuple(settings["epochs"]), students, metrics, settings)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError, ConfigError) as error:
        raise CheckpointError(f"{folder} is no recorded training: {error}. Train both students again.") from error


def _unpacked(
    tensors: Mapping[str, torch.Tensor], method: str, i: int, config: StudentConfig, vocabulary: Vocabulary, names: list[str]
) -> StudentClassifier:
    network = Student(config, len(vocabulary), len(names))
    prefix = f"{method}.{i}."
    state = {name.removeprefix(prefix): tensor.float() for name, tensor in tensors.items() if name.startswith(prefix)}
    embedding = tensors["start"].float()
    embedding[tensors[f"{method}.rows"].long()] = state[EMBEDDING]
    network.load_state_dict(state | {EMBEDDING: embedding})
    return StudentClassifier(network, vocabulary, names, name=method)


def attention_by_epoch(recording: Recording, method: Method, text: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (epochs, words), weights (epochs, words) and logits (epochs, classes) of a text with words."""
    readings = [student.run([text])[0] for student in recording.students[method]]
    return tuple(np.stack(values) for values in zip(*((r.scores, r.weights, r.logits) for r in readings), strict=True))  # type: ignore[return-value]


def main() -> None:
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.models.teacher import load_teacher
    from dixtill_core.terminal import show_progress

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RECORDED)
    out = parser.parse_args().out
    show_progress(record_training(load_dataset("sample"), load_teacher(device="cpu"), out))
    print(out)


if __name__ == "__main__":
    main()
