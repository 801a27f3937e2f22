"""What would flip it: the smallest set of words of a text whose change makes each model predict something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard.job_panel import follow_job, start_button, start_job
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs, load_models
from dixtill_core.analysis.corpus import ROLES
from dixtill_core.config import FlipConfig, WordChange
from dixtill_core.errors import DixtillError

if TYPE_CHECKING:
    from dashboard.errors_data import Request
    from dixtill_core.analysis.flip import Flip

KIND = "errors_flip"
ASKED = "errors_flip_asked"
"""In the session: the search that was started last."""
CHANGES: dict[WordChange, str] = {"delete": "deleted", "neighbour": "replaced by a similar word"}
BUDGETS = (200, 500, 2000, 10_000)


@dataclass(frozen=True)
class Search:
    """What was asked for."""

    folder: str
    version: int
    text: str
    config: FlipConfig


def show_flip(request: Request, text: str, key: str) -> None:
    """Ask, search in the background, and say what was found and what it cost; `key` is of the box with the text."""
    with st.container(border=True):
        st.subheader("What would flip it", anchor=False)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            change = st.segmented_control(
                "Words are", list(CHANGES), default="delete", required=True, key="errors_flip_change", persist_state="session",
                format_func=CHANGES.__getitem__, help="Similar words come from GloVe vectors.",
            )  # fmt: skip
            budget = st.select_slider(
                "Readings at most", BUDGETS, 500, key="errors_flip_budget", persist_state="session", width=220,
                format_func=lambda n: f"{n:,}", help="How often each model may read the text with words changed.",
            )  # fmt: skip
            search = Search(request.folder, request.version, text, FlipConfig(change=change or "delete", budget=budget))
            if start_button("Search", "errors_flip_search"):
                try:
                    start_search(search)
                    st.rerun()
                except DixtillError as error:
                    st.error(as_markdown(str(error)))
        job = load_jobs().latest(KIND)
        if job is not None and not job.state.is_running and not _is_about(job.state.result, search):
            return  # How the search on another text ended belongs there.
        state = follow_job(KIND)
        if state is None or not isinstance(state.result, tuple):
            return
        found_for, flips = state.result
        if found_for.text != text or (found_for.folder, found_for.version) != (request.folder, request.version):
            return
        for column, role in zip(st.columns(2), ROLES, strict=True):
            with column:
                if role in flips:
                    _show_found(role, flips[role], found_for.config, key)
                else:
                    st.caption(f"{role.capitalize()}: stopped before a flip was found.")


def _is_about(result: Any, search: Search) -> bool:
    """Whether a search that ended was of this text: what it found says so, else what this session asked last."""
    of = result[0] if isinstance(result, tuple) else st.session_state.get(ASKED)
    return of is not None and (of.folder, of.version, of.text) == (search.folder, search.version, search.text)


def start_search(search: Search) -> None:
    """Raises JobError where something else is running."""
    load_jobs().require_idle()
    with st.spinner("Loading both models …", show_time=True):
        pair = load_models(search.folder, search.version)

    def work() -> Iterator[Any]:
        from dixtill_core.analysis.flip import Flip, find_flip

        flips: dict[str, Flip] = {}
        for role, model in (("student", pair.student), ("teacher", pair.teacher)):
            for item in find_flip(model, search.text, search.config):
                if isinstance(item, Flip):
                    flips[role] = item
                    yield search, dict(flips)  # The best so far, which stays if the search is cancelled.
                else:
                    yield item

    start_job(KIND, "Searching for a flip", work)
    st.session_state[ASKED] = search


def _show_found(role: str, flip: Flip, config: FlipConfig, key: str) -> None:
    st.markdown(f"**{role.capitalize()}** {as_markdown(flip_sentence(flip, config))}")
    if flip.edited_text is not None:
        with st.container(border=True):
            st.text(flip.edited_text)
        st.button("Try it in the box above", key=f"errors_flip_try_{role}", on_click=_try, args=(key, flip.edited_text))
    st.caption(as_markdown(cost_sentence(flip)))


def flip_sentence(flip: Flip, config: FlipConfig) -> str:
    """What flips a prediction, or that nothing was found."""
    if not flip.found:
        if flip.is_smallest:
            return f"says {flip.label} whatever is {'deleted' if config.change == 'delete' else 'replaced'}: all sets of words were tried."
        return f"says {flip.label}; no set of words that flips it was found."
    if config.change == "delete":
        what = "without " + _listed([f"“{word.text}”" for word in flip.words])
    else:
        pairs = zip(flip.words, flip.replacements, strict=True)
        what = "with " + _listed([f"“{other}” for “{word.text}”" for word, other in pairs])
    sentence = f"says {flip.flipped_label} instead of {flip.label} {what}."
    if flip.edited_label is not None and flip.edited_label != flip.flipped_label:
        sentence += f" Typed anew, the text is read in other pieces, and is {flip.edited_label}."
    return sentence


def cost_sentence(flip: Flip) -> str:
    """How sure that is, and what it took."""
    if flip.found and flip.is_smallest:
        sure = "No smaller set does it: all were tried." if len(flip.words) > 1 else "No smaller set there is."
    elif flip.found and flip.was_stopped:
        sure = "Best so far, not proven smallest: the search was stopped."
    elif flip.searched_size:
        sure = f"No set of {flip.searched_size} or fewer does it; larger ones were not all tried."
    else:
        sure = "Not all words were tried one by one."
    return f"{sure} It took {flip.evaluations:,} readings and {flip.seconds:.1f} s."


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _try(key: str, text: str) -> None:
    st.session_state[key] = text
