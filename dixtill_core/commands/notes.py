"""`dixtill notes`: what people wrote about texts, listed, moved between machines, and made a training set of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dixtill_core.commands.options import JsonOption, NotesOption
from dixtill_core.commands.output import follow, print_json, say
from dixtill_core.errors import ConfigError, DataError
from dixtill_core.terminal import print_table

if TYPE_CHECKING:  # SQLAlchemy comes with it; the other commands start without.
    from dixtill_core.notes.note import Note

app = typer.Typer(no_args_is_help=True, help="Notes on texts: list, export, import, and corrected labels as a training set.")


class StatusName(StrEnum):
    OPEN = "open"
    EXPLAINED = "explained"
    DATA_ERROR = "data error"
    MODEL_ERROR = "model error"


PairOption = Annotated[
    str | None, typer.Option("--pair", help="Only notes on this pair of models: its key, or the start of it; all where left out.")
]
_SHOWN_CHARACTERS = 60


@app.command("list")
def list_notes(
    notes: NotesOption = None,
    pair: PairOption = None,
    status: Annotated[StatusName | None, typer.Option("--status", help="Only notes with this status.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only notes with this tag.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Every note, those last written first."""
    from dixtill_core.notes.store import NoteStore

    with NoteStore(notes) as store:
        found = [
            note
            for note in _chosen(store.notes(), pair)
            if status in (None, note.content.status) and (tag is None or tag in note.content.tags)
        ]
        name, models = store.name, store.pair_names()
    if as_json:
        print_json([_record(note, models) for note in found])
    elif found:
        _print_notes(found, models)
    else:
        say(f"{name} has no such note." if status or tag or pair else f"{name} has no notes yet.")


@app.command("export")
def export_notes(
    out: Annotated[Path, typer.Option("--out", help=".json with the whole history, or .csv with the current notes for a spreadsheet.")],
    notes: NotesOption = None,
    pair: PairOption = None,
) -> None:
    """Write all notes to a file, which `dixtill notes import` reads."""
    from dixtill_core.files import write_atomic
    from dixtill_core.notes.exchange import notes_csv, notes_json
    from dixtill_core.notes.store import NoteStore

    kind = out.suffix.lower()
    if kind not in (".csv", ".json"):
        raise ConfigError(f"Notes are written as .csv or .json, not as {out.name!r}.")
    with NoteStore(notes) as store:
        found = _chosen(store.notes(), pair)
        if kind == ".csv":
            write_atomic(out, notes_csv(found, store.pair_names()))
        else:
            write_atomic(out, notes_json(store, {note.pair_key for note in found} if pair else None))
    say(f"{len(found):,} notes are in {out}.")


@app.command("import")
def import_notes(
    file: Annotated[Path, typer.Argument(help="A .csv or .json file that `dixtill notes export` wrote.")],
    notes: NotesOption = None,
    pair: Annotated[
        str | None, typer.Option("--pair", help="Key of the pair of models, for rows of a CSV file that do not say it.")
    ] = None,
) -> None:
    """Merge the notes of a file into the database, all or none. A conflict leaves both versions in the history."""
    from dixtill_core.notes.exchange import Merge
    from dixtill_core.notes.exchange import import_notes as run
    from dixtill_core.notes.store import NoteStore

    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}.") from error
    with NoteStore(notes) as store:
        merge = follow(run(store, content, str(file), pair), Merge)
    say(f"{merge}.")
    for note in merge.conflicts:
        say(f"In conflict, kept in the history beside the note here: “{_shortened(note.text)}”")


@app.command("training-set")
def training_set(
    out: Annotated[Path, typer.Option("--out", help="A .csv or .parquet file with the columns text and label.")],
    notes: NotesOption = None,
    pair: PairOption = None,
) -> None:
    """Every text with a corrected label, for `dixtill distill --data` and `dixtill teach --data`."""
    from dixtill_core.notes.store import NoteStore
    from dixtill_core.notes.training_set import corrected_labels, write_training_set

    with NoteStore(notes) as store:
        found = corrected_labels(_chosen(store.notes(), pair))
    write_training_set(out, found)
    say(f"{len(found):,} texts with corrected labels are in {out}.")
    if found.contradictions:
        say(f"{len(found.contradictions):,} texts were corrected differently for different models; the last correction counts.")
    if found.guarded and out.suffix.lower() == ".csv":
        say(
            f"{found.guarded:,} texts start like a formula and have an apostrophe before them, for spreadsheets. "
            "A .parquet file has them as they were typed."
        )


def _chosen(found: Sequence[Note], pair: str | None) -> list[Note]:
    """Notes on the pair of models whose key starts so."""
    return [note for note in found if note.pair_key.startswith(pair or "")]


def _print_notes(notes: Sequence[Note], models: Mapping[str, str]) -> None:
    table = Table("written", "author", "status", "text", "note", "tags", "label", "models", "pair")
    for note in notes:
        content = note.content
        cells = (
            note.written[:16].replace("T", " "), content.author, content.status, _shortened(note.text), _shortened(content.comment),
            ", ".join(content.tags), content.corrected_label or "",
            _shortened(models.get(note.pair_key, "")), note.pair_key[:8],
        )  # fmt: skip
        table.add_row(*(Text(cell) for cell in cells))
    print_table(table, Console())


def _record(note: Note, models: Mapping[str, str]) -> dict[str, Any]:
    from dixtill_core.notes.exchange import version_record

    about = {"text": note.text, "text_key": note.text_key, "pair_key": note.pair_key, "models": models.get(note.pair_key, "")}
    return about | version_record(note)


def _shortened(text: str) -> str:
    """On one line, without control characters, which a terminal would obey."""
    line = "".join(character if character.isprintable() or character == "\u200d" else " " for character in text[: 2 * _SHOWN_CHARACTERS])
    line = " ".join(line.split())
    return line if len(line) <= _SHOWN_CHARACTERS and len(text) <= 2 * _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"
