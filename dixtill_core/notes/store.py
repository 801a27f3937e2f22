"""Notes written and read, safely with several writers at once.

A writer says which revision it saw. Where that is no longer the newest, what it writes is kept in the history beside the
current line, and it is told: nothing that anyone wrote is ever lost or overwritten unseen.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from dixtill_core.errors import DixtillError
from dixtill_core.notes import schema
from dixtill_core.notes.database import BUSY_SECONDS, NotesDatabase
from dixtill_core.notes.migrate import prepare
from dixtill_core.notes.note import Note, NoteContent, join_tags, now, parse_tags, require_unicode, text_key
from dixtill_core.paths import notes_address


class NoteConflict(DixtillError):
    """Somebody else wrote first. `current` is their note, `kept` what was written now, which the history has."""

    def __init__(self, current: Note | None, kept: Note) -> None:
        self.current, self.kept = current, kept
        whose = f" by {current.content.author}" if current is not None and current.content.author else ""
        super().__init__(
            f"Meanwhile this note was changed{whose}. Yours is kept in its history and did not replace the other. "
            "Look at both, and write again what should stand."
        )


class NoteStore:
    """Every note of a database; may be used from several threads.

    Args:
        address: path of an SQLite file or an SQLAlchemy URL; `paths.notes_address()` where None.

    Raises:
        DixtillError: the database cannot be opened, is damaged, or was written by a newer version.
    """

    def __init__(self, address: str | Path | None = None, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._database = NotesDatabase(address, busy_seconds=busy_seconds)
        try:
            prepare(self._database)
        except BaseException:
            self._database.close()
            raise

    @property
    def name(self) -> str:
        """Where the notes are, for people; without a password."""
        return self._database.name

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> NoteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def note(self, text: str, pair_key: str) -> Note | None:
        """The current note on a text, one that was taken back included, since its revision is what a writer has to have seen."""
        with self._database.reading() as connection:
            return current_note(connection, text_key(text), pair_key)

    def notes(self, pair_key: str | None = None) -> list[Note]:
        """Current notes, those last written first; of all pairs of models where None. Those taken back are left out."""
        wanted = _with_text(schema.notes).order_by(schema.notes.c.written.desc(), schema.notes.c.id.desc())
        if pair_key is not None:
            wanted = wanted.where(schema.notes.c.pair_key == pair_key)
        with self._database.reading() as connection:
            found = [_note(row) for row in connection.execute(wanted).mappings()]
        return [note for note in found if not note.content.is_empty]

    def history(self, text: str, pair_key: str) -> list[Note]:
        """Every version of the note on a text, in the order in which they arrived here."""
        with self._database.reading() as connection:
            return note_history(connection, text_key(text), pair_key)

    def pair_names(self) -> dict[str, str]:
        """How the pairs of models are called that notes are about, by their keys."""
        with self._database.reading() as connection:
            return read_pair_names(connection)

    def write(self, text: str, pair_key: str, content: NoteContent, seen: str | None, pair_name: str = "") -> Note:
        """Write a note; it is on the disk when this returns.

        Args:
            seen: revision of the note that the writer saw; None where there was none.
            pair_name: how the pair of models is called, for lists and files; the first name of a pair stays.

        Raises:
            NoteConflict: there is another by now. What was written is kept in the history.
        """
        require_unicode("The text", text)
        with self._database.writing() as connection:
            name_pair(connection, pair_key, pair_name)
            written, current = put_note(connection, text, pair_key, content, seen)
        if written.is_beside:
            raise NoteConflict(current, written)
        return written

    @contextmanager
    def merging(self) -> Iterator[Connection]:
        """A transaction for an import, which is kept whole or not at all."""
        with self._database.writing() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for an export."""
        with self._database.reading() as connection:
            yield connection


def read_notes(pair_key: str, address: str | Path | None = None) -> list[Note]:
    """Current notes on a pair of models from a database that need not be there yet: none is made in order to read it."""
    found = str(notes_address() if address is None else address)
    if "://" not in found and not Path(found).expanduser().exists():
        return []
    with NoteStore(address) as store:
        return store.notes(pair_key)


