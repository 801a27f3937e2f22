"""The step about size and speed: Table 3, the speedup of Fig. 3, and time per explanation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dixtill_core.compress.prune_heads import best_heads, head_counts, load_pruned, remove_heads
from dixtill_core.compress.quantize import load_quantized
from dixtill_core.experiments.results import Row
from dixtill_core.experiments.setup import Setup
from dixtill_core.experiments.students import student_folder, student_name
from dixtill_core.experiments.teachers import load_importance, pruned_folder, quantized_folder
from dixtill_core.metrics.efficiency import CORPUS, EfficiencyRow, available_threads, measure_efficiency
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.models.reference import bert_base_reference
from dixtill_core.progress import Progress, result_of

PAPER_BATCH = 32
PER_BATCH = ("median_ms", "low_ms", "high_ms", "texts_per_second", "speedup")


def measure(setup: Setup) -> Iterator[Progress | list[Row]]:
    """Time every model on the same batches: Table 3's at all sizes, the pruned teachers of Fig. 3 at the paper's."""
    yield Progress("loading models", 0, 1)
    measured = yield from result_of(measure_efficiency(main_models(setup), setup.test.texts, setup.config.efficiency), list)
    rows = [row for one in measured for row in efficiency_rows(one)] + rows_over_teacher(measured)
    paper_only = replace(setup.config.efficiency, batches=(PAPER_BATCH,), lengths=(setup.config.efficiency.lengths[-1],))
    heads = yield from result_of(measure_efficiency(pruned_teachers(setup), setup.test.texts, paper_only), list)
    known = {one.model for one in measured}
    yield rows + [row for row in rows_over_teacher(heads) if row.model not in known]


def main_models(setup: Setup) -> dict[str, Classifier]:
    """The models of Table 3, the baseline of all ratios first."""
    threads = available_threads()
    models: dict[str, Classifier] = {"bert_base": bert_base_reference()} if setup.config.bert_base else {}
    return models | {
        "teacher": setup.teacher,
        f"ahp-{setup.config.pruned_heads}": load_pruned(pruned_folder(setup)),
        "ptq": load_quantized(quantized_folder(setup), threads=threads),
        "dixtill": load_student(student_folder(setup, student_name("dixtill", 0)) / STUDENT),
    }


def pruned_teachers(setup: Setup) -> dict[str, Classifier]:
    """The teacher, then AHP-n for every n."""
    importance = load_importance(setup)
    counts = range(head_counts(setup.teacher)[1], 0, -1)
    pruned: dict[str, Classifier] = {f"ahp-{n}": remove_heads(setup.teacher, best_heads(importance, n)) for n in counts}
    return {"teacher": setup.teacher, **pruned}


def efficiency_rows(measured: EfficiencyRow) -> Iterator[Row]:
    """One measurement as rows; what does not hang on the batch comes once, with batch 1 of the corpus's lengths."""
    kind = str(measured.length)
    for name in PER_BATCH:
        yield Row("efficiency", measured.model, f"{name}_{kind}", getattr(measured, name), k=measured.batch)
    if measured.peak_memory_bytes is not None:
        yield Row("efficiency", measured.model, f"peak_memory_bytes_{kind}", measured.peak_memory_bytes, k=measured.batch)
    if measured.batch == 1 and kind == "corpus":
        for name in ("bytes", "parameters", "compression", "threads"):
            yield Row("efficiency", measured.model, name, getattr(measured, name))
        if measured.explanation_ms is not None:
            yield Row("efficiency", measured.model, "explanation_ms", measured.explanation_ms)


def rows_over_teacher(measured: Sequence[EfficiencyRow]) -> list[Row]:
    """Speedup and compression against the teacher itself, whatever the baseline was."""
    teacher: Mapping[tuple, EfficiencyRow] = {(one.batch, one.length): one for one in measured if one.model == "teacher"}
    rows = []
    for one in measured:
        base = teacher[one.batch, one.length]
        rows.append(Row("efficiency", one.model, f"speedup_over_teacher_{one.length}", base.median_ms / one.median_ms, k=one.batch))
        if one.batch == PAPER_BATCH and one.length != CORPUS:
            rows.append(Row("efficiency", one.model, "compression_over_teacher", base.bytes / one.bytes))
    return rows
