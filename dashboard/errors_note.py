"""The note on a text: every change is in the database as soon as it is made, and nobody's words are overwritten unseen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.markdown import as_markdown
from dixtill_core.analysis.filters import notes_by_text
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.notes.note import Note, NoteContent

NO_LABEL = ""
"""Stands for "the label is right" among the labels, none of which is empty."""
FIELDS = ("comment", "tags", "label", "status")
AUTHOR = "errors_author"
_TYPED, _PROBLEM, _CONFLICT, _SAVED = "errors_note_typed", "errors_note_problem", "errors_note_conflict", "errors_note_saved"
_FOLLOWED = "errors_note_followed"
"""In the session: of each revision that it wrote on top of, by pair and text, the revision that came of it. Whoever goes from
field to field is faster than the page, whose next event still speaks of the note before."""


def key_of(field: str) -> str:
    return f"errors_note_{field}"


def read_current(corpus: AnalysedCorpus) -> list[Note]:
    """All notes on this pair; where the database cannot be read, that is said, and there are none."""
    from dixtill_core.notes.store import read_notes

    try:
        return read_notes(corpus.pair_key)
    except DixtillError as error:
        st.error(as_markdown(str(error)))
        return []


def show_note(corpus: AnalysedCorpus, position: int, notes: Sequence[Note]) -> None:
    from dixtill_core.notes.note import STATUSES

    text, key = corpus.table["text"].iloc[position], corpus.table["text_key"].iloc[position]
    current = notes_by_text(notes).get(key)
    state = st.session_state
    shown = _fields(current)
    if state.get(_TYPED, (None, None))[0] == key:
        shown = state[_TYPED][1]  # It could not be kept: it stays typed.
    for field in FIELDS:
        state[key_of(field)] = shown[field]
    seen = None if current is None else current.revision
    author = "" if current is None else current.content.author
    change: dict[str, Any] = {"on_change": _save, "args": (corpus.pair_key, text, key, seen, author)}
    with st.container(border=True):
        st.subheader("Note", anchor=False)
        st.text_area(
            "Note", key=key_of("comment"), height=110, label_visibility="collapsed",
            placeholder="Why do the models decide so? What is wrong here?", **change,
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.segmented_control("Status", STATUSES, key=key_of("status"), required=True, **change)
            labels = [NO_LABEL, *corpus.label_names]
            if shown["label"] not in labels:
                labels.append(shown["label"])
            st.selectbox(
                "Label should be", labels, key=key_of("label"), format_func=lambda name: name or "as it is", width=145,
                help="The label that the text should have had. The section Notes exports these as a training set.", **change,
            )  # fmt: skip
            st.text_input("Tags", key=key_of("tags"), placeholder="irony, guidance", help="With commas between.", width=165, **change)
            st.text_input(
                "Author", key=AUTHOR, persist_state="session", placeholder="your name", max_chars=200, width=125,
                help="Stands beside what you write from now on, and beside this note if it has no author yet. A note keeps its author "
                "where this is empty.",
                **(change if current is not None and not author else {}),
            )  # fmt: skip
        show_state(key, current)
        show_conflict(corpus, key)
        if current is not None:
            show_history(text, corpus.pair_key)


def show_state(key: str, current: Note | None) -> None:
    """Whether what is typed is kept."""
    problem = st.session_state.get(_PROBLEM)
    if problem is not None and problem[0] == key:
        st.error(as_markdown(problem[1]))
    elif current is not None:
        by = f" by {current.content.author}" if current.content.author else ""
        when = current.written[:19].replace("T", " ")
        fresh = "Saved. " if st.session_state.pop(_SAVED, None) == key else ""
        st.caption(as_markdown(f"{fresh}Version {current.version}, {when} UTC{by}."))
    else:
        st.caption("Every change is saved as soon as you leave the field.")


def show_conflict(corpus: AnalysedCorpus, key: str) -> None:
    """Both versions, where somebody else was faster."""
    found = st.session_state.get(_CONFLICT)
    if found is None or found[0] != key:
        return
    _, message, theirs, mine = found
    st.warning(as_markdown(message))
    for column, title, note in zip(st.columns(2), ("In the database now", "Yours"), (theirs, mine), strict=True):
        with column:
            st.markdown(f"**{title}**")
            if note is not None:
                _show_version(note)
    with st.container(horizontal=True):
        st.button("Replace it by mine", key="errors_note_mine", on_click=_insist, args=(corpus.pair_key,))
        st.button("Leave it", key="errors_note_theirs", on_click=_forget_conflict)


def show_history(text: str, pair_key: str) -> None:
    from dixtill_core.notes.store import NoteStore

    with st.expander("History"):
        try:
            with NoteStore() as store:
                versions = store.history(text, pair_key)
        except DixtillError as error:
            st.error(as_markdown(str(error)))
            return
        for note in reversed(versions):
            _show_version(note)


def _show_version(note: Note) -> None:
    content = note.content
    facts = [
        f"version {note.version}", note.written[:19].replace("T", " "), content.author, content.status,
        f"label should be {content.corrected_label}" if content.corrected_label else "", ", ".join(content.tags),
        "written beside another" if note.is_beside else "",
    ]  # fmt: skip
    with st.container(border=True):
        st.caption(as_markdown(" · ".join(fact for fact in facts if fact)))
        st.text(content.comment or "(nothing written)")


def _fields(note: Note | None) -> dict[str, str]:
    from dixtill_core.notes.note import join_tags

    if note is None:
        return {"comment": "", "tags": "", "label": NO_LABEL, "status": "open"}
    content = note.content
    return {
        "comment": content.comment, "tags": join_tags(content.tags), "label": content.corrected_label or NO_LABEL, "status": content.status,
    }  # fmt: skip


def _save(pair_key: str, text: str, key: str, seen: str | None, author: str) -> None:
    from dixtill_core.notes.note import NoteContent, parse_tags

    state = st.session_state
    typed = {field: state[key_of(field)] for field in FIELDS}
    state.pop(_PROBLEM, None)
    state.pop(_CONFLICT, None)
    try:
        signed = (state.get(AUTHOR) or "").strip() or author
        content = NoteContent(typed["comment"], parse_tags(typed["tags"]), typed["label"] or None, typed["status"], signed)
    except DixtillError as error:
        state[_PROBLEM], state[_TYPED] = (key, f"Not saved. {error}"), (key, typed)
        return
    _write(pair_key, text, key, content, seen, typed)


def _write(pair_key: str, text: str, key: str, content: NoteContent, seen: str | None, typed: dict[str, str]) -> None:
    from dixtill_core.notes.store import NoteConflict, NoteStore

    state = st.session_state
    followed: dict[tuple[str, str, str | None], str] = state.setdefault(_FOLLOWED, {})
    while (pair_key, key, seen) in followed:
        seen = followed[pair_key, key, seen]
    try:
        with NoteStore() as store:
            revision = store.write(text, pair_key, content, seen).revision
        if revision != seen:
            followed[pair_key, key, seen] = revision
        state.pop(_TYPED, None)
        state[_SAVED] = key
    except NoteConflict as conflict:
        state.pop(_TYPED, None)
        state[_CONFLICT] = (key, str(conflict), conflict.current, conflict.kept)
    except DixtillError as error:
        state[_PROBLEM], state[_TYPED] = (key, f"Not saved. {error}"), (key, typed)


def _insist(pair_key: str) -> None:
    """Write my version on top of the one that was seen now."""
    key, _, theirs, mine = st.session_state.pop(_CONFLICT)
    seen = None if theirs is None else theirs.revision
    _write(pair_key, mine.text, key, mine.content, seen, _fields(mine))


def _forget_conflict() -> None:
    st.session_state.pop(_CONFLICT, None)
