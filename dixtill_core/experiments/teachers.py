"""Steps about the teacher and its own compressions: Table 4 (PTQ, AHP) and Fig. 3 (heads pruned)."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from dixtill_core.compress.prune_heads import best_heads, head_counts, head_importance, remove_heads, save_pruned
from dixtill_core.compress.quantize import quantize
from dixtill_core.experiments.results import Row
from dixtill_core.experiments.setup import Setup
from dixtill_core.experiments.students import quality_rows
from dixtill_core.files import write_json
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress, result_of

PREDICTED_AT_ONCE = 128


def teacher_quality(setup: Setup) -> Iterator[Progress | list[Row]]:
    """The teacher on the test texts; its answers are on disk already."""
    yield quality_rows(setup, "quality", "teacher", setup.test_targets.logits)


def quantized_quality(setup: Setup) -> Iterator[Progress | list[Row]]:
    """PTQ: dynamic int8 of the linear layers."""
    yield Progress("quantising the teacher", 0, 1)
    quantized = quantize(setup.teacher, quantized_folder(setup))
    logits = yield from _predict(quantized, setup.test.texts)
    yield quality_rows(setup, "quality", "ptq", logits)


def pruned_quality(setup: Setup) -> Iterator[Progress | list[Row]]:
    """AHP-n for every n: heads scored on validation texts, the worst removed; the one of Table 4 is kept on disk."""
    validation = setup.validation
    importance = yield from result_of(head_importance(setup.teacher, validation.texts, validation.require_labels()), np.ndarray)
    write_json(importance_file(setup), importance.tolist())
    rows = []
    for n in range(head_counts(setup.teacher)[1], 0, -1):
        pruned = remove_heads(setup.teacher, best_heads(importance, n))
        logits = yield from _predict(pruned, setup.test.texts)
        rows += quality_rows(setup, "quality", f"ahp-{n}", logits)
        if n == setup.config.pruned_heads:
            save_pruned(pruned, pruned_folder(setup))
    yield rows


def importance_file(setup: Setup) -> Path:
    return setup.out / "head_importance.json"


def load_importance(setup: Setup) -> np.ndarray:
    """(layers, heads), as `pruned_quality` left it."""
    return np.array(json.loads(importance_file(setup).read_text(encoding="utf-8")))


def quantized_folder(setup: Setup) -> Path:
    return setup.out / "models" / "ptq"


def pruned_folder(setup: Setup) -> Path:
    return setup.out / "models" / f"ahp-{setup.config.pruned_heads}"


def _predict(teacher: Teacher, texts: tuple[str, ...]) -> Generator[Progress, None, np.ndarray]:
    """Logits of all texts are the generator's value."""
    logits = []
    for start in range(0, len(texts), PREDICTED_AT_ONCE):
        logits.append(teacher.predict(texts[start : start + PREDICTED_AT_ONCE]))
        yield Progress(f"asking {teacher.name}", start, len(texts))
    return np.concatenate(logits)
