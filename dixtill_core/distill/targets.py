"""What the teacher says about each training text, computed once and kept on disk.

A store is a folder for one teacher and one way to explain. Its rows lie in shards (see `target_shards`): Parquet files
that appear whole or not at all, so a computation that was killed goes on behind its last shard. A row is found by the
hash of its text; rows are never computed twice, whichever corpus asks for them. Texts are streamed, so a corpus may be
larger than memory: what grows with it is 36 bytes a text at most (see `target_missing`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dixtill_core.config import ExplainConfig
from dixtill_core.distill.target_claims import ELSEWHERE
from dixtill_core.distill.target_engines import Engine, InProcess, ShardWork
from dixtill_core.distill.target_keys import KeySet, find_keys, text_keys
from dixtill_core.distill.target_missing import EXPLAINED_SHARD_TEXTS, SHARD_TEXTS, find_missing
from dixtill_core.distill.target_shards import Damage, ShardFolder, keys_of
from dixtill_core.errors import DixtillError
from dixtill_core.files import sha256_of_json, write_json
from dixtill_core.models.teacher import Teacher
from dixtill_core.paths import cache_folder
from dixtill_core.progress import Progress

FORMAT = 2
"""Rises whenever `split_words` changes: attributions belong to its words."""
WAITING = "waiting for another process, which computes the rest"
TARGET_CONFIG = ExplainConfig(n_steps=12, tolerance=0.3, max_steps=12)
"""Fewer steps than for one sentence on screen: benchmarks/integrated_gradients.py has the error of each choice."""


@dataclass(frozen=True, eq=False)
class TeacherTargets:
    """Teacher's answers in the order of the texts that were asked for."""

    logits: np.ndarray  # (texts, classes) float32
    scores: list[np.ndarray]  # each (words,) float32; words past the teacher's window have 0
    deltas: np.ndarray  # (texts,) float32, NaN without attributions


class TargetStore:
    """The targets of one teacher under one explanation setting; `explain=None` keeps logits only.

    Several processes may compute and load at once. Those that compute the same texts share the work, a shard each, and
    wait for each other at the end; through Ray, they do it twice, with the same result.
    """

    def __init__(self, teacher: Teacher, explain: ExplainConfig | None, root: Path | None = None) -> None:
        self.teacher = teacher
        self.explain = explain
        self.settings: dict[str, Any] = {
            "format": FORMAT,
            "teacher": teacher.fingerprint,
            "max_length": teacher.max_length,
            "explain": explain.to_dict() if explain else None,
        }
        if teacher.autocast:  # Half precision gives other targets. Stores of float32 keep the names that they had without this.
            self.settings["precision"] = str(teacher.autocast)
        self.folder = Path(root or cache_folder() / "targets") / sha256_of_json(self.settings)[:16]
        self.shard_texts = SHARD_TEXTS if explain is None else EXPLAINED_SHARD_TEXTS
        self._shards = ShardFolder(self.folder)

    @property
    def stage(self) -> str:
        """What `compute` is doing, for people."""
        return "explaining with the teacher" if self.explain else "asking the teacher"

    def compute(self, texts: Iterable[str], engine: Engine | None = None) -> Iterator[Progress]:
        """Compute what is missing, a shard at a time, and yield progress after every batch.

        Args:
            texts: read twice, so no iterator; a `data.stream.TextStream` where they do not fit into memory.
            engine: who computes; this process with the threads that PyTorch is set to where None.

        A shard that is damaged is removed, said in a note, and computed again where its texts are asked for.
        """
        if iter(texts) is texts:
            raise TypeError("The texts are read twice. Give a sequence or a TextStream, not an iterator.")
        known = yield from self._known()
        missing = yield from find_missing(texts, known, self.shard_texts, self.stage)
        del known
        total, done = len(missing), 0
        if not missing:
            yield Progress(self.stage, 0, 0, note="all targets were on disk")
            return
        write_json(self.folder / "settings.json", self.settings | {"teacher_name": self.teacher.name})
        # Long and short texts are mixed in every shard, so that the time left can be told from the first one.
        for finished in (engine or InProcess()).run(ShardWork(self.teacher, self.explain, missing, self._shards)):
            done += finished
            yield Progress(self.stage, done, total, detail=WAITING if finished == ELSEWHERE else "")

    def _known(self) -> Generator[Progress, None, KeySet]:
        """Keys of all shards that are as they were written."""
        known = KeySet()
        for found in self._shards.check():
            if isinstance(found, Damage):
                yield Progress(self.stage, 0, 0, note=str(found))
            else:
                known.add(found)
        return known

    def count_known(self, texts: Sequence[str]) -> int:
        """How many different ones of the texts are there, so that `compute` has nothing to do for them."""
        wanted = np.unique(text_keys(texts))
        is_found = np.zeros(len(wanted), dtype=bool)
        for shard in self._shards.read_all():
            positions = find_keys(wanted, keys_of(shard))
            is_found[positions[positions >= 0]] = True
        return int(np.count_nonzero(is_found))

    def load(self, texts: Sequence[str]) -> TeacherTargets:
        """Targets of `texts`, all of which `compute` has seen. Memory follows the texts asked for, not those in the store.

        Raises:
            DixtillError: some are not there.
        """
        wanted, rows_of_texts = np.unique(text_keys(texts), return_inverse=True)
        is_found = np.zeros(len(wanted), dtype=bool)
        logits = np.zeros((len(wanted), len(self.teacher.label_names)), dtype=np.float32)
        deltas = np.zeros(len(wanted), dtype=np.float32)
        scores: list[np.ndarray] = [np.zeros(0, dtype=np.float32)] * len(wanted)
        for shard in self._shards.read_all():
            positions = find_keys(wanted, keys_of(shard))
            chosen = np.flatnonzero(positions >= 0)
            if not len(chosen):
                continue
            table, positions = shard.take(chosen), positions[chosen]
            logits[positions] = table["logits"].combine_chunks().flatten().to_numpy().reshape(len(positions), -1)
            deltas[positions] = table["convergence_delta"].to_numpy()
            for position, row in zip(positions, table["scores"].combine_chunks(), strict=True):
                scores[position] = row.values.to_numpy().copy()  # A view would keep the shard in memory.
            is_found[positions] = True
        if not is_found.all():
            raise DixtillError(
                f"{np.count_nonzero(~is_found)} of {len(wanted)} texts have no teacher targets in {self.folder}. Run: dixtill targets"
            )
        return TeacherTargets(logits[rows_of_texts], [scores[i] for i in rows_of_texts], deltas[rows_of_texts])
