"""The section Live of the page Train: one run while it learns, and what came of it. The run's folder is all that is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from dashboard.draw_component import draw_component
from dashboard.explainer_choice import STUDENT_VIEWS
from dashboard.job_panel import EVERY_SECOND, start_button
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs, load_store
from dashboard.run_actions import COMPARE, METRICS, cannot_open, open_pair
from dashboard.run_rows import sweep_of
from dashboard.train_jobs import cancel_run, is_active, is_stopping, job_of, start_run
from dashboard.train_process import STARTING
from dashboard.train_results import show_curves, show_summary, student_epoch
from dashboard.train_stages import STARTING_TEXT, duration, progress_text, run_share, run_stages
from dashboard.train_watched import watched_data
from dixtill_core.data.words import split_words
from dixtill_core.errors import DixtillError
from dixtill_core.runs.layout import EPOCHS, WATCHED

if TYPE_CHECKING:
    from dashboard.jobs import Job
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.records import RunCard

STAGE_BADGES: dict[str, tuple[str, Any]] = {
    "done": (":material/check:", "green"),
    "now": (":material/play_arrow:", "blue"),
    "later": (":material/more_horiz:", "gray"),
}
LOG_LINES = 40


def show_live() -> None:
    """Choose a run and show it; anew every second while it trains."""
    card = choose_run()
    if card is None:
        st.info("There is no run yet. Start one in “New run”; the quick preset on the sample takes a few minutes.")
        return
    run = load_store().open(card.id)
    head, body, foot = st.container(), st.container(), st.container()  # What is in `body` keeps its place when the run ends.
    with head:
        if is_active(load_jobs(), card):
            st.fragment(show_progress, run_every=EVERY_SECOND)(run, _picture(run))
        else:
            show_ended(run, card)
    with body:
        show_learning(run, card)
    with foot:
        if not is_active(load_jobs(), card) and (log := run.log(LOG_LINES)):
            with st.expander("Log"):
                st.code(log, language=None)


def choose_run() -> RunCard | None:
    """The chosen run; one that trains comes first, then the newest, and those of sweeps last."""
    jobs = load_jobs()
    cards = sorted(
        (card for card in load_store().list() if card.spec is not None), key=lambda card: (not is_active(jobs, card), bool(sweep_of(card)))
    )
    if not cards:
        return None
    by_id = {card.id: card for card in cards}
    if st.session_state.get("live_run") not in (None, *by_id):
        del st.session_state["live_run"]  # It was deleted.
    if "live_run" not in st.session_state and st.query_params.get("run") in by_id:
        st.session_state["live_run"] = st.query_params["run"]
    chosen = st.selectbox(
        "Run",
        list(by_id),
        key="live_run",
        persist_state="session",
        format_func=lambda id: _run_title(by_id[id]) if id in by_id else id,
    )
    st.query_params["run"] = chosen  # The page can be loaded again, and its link opened elsewhere.
    return by_id[chosen]


def show_progress(run: Run, picture: tuple[int, ...]) -> None:
    """Drawn every second; when there is more to see than `picture`, or the run ends, the whole page is drawn once more."""
    card = run.card()
    jobs = load_jobs()
    if not is_active(jobs, card) or _picture(run) != picture:
        st.rerun()
    with st.container(border=True):
        _show_stages(card)
        stopping = is_stopping(jobs, run)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(*_bar(card, job_of(jobs, card), stopping=stopping))
            st.button(
                "Stopping …" if stopping else "Cancel",
                key="cancel_run",
                on_click=cancel_run,
                args=(jobs, run),
                disabled=stopping,
                help="Stops at the next step and keeps the best epoch so far. The run can be resumed.",
            )


def _bar(card: RunCard, job: Job | None, *, stopping: bool) -> tuple[float, str]:
    """How much of the stage is done, and what to say about it."""
    if card.spec is not None and card.is_running:
        text = "Stopping after the step in progress; the best epoch is kept" if stopping else progress_text(card)
        return run_share(card.spec, card.progress), as_markdown(text)
    if job is None or job.state.stage == STARTING:
        seconds = f" · {job.state.seconds:.0f} s" if job is not None else ""
        return 0.0, f"{STARTING_TEXT}{seconds}"
    return 1.0, "Stopping: waiting for its process to end" if stopping else "Finishing: waiting for its process to end"


def _picture(run: Run) -> tuple[int, ...]:
    """Changes with every epoch."""
    return tuple(file.stat().st_size if file.exists() else 0 for file in (run.folder / EPOCHS, run.folder / WATCHED))


def show_ended(run: Run, card: RunCard) -> None:
    """How it ended, what it is worth, and where to go from here."""
    _say_how_it_ended(card)
    with st.container(horizontal=True):
        if card.can_resume:
            _offer_resume(run, card)
        if card.has_student:
            _offer_models(card)
    if card.metrics and card.has_student:
        show_summary(card)


def show_learning(run: Run, card: RunCard) -> None:
    """The watched sentence and the curves so far."""
    if (watched := run.watched()) is not None:
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader("The watched sentence", anchor=False, width="content")
            shows = st.segmented_control(
                "Student shows", list(STUDENT_VIEWS), default="scores", required=True, key="watched_shows", persist_state="session",
                format_func=STUDENT_VIEWS.__getitem__, label_visibility="collapsed",
            )  # fmt: skip
        draw_component("watched", f"watched_{card.id}", watched_data(card, watched, shows))
    elif card.is_running and card.spec is not None and split_words(card.spec.watched):
        st.caption("The watched sentence appears here as soon as the teacher has read it.")
    show_curves(run, card)


def _show_stages(card: RunCard) -> None:
    if card.spec is None:
        return
    with st.container(horizontal=True, gap="small"):
        for stage in run_stages(card.spec, card.progress, card.status):
            icon, colour = STAGE_BADGES[stage.state]
            st.badge(stage.name, icon=icon, color=colour)


def _say_how_it_ended(card: RunCard) -> None:
    spent = duration(card.seconds)
    kept = f" The best of {card.epochs} epochs is kept." if card.has_student else " No epoch was finished, so there is no student yet."
    name = as_markdown(card.name)
    job = job_of(load_jobs(), card)
    if card.status == "finished":
        st.success(f"{name} finished in {spent}; epoch {student_epoch(card)} is kept.")
    elif card.status == "cancelled":
        st.info(f"{name} was cancelled after {spent}.{kept} Resume goes on where it stopped.")
    elif card.status == "interrupted":
        st.warning(f"{name} was interrupted after {spent}: its process ended.{kept} Resume goes on where it stopped.")
    elif card.status == "failed":
        st.error(as_markdown(f"{card.name} failed: {card.error or 'the reason is in the terminal that runs the dashboard'}"))
    elif card.status == "queued":
        st.info(f"{name} has not begun.")
    if card.caution:
        st.warning(as_markdown(card.caution))
    if job is not None and job.state.status == "failed" and card.status != "failed":
        st.error(as_markdown(job.state.error or ""))


def _offer_resume(run: Run, card: RunCard) -> None:
    if not start_button("Start" if card.status == "queued" else "Resume", "resume_run"):
        return
    try:
        start_run(load_jobs(), run)
    except DixtillError as error:
        st.error(as_markdown(str(error)))
    else:
        st.rerun()


def _offer_models(card: RunCard) -> None:
    reason = cannot_open(card)
    is_off = reason is not None
    kind: Literal["primary", "secondary"] = "primary" if card.status == "finished" else "secondary"
    if st.button("Compare with this pair", key="compare_run", type=kind, disabled=is_off, help=reason or "Its student beside its teacher."):
        open_pair(card, COMPARE, "pair")
    said = "Times both models on this machine, or evaluates them on a file of yours, on the page Metrics."
    if st.button("Measure", key="measure_run", disabled=is_off, help=reason or said):
        open_pair(card, METRICS, "machine_pair", "file_pair", section="Size and speed")


def _run_title(card: RunCard) -> str:
    """Another one for every run, and the same as long as it lives: the widget knows its options by their titles."""
    when = card.created[:16].replace("T", " ")
    sweep, _, number = card.id.rpartition("/")
    return " · ".join(filter(None, [card.name, f"{when} UTC" if when else "", sweep or number[-4:]]))
