"""The bin of the runs: what was deleted last can be taken back at once, everything else from a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.resources import load_store
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dixtill_core.runs.records import RunCard
    from dixtill_core.runs.store import RunStore

JUST_DELETED = "runs_just_deleted"
"""In the session's state: what the latest deletion put into the bin."""
ASKED = "runs_empty_bin_asked"
"""In the session's state: whether emptying the bin was asked for once."""
LONGEST_LIST = 30


@dataclass(frozen=True)
class Deleted:
    """A run or a sweep in the bin."""

    id: str
    """For `RunStore.restore`."""
    title: str


def delete_runs(cards: Sequence[RunCard]) -> None:
    """Put runs into the bin and remember them for `offer_undo`.

    Raises:
        DixtillError: one is being trained, or cannot be moved; those before it are in the bin.
    """
    deleted: list[Deleted] = []
    try:
        for card in cards:
            deleted.append(Deleted(load_store().delete(card.id), card.name))
    finally:
        st.session_state[JUST_DELETED] = tuple(deleted)


def delete_sweep(name: str) -> None:
    """Put a sweep with all its runs into the bin. Raises DixtillError where one is being trained."""
    st.session_state[JUST_DELETED] = (Deleted(load_store().delete(name), f"the sweep {name}"),)


def offer_undo() -> None:
    """Say what was deleted last in this session, and take it back where that is asked for."""
    deleted: tuple[Deleted, ...] = st.session_state.get(JUST_DELETED, ())
    if not deleted:
        return
    what = deleted[0].title if len(deleted) == 1 else f"{len(deleted)} runs"
    with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(as_markdown(f"Deleted: {what}. It is in the bin." if len(deleted) == 1 else f"Deleted: {what}. They are in the bin."))
        if st.button("Undo", key="undo_delete", type="primary"):
            _restore(deleted)
        if st.button("Dismiss", key="dismiss_delete", type="tertiary"):
            st.session_state[JUST_DELETED] = ()
            st.rerun()


def show_bin() -> None:
    """Everything in the bin, each to be restored; and a way to empty it, which asks again."""
    store = load_store()
    found = binned(store)
    with st.popover(f"Bin · {len(found)}" if found else "Bin", disabled=not found, help=None if found else "It is empty."):
        for entry in found[:LONGEST_LIST]:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(as_markdown(entry.title), width="content")
                if st.button("Restore", key=f"restore_{entry.id}"):
                    _restore([entry])
        if len(found) > LONGEST_LIST:
            st.caption(f"and {len(found) - LONGEST_LIST} more")
        if found:
            _offer_empty(len(found))


def _offer_empty(count: int) -> None:
    """Delete for good, asked twice."""
    if not st.session_state.get(ASKED):
        st.button("Empty the bin …", key="ask_empty", on_click=_ask, args=(True,))
        return
    st.warning(f"{'It is' if count == 1 else f'All {count} are'} deleted from the disk. Nothing can bring the models and curves back.")
    with st.container(horizontal=True):
        if st.button("Delete for good", key="empty_bin", type="primary"):
            load_store().empty_bin()
            st.session_state[JUST_DELETED] = ()
            _ask(False)
            st.rerun()
        st.button("Keep", key="keep_bin", on_click=_ask, args=(False,))


def _ask(is_asked: bool) -> None:
    st.session_state[ASKED] = is_asked


def binned(store: RunStore) -> list[Deleted]:
    """Entries of the bin, runs by their names, a deleted sweep once for all its runs."""
    found: dict[str, Deleted] = {}
    runs_of: dict[str, int] = {}
    for card in store.binned():
        sweep, _, _ = card.id.rpartition("/")
        if sweep:
            runs_of[sweep] = runs_of.get(sweep, 0) + 1
            found[sweep] = Deleted(sweep, f"the sweep {sweep}, {runs_of[sweep]} runs")
        else:
            found[card.id] = Deleted(card.id, card.name)
    return list(found.values())


def _restore(entries: Sequence[Deleted]) -> None:
    errors = []
    for entry in entries:
        try:
            load_store().restore(entry.id)
        except DixtillError as error:
            errors.append(str(error))
        st.session_state[JUST_DELETED] = tuple(other for other in st.session_state.get(JUST_DELETED, ()) if other.id != entry.id)
    for message in errors:
        st.error(as_markdown(message))
    if not errors:
        st.rerun()
