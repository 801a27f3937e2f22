"""Notes out and in again: exactly, safely for spreadsheets, and merged without losing anyone's words."""

import csv
import io
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dixtill_core.errors import DataError
from dixtill_core.notes.exchange import COLUMNS, Merge, import_notes, notes_csv, notes_json
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteConflict, NoteStore
from tests.notes.conftest import OTHER_PAIR, PAIR
from tests.notes.test_store import FULL, ODD


def merged(store, content, pair_key=None):
    *_, merge = import_notes(store, content, "notes file", pair_key)
    assert isinstance(merge, Merge)
    return merge


def counts(merge):
    return len(merge.new), len(merge.changed), len(merge.same), len(merge.conflicts)


def exported(store, kind):
    return notes_csv(store.notes(), store.pair_names()) if kind == "csv" else notes_json(store)


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def edited(content, text, **cells):
    """The CSV file with cells of one row changed, as a spreadsheet would save it."""
    rows = rows_of(content)
    stream = io.StringIO(newline="")
    table = csv.DictWriter(stream, COLUMNS)
    table.writeheader()
    table.writerows(row | cells if row["text"] == text else row for row in rows)
    return stream.getvalue().encode()


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_odd_notes_come_back_exactly(address, made_store, kind):
    with NoteStore(address) as store:
        for i, (name, odd) in enumerate(ODD.items()):
            store.write(odd, PAIR, NoteContent(odd, (name,), f"label {i}", "explained", "=Ada"), None)
        store.write("second pair", OTHER_PAIR, NoteContent("one"), None, "=teacher → student")
        content, notes = exported(store, kind), store.notes()
    other = made_store("other")
    assert counts(merged(other, content)) == (len(ODD) + 1, 0, 0, 0)
    assert other.notes() == notes
    assert other.pair_names() == {OTHER_PAIR: "=teacher → student"}
    assert exported(other, kind) == content


