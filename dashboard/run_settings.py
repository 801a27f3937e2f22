"""What the settings of a run are called on screen, and their values as text. No Streamlit here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from dixtill_core.runs.compare import Difference
    from dixtill_core.runs.spec import RunSpec

NONE = "–"
_NAMES = {
    "data": "data",
    "text_column": "text column",
    "label_column": "label column",
    "label_names": "names of the labels",
    "label_map": "labels of the data as the teacher's",
    "teacher": "teacher",
    "watched": "watched sentence",
    "test_data": "test data",
    "teach": "teacher taught here",
    "student.embedding_size": "embedding size",
    "student.hidden_size": "units",
    "student.attention": "attention",
    "student.dropout": "dropout",
    "student.max_vocabulary": "vocabulary",
    "distill.method": "method",
    "distill.alpha": "α, share of the teacher",
    "distill.temperature": "τ, temperature",
    "distill.alignment_weight": "weight of the alignment",
    "distill.epochs": "epochs",
    "distill.batch_size": "batch size",
    "distill.optimizer": "optimiser",
    "distill.learning_rate": "learning rate",
    "distill.weight_decay": "weight decay",
    "distill.word_dropout": "word dropout",
    "distill.average_decay": "average of weights",
    "distill.augmented_texts": "made texts",
    "distill.augmentation_seed": "seed of made texts",
    "distill.validation_share": "validation share",
    "distill.split_seed": "seed of the split",
    "distill.max_words": "longest text",
    "distill.seed": "seed",
}


def setting_name(path: str) -> str:
    """What a setting is called, by its path in the specification; one that is not known here by that path."""
    if path in _NAMES:
        return _NAMES[path]
    part, _, name = path.partition(".")
    return f"{'the teacher’s ' if part == 'teach' else ''}{(name or part).replace('_', ' ')}"


def setting_text(value: Any) -> str:
    """A value as people read it."""
    if value is None or value in ("", [], {}):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} → {other or 'left out'}" for name, other in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def differences_table(differences: tuple[Difference, ...]) -> pd.DataFrame:
    """A row for each setting in which two runs differ."""
    return pd.DataFrame(
        [(setting_name(found.setting), setting_text(found.first), setting_text(found.second)) for found in differences],
        columns=["setting", "A", "B"],
    )


def settings_table(spec: RunSpec) -> pd.DataFrame:
    """Every setting of a run."""
    found: list[tuple[str, str]] = []
    for name, value in spec.to_dict().items():
        if isinstance(value, Mapping) and name != "label_map":
            found += [(setting_name(f"{name}.{part}"), setting_text(one)) for part, one in value.items()]
        else:
            found.append((setting_name(name), setting_text(value)))
    return pd.DataFrame(found, columns=["setting", "value"])
