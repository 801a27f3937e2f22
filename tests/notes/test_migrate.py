"""Databases that an older version wrote are brought up to this one; those of a newer version are left alone."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from dixtill_core.errors import DixtillError
from dixtill_core.notes.migrate import backup_path
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.schema import SCHEMA_VERSION
from dixtill_core.notes.store import NoteStore
from tests.notes.conftest import PAIR
from tests.notes.test_writers import OPEN, run_at_once, start

VERSION_1 = Path(__file__).parent / "version_1.sql"


def execute(address, *statements):
    url = address.replace("postgresql://", "postgresql+psycopg://") if "://" in address else f"sqlite:///{address}"
    engine = create_engine(url)
    with engine.begin() as connection:
        found = [connection.execute(text(statement)) for statement in statements]
        rows = found[-1].fetchall() if found[-1].returns_rows else []
    engine.dispose()
    return rows


@pytest.fixture
def old(address):
    """A database as version 1 wrote it, with a note in two versions."""
    script = VERSION_1.read_text()
    if "://" not in address:
        script = script.replace("id SERIAL", "id INTEGER")
    execute(address, *(statement for statement in script.split(";") if statement.strip()))
    return address


def test_a_database_of_version_1_keeps_its_notes_and_their_history(old):
    with NoteStore(old) as store:
        (note,) = store.notes()
        assert note.content == NoteContent("second", ("irony", "short"), "bearish", "explained", "Ben")
        assert (note.text, note.pair_key, note.version, note.revision) == ("a", PAIR, 2, "0" * 31 + "2")
        assert [version.content.comment for version in store.history("a", PAIR)] == ["first", "second"]
        written = store.write("a", PAIR, NoteContent("third"), note.revision, "MiniLM → student")
        assert (written.version, store.pair_names()) == (3, {PAIR: "MiniLM → student"})
    assert execute(old, "SELECT version FROM dixtill_notes_schema") == [(SCHEMA_VERSION,)]


def test_processes_that_bring_it_up_at_once_do_not_hinder_each_other(old):
    run_at_once([start(OPEN, old) for _ in range(4)])
    with NoteStore(old) as store:
        assert len(store.notes()) == 1
    assert execute(old, "SELECT version FROM dixtill_notes_schema") == [(SCHEMA_VERSION,)]


def test_a_file_is_copied_before_it_is_changed(tmp_path):
    path = tmp_path / "notes.db"
    script = VERSION_1.read_text().replace("id SERIAL", "id INTEGER")
    execute(str(path), *(statement for statement in script.split(";") if statement.strip()))
    NoteStore(path).close()
    copy = backup_path(path, 1)
    assert execute(str(copy), "SELECT version FROM dixtill_notes_schema") == [(1,)]
    assert execute(str(copy), "SELECT comment FROM dixtill_notes") == [("second",)]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["notes.db", "notes.db.version-1"]


def test_a_database_of_a_newer_version_is_refused_and_left_as_it_is(address):
    with NoteStore(address) as store:
        store.write("a", PAIR, NoteContent("x"), None)
    execute(address, f"UPDATE dixtill_notes_schema SET version = {SCHEMA_VERSION + 1}")
    with pytest.raises(DixtillError, match=rf"written by a newer DiXtill \(version {SCHEMA_VERSION + 1} of.*Nothing was changed"):
        NoteStore(address)
    assert execute(address, "SELECT version FROM dixtill_notes_schema") == [(SCHEMA_VERSION + 1,)]
    assert execute(address, "SELECT comment FROM dixtill_notes") == [("x",)]


def test_an_old_file_that_cannot_be_copied_is_not_changed(tmp_path):
    path = tmp_path / "notes.db"
    script = VERSION_1.read_text().replace("id SERIAL", "id INTEGER")
    execute(str(path), *(statement for statement in script.split(";") if statement.strip()))
    backup_path(path, 1).mkdir()
    before = path.read_bytes()
    with pytest.raises(DixtillError, match="no copy of them can be written"):
        NoteStore(path)
    assert execute(str(path), "SELECT version FROM dixtill_notes_schema") == [(1,)]
    assert len(before) == path.stat().st_size


def test_tables_without_a_version_are_not_guessed_at(address):
    NoteStore(address).close()
    execute(address, "DELETE FROM dixtill_notes_schema")
    with pytest.raises(DixtillError, match="do not say of which version"):
        NoteStore(address)
