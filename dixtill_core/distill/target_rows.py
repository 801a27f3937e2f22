"""The rows of one shard: what the teacher says about some hundred texts. Every engine computes them by this one function.

The same texts in the same order give the same batches and so the same bytes, on one kind of device and with one number
of threads. With another number of threads, matrix products add up in another order on a CPU: last digits may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import torch

from dixtill_core.config import ExplainConfig
from dixtill_core.data.datasets import text_key
from dixtill_core.data.words import split_words
from dixtill_core.distill.target_shards import SCHEMA
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.teacher import Teacher

PROGRESS_TEXTS = 32
"""That the teacher reads between two signs of life, at which a computation can be stopped."""
EXPLAINED_TEXTS = 8
"""With attributions on a CPU, where that many take the bundled teacher some five seconds and larger batches are no faster."""


def compute_rows(
    teacher: Teacher, explain: ExplainConfig | None, texts: Sequence[str], threads: int | None = None
) -> Generator[int, None, pa.Table]:
    """Yield how many texts were just finished, a few at a time; the rows, in the order of `texts`, are the return value.

    Args:
        explain: None for logits only.
        threads: on a CPU; what PyTorch is set to where None.
    """
    logits = np.zeros((len(texts), len(teacher.label_names)), dtype=np.float32)
    scores: list[np.ndarray] = [np.zeros(0, dtype=np.float32)] * len(texts)
    deltas: list[float | None] = [None] * len(texts)
    at_once = EXPLAINED_TEXTS if explain and teacher.device.type == "cpu" else PROGRESS_TEXTS
    for batch in _similar_lengths(teacher, texts, at_once):
        chosen = [texts[i] for i in batch]
        with _threads(threads):
            logits[batch] = teacher.predict(chosen)
            found = integrated_gradients(teacher, chosen, logits[batch].argmax(axis=1), explain) if explain else []
        for i, attributions in zip(batch, found, strict=bool(explain)):
            scores[i] = np.zeros(len(split_words(texts[i])), dtype=np.float32)  # Words past the teacher's window have 0.
            scores[i][: len(attributions.scores)] = attributions.scores
            deltas[i] = attributions.convergence_delta
        yield len(batch)
    return pa.table(
        {
            "key": [text_key(text) for text in texts],
            "logits": _lists(list(logits)),
            "scores": _lists(scores),
            "target": pa.array(logits.argmax(axis=1), pa.int32()),
            "convergence_delta": pa.array(deltas, pa.float32()),
        },
        schema=SCHEMA,
    )


def finish(rows: Generator[int, None, pa.Table], report: Callable[[int], object] = lambda finished: None) -> pa.Table:
    """Run `compute_rows` to its end and report each step; the rows."""
    while True:
        try:
            report(next(rows))
        except StopIteration as end:
            return end.value


def _similar_lengths(teacher: Teacher, texts: Sequence[str], at_once: int) -> Iterator[list[int]]:
    """Positions of texts that the teacher reads at once."""
    counts = teacher.piece_counts(texts)
    order = sorted(range(len(texts)), key=counts.__getitem__)
    for start in range(0, len(order), at_once):
        yield order[start : start + at_once]


def _lists(rows: Sequence[np.ndarray]) -> pa.Array:
    """An Arrow array of lists of float32."""
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    values = np.concatenate(rows) if rows else np.zeros(0, dtype=np.float32)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values, pa.float32()))


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    if number is not None:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)
