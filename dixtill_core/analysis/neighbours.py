"""The training texts that lie nearest to a text in the eyes of a model, by the cosine of what its last layer reads.

Teacher: the input of the linear layer that gives the logits, whatever the architecture: the pooled state of BERT, the
last hidden state of a decoder's last piece. Student: the attention-weighted context alpha H. Both float32 and of unit
length, 4 * size bytes a text: 154 MB for 100,000 texts of a teacher with 384 dimensions, 40 MB for a student's 100.
The search is exact: every text is compared.

An index lies in the cache as parts of `PART_TEXTS` texts under a key of texts and model. A part appears whole or not at
all, so what was stopped goes on behind its last part.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from dixtill_core.analysis.corpus import student_fingerprint
from dixtill_core.data.datasets import Dataset
from dixtill_core.errors import DataError, ModelError
from dixtill_core.files import sha256_of_json, write_atomic, write_json
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher
from dixtill_core.paths import cache_folder
from dixtill_core.progress import Progress

FORMAT = 1
"""Rises whenever `split_words` or an embedding changes."""
PART_TEXTS = 1024
BATCH_TEXTS = 32
BLOCK_TEXTS = 8192
DECIMALS = 5
"""Of a cosine. The same text differs by less from one batch to another, so that repeated texts are ties, ordered by row."""


@dataclass(frozen=True)
class Neighbour:
    row: int
    """Place in the training texts, from 1."""
    text: str
    label: str | None
    similarity: float
    """Cosine, in [-1, 1]."""


@dataclass(frozen=True, eq=False)
class NeighbourIndex:
    """The embeddings of all training texts by one model."""

    model: Teacher | StudentClassifier
    dataset: Dataset
    vectors: np.ndarray  # (texts, size) float32, of unit length

    def nearest(self, text: str, count: int = 5) -> list[Neighbour]:
        """The `count` nearest training texts, the nearest first, ties by row."""
        return self.nearest_of([text], count)[0]

    def nearest_of(self, texts: Sequence[str], count: int = 5) -> list[list[Neighbour]]:
        """The same for several texts."""
        queries = embed(self.model, texts)
        return [[self._neighbour(*found) for found in nearest_rows(self.vectors, query, count)] for query in queries]

    def _neighbour(self, row: int, similarity: float) -> Neighbour:
        labels = self.dataset.labels
        label = None if labels is None else self.dataset.label_names[int(labels[row])]
        return Neighbour(row + 1, self.dataset.texts[row], label, similarity)


def nearest_rows(vectors: np.ndarray, query: np.ndarray, count: int) -> list[tuple[int, float]]:
    """Rows of `vectors` (texts, size) with the largest product with `query` (size,), and the products; ties by row."""
    rows, values = np.zeros(0, dtype=np.int64), np.zeros(0)
    for start in range(0, len(vectors), BLOCK_TEXTS):
        products = np.round((vectors[start : start + BLOCK_TEXTS] @ query).astype(np.float64), DECIMALS)
        rows = np.concatenate([rows, np.arange(start, start + len(products))])
        values = np.concatenate([values, products])
        best = np.lexsort((rows, -values))[: max(0, count)]
        rows, values = rows[best], values[best]
    return list(zip(rows.tolist(), values.clip(-1, 1).tolist(), strict=True))


def build_index(model: Teacher | StudentClassifier, dataset: Dataset, cache: Path | None = None) -> Iterator[Progress | NeighbourIndex]:
    """Embed all texts that are not on disk, yielding progress after every batch, and last the index.

    May be stopped at any yield; the same call goes on from the last whole part.

    Raises:
        DataError: no texts.
        ModelError: no layer of the teacher gives its logits.
    """
    if not len(dataset):
        raise DataError(f"{dataset.source} has no texts, so none can be near. Choose the data that the student was trained on.")
    settings = index_settings(model, dataset.texts)
    folder = Path(cache or cache_folder()) / "neighbours" / sha256_of_json(settings)[:24]
    stage = f"embedding with the {'teacher' if isinstance(model, Teacher) else 'student'}"
    write_json(folder / "settings.json", settings)
    parts = []
    for start in range(0, len(dataset), PART_TEXTS):
        texts, path = dataset.texts[start : start + PART_TEXTS], folder / f"{start:09d}.npy"
        part = _read_part(path, len(texts))
        if part is None:
            part = np.zeros((0, 0), dtype=np.float32)
            for step in _embed_steps(model, texts):
                if isinstance(step, np.ndarray):
                    part = step
                else:
                    yield Progress(stage, start + step, len(dataset))
            _write_part(path, part)
        yield Progress(stage, start + len(texts), len(dataset))
        parts.append(part)
    yield NeighbourIndex(model, dataset, np.concatenate(parts))


def index_settings(model: Teacher | StudentClassifier, texts: Sequence[str]) -> dict[str, Any]:
    """What decides an index."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    found: dict[str, Any] = {"format": FORMAT, "texts": len(texts), "sha256_of_texts": digest.hexdigest(), "dtype": "float32"}
    if isinstance(model, Teacher):
        return found | {"model": model.fingerprint, "max_length": model.max_length, "precision": str(model.autocast)}
    return found | {"model": student_fingerprint(model)}


