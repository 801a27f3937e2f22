"""Tables of notes made, brought up to this version, or refused where a newer version wrote them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select, update

from dixtill_core.errors import DixtillError
from dixtill_core.notes.database import NotesDatabase
from dixtill_core.notes.schema import MIGRATIONS, SCHEMA_VERSION, metadata, schema


def prepare(database: NotesDatabase) -> None:
    """Make the tables where there are none, and those of an older version this version's.

    Raises:
        DixtillError: a newer version wrote them, or they belong to another program. Nothing was changed.
    """
    with database.reading() as connection:
        version = _version(connection, database)
    if version is None:
        _create(database)
    elif version > SCHEMA_VERSION:
        raise DixtillError(_newer(database, version))
    elif version < SCHEMA_VERSION:
        if database.path is not None:
            _copy(database.path, version)
        _migrate(database)


def backup_path(path: Path, version: int) -> Path:
    """Where a file of an older version is copied to before it is changed."""
    return path.with_name(f"{path.name}.version-{version}")


def _version(connection: Connection, database: NotesDatabase) -> int | None:
    """Version of the tables; None where there are none."""
    names = inspect(connection).get_table_names()
    if schema.name in names:
        found = connection.execute(select(schema.c.version)).scalar()
        if found is None:
            raise DixtillError(f"The notes in {database.name} do not say of which version they are. Put back a copy of them.")
        return int(found)
    if names and database.path is not None:
        raise DixtillError(f"{database.name} is a database of another program. Set DIXTILL_NOTES to a file of its own.")
    return None


def _create(database: NotesDatabase) -> None:
    try:
        with database.writing() as connection:
            if _version(connection, database) is None:
                metadata.create_all(connection)
                connection.execute(insert(schema).values(version=SCHEMA_VERSION))
    except DixtillError:
        # Two programs that start at once may both have seen no tables; then the other one has made them.
        with database.reading() as connection:
            if _version(connection, database) != SCHEMA_VERSION:
                raise


def _migrate(database: NotesDatabase) -> None:
    with database.writing() as connection:
        version = int(connection.execute(select(schema.c.version).with_for_update()).scalar_one())
        for step in range(version, SCHEMA_VERSION):  # Another program may have been faster: then there is no step.
            MIGRATIONS[step](connection)
        if version > SCHEMA_VERSION:
            raise DixtillError(_newer(database, version))
        connection.execute(update(schema).values(version=SCHEMA_VERSION))


def _copy(path: Path, version: int) -> None:
    """Keep the file as it was, whatever its log holds included."""
    target = backup_path(path, version)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as source, closing(sqlite3.connect(fresh)) as copy:
            source.backup(copy)
        os.replace(fresh, target)
    except (sqlite3.Error, OSError) as error:
        fresh.unlink(missing_ok=True)
        raise DixtillError(
            f"The notes in {path} are of version {version} and have to be brought up to version {SCHEMA_VERSION}, but no copy of them can "
            f"be written to {target.parent} first: {error}. Nothing was changed."
        ) from error


def _newer(database: NotesDatabase, version: int) -> str:
    return (
        f"The notes in {database.name} were written by a newer DiXtill (version {version} of their tables; this one knows up to "
        f"{SCHEMA_VERSION}). Nothing was changed. Update DiXtill, or set DIXTILL_NOTES to another file."
    )
