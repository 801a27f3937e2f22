"""From a pair of models and labelled texts to an `AnalysedCorpus`: in steps that can be stopped and gone on with.

What the teacher says comes from the targets on disk, computed where they are missing. Faithfulness is kept in parts of
some texts until the whole is written, so that a killed analysis goes on where it was. The finished analysis is kept
under a key of texts, labels, both models and settings, and is read the next time.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from dixtill_core.analysis.corpus import (
    COLUMNS,
    FORMAT,
    METHODS,
    AnalysedCorpus,
    Role,
    load_corpus,
    save_corpus,
    student_fingerprint,
)
from dixtill_core.analysis.faithfulness_parts import measure_parts
from dixtill_core.analysis.outcomes import outcomes
from dixtill_core.analysis.smart_tags import tag_table
from dixtill_core.analysis.tag_again import tag_again, tag_code
from dixtill_core.config import AnalysisConfig
from dixtill_core.data.datasets import Dataset
from dixtill_core.data.words import split_words
from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore, TeacherTargets
from dixtill_core.errors import CheckpointError
from dixtill_core.explain.attention import attention_of
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.files import sha256_of_json
from dixtill_core.metrics.agreement import corpus_agreement
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.pair import ModelPair
from dixtill_core.models.student import StudentReading
from dixtill_core.notes.note import text_key
from dixtill_core.paths import SHIPPED_ANALYSIS, cache_folder
from dixtill_core.progress import Progress, result_of

READ_TOGETHER = 1024
TOP = 3
"""Words by which agreement is measured."""


@dataclass(frozen=True, eq=False)
class _Sources:
    """What an analysis is of, with the fingerprints that make up its key."""

    pair: ModelPair
    dataset: Dataset
    """With the labels of the pair."""
    training: Dataset | None
    config: AnalysisConfig
    store: TargetStore

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "analysis": self.config.to_dict(),
            "targets": {name: value for name, value in self.store.settings.items() if name != "teacher"},
            "training": None if self.training is None else self.training.source,
            "training_fingerprint": None if self.training is None else sha256_of_json(list(self.training.texts)),
        }

    @property
    def training_texts(self) -> tuple[str, ...] | None:
        return None if self.training is None else tuple(self.training.texts)

    @property
    def data_fingerprint(self) -> str:
        return data_fingerprint(self.dataset)


def data_fingerprint(dataset: Dataset) -> str:
    """Of texts and labels, whatever the file is called."""
    names = [dataset.label_names[i] for i in dataset.require_labels()]
    return sha256_of_json([list(dataset.texts), names])


def analyse(
    pair: ModelPair,
    dataset: Dataset,
    config: AnalysisConfig | None = None,
    training: Dataset | None = None,
    cache: Path | None = None,
    *,
    again: bool = False,
) -> Iterator[Progress | AnalysedCorpus]:
    """Yield progress, and last the `AnalysedCorpus`. Can be stopped at any yield; the same call goes on from there.

    Args:
        dataset: with gold labels by the names of the pair's.
        training: texts that the student was trained on, in which near-duplicates are looked for.
        cache: folder of teacher targets, with the analyses in it; the user's cache where None.
        again: do not read a finished analysis that is there. Teacher targets are never computed again.

    Raises:
        DataError: no labels, or not the models'.
        ModelError: the two models have different labels.
    """
    pair.require_shared_labels("analysed")
    dataset = dataset.with_label_names(pair.teacher.label_names)
    store = TargetStore(pair.teacher, TARGET_CONFIG, cache)
    sources = _Sources(pair, dataset, training, config or AnalysisConfig(), store)
    fingerprints = (sources.data_fingerprint, pair.teacher.fingerprint, student_fingerprint(pair.student))
    key = sha256_of_json({"format": FORMAT, "fingerprints": fingerprints} | _deciding(sources))
    folder = Path(cache or cache_folder()) / "analysis" / key[:32]
    for known in () if again else (SHIPPED_ANALYSIS, folder):
        corpus, problem = _read_known(known, key)
        if corpus is not None:
            yield Progress("reading the analysis", len(dataset), len(dataset), note="the analysis was on disk")
            today = yield from result_of(tag_again(corpus, pair.student.vocabulary, sources.training_texts), AnalysedCorpus)
            if today is not corpus:
                save_corpus(folder, today)
            yield today
            return
        if problem:
            yield Progress("reading the analysis", 0, len(dataset), note=problem)
    parts = folder.with_name(f"{folder.name}.parts")
    table = yield from _make_table(sources, parts)
    corpus = AnalysedCorpus(table, pair.teacher.label_names, sources.settings, dataset.source, *fingerprints, key, tag_code())
    save_corpus(folder, corpus)
    shutil.rmtree(parts, ignore_errors=True)
    yield corpus


def _deciding(sources: _Sources) -> dict[str, Any]:
    """Settings that change a number; what the training data are called does not."""
    settings = {name: value for name, value in sources.settings.items() if name != "training"}
    measured = sources.config.measures_faithfulness(len(sources.dataset))
    return settings | {"analysis": {"faithfulness": measured, "perturbation": sources.config.perturbation if measured else None}}


def _read_known(folder: Path, key: str) -> tuple[AnalysedCorpus | None, str]:
    """The analysis in a folder if it has that key, and else what is wrong with it where that is worth saying."""
    if not folder.is_dir():
        return None, ""
    try:
        corpus = load_corpus(folder)
    except CheckpointError as error:
        return None, str(error)
    return (corpus, "") if corpus.key == key else (None, "")


def _make_table(sources: _Sources, parts: Path) -> Generator[Progress, None, pd.DataFrame]:
    texts = sources.dataset.texts
    yield from sources.store.compute(texts)
    targets = sources.store.load(texts)
    readings = yield from _read_all(sources)
    table = _predictions(sources.dataset, targets, readings)
    if sources.config.measures_faithfulness(len(texts)):
        explained: dict[Role, tuple[Classifier, list[WordAttributions]]] = {
            "teacher": (sources.pair.teacher, _explained_teacher(sources, targets)),
            "student": (sources.pair.student, [attention_of(reading) for reading in readings]),
        }
        for role, (model, attributions) in explained.items():
            values = yield from measure_parts(model, role, texts, attributions, sources.config, parts)
            table[f"{role}_comprehensiveness"], table[f"{role}_sufficiency"] = values[:, 0], values[:, 1]
    table["tags"] = yield from tag_table(table, sources.pair.student.vocabulary, sources.training_texts)
    return table[list(COLUMNS)]


def _read_all(sources: _Sources) -> Generator[Progress, None, list[StudentReading]]:
    texts, readings = sources.dataset.texts, []
    for start in range(0, len(texts), READ_TOGETHER):
        readings += sources.pair.student.run(texts[start : start + READ_TOGETHER])
        yield Progress("reading with the student", len(readings), len(texts))
    return readings


def _explained_teacher(sources: _Sources, targets: TeacherTargets) -> list[WordAttributions]:
    """The teacher's reasons for the words that it reads: a long text has more."""
    teacher, texts, found = sources.pair.teacher, sources.dataset.texts, []
    for text, scores, logits, pieces in zip(texts, targets.scores, targets.logits, teacher.piece_counts(texts), strict=True):
        words = tuple(split_words(text))
        n_read = teacher.encode([text]).n_read[0] if pieces >= teacher.max_length else len(words)
        found.append(WordAttributions(words[:n_read], scores[:n_read], int(logits.argmax()), METHODS["teacher"]))
    return found


