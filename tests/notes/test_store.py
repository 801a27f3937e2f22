"""Notes on SQLite and on PostgreSQL: the same claims on both."""

import pytest

from dixtill_core.errors import DataError
from dixtill_core.notes.note import NoteContent, text_key
from dixtill_core.notes.store import NoteConflict, NoteStore
from tests.notes.conftest import OTHER_PAIR, PAIR

FULL = NoteContent("Irony: “great” is meant otherwise.", ("irony", "short text"), "bearish", "data error", "Ada")
ODD = {
    "html": "<script>alert('x')</script> & \"quotes\"",
    "emoji": "👩‍👩‍👧 🚀 é é",
    "newlines": "one\ntwo\r\nthree\rfour\n\n",
    "long": "long ünd wide 🚀 " * 3125,
    "nul": "before\0after",
    "mark": "\x01like the mark",
    "right to left": "قنית العربية",
    "formula": "=1+1",
    "apostrophes": "''=1+1",
    "spaces": "  \t ",
    "controls": "\x1b[31m\x07\x7f",
}


def test_a_note_comes_back_as_it_was_written(store):
    written = store.write("Great quarter.", PAIR, FULL, None)
    found = store.note("Great quarter.", PAIR)
    assert found == written
    assert (found.content, found.text, found.version, found.based_on, found.is_beside) == (FULL, "Great quarter.", 1, None, False)
    assert found.text_key == text_key("Great quarter.")
    assert found.written.endswith("+00:00")


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_texts_and_comments_come_back_exactly(store, odd):
    store.write(odd, PAIR, NoteContent(odd), None)
    (found,) = store.notes()
    assert (found.text, found.content.comment) == (odd, odd)
    assert store.history(odd, PAIR) == [found]


def test_a_text_that_no_file_can_hold_is_refused(store):
    with pytest.raises(DataError, match="half of a character"):
        store.write("cut\ud800", PAIR, FULL, None)


def test_a_note_belongs_to_a_text_and_a_pair_of_models(store):
    store.write("a", PAIR, NoteContent("on a"), None)
    store.write("a", OTHER_PAIR, NoteContent("on a, other models"), None)
    store.write("b", PAIR, NoteContent("on b"), None)
    assert [note.content.comment for note in store.notes(PAIR)] == ["on b", "on a"]
    assert [note.content.comment for note in store.notes()] == ["on b", "on a, other models", "on a"]
    assert store.note("a ", PAIR) is None


def test_every_version_stays_in_the_history(store):
    revision = None
    for text in ("first", "second", "third"):
        revision = store.write("a", PAIR, NoteContent(text), revision).revision
    versions = store.history("a", PAIR)
    assert [(note.version, note.content.comment) for note in versions] == [(1, "first"), (2, "second"), (3, "third")]
    assert [note.based_on for note in versions] == [None, versions[0].revision, versions[1].revision]
    assert store.note("a", PAIR) == versions[-1]


def test_who_saw_an_older_version_is_told_and_both_are_kept(store):
    first = store.write("a", PAIR, NoteContent("first", author="Ada"), None)
    store.write("a", PAIR, NoteContent("Ben's", author="Ben"), first.revision)
    with pytest.raises(NoteConflict, match="changed by Ben") as conflict:
        store.write("a", PAIR, NoteContent("Ada's", author="Ada"), first.revision)
    assert conflict.value.current.content.comment == "Ben's"
    assert conflict.value.kept.content.comment == "Ada's"
    assert store.note("a", PAIR).content.comment == "Ben's"
    assert [(note.content.comment, note.is_beside) for note in store.history("a", PAIR)] == [
        ("first", False),
        ("Ben's", False),
        ("Ada's", True),
    ]


def test_two_first_notes_on_a_text_are_a_conflict_too(store):
    store.write("a", PAIR, NoteContent("Ada's"), None)
    with pytest.raises(NoteConflict):
        store.write("a", PAIR, NoteContent("Ben's"), None)
    assert len(store.history("a", PAIR)) == 2


def test_after_a_conflict_the_newest_can_be_replaced(store):
    first = store.write("a", PAIR, NoteContent("Ada's"), None)
    with pytest.raises(NoteConflict) as conflict:
        store.write("a", PAIR, NoteContent("Ben's"), None)
    resolved = store.write("a", PAIR, NoteContent("both"), conflict.value.current.revision)
    assert (resolved.based_on, store.note("a", PAIR).content.comment, len(store.history("a", PAIR))) == (first.revision, "both", 3)


def test_a_note_that_was_taken_back_is_gone_from_the_list_and_not_from_the_history(store):
    first = store.write("a", PAIR, NoteContent("wrong"), None)
    store.write("a", PAIR, NoteContent(), first.revision)
    assert store.notes() == []
    assert [note.content.comment for note in store.history("a", PAIR)] == ["wrong", ""]
    store.write("a", PAIR, NoteContent("anew"), None)
    assert [note.content.comment for note in store.notes()] == ["anew"]


def test_a_pair_of_models_keeps_its_first_name(store):
    first = store.write("a", PAIR, FULL, None)
    assert store.pair_names() == {}
    second = store.write("a", PAIR, FULL, first.revision, "MiniLM → student")
    store.write("a", PAIR, FULL, second.revision, "another name")
    assert store.pair_names() == {PAIR: "MiniLM → student"}


def test_an_opened_database_shows_what_another_one_writes(store, address):
    with NoteStore(address) as other:
        other.write("a", PAIR, FULL, None)
    assert store.note("a", PAIR).content == FULL
