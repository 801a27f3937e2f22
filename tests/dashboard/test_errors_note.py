"""Notes on the page Errors, their list and their file, and the report that holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.resources import load_jobs
from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
from tests.dashboard.errors_page import HOSTILE, has_key, open_errors, said, table_of, wait_for

pytestmark = pytest.mark.usefixtures("own_folders")


def test_a_note_is_in_the_database_as_soon_as_it_is_changed_and_there_after_a_refresh(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="7")
    page.text_input(key="errors_author").set_value("Ada").run()
    page.text_area(key="errors_note_comment").set_value(HOSTILE).run()
    page.text_input(key="errors_note_tags").set_value("irony, guidance").run()
    page.selectbox(key="errors_note_label").set_value("neutral").run()
    assert not page.exception
    text = shipped.table["text"][6]
    with NoteStore() as store:
        note = store.note(text, shipped.pair_key)
        assert note is not None
        assert note.content == NoteContent(HOSTILE, ("irony", "guidance"), "neutral", "open", "Ada")
        assert len(store.history(text, shipped.pair_key)) == 3
    again = open_errors(row="7")
    assert again.text_area(key="errors_note_comment").value == HOSTILE
    assert again.text_input(key="errors_note_tags").value == "irony, guidance"
    assert [element.value for element in again.text].count(HOSTILE) == 3  # The history, as it was typed.
    others = open_errors(has_note="yes")
    assert table_of(others, "errors_table")["row"].tolist() == [7]
    assert open_errors(row="8").text_area(key="errors_note_comment").value == ""


def test_an_author_who_signs_last_stands_beside_the_note_and_takes_nobodys_place(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="7")
    page.text_area(key="errors_note_comment").set_value("why?").run()
    page.text_input(key="errors_author").set_value("Ada").run()
    assert not page.exception
    text = shipped.table["text"][6]
    with NoteStore() as store:
        assert store.note(text, shipped.pair_key).content == NoteContent("why?", author="Ada")  # type: ignore[union-attr]
    page.text_input(key="errors_author").set_value("Bob").run()
    with NoteStore() as store:
        assert store.note(text, shipped.pair_key).content.author == "Ada"  # type: ignore[union-attr]


def test_whoever_goes_from_field_to_field_faster_than_the_page_is_in_conflict_with_nobody(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="7")
    page.text_area(key="errors_note_comment").set_value("why?")
    page.text_input(key="errors_note_tags").set_value("irony")
    page.segmented_control(key="errors_note_status").set_value("model error").run()  # All three events speak of no note.
    assert not page.warning
    text = shipped.table["text"][6]
    with NoteStore() as store:
        note = store.note(text, shipped.pair_key)
        assert note is not None
        assert note.content == NoteContent("why?", ("irony",), None, "model error", "")
        assert not any(version.is_beside for version in store.history(text, shipped.pair_key))
        store.write(text, shipped.pair_key, NoteContent("theirs", author="Bob"), note.revision)
    page.text_area(key="errors_note_comment").set_value("mine").run()  # The page still shows the note before Bob's.
    assert "changed by Bob" in said(page)
    assert not page.exception


def test_a_note_keeps_its_author_where_the_box_is_empty(shipped: AnalysedCorpus) -> None:
    text = shipped.table["text"][6]
    with NoteStore() as store:
        store.write(text, shipped.pair_key, NoteContent("why?", author="Ada"), None)
    page = open_errors(row="7")
    page.text_area(key="errors_note_comment").set_value("because").run()
    with NoteStore() as store:
        assert store.note(text, shipped.pair_key).content == NoteContent("because", author="Ada")  # type: ignore[union-attr]
    assert not page.exception


def test_a_note_of_fifty_thousand_characters_is_kept_shown_and_cut_in_the_table(shipped: AnalysedCorpus) -> None:
    comment = "<b>🙄</b>\n" * 5555 + "<end>"
    assert len(comment) == 50_000
    page = open_errors(row="9")
    page.text_area(key="errors_note_comment").set_value(comment).run()
    assert not page.exception
    with NoteStore() as store:
        note = store.note(shipped.table["text"][8], shipped.pair_key)
    assert note is not None
    assert note.content.comment == comment
    assert open_errors(row="9").text_area(key="errors_note_comment").value == comment
    shown = table_of(open_errors(has_note="yes"), "errors_table")["note"][0]
    assert shown.startswith("open: <b>🙄</b>")
    assert len(shown) <= 300


def test_a_conflict_shows_both_versions_and_neither_is_lost(shipped: AnalysedCorpus) -> None:
    text = shipped.table["text"][0]
    page = open_errors(row="1")
    with NoteStore() as store:
        store.write(text, shipped.pair_key, NoteContent("theirs", author="Bob"), None)
    page.text_area(key="errors_note_comment").set_value("mine").run()
    assert "changed by Bob" in said(page)
    assert {"theirs", "mine"} <= {element.value for element in page.text}
    with NoteStore() as store:
        assert store.notes(shipped.pair_key)[0].content.comment == "theirs"
    page.button(key="errors_note_mine").click().run()
    with NoteStore() as store:
        assert store.notes(shipped.pair_key)[0].content.comment == "mine"
        assert [note.content.comment for note in store.history(text, shipped.pair_key)] == ["theirs", "mine", "mine"]
    assert not page.warning


def test_a_note_that_cannot_be_written_stays_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_errors(row="1")
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    monkeypatch.setenv("DIXTILL_NOTES", str(damaged))
    page.text_area(key="errors_note_comment").set_value("precious").run()
    assert "Not saved" in said(page)
    assert page.text_area(key="errors_note_comment").value == "precious"
    monkeypatch.setenv("DIXTILL_NOTES", str(tmp_path / "notes.db"))
    page.text_input(key="errors_note_tags").set_value("kept").run()
    assert not page.error
    assert page.text_area(key="errors_note_comment").value == "precious"


def test_a_note_too_long_for_a_tag_is_refused_with_a_reason_and_stays_typed() -> None:
    page = open_errors(row="1")
    page.text_input(key="errors_note_tags").set_value("x" * 300).run()
    assert "Shorten it" in said(page)
    assert page.text_input(key="errors_note_tags").value == "x" * 300


def test_notes_are_listed_and_a_file_of_them_is_merged(shipped: AnalysedCorpus, tmp_path: Path) -> None:
    from dixtill_core.notes.exchange import notes_json

    text = shipped.table["text"][4]
    with NoteStore(tmp_path / "other.db") as store:
        store.write(text, shipped.pair_key, NoteContent("from elsewhere", corrected_label="neutral"), None)
        content = notes_json(store)
    page = open_errors(section="notes")
    assert "no note" in said(page)
    page.file_uploader(key="errors_notes_file").upload("notes.json", content, "application/json")
    next(button for button in page.button if button.label == "Import").click().run()
    assert not page.exception
    assert "1 new" in said(page)
    shown = table_of(page, "errors_notes_")
    assert shown["row"].tolist() == [5]
    assert shown["note"].tolist() == ["from elsewhere"]
    page.file_uploader(key="errors_notes_file").upload("notes.json", b"{", "application/json")
    next(button for button in page.button if button.label == "Import").click().run()
    assert "damaged" in said(page)


def test_a_report_of_the_filtered_texts_is_made(shipped: AnalysedCorpus) -> None:
    page = open_errors(outcome="both_wrong_differently")
    page.text_input(key="errors_report_title").set_value("Mine").run()
    page.button(key="errors_report_make").click().run()
    wait_for(page, "errors_report")
    job = load_jobs().latest("errors_report")
    assert job is not None
    content = job.state.result.content.decode()
    n = int((shipped.table["outcome"] == "both_wrong_differently").sum())
    assert "<h1>Mine</h1>" in content or ">Mine<" in content
    assert f"Shown are {n}" in content
    assert has_key(page.get("download_button"), "errors_report_file")
