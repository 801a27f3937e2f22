"""Notes as CSV and JSON, out and in again.

JSON holds the whole history; CSV holds the current notes, one a row, to be read and edited in a spreadsheet. Both come
back exactly as they were. An import merges: a revision says whether a note is the same, goes on from the one here, or
was written without having seen it; then both stay, and the import says so.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version as installed_version
from typing import Any

from sqlalchemy import Connection

from dixtill_core.errors import DataError
from dixtill_core.export.tables import safe_cell, typed_cell
from dixtill_core.notes.note import Note, NoteContent, join_tags, now, parse_status, parse_tags, require_unicode, text_key
from dixtill_core.notes.store import (
    NoteStore,
    add_to_history,
    all_history,
    current_note,
    make_current,
    name_pair,
    note_history,
    put_note,
    read_pair_names,
)
from dixtill_core.progress import Progress

FORMAT = 1
COLUMNS = (
    "text", "comment", "tags", "corrected_label", "status", "author", "written", "version", "revision", "based_on", "pair_key", "text_key",
    "models",
)  # fmt: skip
LARGEST_CELL = 32_767
"""Characters that a cell of a spreadsheet holds; it cuts what is longer when it saves the file."""
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True)
class Merge:
    """What an import did. Each text stands under one of them."""

    new: tuple[Note, ...] = ()
    changed: tuple[Note, ...] = ()
    same: tuple[Note, ...] = ()
    """Known already, or older than the note here."""
    conflicts: tuple[Note, ...] = ()
    """Written without having seen the note here, which stays; these are kept in its history."""

    def __str__(self) -> str:
        """How many of each."""
        return f"{len(self.new)} new, {len(self.changed)} changed, {len(self.same)} already here, {len(self.conflicts)} in conflict"


@dataclass(frozen=True)
class _Arriving:
    """A note of a file with what the file knows of its history, in order; `current` is one of them."""

    current: Note
    history: tuple[Note, ...]
    pair_name: str


def notes_csv(notes: Sequence[Note], pair_names: Mapping[str, str]) -> bytes:
    """One row a note, with the name of its pair of models.

    UTF-8 with a mark that Excel reads; cells that start like a formula stand behind an apostrophe.
    """
    stream = io.StringIO(newline="")
    table = csv.writer(stream, quoting=csv.QUOTE_ALL)
    table.writerow(COLUMNS)
    for note in notes:
        content = note.content
        cells = (
            note.text, content.comment, join_tags(content.tags), content.corrected_label or "", content.status, content.author,
            note.written, str(note.version), note.revision, note.based_on or "", note.pair_key, note.text_key,
            pair_names.get(note.pair_key, ""),
        )  # fmt: skip
        table.writerow([safe_cell(cell) for cell in cells])
    return stream.getvalue().encode("utf-8-sig")


def notes_json(store: NoteStore, pair_keys: Collection[str] | None = None) -> bytes:
    """Every note with its whole history, those taken back too; of all pairs of models where `pair_keys` is None."""
    kept: dict[tuple[str, str], list[Note]] = {}
    records = []
    with store.reading() as connection:
        names = read_pair_names(connection)
        for note in all_history(connection):
            if pair_keys is None or note.pair_key in pair_keys:
                kept.setdefault((note.text_key, note.pair_key), []).append(note)
        for (key, pair), versions in kept.items():
            current = current_note(connection, key, pair)
            about: dict[str, Any] = {"text": versions[0].text, "text_key": key, "pair_key": pair, "models": names.get(pair, "")}
            line: dict[str, Any] = {"current": current and current.revision, "versions": [version_record(note) for note in versions]}
            records.append(about | line)
    return json.dumps({"format": FORMAT, "dixtill": installed_version("dixtill"), "notes": records}, ensure_ascii=False, indent=1).encode()


def import_notes(store: NoteStore, content: bytes, name: str, pair_key: str | None = None) -> Iterator[Progress | Merge]:
    """Merge the notes of a CSV or JSON file into the database, all or none of them.

    Args:
        name: of the file, for messages.
        pair_key: the pair of models that rows are about that do not say it.

    Yields:
        Progress, then the Merge.

    Raises:
        DataError: the file is damaged or not one of notes; it names the row. Nothing was written.
    """
    arriving = _read_json(content, name) if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else _read_csv(content, name, pair_key)
    outcomes: dict[str, list[Note]] = {"new": [], "changed": [], "same": [], "conflicts": []}
    with store.merging() as connection:
        for done, note in enumerate(arriving):
            if done % 50 == 0:
                yield Progress("importing notes", done, len(arriving))
            name_pair(connection, note.current.pair_key, note.pair_name)
            outcomes[_merge(connection, note)].append(note.current)
    yield Merge(**{outcome: tuple(notes) for outcome, notes in outcomes.items()})


def _merge(connection: Connection, arriving: _Arriving) -> str:
    """Take a note in, and say what it was."""
    note = arriving.current
    ours = current_note(connection, note.text_key, note.pair_key)
    known = {version.revision: version for version in note_history(connection, note.text_key, note.pair_key)}
    is_edit = not note.revision or (note.revision in known and known[note.revision].content != note.content)
    if ours is not None and ours.content == note.content and is_edit:
        return "same"
    if is_edit:
        return _merge_edit(connection, note, known)
    missing = [version for version in arriving.history if version.revision not in known]
    goes_on = ours is None or ours.revision in _line(arriving)
    if note.revision in known or (ours is not None and not goes_on and ours.content == note.content):
        outcome = "same"
    elif goes_on and make_current(connection, note, None if ours is None else ours.revision):
        outcome = "new" if ours is None else "changed"
    else:
        outcome = "conflicts"
    for version in missing:
        add_to_history(connection, version if outcome in ("new", "changed") else replace(version, is_beside=True))
    return outcome


def _merge_edit(connection: Connection, note: Note, known: Mapping[str, Note]) -> str:
    """Take in what was written in the file itself, which goes on from the revision that the file has."""
    seen = note.revision or None
    if any(version.based_on == seen and version.content == note.content for version in known.values()):
        return "same"  # It was imported before.
    if seen is not None and len(note.content.comment) == LARGEST_CELL and known[seen].content.comment.startswith(note.content.comment):
        raise DataError(
            f"The note on “{note.text[:40]}” was cut after {LARGEST_CELL:,} characters by a spreadsheet. Nothing was imported. "
            "Take its row out of the file, or exchange notes as JSON."
        )
    written, _ = put_note(connection, note.text, note.pair_key, note.content, seen)
    if written.is_beside:
        return "conflicts"
    return "changed" if known else "new"


def _line(arriving: _Arriving) -> set[str]:
    """The revisions that the arriving note goes on from: what its writers had seen."""
    based_on = {version.revision: version.based_on for version in arriving.history}
    line: set[str] = set()
    revision = arriving.current.based_on
    while revision is not None and revision not in line:
        line.add(revision)
        revision = based_on.get(revision)
    return line


def version_record(note: Note) -> dict[str, Any]:
    """A version as plain data, without its text and pair of models."""
    content = note.content
    return {
        "version": note.version,
        "revision": note.revision,
        "based_on": note.based_on,
        "written": note.written,
        "is_beside": note.is_beside,
        "comment": content.comment,
        "tags": list(content.tags),
        "corrected_label": content.corrected_label,
        "status": content.status,
        "author": content.author,
    }


def _read_json(content: bytes, name: str) -> list[_Arriving]:
    try:
        record = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is damaged, so no note was imported: {error}.") from error
    if not isinstance(record, dict) or not isinstance(record.get("notes"), list):
        raise DataError(f"{name} holds no notes. Give a file that `dixtill notes export` wrote.")
    if record.get("format") != FORMAT:
        raise DataError(f"{name} has notes in format {record.get('format')!r}; this version reads format {FORMAT}. Update DiXtill.")
    return [_arriving_record(entry, f"Note {i + 1} of {name}") for i, entry in enumerate(record["notes"])]


def _arriving_record(entry: Any, where: str) -> _Arriving:
    try:
        text, pair_key = _string(entry["text"]), _string(entry["pair_key"])
        pair_name = _string(entry["models"])
        _require_key(text, entry["text_key"], where)
        versions = tuple(_version_of(record, text, pair_key) for record in entry["versions"])
        current = next(version for version in versions if version.revision == entry["current"])
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration) as error:
        raise DataError(f"{where} is damaged ({type(error).__name__}: {error}). No note was imported.") from error
    return _Arriving(replace(current, is_beside=False), versions, pair_name)


def _version_of(record: Mapping[str, Any], text: str, pair_key: str) -> Note:
    label = record["corrected_label"]
    if not isinstance(record["tags"], list):
        raise ValueError(f"{record['tags']!r} is no list of tags")
    tags = tuple(_string(tag) for tag in record["tags"])
    content = NoteContent(
        _string(record["comment"]), tags, None if label is None else _string(label), record["status"], _string(record["author"])
    )
    based_on = None if record["based_on"] is None else _revision(record["based_on"])
    number, is_beside = int(record["version"]), bool(record["is_beside"])
    return Note(text, pair_key, content, number, _revision(record["revision"]), based_on, _time(record["written"]), is_beside)


def _read_csv(content: bytes, name: str, pair_key: str | None) -> list[_Arriving]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not in UTF-8 (byte {error.start:,}). Save it as “CSV UTF-8”, or exchange notes as JSON.") from error
    first_line = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=first_line.count)
    largest = csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        if "text" not in (table.fieldnames or ()):
            raise DataError(f"{name} has no column “text”, so it holds no notes. Its first line has to be: {', '.join(COLUMNS)}.")
        if not set(COLUMNS[1:]) & set(table.fieldnames or ()):
            raise DataError(
                f"{name} has texts, but none of the columns {', '.join(COLUMNS[1:5])}: it holds no notes. A training set of corrected "
                "labels is data to train on; export the notes themselves to bring them back."
            )
        return [_arriving_row(row, f"Row {i + 1} of {name}", pair_key) for i, row in enumerate(table)]
    except csv.Error as error:
        raise DataError(f"{name} is damaged after row {max(0, table.line_num - 1):,}: {error}. No note was imported.") from error
    finally:
        csv.field_size_limit(largest)


def _arriving_row(row: Mapping[str, Any], where: str, default_pair: str | None) -> _Arriving:
    if None in row or None in row.values():
        raise DataError(f"{where} has {'more' if None in row else 'fewer'} cells than the first line. No note was imported.")
    cells = {name: typed_cell(cell) for name, cell in row.items()}
    pair_key = cells.get("pair_key") or default_pair
    if not pair_key:
        raise DataError(f"{where} does not say which pair of models it is about, in a column “pair_key”. No note was imported.")
    if cells.get("text_key"):
        _require_key(cells["text"], cells["text_key"], where)
    try:
        content = NoteContent(
            cells.get("comment", ""), parse_tags(cells.get("tags", "")), cells.get("corrected_label") or None,
            parse_status(cells.get("status", "")), cells.get("author", ""),
        )  # fmt: skip
        revision = _revision(cells["revision"]) if cells.get("revision") else ""
        based_on = _revision(cells["based_on"]) if cells.get("based_on") else None
        written = _time(cells["written"]) if cells.get("written") else now()
        note = Note(cells["text"], _string(pair_key), content, int(cells.get("version") or 1), revision, based_on, written)
    except DataError as error:
        raise DataError(f"{where}: {error} No note was imported.") from error
    except ValueError as error:
        raise DataError(f"{where} is damaged: {error}. No note was imported.") from error
    return _Arriving(note, (note,), cells.get("models", ""))


def _require_key(text: str, key: str, where: str) -> None:
    if text_key(text) != key:
        raise DataError(
            f"{where}: the text is not the one that the note was written on (its text_key differs). No note was imported. "
            "Undo the change to the text, or take the note out of the file."
        )


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    require_unicode("A text", value)
    return value


def _revision(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 32 or set(value) - set("0123456789abcdef"):
        raise ValueError(f"{value!r} is no revision")
    return value


def _time(value: Any) -> str:
    if datetime.fromisoformat(_string(value)).tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return value
