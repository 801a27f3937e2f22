"""Steps about the teacher and its own compressions: Table 4 (PTQ, AHP), Fig. 3 (heads pruned), faithfulness."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from dixtill_core.compress.prune_heads import best_heads, head_counts, head_importance, load_pruned, remove_heads, save_pruned
from dixtill_core.compress.quantize import load_quantized, quantize
from dixtill_core.experiments.explanations import faithfulness_rows
from dixtill_core.experiments.results import Row
from dixtill_core.experiments.setup import Setup
from dixtill_core.experiments.students import quality_rows
from dixtill_core.files import write_json
from dixtill_core.metrics.faithfulness_corpus import sample_texts
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress, result_of

PREDICTED_AT_ONCE = 128


def teacher_quality(setup: Setup) -> Iterator[Progress | list[Row]]:
    """The teacher on the test texts; its answers are on disk already."""
    yield quality_rows(setup, "quality", "teacher", setup.test_logits)


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


def teacher_faithfulness(setup: Setup) -> Iterator[Progress | list[Row]]:
    """Faithfulness to the teacher of each of its explainers."""
    yield from _faithfulness(setup, setup.teacher, "teacher")


def pruned_faithfulness(setup: Setup) -> Iterator[Progress | list[Row]]:
    """The same of the pruned teacher of Table 4, which has every explainer that a teacher has."""
    yield from _faithfulness(setup, load_pruned(pruned_folder(setup)), pruned_name(setup))


def quantized_faithfulness(setup: Setup) -> Iterator[Progress | list[Row]]:
    """The same of the int8 teacher, by the explainers that take words out.

    It has no Integrated Gradients, saliency or input x gradient: dynamic int8 rounds weights and activations to whole
    numbers, and nothing can be differentiated through that.
    """
    yield from _faithfulness(setup, load_quantized(quantized_folder(setup)), "ptq")


def _faithfulness(setup: Setup, teacher: Teacher, name: str) -> Iterator[Progress | list[Row]]:
    texts = sample_texts(setup.test.texts, setup.config.teacher_texts, seed=0)
    yield from faithfulness_rows(teacher, "teacher", name, texts, None, has_gradients=teacher.has_gradients)


def importance_file(setup: Setup) -> Path:
    return setup.out / "head_importance.json"


def load_importance(setup: Setup) -> np.ndarray:
    """(layers, heads), as `pruned_quality` left it."""
    return np.array(json.loads(importance_file(setup).read_text(encoding="utf-8")))


def quantized_folder(setup: Setup) -> Path:
    return setup.out / "models" / "ptq"


def pruned_name(setup: Setup) -> str:
    return f"ahp-{setup.config.pruned_heads}"


def pruned_folder(setup: Setup) -> Path:
    return setup.out / "models" / pruned_name(setup)


def _predict(teacher: Teacher, texts: tuple[str, ...]) -> Generator[Progress, None, np.ndarray]:
    """Logits of all texts are the generator's value."""
    logits = []
    for start in range(0, len(texts), PREDICTED_AT_ONCE):
        logits.append(teacher.predict(texts[start : start + PREDICTED_AT_ONCE]))
        yield Progress(f"asking {teacher.name}", start, len(texts))
    return np.concatenate(logits)
