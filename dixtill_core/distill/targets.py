"""What the teacher says about each training text, computed once and kept on disk.

A store is a folder for one teacher and one way to explain. Each shard is a Parquet file that appears whole or not at
all, so a computation that was killed goes on behind its last shard. A row is found by the hash of its text; rows are
never computed twice, whichever corpus asks for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

from dixtill_core.config import ExplainConfig
from dixtill_core.data.datasets import text_key
from dixtill_core.data.words import split_words
from dixtill_core.errors import DixtillError
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.files import sha256_of_json, write_atomic, write_json
from dixtill_core.models.teacher import Teacher
from dixtill_core.paths import cache_folder
from dixtill_core.progress import Progress

FORMAT = 2
"""Rises whenever `split_words` changes: attributions belong to its words."""
SHARD_TEXTS = 512
PROGRESS_TEXTS = 32
TARGET_CONFIG = ExplainConfig(n_steps=12, tolerance=0.3, max_steps=12)
"""Fewer steps than for one sentence on screen: benchmarks/integrated_gradients.py has the error of each choice."""

_SCHEMA = pa.schema(
    [
        ("key", pa.string()),
        ("logits", pa.list_(pa.float32())),
        ("scores", pa.list_(pa.float32())),  # attributions of the words, empty where only logits are kept
        ("target", pa.int32()),
        ("convergence_delta", pa.float32()),
    ]
)


@dataclass(frozen=True, eq=False)
class TeacherTargets:
    """Teacher's answers in the order of the texts that were asked for."""

    logits: np.ndarray  # (texts, classes) float32
    scores: list[np.ndarray]  # each (words,) float32; words past the teacher's window have 0
    deltas: np.ndarray  # (texts,) float32, NaN without attributions


class TargetStore:
    """The targets of one teacher under one explanation setting; `explain=None` keeps logits only."""

    def __init__(self, teacher: Teacher, explain: ExplainConfig | None, root: Path | None = None) -> None:
        self.teacher = teacher
        self.explain = explain
        self.settings = {
            "format": FORMAT,
            "teacher": teacher.fingerprint,
            "max_length": teacher.max_length,
            "explain": explain.to_dict() if explain else None,
        }
        self.folder = Path(root or cache_folder() / "targets") / sha256_of_json(self.settings)[:16]

    def compute(self, texts: Sequence[str]) -> Iterator[Progress]:
        """Compute what is missing, a shard at a time, and yield progress after every batch."""
        known = set(self._keys())
        missing = list(dict.fromkeys(text for text in texts if text_key(text) not in known))
        stage = "explaining with the teacher" if self.explain else "asking the teacher"
        total, done = len(missing), 0
        if missing:
            write_json(self.folder / "settings.json", self.settings | {"teacher_name": self.teacher.name})
        # Long and short texts are mixed in every shard, so that the time left can be told from the first one.
        for start in range(0, total, SHARD_TEXTS):
            rows: list[dict] = []
            for part in self._similar_lengths(missing[start : start + SHARD_TEXTS]):
                rows.extend(self._rows(part))
                yield Progress(stage, done + len(rows), total)
            self._write_shard(rows)
            done += len(rows)
        if not missing:
            yield Progress(stage, 0, 0, note="all targets were on disk")

    def load(self, texts: Sequence[str]) -> TeacherTargets:
        """Targets of `texts`, all of which `compute` has seen.

        Raises:
            DixtillError: some are not there.
        """
        wanted = {text_key(text) for text in texts}
        found: dict[str, tuple] = {}
        for shard in self._shards():
            columns = parquet.read_table(shard, schema=_SCHEMA).to_pydict()
            for row in zip(*(columns[name] for name in _SCHEMA.names), strict=True):
                if row[0] in wanted:
                    found[row[0]] = row
        if len(found) < len(wanted):
            raise DixtillError(
                f"{len(wanted) - len(found)} of {len(wanted)} texts have no teacher targets in {self.folder}. Run: dixtill targets"
            )
        rows = [found[text_key(text)] for text in texts]
        n_classes = len(self.teacher.label_names)
        logits = np.array([row[1] for row in rows], dtype=np.float32).reshape(len(rows), n_classes)
        scores = [np.array(row[2], dtype=np.float32) for row in rows]
        return TeacherTargets(logits, scores, np.array([row[4] for row in rows], dtype=np.float32))

    def _similar_lengths(self, texts: list[str]) -> list[list[str]]:
        counts = self.teacher.piece_counts(texts)
        ordered = [texts[i] for i in sorted(range(len(texts)), key=counts.__getitem__)]
        return [ordered[i : i + PROGRESS_TEXTS] for i in range(0, len(ordered), PROGRESS_TEXTS)]

    def _rows(self, texts: list[str]) -> list[dict]:
        logits = self.teacher.predict(texts)
        predicted = logits.argmax(axis=1)
        if self.explain is None:
            explained: list[tuple[np.ndarray, float | None]] = [(np.zeros(0), None)] * len(texts)
        else:
            attributions = integrated_gradients(self.teacher, texts, predicted, self.explain)
            explained = [
                (np.pad(found.scores, (0, len(split_words(text)) - len(found.scores))), found.convergence_delta)
                for text, found in zip(texts, attributions, strict=True)
            ]
        return [
            {
                "key": text_key(text),
                "logits": logits[i],
                "scores": explained[i][0],
                "target": int(predicted[i]),
                "convergence_delta": explained[i][1],
            }
            for i, text in enumerate(texts)
        ]

    def _write_shard(self, rows: list[dict]) -> None:
        stream = BytesIO()
        parquet.write_table(pa.Table.from_pylist(rows, schema=_SCHEMA), stream)
        name = hashlib.sha256("".join(row["key"] for row in rows).encode()).hexdigest()[:16]
        write_atomic(self.folder / f"{name}.parquet", stream.getvalue())

    def _shards(self) -> list[Path]:
        return sorted(self.folder.glob("[!.]*.parquet"))

    def _keys(self) -> Iterator[str]:
        """Keys of all readable shards; a damaged one is removed, so that its texts are computed again."""
        for shard in self._shards():
            try:
                yield from parquet.read_table(shard, columns=["key"]).column("key").to_pylist()
            except (pa.ArrowInvalid, OSError):
                shard.unlink(missing_ok=True)
