"""A run from a zip file that was downloaded elsewhere, checked before it is listed."""

from __future__ import annotations

import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.resources import load_store
from dixtill_core.data.sources import TABLE_SUFFIXES
from dixtill_core.errors import DixtillError
from dixtill_core.runs.archive import import_zip

LARGEST_ZIP_MB = 200
IMPORTED, GENERATION = "runs_imported", "runs_import_generation"
"""In the session's state: what came of the latest import, and which upload field that was."""


def show_import(chosen_key: str) -> None:
    """Upload and unpack; the run is then the one that is selected, under `chosen_key` of the session's state."""
    generation = st.session_state.get(GENERATION, 0)
    with st.popover("Import", help="A run that was downloaded here or on another machine.", key=f"runs_import_{generation}"):
        upload = st.file_uploader(
            f"A run as a zip file, {LARGEST_ZIP_MB} MB at most",
            max_upload_size=LARGEST_ZIP_MB,
            key=f"run_zip_{generation}",
            help="Every part is checked before the run is listed: names, sizes, settings, weights. Nothing in it is executed.",
        )
        if not st.button("Import the run", key="import_run", type="primary", disabled=upload is None) or upload is None:
            return
        try:
            with st.spinner("Checking every part …", show_time=True):
                run = import_zip(load_store(), upload)
        except DixtillError as error:
            st.error(as_markdown(f"{upload.name} was not imported. {_instead(upload.name) or error}"))
            return
        card = run.card()
        st.session_state[chosen_key] = [card.id]
        st.session_state[IMPORTED] = card.name
        st.session_state[GENERATION] = generation + 1  # An empty field, closed.
    st.rerun()


def _instead(name: str) -> str:
    """What to do with a table, which others than its reader take for what is asked for here."""
    is_table = name.lower().endswith(TABLE_SUFFIXES)
    return "It is a table and no run. To train on its texts, choose it in the section “New run”." if is_table else ""


def say_imported() -> None:
    """Once, after an import."""
    if IMPORTED in st.session_state:
        st.success(as_markdown(f"Imported: {st.session_state.pop(IMPORTED)}."))
