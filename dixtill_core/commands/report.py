"""`dixtill report`: chosen texts of an analysis as one HTML or PDF file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dixtill_core.commands.options import (
    CacheOption,
    LabelColumnOption,
    LabelMapOption,
    ModelsOption,
    NotesOption,
    TextColumnOption,
    chosen_pair,
    matched_labels,
    read_label_map,
)
from dixtill_core.commands.output import follow, say
from dixtill_core.errors import DixtillError


def report(
    out: Annotated[Path, typer.Option("--out", help="A .html or .pdf file.")],
    data: Annotated[str | None, typer.Option("--data", help="Labelled texts to analyse: a file, 'sample', or a Hub dataset.")] = None,
    analysis: Annotated[Path | None, typer.Option("--analysis", help="Folder that `dixtill errors` wrote, instead of --data.")] = None,
    models: ModelsOption = None,
    rows: Annotated[str | None, typer.Option("--rows", help="Which texts, by their row in the data: 1,5,10-20.")] = None,
    filters: Annotated[
        str | None, typer.Option("--filter", help="Which texts, as in a link of the page Errors: outcome=only_teacher&length=5..20.")
    ] = None,
    title: Annotated[str, typer.Option("--title", help="The data's name where left out.")] = "",
    notes: NotesOption = None,
    font: Annotated[
        list[Path] | None, typer.Option("--font", help="A .ttf or .otf file for characters that the PDF's font lacks; may be repeated.")
    ] = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
) -> None:
    """Chosen texts with both heatmaps, notes, charts and settings as one HTML or PDF file.

    Without --rows and --filter these are the texts with notes, or where there are none what the student gets wrong.
    """
    from dixtill_core.analysis.corpus import AnalysedCorpus, load_corpus
    from dixtill_core.notes.store import read_notes
    from dixtill_core.report.choose import choose
    from dixtill_core.report.contents import build_report
    from dixtill_core.report.write import require_kind, write_report

    require_kind(out)
    if (data is None) == (analysis is None):
        raise DixtillError("Say what the report is about: either --data FILE or --analysis DIR.")
    names: dict[Any, str] | None = None
    if analysis is not None:
        corpus = load_corpus(analysis)
    else:  # With PyTorch, which a report on a folder does without.
        from dixtill_core.analysis.analyse import analyse
        from dixtill_core.data.datasets import load_dataset

        dataset = load_dataset(str(data), text_column=text_column, label_column=label_column, split="test")
        dataset.require_labels()
        pair = chosen_pair(models)
        matched = matched_labels(dataset, pair, read_label_map(label_map))
        corpus = follow(analyse(pair, matched, cache=cache), AnalysedCorpus)
        names = {"teacher": pair.teacher.name, "student": pair.student.name}
    written = read_notes(corpus.pair_key, notes)
    positions, chosen = choose(corpus, rows, filters, written)
    follow(write_report(out, build_report(corpus, positions, written, chosen=chosen, title=title, model_names=names), font or ()))
    say(f"The report of {len(positions):,} {'text' if len(positions) == 1 else 'texts'} is in {out}.")
