"""`dixtill notes` as a user runs it."""

import json

import pytest

from dixtill_core import cli
from dixtill_core.data.datasets import load_dataset
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
from tests.notes.conftest import OTHER_PAIR, PAIR


@pytest.fixture
def run(monkeypatch, capsys):
    def finish(*arguments):
        monkeypatch.setattr("sys.argv", ["dixtill", "notes", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, error = capsys.readouterr()
        return ended.value.code or 0, out, error

    return finish


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A database with three notes, which DIXTILL_NOTES names."""
    path = tmp_path / "notes.db"
    monkeypatch.setenv("DIXTILL_NOTES", str(path))
    with NoteStore() as store:
        store.write(
            "Great, another loss.", PAIR, NoteContent("irony\x1b[31m", ("irony",), "bearish", "data error", "Ada"), None, "MiniLM → student"
        )
        store.write("+5% today", PAIR, NoteContent("number", ("number",), "bullish"), None)
        store.write("Great, another loss.", OTHER_PAIR, NoteContent("other models"), None)
    return path


def test_notes_are_listed_without_control_characters(run, file):
    status, out, _ = run("list")
    assert status == 0
    assert "Great, another loss." in out
    assert "data error" in out
    assert "MiniLM → student" in out
    assert "\x1b" not in out
    assert out.count("Great, another loss.") == 2


def test_the_list_can_be_narrowed(run, file):
    for narrowed in (("--status", "data error"), ("--tag", "irony"), ("--pair", "a" * 5, "--tag", "irony")):
        assert [note["comment"] for note in json.loads(run("list", "--json", *narrowed)[1])] == ["irony\x1b[31m"]
    assert "has no such note" in run("list", "--tag", "nothing")[2]


def test_an_empty_database_says_so(run, tmp_path):
    assert "has no notes yet" in run("list", "--notes", tmp_path / "new.db")[2]


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_is_exported_is_imported_elsewhere(run, file, tmp_path, kind):
    assert "3 notes are in" in run("export", "--out", tmp_path / f"out.{kind}")[2]
    status, _, error = run("import", tmp_path / f"out.{kind}", "--notes", tmp_path / "other.db")
    assert (status, "3 new, 0 changed, 0 already here, 0 in conflict." in error) == (0, True)
    with NoteStore(tmp_path / "other.db") as other, NoteStore(file) as store:
        assert other.notes() == store.notes()


def test_an_export_of_one_pair_has_its_notes_only(run, file, tmp_path):
    for kind in ("csv", "json"):
        assert "1 notes are in" in run("export", "--out", tmp_path / f"out.{kind}", "--pair", "bbb")[2]
        run("import", tmp_path / f"out.{kind}", "--notes", tmp_path / f"{kind}.db")
        with NoteStore(tmp_path / f"{kind}.db") as other:
            assert [note.content.comment for note in other.notes()] == ["other models"]


def test_a_conflict_is_named(run, file, tmp_path):
    with NoteStore(tmp_path / "other.db") as other:
        other.write("+5% today", PAIR, NoteContent("written apart"), None)
    run("export", "--out", tmp_path / "out.json")
    assert (
        "In conflict, kept in the history beside the note here: “+5% today”"
        in run("import", tmp_path / "out.json", "--notes", tmp_path / "other.db")[2]
    )


def test_corrected_labels_become_a_training_set(run, file, tmp_path):
    status, _, error = run("training-set", "--out", tmp_path / "corrected.csv")
    assert (status, "2 texts with corrected labels" in error, "1 texts start like a formula" in error) == (0, True, True)
    assert len(load_dataset(tmp_path / "corrected.csv")) == 2


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("export", "--out", "notes.txt"), "written as .csv or .json"),
        (("import", "missing.json"), "missing.json cannot be read"),
        (("list", "--notes", "/nowhere/notes.db"), "There is no folder /nowhere"),
        (("list", "--notes", "postgresql://ada:secretword@127.0.0.1:1/x"), "postgresql://ada@127.0.0.1:1/x cannot be reached"),
        (("training-set", "--out", "x.csv", "--pair", "none"), "No note has a corrected label"),
    ],
)
def test_errors_are_messages(run, file, arguments, why):
    status, _, error = run(*arguments)
    assert (status, why in " ".join(error.split())) == (1, True), error
    assert "secretword" not in error
