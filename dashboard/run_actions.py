"""What can be done with the runs that are selected in the table: open, resume, download, rename, tag, delete."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.job_panel import why_nothing_starts
from dashboard.markdown import as_markdown
from dashboard.resources import find_pairs, load_jobs, load_store
from dashboard.run_bin import delete_runs
from dashboard.run_rows import choices
from dashboard.train_jobs import is_active, start_run
from dixtill_core.errors import DixtillError
from dixtill_core.runs.archive import export_zip
from dixtill_core.runs.layout import LONGEST_NAME, UPLOAD, folder_name

if TYPE_CHECKING:
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.records import RunCard

Resume = Callable[["Run"], None]
"""Begins to train a run, or goes on with it; raises DixtillError where that cannot be done now."""
LIVE, GO_TO, LIVE_RUN = "Live", "train_go_to", "live_run"
"""The section of the page Train that follows a run, and where the page looks for the section and the run to open."""
COMPARE, METRICS = "views/compare.py", "views/metrics.py"


def show_actions(card: RunCard, known_tags: Sequence[str], resume: Resume | None) -> None:
    """For one run."""
    run = load_store().open(card.id)
    busy = is_active(load_jobs(), card)
    with st.container(horizontal=True, vertical_alignment="center"):
        _offer_models(card)
        if busy:
            if st.button("Follow it live", key="run_live", type="primary"):
                follow(card.id)
        elif card.can_resume:
            _offer_resume(run, card, resume)
        _offer_edit(card, known_tags)
        _offer_download(run, card, busy)
        _offer_delete([card], busy)


def show_group_actions(cards: Sequence[RunCard], known_tags: Sequence[str]) -> None:
    """For several runs at once."""
    busy = any(is_active(load_jobs(), card) for card in cards)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover("Add tags"), st.form("runs_add_tags", border=False, enter_to_submit=False):
            added = st.multiselect("Tags for all of them", known_tags, key="runs_added_tags", accept_new_options=True)
            if st.form_submit_button("Add", key="runs_add") and added:
                _try(lambda: _add_tags(cards, added))
        _offer_delete(cards, busy)


def follow(id: str) -> None:
    """Open the section that shows a run while it learns."""
    st.session_state[LIVE_RUN], st.session_state[GO_TO] = id, LIVE
    st.rerun()


def open_pair(card: RunCard, page: str, *keys: str, section: str | None = None) -> None:
    """Another page, with this run's pair chosen where it asks for one."""
    for key in keys:
        st.session_state[key] = str(card.folder)
    if section is not None:
        st.session_state["metrics_section"] = section
    if page == COMPARE and card.spec is not None and card.spec.watched.strip():
        st.session_state["text"], st.session_state["example"] = card.spec.watched, None  # An example of finance may mean nothing to it.
    st.switch_page(page)


def cannot_open(card: RunCard) -> str | None:
    """Why the run's pair of models cannot be loaded, None where nothing speaks against it."""
    if not card.has_student:
        return "It has no student yet."
    if card.spec is not None and card.problem:
        return card.problem
    if str(card.folder) not in find_pairs():
        return "Its folder does not name a teacher, so there is no pair to load."
    return None


def _offer_models(card: RunCard) -> None:
    reason = cannot_open(card)
    is_off = reason is not None
    if st.button("Open in Compare", key="run_compare", type="primary", disabled=is_off, help=reason or "Its student beside its teacher."):
        open_pair(card, COMPARE, "pair")
    if st.button("Speed", key="run_speed", disabled=is_off, help=reason or "Time both models on this machine, on the page Metrics."):
        open_pair(card, METRICS, "machine_pair", section="Size and speed")
    if st.button("Evaluate", key="run_evaluate", disabled=is_off, help=reason or "Both models on a file of yours, on the page Metrics."):
        open_pair(card, METRICS, "file_pair", section="My file")


def _offer_resume(run: Run, card: RunCard, resume: Resume | None) -> None:
    reason = why_nothing_starts()
    said = "Goes on where it stopped." if card.status != "queued" else "Begins to train it."
    if not st.button(
        "Start" if card.status == "queued" else "Resume", key="run_resume", disabled=reason is not None,
        help=reason or said,
    ):  # fmt: skip
        return
    try:
        (resume or partial(start_run, load_jobs()))(run)
    except DixtillError as error:
        st.error(as_markdown(str(error)))
    else:
        follow(card.id)


def _offer_edit(card: RunCard, known_tags: Sequence[str]) -> None:
    reason = None if card.spec is not None else "There is no record that could hold a name."
    state = f"{card.id} {card.name} {card.tags}"  # Another name is another popover, which is closed.
    with (
        st.popover("Rename, tag", disabled=reason is not None, help=reason, key=f"run_edit_popover_{state}"),
        st.form(f"run_edit_{card.id}", border=False, enter_to_submit=True),
    ):
        name = st.text_input("Name", card.name, max_chars=LONGEST_NAME, key=f"run_name_{card.id}")
        tags = st.multiselect(
            "Tags", choices([*known_tags, *card.tags]), list(card.tags), key=f"run_tags_{card.id}", accept_new_options=True,
            placeholder="Choose or type tags",
        )  # fmt: skip
        if st.form_submit_button("Save", key="run_save", type="primary"):
            _try(lambda: _edit(card.id, name or "", tags))


def _edit(id: str, name: str, tags: Sequence[str]) -> None:
    store = load_store()
    store.rename(id, name)
    store.set_tags(id, tags)


def _add_tags(cards: Sequence[RunCard], added: Sequence[str]) -> None:
    for card in cards:
        if card.spec is not None:
            load_store().set_tags(card.id, (*card.tags, *added))


def _offer_download(run: Run, card: RunCard, busy: bool) -> None:
    file = f"dixtill-{folder_name(card.name)}.zip"
    reason = "It is being trained. Cancel it or wait for its end." if busy else None
    if not (card.folder / UPLOAD).is_dir():
        _download(run, "Download", file, "run_download", reason or "Settings, curves, models and log as one zip file.")
        return
    with st.popover("Download", disabled=busy, help=reason):
        st.caption("With your texts it can be resumed where its teacher is; without, nobody who gets the file reads them.")
        _download(run, "With the uploaded texts", file, "run_download", None)
        _download(run, "Without", file, "run_download_without", None, with_data=False)


def _download(run: Run, label: str, file: str, key: str, said: str | None, *, with_data: bool = True) -> None:
    make = partial(export_zip, run, with_data=with_data)
    busy = run.is_training
    st.download_button(label, make, file, "application/zip", key=key, on_click="ignore", help=said, disabled=busy)


def _offer_delete(cards: Sequence[RunCard], busy: bool) -> None:
    count = f"Delete {len(cards)} runs" if len(cards) > 1 else "Delete"
    said = "One that is being trained cannot be deleted. Cancel it first." if busy else "Into the bin, from which it can be restored."
    if st.button(count, key="run_delete", disabled=busy, help=said):
        _try(lambda: delete_runs(cards))


def _try(change: Callable[[], object]) -> None:
    """Change something on disk and draw the page anew, or say why it cannot be changed."""
    try:
        change()
    except DixtillError as error:
        st.error(as_markdown(str(error)))
    else:
        st.rerun()
