"""A user's own file under both models of a pair: quality, agreement and faithfulness in one go. No Streamlit here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from dixtill_core.data import upload
from dixtill_core.data.datasets import Dataset
from dixtill_core.errors import DataError, DixtillError, Setting
from dixtill_core.evaluate import Evaluation, evaluate
from dixtill_core.experiments.results import SCHEMA, Results, Row, measured_rows, split_measure
from dixtill_core.metrics.faithfulness_corpus import PairFaithfulness, pair_faithfulness, sample_positions, sample_texts
from dixtill_core.models.pair import ModelPair
from dixtill_core.progress import Progress, result_of

SEED = 0
"""Of the texts that are drawn from a file."""
FIELDS: Mapping[Setting, str] = {
    "text_column": "Name the column of texts under “Text column”.",
    "label_column": "Name the column of labels under “Label column”.",
    "label_names": "Name the labels in the file itself.",
    "label_map": "Say which label is which, or give the labels in the file the models' names.",
}
"""What the page says of each setting that an error asks for."""


def worded(error: DixtillError) -> str:
    """What went wrong, in the words of a page that takes a file."""
    return error.worded(FIELDS) if isinstance(error, DataError) else str(error)


@dataclass(frozen=True, eq=False)
class FileEvaluation:
    source: str
    n_texts: int
    n_explained: int
    """Texts on which faithfulness was measured."""
    evaluation: Evaluation
    faithfulness: PairFaithfulness


def read_upload(name: str, content: bytes, text_column: str | None = None, label_column: str | None = None) -> Dataset:
    """An uploaded file as a labelled dataset under its own name.

    Raises:
        DataError: as `load_dataset`, with the file's name and in the words of the page.
    """
    try:
        dataset = upload.read_upload(name, content, text_column=text_column or None, label_column=label_column or None)
        dataset.require_labels()
    except DataError as error:
        raise DataError(error.worded(FIELDS)) from error
    return dataset


def draw(dataset: Dataset, n: int) -> Dataset:
    """`n` texts with their labels, drawn without repetition, in their order; all where there are not more."""
    if n >= len(dataset):
        return dataset
    return dataset.subset(sample_positions(len(dataset), n, SEED))


def evaluate_file(pair: ModelPair, dataset: Dataset, n_explained: int) -> Iterator[Progress | FileEvaluation]:
    """Yield progress, and last the `FileEvaluation`; faithfulness on `n_explained` of the texts.

    Raises:
        DataError: the labels are not the models'.
        ModelError: the two models have different labels.
    """
    evaluation = yield from result_of(evaluate(pair, dataset), Evaluation)
    texts = sample_texts(dataset.texts, n_explained, SEED)
    faithfulness = yield from result_of(pair_faithfulness(pair, texts), PairFaithfulness)
    yield FileEvaluation(dataset.source, len(dataset), len(texts), evaluation, faithfulness)


def as_results(found: FileEvaluation) -> Results:
    """The same numbers as a result set, so that the same charts show them; the student is called `student`."""
    rows = [Row("quality", model, metric, value) for model, scores in _quality(found) for metric, value in scores.items() if metric != "n"]
    rows.append(Row("quality", "student", "fidelity", found.evaluation.fidelity))
    rows.append(Row("quality", "teacher", "fidelity", 1.0))  # To itself.
    for measure, value in found.evaluation.agreement.items():
        metric, k = split_measure(measure)
        rows.append(Row("agreement", "student", metric, value, "attention", k))
    for model, measured in (("teacher", found.faithfulness.teacher), ("student", found.faithfulness.student)):
        rows += measured_rows(model, measured)
    table = pd.DataFrame([row._asdict() for row in rows], columns=SCHEMA.names).astype({"k": "Int64", "seed": "Int64", "value": float})
    return Results(table, {})


def _quality(found: FileEvaluation) -> list[tuple[str, dict[str, float]]]:
    return [("teacher", found.evaluation.teacher), ("student", found.evaluation.student)]
