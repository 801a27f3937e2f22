"""All notes on these models: a list that opens their texts, files of them, files merged into them, corrected labels as training data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard.errors_state import SECTION, TEXTS, open_row
from dashboard.markdown import as_markdown
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.notes.exchange import Merge
    from dixtill_core.notes.note import Note

LARGEST_FILE_MB = 200
_MERGED = "errors_notes_merged"


def show_notes(corpus: AnalysedCorpus, notes: Sequence[Note]) -> None:
    from dixtill_core.notes.note import join_tags

    if not notes:
        st.info("There is no note on these models yet. Open a text and write one, or import a file of notes.")
    else:
        rows = dict(zip(corpus.table["text_key"][::-1], corpus.table["row"][::-1], strict=True))  # The first row of a text that repeats.
        places = [rows.get(note.text_key) for note in notes]
        table = pd.DataFrame(
            {
                "row": pd.array(places, dtype="Int64"),
                "status": [note.content.status for note in notes],
                "note": [note.content.comment[:1000] for note in notes],
                "text": [note.text[:300] for note in notes],
                "label": [note.content.corrected_label or "" for note in notes],
                "tags": [join_tags(note.content.tags) for note in notes],
                "author": [note.content.author for note in notes],
                "written": [note.written[:16].replace("T", " ") for note in notes],
            }
        )
        key = f"errors_notes_{notes[0].revision}"
        st.dataframe(
            table, hide_index=True, key=key, selection_mode="single-row", on_select=lambda: _open(key, places),
            column_config={
                "row": st.column_config.NumberColumn(width=52, help="Empty where the text is not among these texts."),
                "status": st.column_config.TextColumn(width=88),
                "note": st.column_config.TextColumn(width=175), "text": st.column_config.TextColumn(width=145),
                "label": st.column_config.TextColumn(width=68, help="The label that the text should have had."),
                "tags": st.column_config.TextColumn(width=72), "author": st.column_config.TextColumn(width=68),
                "written": st.column_config.TextColumn(width=128, help="UTC"),
            },
        )  # fmt: skip
        st.caption("Select a row to open its text.")
        offer_files(corpus, notes)
    show_import(corpus)


def offer_files(corpus: AnalysedCorpus, notes: Sequence[Note]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Download all notes on these models", width="content")
        st.download_button(
            "CSV", lambda: _csv(notes), "dixtill-notes.csv", "text/csv", key="errors_notes_csv", on_click="ignore",
            help="For a spreadsheet.",
        )  # fmt: skip
        st.download_button(
            "JSON", lambda: _json(corpus), "dixtill-notes.json", "application/json", key="errors_notes_json", on_click="ignore",
            help="With the whole history.",
        )  # fmt: skip
        n = sum(note.content.corrected_label is not None for note in notes)
        for kind, mime in (("csv", "text/csv"), ("parquet", "application/vnd.apache.parquet")):
            st.download_button(
                f"Training set, {'CSV' if kind == 'csv' else 'Parquet'}", partial(_training_set, notes, kind),
                f"dixtill-corrected.{kind}",
                mime, key=f"errors_notes_{kind}_set", on_click="ignore", disabled=not n,
                help=f"The {n:,} texts with a corrected label, for training. Parquet has every text exactly as it was typed.",
            )  # fmt: skip


def show_import(corpus: AnalysedCorpus) -> None:
    """Merge a file; what came of the last one is said."""
    with st.container(border=True):
        st.subheader("Import notes", anchor=False)
        with st.form("errors_notes_form", clear_on_submit=True, border=False, enter_to_submit=False):
            upload = st.file_uploader(
                "A CSV or JSON file that was exported here or elsewhere", type=["csv", "json"], key="errors_notes_file",
                max_upload_size=LARGEST_FILE_MB,
                help="All of its notes are merged, or none. Where two people wrote, both versions stay in the history.",
            )  # fmt: skip
            is_asked = st.form_submit_button("Import")
        if is_asked and upload is not None:
            try:
                st.session_state[_MERGED] = _merge(upload.name, upload.getvalue(), corpus.pair_key)
                st.rerun()
            except DixtillError as error:
                st.error(as_markdown(str(error)))
        merged = st.session_state.pop(_MERGED, None)
        if merged is not None:
            st.success(f"{merged}.")
            for note in merged.conflicts[:20]:
                st.warning(as_markdown(f"In conflict, kept in the history beside the note here: “{note.text[:100]}”"))


def _merge(name: str, content: bytes, pair_key: str) -> Merge:
    from dixtill_core.notes.exchange import Merge, import_notes
    from dixtill_core.notes.store import NoteStore

    place, found = st.empty(), Merge()
    with NoteStore() as store:
        for item in import_notes(store, content, name, pair_key):
            if isinstance(item, Merge):
                found = item
            else:
                place.progress(item.done / max(1, item.total), f"{item.stage} · {item.done:,} of {item.total:,}")
    place.empty()
    return found


def _csv(notes: Sequence[Note]) -> bytes:
    from dixtill_core.notes.exchange import notes_csv
    from dixtill_core.notes.store import NoteStore

    with NoteStore() as store:
        return notes_csv(notes, store.pair_names())


def _json(corpus: AnalysedCorpus) -> bytes:
    from dixtill_core.notes.exchange import notes_json
    from dixtill_core.notes.store import NoteStore

    with NoteStore() as store:
        return notes_json(store, {corpus.pair_key})


def _training_set(notes: Sequence[Note], kind: str) -> bytes:
    from dixtill_core.notes.training_set import corrected_labels, training_csv, training_parquet

    found = corrected_labels(notes)
    return training_csv(found) if kind == "csv" else training_parquet(found)


def _open(key: str, places: list[int | None]) -> None:
    rows = st.session_state[key].selection.rows
    if rows and places[rows[0]] is not None:
        open_row(int(places[rows[0]] or 0))
        st.session_state[SECTION] = TEXTS
