"""An analysed corpus: what both models of a pair say about every labelled text and why, as one table that is kept on disk.

analysis.parquet    the table, one row a text, in the order of the texts
analysis.json       label names, settings, fingerprints, and the SHA-256 of the table

Columns:

    row                     place of the text in the data, from 1
    text, text_key          the text as typed, and the SHA-256 of it in hexadecimal, which notes are bound to
    gold, teacher, student  labels by name
    *_probabilities         (classes,) float32, in the order of the label names
    *_confidence            probability of the predicted label
    *_margin                that less the probability of the next one, in [0, 1]
    outcome                 one of `outcomes.OUTCOMES`
    *_scores                (words,) float32 about the label that the model predicts, parallel to `split_words(text)`:
                            the teacher's Integrated Gradients, 0 past its window; the student's attention scores
    agreement_at_3          `metrics.agreement` of both, NaN for a text without words; sign_agreement_at_3 likewise
    *_comprehensiveness     AOPC of `metrics.faithfulness`, NaN where it was not measured; *_sufficiency likewise
    length                  words
    tags                    names of smart tags, see `smart_tags`
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from dixtill_core.data.words import split_words
from dixtill_core.errors import CheckpointError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.files import read_json, recover_folder, replace_folder, sha256_of_file, sha256_of_json, write_atomic, write_json

if TYPE_CHECKING:
    from dixtill_core.models.pair import ModelPair
    from dixtill_core.models.student import StudentClassifier

Role = Literal["teacher", "student"]
ROLES: tuple[Role, Role] = ("teacher", "student")
FORMAT = 1
"""Rises whenever a column changes its meaning: what was analysed before is analysed again. Tags are bound to their code: `tag_again`."""
TABLE, RECORD = "analysis.parquet", "analysis.json"
METHODS: Mapping[Role, str] = {"teacher": "Integrated Gradients of the probability", "student": "attention scores before the softmax"}

_NUMBERS, _LABELS = pa.list_(pa.float32()), pa.string()
SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("text", pa.string()),
        ("text_key", pa.string()),
        ("gold", _LABELS),
        ("teacher", _LABELS),
        ("student", _LABELS),
        ("teacher_probabilities", _NUMBERS),
        ("student_probabilities", _NUMBERS),
        ("teacher_confidence", pa.float64()),
        ("student_confidence", pa.float64()),
        ("teacher_margin", pa.float64()),
        ("student_margin", pa.float64()),
        ("outcome", pa.string()),
        ("teacher_scores", _NUMBERS),
        ("student_scores", _NUMBERS),
        ("agreement_at_3", pa.float64()),
        ("sign_agreement_at_3", pa.float64()),
        ("teacher_comprehensiveness", pa.float64()),
        ("teacher_sufficiency", pa.float64()),
        ("student_comprehensiveness", pa.float64()),
        ("student_sufficiency", pa.float64()),
        ("length", pa.int64()),
        ("tags", pa.list_(pa.string())),
    ]
)
COLUMNS = tuple(SCHEMA.names)
LIST_COLUMNS = ("teacher_probabilities", "student_probabilities", "teacher_scores", "student_scores")


@dataclass(frozen=True, eq=False)
class AnalysedCorpus:
    """The table (see the module) and what it was made from."""

    table: pd.DataFrame
    label_names: tuple[str, ...]
    settings: Mapping[str, Any]
    """Everything that decides the numbers beside texts, labels and models; "training" names the training texts or is None."""
    data_name: str
    data_fingerprint: str
    teacher_fingerprint: str
    student_fingerprint: str
    key: str = ""
    """Of all that decides the numbers: two analyses with the same key have the same table, but for tags."""
    tag_code: str = ""
    """The fingerprint of the code that gave the tags, see `tag_again`."""

    def __len__(self) -> int:
        return len(self.table)

    @property
    def pair_key(self) -> str:
        return _pair_key(self.teacher_fingerprint, self.student_fingerprint)

    @property
    def has_faithfulness(self) -> bool:
        return bool(self.table["teacher_comprehensiveness"].notna().any())

    @property
    def has_training(self) -> bool:
        """Whether training texts were looked through for near-duplicates."""
        return self.settings.get("training") is not None

    @property
    def missing_grounds(self) -> frozenset[str]:
        """Grounds of smart tags that this analysis lacks: no text has their tags, which says nothing."""
        there = {"training": self.has_training, "faithfulness": self.has_faithfulness}
        return frozenset(ground for ground, is_there in there.items() if not is_there)

    def attributions(self, position: int, role: Role) -> WordAttributions:
        """The explanation of one text, for a heatmap; `position` counts the rows of the table from 0."""
        row = self.table.iloc[position]
        target = self.label_names.index(row[role])
        return WordAttributions(tuple(split_words(row["text"])), np.asarray(row[f"{role}_scores"], dtype=np.float64), target, METHODS[role])

    def probabilities(self, role: Role) -> np.ndarray:
        """Of every text, (texts, classes) float64."""
        rows = self.table[f"{role}_probabilities"].to_list()
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(self.label_names))

    def with_table(self, table: pd.DataFrame) -> AnalysedCorpus:
        return replace(self, table=table)


def student_fingerprint(student: StudentClassifier) -> str:
    """Of weights, shape, words and labels: the same for a student that was saved and loaded again."""
    parts = [student.network.config.to_dict(), list(student.label_names), list(student.vocabulary.words)]
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode())
    for name, tensor in sorted(student.network.state_dict().items()):
        values = tensor.detach().cpu().contiguous().numpy()
        digest.update(f"{name} {values.dtype} {values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def pair_key(pair: ModelPair) -> str:
    """Of both models: the same for the same weights, wherever they lie."""
    return _pair_key(pair.teacher.fingerprint, student_fingerprint(pair.student))


def _pair_key(teacher: str, student: str) -> str:
    return sha256_of_json({"teacher": teacher, "student": student})


def save_corpus(folder: Path, corpus: AnalysedCorpus) -> None:
    """Write a folder that appears whole or not at all."""
    with replace_folder(Path(folder)) as fresh:
        write_atomic(fresh / TABLE, table_bytes(corpus.table))
        write_json(
            fresh / RECORD,
            {
                "format": FORMAT,
                "key": corpus.key,
                "label_names": list(corpus.label_names),
                "data_name": corpus.data_name,
                "data_fingerprint": corpus.data_fingerprint,
                "teacher_fingerprint": corpus.teacher_fingerprint,
                "student_fingerprint": corpus.student_fingerprint,
                "settings": dict(corpus.settings),
                "tag_code": corpus.tag_code,
                "sha256": sha256_of_file(fresh / TABLE),
            },
        )


def table_bytes(table: pd.DataFrame) -> bytes:
    """The columns of the table as Parquet."""
    columns = [pa.array(list(table[field.name]), field.type, from_pandas=True) for field in SCHEMA]
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_arrays(columns, schema=SCHEMA), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def load_corpus(folder: Path) -> AnalysedCorpus:
    """Read an analysis and check every byte of its table.

    Raises:
        CheckpointError: not there, damaged, or of another format.
    """
    folder = Path(folder)
    recover_folder(folder)
    missing = f"{folder} holds no analysis. Make one with: dixtill errors"
    record = read_json(folder / RECORD, FORMAT, missing=missing, again="analyse the corpus again")
    try:
        content = (folder / TABLE).read_bytes()
        if hashlib.sha256(content).hexdigest() != record["sha256"]:
            raise CheckpointError(f"{folder / TABLE} is damaged or cut short. Analyse the corpus again.")
        return AnalysedCorpus(
            as_frame(parquet.read_table(pa.BufferReader(content), schema=SCHEMA)),
            tuple(record["label_names"]),
            record["settings"],
            record["data_name"],
            record["data_fingerprint"],
            record["teacher_fingerprint"],
            record["student_fingerprint"],
            record["key"],
            record.get("tag_code", ""),
        )
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise CheckpointError(f"{folder} does not fit together: {error}. Analyse the corpus again.") from error


def as_frame(table: pa.Table) -> pd.DataFrame:
    """The table for pandas: lists of numbers are arrays, tags are lists."""
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        column = table.column(name)
        columns[name] = column.to_pylist() if name == "tags" else column.to_pandas()
    return pd.DataFrame(columns, columns=list(COLUMNS))
