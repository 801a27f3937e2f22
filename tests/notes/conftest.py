"""Databases for notes: an SQLite file, and a PostgreSQL server that lives as long as the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from dixtill_core.notes.store import NoteStore

REQUIRED = "DIXTILL_REQUIRE_POSTGRES"
"""Set to 1 where a missing PostgreSQL is a failure, as in CI."""
PASSWORD = "p@ss/word"
IN_URL = "p%40ss%2Fword"
PAIR, OTHER_PAIR = "a" * 64, "b" * 64


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server in a temporary folder, without the name of a database."""
    programs = find_postgres()
    if programs is None:
        message = "no PostgreSQL was found (initdb and pg_ctl); install one, as by apt-get install postgresql"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(message)
        pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="dixtill-postgres-"))
    user = unprivileged_user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)

    def run(program: str, *arguments: str) -> None:
        who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        log = folder.with_suffix(".log")
        with log.open("ab") as stream:  # The server inherits it: a pipe would stay open as long as it runs.
            done = subprocess.run(
                [programs / program, *arguments], cwd=folder, stdout=stream, stderr=stream, timeout=120, check=False, **who
            )
        assert done.returncode == 0, log.read_text()

    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if user is not None:
            os.chown(secret, user.pw_uid, user.pw_gid)
        run("initdb", "-D", "data", "-U", "dixtill", "-A", "scram-sha-256", f"--pwfile={secret}", "-E", "UTF8", "--no-sync")
        port = free_port()
        run(
            "pg_ctl", "-D", "data", "-w", "-o", f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}", "start"
        )
        try:
            yield f"postgresql://dixtill:{IN_URL}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_suffix(".log").unlink(missing_ok=True)


@pytest.fixture
def postgres_address(postgres_server: str) -> str:
    """URL of a fresh database."""
    name = f"notes_{uuid.uuid4().hex}"
    engine = create_engine(postgres_server.replace("postgresql://", "postgresql+psycopg://") + "/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return f"{postgres_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database of each kind in turn."""
    return str(tmp_path / "notes.db") if request.param == "sqlite" else request.getfixturevalue("postgres_address")


@pytest.fixture
def store(address: str) -> Iterator[NoteStore]:
    with NoteStore(address) as opened:
        yield opened


@pytest.fixture
def made_store(tmp_path: Path) -> Iterator[Callable[[str], NoteStore]]:
    """Makes stores in files of their own."""
    made: list[NoteStore] = []

    def make(name: str) -> NoteStore:
        made.append(NoteStore(tmp_path / f"{name}.db"))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def as_nobody() -> Iterator[Callable[[], Path]]:
    """A folder that everyone may enter, and the rights of a user who owns nothing from the call on: root may do everything."""
    folder = Path(tempfile.mkdtemp(prefix="dixtill-notes-"))
    os.chmod(folder, 0o755)
    was = os.getresuid()

    def become() -> Path:
        if was[0] == 0:
            os.setresuid(65534, 65534, 0)
        return folder

    become.folder = folder  # type: ignore[attr-defined]
    yield become
    os.setresuid(*was)
    os.chmod(folder, 0o755)
    shutil.rmtree(folder)


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them off the path."""
    on_path = shutil.which("initdb")
    if on_path is not None and shutil.which("pg_ctl") is not None:
        return Path(os.path.realpath(on_path)).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def unprivileged_user() -> pwd.struct_passwd | None:
    """Who the server runs as, since it refuses root; None where the tests do not run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
