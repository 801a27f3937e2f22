"""What a student says about the test texts, kept on disk: logits, attention scores, Integrated Gradients.

A Parquet file for each student, a row for each test text in its order. The texts themselves are not in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from dixtill_core.config import ExplainConfig
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.files import write_atomic
from dixtill_core.models.student import StudentClassifier
from dixtill_core.progress import Progress

STUDENT_EXPLAIN = ExplainConfig(n_steps=24, tolerance=0.05, max_steps=96)
"""Integrated Gradients of a student: its path is smoother than a teacher's; texts that miss the tolerance get more steps."""
TEXTS_AT_ONCE = 128
_SCORES = pa.list_(pa.float32())
_SCHEMA = pa.schema([("logits", _SCORES), ("attention", _SCORES), ("integrated_gradients", _SCORES)])


@dataclass(frozen=True, eq=False)
class StudentReadings:
    logits: np.ndarray  # (texts, classes) float32
    scores: dict[str, list[np.ndarray]]
    """By explainer, "attention" and "integrated_gradients": each (words,) float32."""


def read_test_texts(student: StudentClassifier, texts: Sequence[str]) -> Iterator[Progress | StudentReadings]:
    """Yield progress, and last the readings. Both explanations are of the class that the student predicts."""
    readings = student.run(texts)
    logits = np.stack([reading.logits for reading in readings])
    gradients: list[np.ndarray] = []
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = slice(start, start + TEXTS_AT_ONCE)
        found = integrated_gradients(student, texts[part], logits[part].argmax(axis=1), STUDENT_EXPLAIN)
        gradients += [one.scores.astype(np.float32) for one in found]
        yield Progress("explaining the student", len(gradients), len(texts))
    attention = [reading.scores.astype(np.float32) for reading in readings]
    yield StudentReadings(logits, {"attention": attention, "integrated_gradients": gradients})


def save_readings(path: Path, readings: StudentReadings) -> None:
    columns = {"logits": list(readings.logits), **readings.scores}
    stream = BytesIO()
    parquet.write_table(pa.Table.from_pydict(columns, schema=_SCHEMA), stream, compression="zstd")
    write_atomic(path, stream.getvalue())


def load_readings(path: Path) -> StudentReadings:
    table = parquet.read_table(path, schema=_SCHEMA).to_pydict()
    scores = {name: [np.array(row, dtype=np.float32) for row in table[name]] for name in ("attention", "integrated_gradients")}
    return StudentReadings(np.array(table["logits"], dtype=np.float32), scores)
