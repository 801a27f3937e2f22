"""An analysed corpus in numbers: what stands above the table of texts, and in overview.json."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from dixtill_core.analysis.corpus import ROLES, AnalysedCorpus, Role
from dixtill_core.analysis.outcomes import (
    agreement_levels,
    calibration,
    calibration_error,
    confusion_matrix,
    foreign_reasons,
    outcome_table,
)
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.metrics.classification import classification_scores

SMALLEST_PROBABILITY = 1e-12
FAITHFULNESS = ("comprehensiveness", "sufficiency")


def overview(corpus: AnalysedCorpus) -> dict[str, Any]:
    """Everything that is counted over all texts, as plain data for JSON: None where a number is not defined."""
    table = corpus.table
    found = {
        "data": corpus.data_name,
        "texts": len(corpus),
        "labels": list(corpus.label_names),
        "fingerprints": {
            "data": corpus.data_fingerprint,
            "teacher": corpus.teacher_fingerprint,
            "student": corpus.student_fingerprint,
        },
        "settings": dict(corpus.settings),
        "quality": {role: quality(corpus, role) for role in ROLES},
        "fidelity": float((table["teacher"] == table["student"]).mean()),
        "agreement_at_3": float(table["agreement_at_3"].mean()),
        "sign_agreement_at_3": float(table["sign_agreement_at_3"].mean()),
        "outcomes": _records(outcome_table(table).reset_index()),
        "confusion": {role: confusion_matrix(table, role, corpus.label_names).to_numpy().tolist() for role in ROLES},
        "agreement_levels": _records(agreement_levels(table)),
        "foreign_reasons": foreign_reasons(table)._asdict(),
        "calibration": {role: _records(calibration(table, role)) for role in ROLES},
        "calibration_error": {role: calibration_error(table, role) for role in ROLES},
        "tags": _records(tag_outcomes(corpus).reset_index()),
        "faithfulness": {role: {name: float(table[f"{role}_{name}"].mean()) for name in FAITHFULNESS} for role in ROLES},
    }
    return _defined(found)


def quality(corpus: AnalysedCorpus, role: Role) -> dict[str, float]:
    """`classification_scores` of one model."""
    position = {name: i for i, name in enumerate(corpus.label_names)}
    labels = corpus.table["gold"].map(position).to_numpy(dtype=np.int64)
    return classification_scores(labels, np.log(np.maximum(corpus.probabilities(role), SMALLEST_PROBABILITY)))


def tag_outcomes(corpus: AnalysedCorpus) -> pd.DataFrame:
    """A row for each smart tag by its name: are the texts with it the ones that go wrong?

    Columns: texts, teacher_right, student_right (shares of the texts with the tag), student_right_without (share of the
    others), agreement (mean of `agreement_at_3`). A tag whose ground is missing has NaN for its texts.
    """
    from dixtill_core.analysis.filters import tag_matrix

    table = corpus.table
    has_tag = tag_matrix(table, tuple(SMART_TAGS))
    teacher, student = ((table[role] == table["gold"]).to_numpy(dtype=bool) for role in ROLES)
    agreement = table["agreement_at_3"].to_numpy(dtype=np.float64)
    rows = {}
    for i, (name, tag) in enumerate(SMART_TAGS.items()):
        if tag.ground in corpus.missing_grounds:
            rows[name] = [math.nan] * 5
            continue
        here = has_tag[:, i]
        rows[name] = [int(here.sum()), *(_mean(part) for part in (teacher[here], student[here], student[~here], agreement[here]))]
    columns = ["texts", "teacher_right", "student_right", "student_right_without", "agreement"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("tag")


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.astype(object).itertuples(index=False)]


def _defined(value: Any) -> Any:
    """Plain numbers, and None in place of NaN."""
    if isinstance(value, dict):
        return {name: _defined(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
