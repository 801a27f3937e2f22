"""The database of notes: where it is, how it is opened, and what a person is told when something is wrong with it.

A file is SQLite: written through a log (WAL), so that readers and a writer do not wait for each other, flushed to the
disk at every commit, and waited for where another program holds it. Any other database is reached by its SQLAlchemy URL.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from dixtill_core.errors import ConfigError, DixtillError
from dixtill_core.files import make_folder
from dixtill_core.paths import data_folder, notes_address

BUSY_SECONDS = 10.0
"""How long another program's lock is waited for, and a server's answer."""
_WRITES = "dixtill_writes"
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
"""Drivers for URLs that name only the kind of database."""


class NotesDatabase:
    """An opened database: connections to read and to write with, and errors in words.

    Args:
        address: path of an SQLite file or an SQLAlchemy URL; `paths.notes_address()` where None.
        busy_seconds: how long another program's lock is waited for.

    Raises:
        DixtillError: it cannot be opened; nothing in it was changed.
    """

    def __init__(self, address: str | Path | None = None, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.busy_seconds = busy_seconds
        self.path: Path | None = None
        """Of an SQLite file."""
        found = str(notes_address() if address is None else address)
        url = _parse_url(found) if "://" in found else None
        if url is None or url.get_backend_name() == "sqlite":
            self.path = _file_of(found if url is None else url)
            self.name = str(self.path)
            if not self.path.is_relative_to(data_folder()):
                _require_folder(self.path)
            else:
                make_folder(self.path.parent)
            self._engine = self._file_engine(self.path)
        else:
            self.name = _without_password(url)
            self._engine = _server_engine(url, self.name, busy_seconds)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection whose statements see one state of the database."""
        with self.errors_in_words(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is kept whole when the block ends, or not at all."""
        with self.errors_in_words(), self._engine.execution_options(**{_WRITES: True}).begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def errors_in_words(self) -> Iterator[None]:
        """Turn what the database says into a DixtillError that says what to do."""
        try:
            yield
        except DBAPIError as error:
            raise DixtillError(self._in_words(error)) from error
        except SQLAlchemyError as error:
            raise DixtillError(f"The notes in {self.name} cannot be used: {error}") from error

    def _file_engine(self, path: Path) -> Engine:
        with self.errors_in_words():
            engine = self._engine_for(_uri(path, "rw" if path.exists() else "rwc"))
            try:
                _check_file(engine, path)
            except DBAPIError as error:
                if os.access(path.parent, os.W_OK) or _has_log(path):
                    raise
                # In a folder that cannot be written, SQLite needs to be told that nobody else writes there either.
                engine = self._engine_for(_uri(path, "ro") + "&immutable=1")
                try:
                    _check_file(engine, path)
                except DBAPIError:
                    raise error from None
                return engine
            _write_through_log(engine)
            return engine if path.exists() else self._engine_for(_uri(path, "rw"))

    def _engine_for(self, uri: str) -> Engine:
        def connect() -> sqlite3.Connection:
            # isolation_level None: the driver begins no transactions of its own; `_begin` does.
            return sqlite3.connect(uri, uri=True, timeout=self.busy_seconds, isolation_level=None, check_same_thread=False)

        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        return engine

    def _in_words(self, error: DBAPIError) -> str:
        if self.path is not None:
            kind = getattr(error.orig, "sqlite_errorname", "") or ""
            for start, what in _FILE_ERRORS.items():
                if kind.startswith(start):
                    return what.format(name=self.name, seconds=f"{self.busy_seconds:g}")
        said = " ".join(str(error.orig).split())
        return f"The notes in {self.name} cannot be reached, and nothing was written: {said}"


_FILE_ERRORS = {
    "SQLITE_BUSY": "The notes in {name} are locked by another program, which did not let go within {seconds} s. "
    "Nothing was written. Close that program or wait, and try again.",
    "SQLITE_LOCKED": "The notes in {name} are locked by another program. Nothing was written. Try again.",
    "SQLITE_READONLY": "The notes in {name} can be read but not written. Nothing was changed. "
    "Ask for the right to write to the file and its folder, or set DIXTILL_NOTES to another file.",
    "SQLITE_NOTADB": "{name} is no database of notes, or is damaged at its start. It was left as it is. "
    "Put back a copy of it, or set DIXTILL_NOTES to another file.",
    "SQLITE_CORRUPT": "{name} is damaged. It was left as it is. Put back a copy of it, or move it away: a new one is made then.",
    "SQLITE_FULL": "There is no room on the disk for the notes in {name}. Nothing was written. Make room, and try again.",
    "SQLITE_CANTOPEN": "The notes in {name} cannot be opened: the file or its folder is gone, or you may not read and write there.",
    "SQLITE_IOERR": "The disk failed while the notes in {name} were used. Look whether it is full or was taken out, and try again.",
}  # fmt: skip
"""What each kind of error of SQLite means, by the start of its name."""


def _parse_url(address: str) -> URL:
    try:
        url = make_url(address)
        if "@" in f"{url.host}{url.database}" and url.get_backend_name() != "sqlite":
            raise ValueError("part of a password that was not escaped")
    except (ArgumentError, ValueError, TypeError):
        # What the library says repeats the address, and with it the password.
        raise ConfigError(
            "The address of the notes is no URL of a database. It has to be like postgresql://user:password@host:5432/database; "
            "write special characters of a password as %XX."
        ) from None
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def _without_password(url: URL) -> str:
    """The address for people: a password can stand in the query too, so none of that is shown."""
    user = f"{url.username}@" if url.username else ""
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{user}{url.host or ''}{port}/{url.database or ''}"


def _file_of(address: str | URL) -> Path:
    path = address if isinstance(address, str) else address.database
    if not path or path == ":memory:":
        raise ConfigError("Notes have to be kept in a file, as in sqlite:////home/me/notes.db, or on a server.")
    return Path(path).expanduser().absolute()


def _require_folder(path: Path) -> None:
    if path.is_dir():
        raise ConfigError(f"{path} is a folder; the notes need the name of a file. Set DIXTILL_NOTES to one in it.")
    if not path.parent.is_dir():
        raise ConfigError(f"There is no folder {path.parent} for the notes. Make it, or set DIXTILL_NOTES to another file.")


def _server_engine(url: URL, name: str, seconds: float) -> Engine:
    waits = {"connect_timeout": max(1, round(seconds))} if url.get_backend_name() in ("postgresql", "mysql", "mariadb") else {}
    try:
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=waits)
    except NoSuchModuleError:
        raise ConfigError(f"SQLAlchemy knows no database of the kind {url.drivername!r} (notes in {name}).") from None
    except ImportError as error:
        extra = "pip install 'dixtill[postgres]'" if url.get_backend_name() == "postgresql" else f"pip install {error.name}"
        raise ConfigError(f"The notes in {name} need a driver that is not installed. Install it with: {extra}") from None
    except (SQLAlchemyError, TypeError, ValueError):
        raise ConfigError(f"The address of the notes in {name} has an option that its driver does not know.") from None


def _uri(path: Path, mode: str) -> str:
    return f"{path.as_uri()}?mode={mode}"


def _has_log(path: Path) -> bool:
    """Whether something was written that is not yet in the file itself."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _set_up(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # What was confirmed survives a power cut.


def _begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that has read before cannot get it any more where another has written since.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def _check_file(engine: Engine, path: Path) -> None:
    """Read the whole file once, so that damage is told before anything is written into it."""
    with engine.connect() as connection:
        is_whole = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() == "ok"
        page = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    if not is_whole or path.stat().st_size % page:  # SQLite takes the end of a page that was cut for zeros.
        raise DixtillError(_FILE_ERRORS["SQLITE_CORRUPT"].format(name=path))


def _write_through_log(engine: Engine) -> None:
    """Switch the file to WAL, which it remembers; SQLite does not wait for others here, so this does, a little."""
    until = time.monotonic() + 1
    connection = engine.raw_connection()
    try:
        while time.monotonic() < until:
            try:
                if connection.cursor().execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                    return
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorname", "") != "SQLITE_BUSY":
                    return  # Read-only, or a disk without shared memory: the older journal is as safe, and slower.
            time.sleep(0.02)
    finally:
        connection.close()