@pytest.mark.parametrize("kind", ["csv", "json"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(comment=st.text(max_size=300), text=st.text(min_size=1, max_size=50))
def test_any_text_comes_back_exactly(made_store, kind, comment, text):
    name = f"{abs(hash((kind, comment, text)))}"
    one, two = made_store(f"one{name}"), made_store(f"two{name}")
    known = one.note(text, PAIR)
    one.write(text, PAIR, NoteContent(comment, ("x",)), known and known.revision)
    merged(two, exported(one, kind))
    assert two.notes() == one.notes()


def test_a_spreadsheet_runs_no_formula(made_store):
    store = made_store("one")
    for start in ("=", "+", "-", "@", "\t", "\r", "\n"):
        store.write(f"{start}cmd|' /C calc'!A0", PAIR, NoteContent(f"{start}1", (f"{start.strip() or '='}tag",), author="=Ada"), None)
    for row in rows_of(notes_csv(store.notes(), store.pair_names())):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values()), row


def test_json_brings_the_whole_history(made_store):
    one, two = made_store("one"), made_store("two")
    first = one.write("a", PAIR, NoteContent("first"), None)
    one.write("a", PAIR, NoteContent("second"), first.revision)
    with pytest.raises(NoteConflict):
        one.write("a", PAIR, NoteContent("beside"), first.revision)
    one.write("gone", PAIR, NoteContent(), one.write("gone", PAIR, NoteContent("taken back"), None).revision)
    merged(two, notes_json(one))
    assert two.history("a", PAIR) == one.history("a", PAIR)
    assert two.history("gone", PAIR) == one.history("gone", PAIR)
    assert [note.text for note in two.notes()] == ["a"]


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_importing_twice_changes_nothing_the_second_time(made_store, kind):
    one, two = made_store("one"), made_store("two")
    one.write("a", PAIR, FULL, None)
    content = exported(one, kind)
    merged(two, content)
    before = notes_json(two)
    assert counts(merged(two, content)) == (0, 0, 1, 0)
    assert counts(merged(one, content)) == (0, 0, 1, 0)
    assert notes_json(two) == before


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_note_that_goes_on_from_the_one_here_replaces_it(made_store, kind):
    one, two = made_store("one"), made_store("two")
    first = one.write("a", PAIR, NoteContent("first"), None)
    merged(two, exported(one, kind))
    second = one.write("a", PAIR, NoteContent("second"), first.revision)
    assert counts(merged(two, exported(one, kind))) == (0, 1, 0, 0)
    assert two.note("a", PAIR) == second
    assert len(two.history("a", PAIR)) == 2


def test_json_goes_on_over_several_versions(made_store):
    one, two = made_store("one"), made_store("two")
    revision = one.write("a", PAIR, NoteContent("0"), None).revision
    merged(two, notes_json(one))
    for i in range(1, 4):
        revision = one.write("a", PAIR, NoteContent(str(i)), revision).revision
    assert counts(merged(two, notes_json(one))) == (0, 1, 0, 0)
    assert [note.content.comment for note in two.history("a", PAIR)] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_an_older_export_does_not_take_the_note_back(made_store, kind):
    one = made_store("one")
    first = one.write("a", PAIR, NoteContent("first"), None)
    content = exported(one, kind)
    one.write("a", PAIR, NoteContent("second"), first.revision)
    assert counts(merged(one, content)) == (0, 0, 1, 0)
    assert one.note("a", PAIR).content.comment == "second"


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_two_that_wrote_apart_are_in_conflict_and_both_stay(made_store, kind):
    one, two = made_store("one"), made_store("two")
    one.write("a", PAIR, NoteContent("Ada's"), None)
    two.write("a", PAIR, NoteContent("Ben's"), None)
    merge = merged(two, exported(one, kind))
    assert counts(merge) == (0, 0, 0, 1)
    assert merge.conflicts[0].content.comment == "Ada's"
    assert str(merge) == "0 new, 0 changed, 0 already here, 1 in conflict"
    assert two.note("a", PAIR).content.comment == "Ben's"
    assert [(note.content.comment, note.is_beside) for note in two.history("a", PAIR)] == [("Ben's", False), ("Ada's", True)]
    assert counts(merged(two, exported(one, kind))) == (0, 0, 1, 0)
    assert len(two.history("a", PAIR)) == 2


def test_a_conflict_that_was_settled_is_no_conflict_any_more(made_store):
    one, two = made_store("one"), made_store("two")
    one.write("a", PAIR, NoteContent("Ada's"), None)
    bens = two.write("a", PAIR, NoteContent("Ben's"), None)
    merged(two, notes_json(one))
    two.write("a", PAIR, NoteContent("both"), bens.revision)
    assert counts(merged(one, notes_json(two))) == (0, 0, 0, 1)  # Ben's line never went on from Ada's.
    assert counts(merged(two, notes_json(one))) == (0, 0, 1, 0)


def test_the_same_words_written_twice_are_no_conflict(made_store):
    one, two = made_store("one"), made_store("two")
    for store in (one, two):
        store.write("a", PAIR, FULL, None)
    for kind in ("csv", "json"):
        assert counts(merged(two, exported(one, kind))) == (0, 0, 1, 0)


def test_a_row_edited_in_a_spreadsheet_is_a_new_version(made_store):
    store = made_store("one")
    first = store.write("a", PAIR, FULL, None)
    content = edited(
        notes_csv(store.notes(), store.pair_names()),
        "a",
        comment="edited",
        status="Explained",
        tags="x; y",
        corrected_label="",
        author="Ben",
    )
    assert counts(merged(store, content)) == (0, 1, 0, 0)
    found = store.note("a", PAIR)
    assert found.content == NoteContent("edited", ("x", "y"), None, "explained", "Ben")
    assert (found.version, found.based_on) == (2, first.revision)
    assert counts(merged(store, content)) == (0, 0, 1, 0)


def test_a_row_edited_while_the_note_went_on_is_in_conflict(made_store):
    store = made_store("one")
    first = store.write("a", PAIR, NoteContent("first"), None)
    content = edited(notes_csv(store.notes(), store.pair_names()), "a", comment="edited in a file")
    store.write("a", PAIR, NoteContent("edited here"), first.revision)
    assert counts(merged(store, content)) == (0, 0, 0, 1)
    assert store.note("a", PAIR).content.comment == "edited here"
    assert [note.content.comment for note in store.history("a", PAIR)] == ["first", "edited here", "edited in a file"]
    assert counts(merged(store, content)) == (0, 0, 1, 0)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_made_by_hand_is_enough(made_store, separator):
    store = made_store("one")
    content = separator.join(("text", "comment", "status")) + "\n" + separator.join(("a", "by hand", "data error")) + "\n"
    assert counts(merged(store, content.encode(), PAIR)) == (1, 0, 0, 0)
    assert store.note("a", PAIR).content == NoteContent("by hand", status="data error")


def test_a_comment_that_a_spreadsheet_cut_is_not_taken_for_an_edit(made_store):
    store = made_store("one")
    store.write("a", PAIR, NoteContent("x" * 50_000), None)
    content = edited(notes_csv(store.notes(), store.pair_names()), "a", comment="x" * 32_767)
    with pytest.raises(DataError, match="cut after 32,767 characters"):
        merged(store, content)
    assert len(store.note("a", PAIR).content.comment) == 50_000


def damaged(content, change):
    record = json.loads(content)
    change(record["notes"][0])
    return json.dumps(record).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no column"),
        (b"{", "is damaged"),
        (b'{"notes": 3}', "holds no notes"),
        (b"text,label\nshares rise,bullish\n", "none of the columns comment, tags, corrected_label, status: it holds no notes"),
        (b'{"format": 9, "notes": []}', "format 9"),
        (b'{"format": 1, "notes": [{}]}', "Note 1 of notes file is damaged"),
        (b'{"format": 1, "notes": [7]}', "Note 1 of notes file is damaged"),
        (b"[" * 100_000, "no column|is damaged"),
        (b"a,b\n1,2\n", "no column .text."),
        (b"text,pair_key\na\n", "Row 1 of notes file has fewer cells"),
        (b"text,pair_key\na,b,c\n", "Row 1 of notes file has more cells"),
        (b"text,comment\na,b\n", "does not say which pair of models"),
        (b"text,pair_key,status\na,b,open\na,b,done\n", "Row 2 of notes file: There is no status 'done'"),
        (b"text,pair_key,version\na,b,x\n", "Row 1 of notes file is damaged"),
        (b"text,pair_key,written\na,b,yesterday\n", "Row 1 of notes file is damaged"),
        (b"text,pair_key,revision\na,b,zz\n", "Row 1 of notes file is damaged"),
        (b"text,pair_key,text_key\na,b,zz\n", "text_key differs"),
        (b"\xff\xfet\x00e\x00", "not in UTF-8"),
        (b'text,pair_key\n"a,b\n', "is damaged after row"),
    ],
)
def test_a_damaged_file_is_explained_and_nothing_is_written(made_store, content, why):
    store = made_store("one")
    store.write("a", PAIR, FULL, None)
    before = notes_json(store)
    with pytest.raises(DataError, match=why):
        merged(store, content)
    assert notes_json(store) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note.update(text="another text"),
        lambda note: note.update(current="0" * 32),
        lambda note: note["versions"][0].update(comment=7),
        lambda note: note["versions"][0].update(comment="\ud800"),
        lambda note: note["versions"][0].update(tags="x"),
        lambda note: note["versions"][0].update(tags=["a,b"]),
        lambda note: note["versions"][0].update(status="done"),
        lambda note: note["versions"][0].update(written="2026"),
        lambda note: note["versions"][0].update(revision=None),
        lambda note: note["versions"][0].update(version="x"),
        lambda note: note.pop("versions"),
    ],
)
def test_a_damaged_record_is_explained_and_nothing_is_written(made_store, change):
    one, two = made_store("one"), made_store("two")
    one.write("a", PAIR, FULL, None)
    with pytest.raises(DataError):
        merged(two, damaged(notes_json(one), change))
    assert two.notes() == []


def test_an_import_that_fails_at_its_last_row_writes_none(made_store):
    one, two = made_store("one"), made_store("two")
    for text in "abc":
        one.write(text, PAIR, NoteContent("x" * 40_000), None)
    two.write("a", PAIR, NoteContent("x" * 40_000), None)
    merged(one, notes_csv(two.notes(), two.pair_names()))
    content = edited(notes_csv(one.notes(), one.pair_names()), "a", comment="x" * 32_767)
    with pytest.raises(DataError):
        merged(one, edited(content, "c", comment="edited"))
    assert one.note("c", PAIR).content.comment == "x" * 40_000


def test_an_import_that_is_stopped_writes_nothing(made_store):
    one, two = made_store("one"), made_store("two")
    for i in range(200):
        one.write(f"text {i}", PAIR, NoteContent("x"), None)
    steps = import_notes(two, notes_json(one), "notes file")
    assert [next(steps).done, next(steps).done, next(steps).total] == [0, 50, 200]
    steps.close()
    assert two.notes() == []
