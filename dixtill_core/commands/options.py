"""Options that several commands have, and how their values are read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dixtill_core.data.datasets import Dataset
    from dixtill_core.data.label_map import LabelMap
    from dixtill_core.models.pair import ModelPair


class PrecisionName(StrEnum):
    FLOAT32 = "float32"
    AUTO = "auto"


DataOption = Annotated[str, typer.Option("--data", help="A .csv, .tsv or .parquet file, 'sample', or a Hub dataset like owner/dataset.")]
TextColumnOption = Annotated[str | None, typer.Option("--text-column", help="Found by its usual names where left out.")]
LabelColumnOption = Annotated[str | None, typer.Option("--label-column", help="Found by its usual names where left out.")]
LabelsOption = Annotated[
    str | None, typer.Option("--labels", help="Names of the labels 0, 1, 2 .. in a file of numbers, with commas between.")
]
LabelMapOption = Annotated[
    str | None,
    typer.Option(
        "--label-map", help="Where labels are called otherwise than the teacher's: 'pos=bullish,neg=bearish,other='; other is left out."
    ),
]
ModelsOption = Annotated[
    Path | None, typer.Option("--models", help="Folder that `dixtill distill` wrote; the bundled pair where left out.")
]
TeacherOption = Annotated[str, typer.Option("--teacher", help="'bundled', a folder with a model or adapter, or a Hub id like owner/model.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
CacheOption = Annotated[Path | None, typer.Option("--cache", help="Where teacher targets are kept; the user's cache where left out.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace a model that is already in the folder.")]
PrecisionOption = Annotated[
    PrecisionName, typer.Option("--precision", help="auto: half precision on a GPU, where a trial shows that answers and reasons hold.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed gives the same model.")]
NotesOption = Annotated[
    str | None,
    typer.Option("--notes", help="SQLite file or SQLAlchemy URL; where left out, DIXTILL_NOTES or the user's data folder."),
]


def chosen_pair(models: Path | None) -> ModelPair:
    """The pair in a folder; the bundled one where none is named."""
    from dixtill_core.models.pair import load_pair
    from dixtill_core.paths import BUNDLED_PAIR

    return load_pair(models or BUNDLED_PAIR)


def given(**options: Any) -> dict[str, Any]:
    """The options that were set."""
    return {name: value for name, value in options.items() if value is not None}


def whole_numbers(option: str, listed: str, **words: int | None) -> tuple[int | None, ...]:
    """Numbers between commas; `words` are names that stand for a value."""
    parts = [part.strip() for part in listed.split(",")]
    try:
        return tuple(words[part] if part in words else int(part) for part in parts)
    except ValueError as error:
        also = "".join(f", or {word!r}" for word in words)
        raise DixtillError(f"{option} is {listed!r}, but has to be whole numbers with commas between{also}.") from error


def numbers(option: str, listed: str | None) -> tuple[float, ...]:
    """Numbers between commas; none where the option was left out."""
    try:
        return tuple(float(part) for part in listed.split(",")) if listed is not None else ()
    except ValueError as error:
        raise DixtillError(f"{option} is {listed!r}, but has to be numbers with commas between.") from error


def read_label_map(text: str | None) -> dict[str, str | None] | None:
    """The label map that was given, if any."""
    from dixtill_core.data.label_map import parse_label_map

    return None if text is None else parse_label_map(text)


def matched_labels(dataset: Dataset, pair: ModelPair, label_map: LabelMap | None) -> Dataset:
    """The texts with the labels of a pair, by the label map that was given; says how many it leaves out.

    Raises:
        DataError: labels that the models do not have, or a map that does not fit.
    """
    from dixtill_core.commands.output import say
    from dixtill_core.data.label_map import match_labels

    matched = match_labels(dataset, pair.teacher.label_names, label_map)
    if left_out := len(dataset) - len(matched):
        say(f"The label map leaves {left_out:,} of {len(dataset):,} texts out.")
    return matched


def split_names(names: str | None) -> tuple[str, ...] | None:
    """Names between commas; None where there are none."""
    return tuple(name.strip() for name in names.split(",")) if names else None
