"""`dixtill errors`: an analysis of labelled texts as files, and as tables on screen."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dixtill_core.commands.options import (
    CacheOption,
    DataOption,
    JsonOption,
    LabelColumnOption,
    LabelMapOption,
    ModelsOption,
    TextColumnOption,
    chosen_pair,
    matched_labels,
    read_label_map,
)
from dixtill_core.commands.output import follow, print_json, say


class MeasuredName(StrEnum):
    AUTO = "auto"
    ALL = "all"
    NONE = "none"


def errors(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables.")],
    models: ModelsOption = None,
    train: Annotated[str | None, typer.Option("--train", help="Data that the student was trained on: near-duplicates are found.")] = None,
    faithfulness: Annotated[
        MeasuredName,
        typer.Option("--faithfulness", help="all texts, none, or auto: all where there are not more than 1,000. About 80 ms a text."),
    ] = MeasuredName.AUTO,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an analysis that is already in the folder.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Where and why is the student wrong? Outcomes, smart tags and reasons of every text, as tables and files."""
    from dixtill_core.analysis.analyse import analyse
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.analysis.export import require_room, write_analysis
    from dixtill_core.analysis.global_reasons import GlobalReasons, global_reasons
    from dixtill_core.analysis.overview import overview
    from dixtill_core.commands.errors_tables import print_overview
    from dixtill_core.config import AnalysisConfig
    from dixtill_core.data.datasets import load_dataset

    require_room(out, overwrite=overwrite)
    mapping = read_label_map(label_map)
    dataset = load_dataset(data, text_column=text_column, label_column=label_column, split="test")
    dataset.require_labels()
    training = None if train is None else load_dataset(train, text_column=text_column)
    pair = chosen_pair(models)
    matched = matched_labels(dataset, pair, mapping)
    config = AnalysisConfig(faithfulness=faithfulness.value)
    corpus = follow(analyse(pair, matched, config, training, cache), AnalysedCorpus)
    reasons = follow(global_reasons(corpus.table, corpus.label_names), GlobalReasons)
    numbers = overview(corpus)
    write_analysis(out, corpus, reasons, numbers, overwrite=overwrite)
    if as_json:
        print_json(numbers)
    else:
        print_overview(numbers, reasons)
    say(f"The analysis is in {out}: texts.csv, reasons.csv, parting.csv, overview.json, and everything in analysis.parquet.")
