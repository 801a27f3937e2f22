"""Databases that cannot be used: each is explained, and none loses anything."""

import os
import sqlite3
import subprocess
import sys
import threading
import traceback

import pytest
from sqlalchemy.exc import OperationalError

from dixtill_core import paths
from dixtill_core.errors import ConfigError, DixtillError
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
from tests.notes.conftest import IN_URL, PAIR, PASSWORD


@pytest.fixture
def file(tmp_path):
    """A database with twenty notes."""
    path = tmp_path / "notes.db"
    fill(path)
    return path


def fill(path, count=20):
    with NoteStore(path) as store:
        for i in range(count):
            store.write(f"text {i}", PAIR, NoteContent(f"note {i} " * 100), None)


def test_notes_are_in_the_users_data_folder_unless_said_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv("DIXTILL_NOTES", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert paths.notes_address() == str(tmp_path / "data" / "dixtill" / "notes.db")
    with NoteStore() as store:
        store.write("a", PAIR, NoteContent("x"), None)
    assert (tmp_path / "data" / "dixtill" / "notes.db").exists()
    monkeypatch.setenv("DIXTILL_NOTES", str(tmp_path / "elsewhere.db"))
    with NoteStore() as store:
        assert store.notes() == []
    assert (tmp_path / "elsewhere.db").exists()


def test_an_sqlite_url_is_that_file(file):
    with NoteStore(f"sqlite:///{file}") as store:
        assert (len(store.notes()), store.name) == (20, str(file))


@pytest.mark.parametrize("name", ["with space.db", "per%20cent.db", "question?mark#hash.db", "ünïcode 🚀.db"])
def test_a_file_may_be_called_anything(tmp_path, name):
    fill(tmp_path / name, 1)
    assert (tmp_path / name).exists()
    with NoteStore(tmp_path / name) as store:
        assert len(store.notes()) == 1


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_notes_in_memory_are_refused(address):
    with pytest.raises(ConfigError, match="kept in a file"):
        NoteStore(address)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"There is no folder .*missing for the notes\. Make it, or set DIXTILL_NOTES"):
        NoteStore(tmp_path / "missing" / "notes.db")
    assert not (tmp_path / "missing").exists()


def test_a_folder_is_no_file_of_notes(tmp_path):
    with pytest.raises(ConfigError, match="is a folder"):
        NoteStore(tmp_path)


@pytest.mark.parametrize("folder", [0o755, 0o777], ids=["in a read-only folder", "in a folder that can be written"])
def test_a_read_only_file_is_read_and_says_why_it_cannot_be_written(as_nobody, folder):
    path = as_nobody.folder / "notes.db"
    fill(path)
    os.chmod(path, 0o444)
    os.chmod(as_nobody.folder, folder)
    as_nobody()
    with NoteStore(path) as store:
        assert len(store.notes()) == 20
        with pytest.raises(DixtillError, match=r"can be read but not written\. Nothing was changed"):
            store.write("new", PAIR, NoteContent("x"), None)
        assert len(store.notes()) == 20


def test_a_file_that_may_not_even_be_read_is_explained(as_nobody):
    path = as_nobody.folder / "notes.db"
    fill(path)
    os.chmod(path, 0o000)
    as_nobody()
    with pytest.raises(DixtillError, match="cannot be opened"):
        NoteStore(path)


def test_no_file_can_be_made_in_a_read_only_folder(as_nobody):
    with pytest.raises(DixtillError, match="cannot be opened"):
        NoteStore(as_nobody() / "notes.db")


def test_a_locked_file_is_waited_for_then_explained_and_usable_afterwards(file):
    with sqlite3.connect(file, isolation_level=None) as other, NoteStore(file, busy_seconds=0.2) as store:
        other.execute("BEGIN IMMEDIATE")
        assert len(store.notes()) == 20  # Readers do not wait.
        with pytest.raises(DixtillError, match=r"locked by another program, which did not let go within 0\.2 s\. Nothing was written"):
            store.write("new", PAIR, NoteContent("x"), None)
        other.execute("ROLLBACK")
        store.write("new", PAIR, NoteContent("x"), None)
        assert len(store.notes()) == 21
    other.close()


