"""Steps about students: Table 1 (methods), Table 2 (temperature), Fig. 4 (agreement), faithfulness, significance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from dixtill_core.config import Method
from dixtill_core.distill.targets import TARGET_CONFIG
from dixtill_core.distill.trainer import STATE, distill
from dixtill_core.experiments.explanations import faithfulness_rows
from dixtill_core.experiments.readings import StudentReadings, load_readings, read_test_texts, save_readings
from dixtill_core.experiments.results import Row, split_measure
from dixtill_core.experiments.setup import METHODS, Setup
from dixtill_core.metrics.agreement import corpus_agreement, distribution
from dixtill_core.metrics.classification import classification_scores, fidelity
from dixtill_core.metrics.faithfulness_corpus import sample_texts
from dixtill_core.metrics.significance import Difference, macro_f1, matthews_correlation, mean_over_texts, paired_bootstrap
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.progress import Progress, result_of

AGREEMENT_KS = range(1, 11)
COMPARED_KS = range(1, 6)
"""Top words of the significance table, those of the paper's claim."""
OWN_EXPLAINER = {"dixtill": "attention", "dixtill_paper": "attention"}
"""How a method's student explains itself; the others are explained by Integrated Gradients, as in the paper."""
QUALITY = ("accuracy", "macro_f1", "mcc", "macro_auc")


def student_name(method: Method, seed: int, temperature: float | None = None) -> str:
    return f"{method}-{seed}" if temperature is None else f"{method}-temperature-{temperature:g}-{seed}"


def student_folder(setup: Setup, name: str) -> Path:
    return setup.out / "models" / name


def train(setup: Setup, method: Method, seed: int, temperature: float | None = None) -> Iterator[Progress | list[Row]]:
    """Train a student, read the test texts with it, and measure quality; agreement too for those of Table 1."""
    name = student_name(method, seed, temperature)
    folder = student_folder(setup, name)
    student_config, training = setup.configs(method, seed, temperature)
    is_trained = (folder / STUDENT).exists() and not (folder / STATE).exists()
    if not is_trained:
        corpus = setup.corpus.labelled() if method == "ce" else setup.corpus
        yield from distill(
            setup.train, setup.teacher, folder, student_config, training, explain=TARGET_CONFIG,
            teacher_reference=setup.arguments.teacher, cache=setup.arguments.cache, corpus=corpus,
        )  # fmt: skip
    student = load_student(folder / STUDENT)
    readings = yield from result_of(read_test_texts(student, setup.test.texts), StudentReadings)
    save_readings(readings_path(setup, name), readings)
    table = "quality" if temperature is None else "temperature"
    k = None if temperature is None else int(temperature)
    rows = quality_rows(setup, table, method, readings.logits, k=k, seed=seed)
    yield rows + (agreement_rows(setup, method, readings, seed) if temperature is None else [])


def readings_path(setup: Setup, name: str) -> Path:
    return setup.out / "readings" / f"{name}.parquet"


def quality_rows(setup: Setup, table: str, model: str, logits: np.ndarray, *, k: int | None = None, seed: int | None = None) -> list[Row]:
    scores = classification_scores(setup.test.require_labels(), logits)
    rows = [Row(table, model, name, scores[name], k=k, seed=seed) for name in QUALITY]
    return [*rows, Row(table, model, "fidelity", fidelity(setup.test_logits, logits), k=k, seed=seed)]


def agreement_rows(setup: Setup, model: str, readings: StudentReadings, seed: int) -> list[Row]:
    """Mean and distribution over texts of every measure, for each explainer of a student."""
    rows = []
    for explainer, scores in readings.scores.items():
        for measure, values in corpus_agreement(setup.test_targets.scores, scores, AGREEMENT_KS).items():
            metric, top = split_measure(measure)
            rows.append(Row("agreement", model, metric, float(np.nanmean(values)), explainer, top, seed))
            for quantile, value in distribution(values).items():
                rows.append(Row("agreement_distribution", model, f"{metric}_{quantile}", value, explainer, top, seed))
    return rows


def measure_faithfulness(setup: Setup, method: Method, seed: int) -> Iterator[Progress | list[Row]]:
    """Faithfulness to a student of each of its explainers."""
    student = load_student(student_folder(setup, student_name(method, seed)) / STUDENT)
    texts = sample_texts(setup.test.texts, setup.config.student_texts, seed=0)
    yield from faithfulness_rows(student, "student", method, texts, seed)


def compare_methods(setup: Setup) -> Iterator[Progress | list[Row]]:
    """DiXtill minus each other method on the same test texts: quality, and agreement at each k.

    The agreement of DiXtill is that of its attention; the others are compared by whichever of their two explanations
    agrees better, so that no method loses by the choice of its explainer.
    """
    methods = [method for method in METHODS if method != "dixtill"]
    texts = {method: PerText.load(setup, method) for method in METHODS}
    rows = []
    for done, other in enumerate(methods, start=1):
        for metric, k, difference in _differences(setup, texts["dixtill"], texts[other]):
            model = f"dixtill-{other}"
            rows.append(Row("difference", model, metric, difference.mean, k=k))
            for end in ("low", "high", "p"):
                rows.append(Row("difference", model, f"{metric}_{end}", getattr(difference, end), k=k))
        yield Progress("comparing methods", done, len(methods))
    yield rows


@dataclass(frozen=True, eq=False)
class PerText:
    """Everything about each test text that methods are compared by."""

    predicted: np.ndarray  # (seeds, texts)
    agreement: dict[str, dict[str, np.ndarray]]
    """By explainer, then measure: (seeds, texts)."""

    @classmethod
    def load(cls, setup: Setup, method: Method) -> PerText:
        readings = [load_readings(readings_path(setup, student_name(method, seed))) for seed in range(setup.config.seeds)]
        agreement: dict[str, dict[str, np.ndarray]] = {}
        for explainer in readings[0].scores:
            found = [corpus_agreement(setup.test_targets.scores, one.scores[explainer], COMPARED_KS) for one in readings]
            agreement[explainer] = {name: np.stack([values[name] for values in found]) for name in found[0]}
        return cls(np.stack([one.logits.argmax(axis=1) for one in readings]), agreement)

    def best(self, measure: str) -> np.ndarray:
        """Of the explainer whose mean is the highest, (seeds, texts)."""
        return max((values[measure] for values in self.agreement.values()), key=lambda found: float(np.nanmean(found)))


def _differences(setup: Setup, dixtill: PerText, other: PerText) -> Iterator[tuple[str, int | None, Difference]]:
    labels = setup.test.require_labels()
    test = partial(paired_bootstrap, samples=setup.config.bootstrap_samples)
    yield "accuracy", None, test(dixtill.predicted == labels, other.predicted == labels, mean_over_texts)
    yield "macro_f1", None, test(dixtill.predicted, other.predicted, partial(macro_f1, labels))
    yield "mcc", None, test(dixtill.predicted, other.predicted, partial(matthews_correlation, labels))
    for metric in ("feature_agreement", "sign_agreement"):
        for k in COMPARED_KS:
            own = dixtill.agreement[OWN_EXPLAINER["dixtill"]][f"{metric}@{k}"]
            yield metric, k, test(own, other.best(f"{metric}@{k}"), mean_over_texts)