def embed(model: Teacher | StudentClassifier, texts: Sequence[str]) -> np.ndarray:
    """Unit vectors (texts, size) float32; zeros where a model's state is zero.

    Raises:
        ModelError: no layer of the teacher gives its logits.
    """
    *_, found = _embed_steps(model, texts)
    assert isinstance(found, np.ndarray)
    return found


def _embed_steps(model: Teacher | StudentClassifier, texts: Sequence[str]) -> Iterator[int | np.ndarray]:
    """How many texts are done, after every batch of similar lengths, and last the vectors."""
    counts = model.piece_counts(list(texts))
    order = sorted(range(len(texts)), key=counts.__getitem__)
    vectors: np.ndarray | None = None
    for start in range(0, len(order), BATCH_TEXTS):
        chosen = order[start : start + BATCH_TEXTS]
        batch = [texts[i] for i in chosen]
        states = _teacher_states(model, batch) if isinstance(model, Teacher) else _student_states(model, batch)
        if vectors is None:
            vectors = np.zeros((len(texts), states.shape[1]), dtype=np.float32)
        vectors[chosen] = states / np.maximum(np.linalg.norm(states, axis=1, keepdims=True), 1e-12)
        yield start + len(chosen)
    yield np.zeros((0, 0), dtype=np.float32) if vectors is None else vectors


def _teacher_states(teacher: Teacher, texts: Sequence[str]) -> np.ndarray:
    """What the layer that gives the logits reads of each text, (texts, size) float32."""
    layers = [module for module in teacher.model.modules() if getattr(module, "out_features", None) == len(teacher.label_names)]
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    thread = threading.get_ident()

    def note(module: nn.Module, arguments: tuple[torch.Tensor, ...], result: torch.Tensor) -> None:
        if threading.get_ident() == thread and arguments:
            seen.append((arguments[0], result))

    with teacher.lock, torch.inference_mode():
        hooks = [layer.register_forward_hook(note) for layer in layers]
        try:
            logits = teacher.forward(teacher.encode(texts).inputs)
        finally:
            for hook in hooks:
                hook.remove()
    for states, outputs in reversed(seen):
        if (found := _read_position(states, outputs, logits)) is not None:
            return found.float().cpu().numpy()
    raise ModelError(f"No layer of {teacher.name} gives its logits, so its texts have no embedding. Look at the student's neighbours.")


def _read_position(states: torch.Tensor, outputs: torch.Tensor, logits: torch.Tensor) -> torch.Tensor | None:
    """Of the states that a layer read, (texts, size) or (texts, pieces, size), those whose outputs are the logits."""
    if states.dim() == 2:
        states, outputs = states[:, None], outputs[:, None]
    if states.dim() != 3 or len(outputs) != len(logits):
        return None
    distance = (outputs.float() - logits[:, None]).abs().amax(dim=-1)  # (texts, pieces)
    nearest = distance.argmin(dim=1)
    if float(distance.gather(1, nearest[:, None]).max()) > 1e-3:
        return None
    return states[torch.arange(len(states), device=states.device), nearest]


def _student_states(student: StudentClassifier, texts: Sequence[str]) -> np.ndarray:
    """The attention-weighted context of each text, (texts, 2 * hidden) float32."""
    seen: list[torch.Tensor] = []
    thread = threading.get_ident()

    def note(module: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        if threading.get_ident() == thread:  # Others may read with the same student meanwhile.
            seen.append(arguments[0])

    with student.lock, torch.inference_mode():
        hook = student.network.classifier.register_forward_pre_hook(note)
        try:
            inputs = student.encode(texts).inputs
            student.network(inputs["input_ids"], inputs["attention_mask"].sum(dim=1).clamp_min(1))
        finally:
            hook.remove()
    return seen[-1].float().cpu().numpy()


def _write_part(path: Path, vectors: np.ndarray) -> None:
    stream = io.BytesIO()
    np.save(stream, vectors, allow_pickle=False)
    content = stream.getvalue()
    write_atomic(path, content + hashlib.sha256(content).digest())


def _read_part(path: Path, n_texts: int) -> np.ndarray | None:
    """The vectors of a part; None where it is not there or not as it was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    body, seal = content[:-32], content[-32:]
    if hashlib.sha256(body).digest() != seal:
        return None
    vectors = np.load(io.BytesIO(body), allow_pickle=False)
    return vectors if len(vectors) == n_texts else None