def test_a_writer_waits_for_a_lock_that_is_let_go(file):
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, other.execute, ("ROLLBACK",))
    release.start()
    with NoteStore(file) as store:
        store.write("new", PAIR, NoteContent("x"), None)
        assert len(store.notes()) == 21
    release.join()
    other.close()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short_is_told_and_left_as_it_is(file, share):
    content = file.read_bytes()
    content = content[: int(len(content) * share)]
    file.write_bytes(content)
    with pytest.raises(DixtillError, match=r"damaged.*left as it is"):
        NoteStore(file)
    assert file.read_bytes() == content


def test_damage_in_the_middle_is_told_and_left_as_it_is(file):
    content = bytearray(file.read_bytes())
    content[4096 * 3 : 4096 * 5] = os.urandom(8192)
    file.write_bytes(content)
    with pytest.raises(DixtillError, match=r"damaged.*left as it is"):
        NoteStore(file)
    assert file.read_bytes() == bytes(content)


def test_what_is_no_database_is_left_as_it_is(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("text,label\n" * 1000)
    with pytest.raises(DixtillError, match="no database of notes"):
        NoteStore(path)
    assert path.read_text() == "text,label\n" * 1000


def test_a_database_of_another_program_is_left_as_it_is(tmp_path):
    path = tmp_path / "places.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.close()
    with pytest.raises(DixtillError, match="database of another program"):
        NoteStore(path)
    with sqlite3.connect(path) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["bookmarks"]
    other.close()


def test_a_file_that_vanishes_is_not_made_anew_in_silence(file):
    with NoteStore(file) as store:
        file.unlink()
        for suffix in ("-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        with pytest.raises(DixtillError, match="cannot be opened: the file or its folder is gone"):
            store.write("new", PAIR, NoteContent("x"), None)
        assert not file.exists()


def test_a_file_in_use_can_be_copied_whole_when_nobody_writes(file, tmp_path):
    with NoteStore(file):
        (tmp_path / "copy.db").write_bytes(file.read_bytes())
    with NoteStore(tmp_path / "copy.db") as copy:
        assert len(copy.notes()) == 20


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://ada:{PASSWORD}@localhost/notes",  # Not escaped, so that it does not parse as meant.
        "postgresql://ada:secretword@localhost:port/notes",
        "nosuchkind://ada:secretword@localhost/notes",
        "postgresql://ada:secretword@127.0.0.1:1/notes",
        "postgresql://127.0.0.1:1/notes?user=ada&password=secretword",
        "postgresql://ada:secretword@127.0.0.1:1/notes?nosuchoption=1",
        "mysql+nosuchdriver://ada:secretword@localhost/notes",
        "://ada:secretword@localhost",
    ],
)
def test_no_message_shows_a_password(address):
    with pytest.raises(DixtillError) as raised:
        NoteStore(address, busy_seconds=1)
    said = "".join(traceback.format_exception(raised.value))
    # Source lines of this test are part of a traceback; they hold no password but by the name `address`.
    assert "secretword" not in said
    assert "word@localhost" not in said.replace("user:password@localhost", "").replace("user:password@host", "")
    assert len(str(raised.value)) > 30


def test_a_server_that_does_not_answer_is_named(postgres_address):
    port_closed = postgres_address.rsplit(":", 1)[0] + ":1/notes"
    with pytest.raises(DixtillError, match=r"postgresql://dixtill@127\.0\.0\.1:1/notes cannot be reached, and nothing was written"):
        NoteStore(port_closed, busy_seconds=1)


def test_a_wrong_password_is_told_without_it(postgres_address):
    with pytest.raises(DixtillError, match="password authentication failed") as raised:
        NoteStore(postgres_address.replace(IN_URL, "guessed"))
    assert "guessed" not in str(raised.value)


def test_a_server_that_goes_away_is_told(postgres_address, monkeypatch):
    with NoteStore(postgres_address) as store:
        error = OperationalError("", {}, Exception("server closed the connection unexpectedly"))
        monkeypatch.setattr(store._database._engine.dialect, "do_begin", lambda _: (_ for _ in ()).throw(error))
        with pytest.raises(DixtillError, match="server closed the connection"):
            store.write("a", PAIR, NoteContent("x"), None)


def test_a_missing_driver_says_what_to_install():
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from dixtill_core.errors import DixtillError\n"
        "from dixtill_core.notes.store import NoteStore\n"
        "try: NoteStore('postgresql://ada:secretword@localhost/notes')\n"
        "except DixtillError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "pip install 'dixtill[postgres]'" in done.stdout, done.stderr
    assert "secretword" not in done.stdout