def put_note(connection: Connection, text: str, pair_key: str, content: NoteContent, seen: str | None) -> tuple[Note, Note | None]:
    """Write a version: the current one where `seen` is the newest revision, else one beside it.

    Returns:
        What was written, and the note that was current before or, where it is beside, still is.
    """
    current = current_note(connection, text_key(text), pair_key)
    if seen is None and current is not None and current.content.is_empty:
        seen = current.revision  # One that was taken back looks like none.
    fresh = Note(text, pair_key, content, 1 if current is None else current.version + 1, uuid.uuid4().hex, seen, now())
    if not make_current(connection, fresh, seen):
        fresh = replace(fresh, is_beside=True)
        current = current_note(connection, text_key(text), pair_key)
    add_to_history(connection, fresh)
    return fresh, current


def make_current(connection: Connection, note: Note, seen: str | None) -> bool:
    """Make a version the current one, if the revision `seen` still is; None where there was no note."""
    keep_text(connection, note.text)
    row = _row(note)
    if seen is None:
        return _inserted(connection, schema.notes, row)
    key = (schema.notes.c.text_key == row["text_key"], schema.notes.c.pair_key == row["pair_key"])
    return connection.execute(update(schema.notes).where(*key, schema.notes.c.revision == seen).values(row)).rowcount == 1


def add_to_history(connection: Connection, note: Note) -> None:
    """Add a version that the history does not have yet."""
    keep_text(connection, note.text)
    connection.execute(insert(schema.history).values(_row(note) | {"is_beside": note.is_beside}))


def keep_text(connection: Connection, text: str) -> None:
    """Keep a text under its key, once."""
    key = text_key(text)
    if connection.execute(select(schema.texts.c.text_key).where(schema.texts.c.text_key == key)).first() is None:
        _inserted(connection, schema.texts, {"text_key": key, "text": text})


def name_pair(connection: Connection, pair_key: str, name: str) -> None:
    """Keep the name of a pair of models that has none yet."""
    wanted = select(schema.pairs.c.pair_key).where(schema.pairs.c.pair_key == pair_key)
    if name and connection.execute(wanted).first() is None:
        _inserted(connection, schema.pairs, {"pair_key": pair_key, "name": name})


def read_pair_names(connection: Connection) -> dict[str, str]:
    return {row.pair_key: row.name for row in connection.execute(select(schema.pairs))}


def current_note(connection: Connection, key: str, pair_key: str) -> Note | None:
    wanted = _with_text(schema.notes).where(schema.notes.c.text_key == key, schema.notes.c.pair_key == pair_key)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else _note(row)


def note_history(connection: Connection, key: str, pair_key: str) -> list[Note]:
    wanted = _with_text(schema.history).where(schema.history.c.text_key == key, schema.history.c.pair_key == pair_key)
    return [_note(row) for row in connection.execute(wanted.order_by(schema.history.c.id)).mappings()]


def all_history(connection: Connection) -> Sequence[Note]:
    """Every version of every note, each note's in the order in which they arrived."""
    return [_note(row) for row in connection.execute(_with_text(schema.history).order_by(schema.history.c.id)).mappings()]


def _inserted(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless another writer was faster, which only the database can tell."""
    try:
        with connection.begin_nested():
            connection.execute(insert(table).values(row))
    except IntegrityError:
        return False
    return True


def _with_text(table: Table) -> Select[Any]:
    return select(table, schema.texts.c.text).join(schema.texts, schema.texts.c.text_key == table.c.text_key)


def _row(note: Note) -> dict[str, Any]:
    content = note.content
    return {
        "text_key": note.text_key,
        "pair_key": note.pair_key,
        "version": note.version,
        "revision": note.revision,
        "based_on": note.based_on,
        "written": note.written,
        "comment": content.comment,
        "tags": join_tags(content.tags),
        "corrected_label": content.corrected_label,
        "status": content.status,
        "author": content.author,
    }


def _note(row: RowMapping) -> Note:
    content = NoteContent(row["comment"], parse_tags(row["tags"]), row["corrected_label"], row["status"], row["author"])
    return Note(
        row["text"], row["pair_key"], content, row["version"], row["revision"], row["based_on"], row["written"],
        bool(row.get("is_beside", False)),
    )  # fmt: skip