def _predictions(dataset: Dataset, targets: TeacherTargets, readings: list[StudentReading]) -> pd.DataFrame:
    """All columns but faithfulness, which is NaN, and tags."""
    names = np.array(dataset.label_names, dtype=object)
    gold = names[dataset.require_labels()]
    logits = {"teacher": targets.logits, "student": np.stack([reading.logits for reading in readings])}
    scores = {"teacher": targets.scores, "student": [reading.scores.astype(np.float32) for reading in readings]}
    agreement = corpus_agreement(scores["teacher"], scores["student"], (TOP,))
    columns: dict[str, Any] = {
        "row": np.arange(1, len(dataset) + 1),
        "text": list(dataset.texts),
        "text_key": [text_key(text) for text in dataset.texts],
        "gold": gold,
        "agreement_at_3": agreement[f"feature_agreement@{TOP}"],
        "sign_agreement_at_3": agreement[f"sign_agreement@{TOP}"],
        "length": [len(reading.words) for reading in readings],
    }
    for role, values in logits.items():
        probabilities = softmax(values.astype(np.float64), axis=1)
        ordered = np.sort(probabilities, axis=1)
        columns |= {
            role: names[values.argmax(axis=1)],
            f"{role}_probabilities": list(probabilities.astype(np.float32)),
            f"{role}_confidence": ordered[:, -1],
            f"{role}_margin": ordered[:, -1] - ordered[:, -2],
            f"{role}_scores": scores[role],
            f"{role}_comprehensiveness": np.nan,
            f"{role}_sufficiency": np.nan,
        }
    columns["outcome"] = outcomes(gold, columns["teacher"], columns["student"])
    return pd.DataFrame(columns)
