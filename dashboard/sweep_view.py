"""The section Sweep of the page Train: many settings tried each with each, and which are best in quality and agreement.

What it shows is read from the folders, so a sweep that `dixtill sweep` makes in a terminal shows like one of the page's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.chart_card import choose_picture, show_buttons, show_chart
from dashboard.glossary import measure_of
from dashboard.job_panel import start_button
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs, load_store
from dashboard.run_actions import COMPARE, cannot_open, open_pair
from dashboard.run_bin import delete_sweep, offer_undo
from dashboard.run_charts import front_figure, size_figure
from dashboard.run_figures import measure_title
from dashboard.run_table import CHOSEN, WITH_SWEEPS
from dashboard.sweep_form import show_form
from dashboard.sweep_process import sweep_in_process
from dashboard.sweep_table import chart_table, has_sizes, numbers_table, points_table, size_table, status_text
from dashboard.train_process import STARTING
from dashboard.train_stages import STARTING_TEXT, duration
from dixtill_core.errors import DixtillError
from dixtill_core.runs.folder import Run
from dixtill_core.runs.sweep import STAGE
from dixtill_core.runs.sweep_result import AGREEMENT, QUALITY, read_sweep

if TYPE_CHECKING:
    from dashboard.jobs import Job
    from dixtill_core.runs.records import RunCard
    from dixtill_core.runs.sweep_result import SweepResult, SweepRow

KIND = "sweep "
"""Before the folder's name in the name of its job's kind."""
CHOSEN_SWEEP, STARTED = "sweep_folder", "sweep_started"
"""In the session's state: the sweep that is shown, and the one that was started last, until the page has chosen it."""
FORMS = "sweep_forms"
"""In the session's state: how many sweeps were started; the form of the next one is closed again."""
RUNS, GO_TO = "Runs", "train_go_to"
LOOK_SECONDS = 2.0
QUALITIES = ("macro_f1", "accuracy", "mcc", "macro_auc", "fidelity")
AGREEMENTS = tuple(f"{kind}_agreement@{k}" for kind in ("feature", "sign") for k in (1, 3, 5))
FRONT = (
    "A mark is a point of the sweep: the mean over the seeds of the kept epochs, on validation texts; bars are one standard deviation. "
    "A point is on **the front**, the dotted line, where no other has more of one and as much of the other; the rest is faint.\n\n"
    "The validation texts chose the epoch too: these numbers are for choosing settings, not for publishing."
)
SIZE = (
    "A mark is a point of the sweep; its place is the size of the student on disk, weights and vocabulary, in 32-bit numbers. "
    "The dotted line joins the points that no smaller one reaches."
)


def show_sweep() -> None:
    """The whole section."""
    with st.container():  # There always, so that what stands below keeps its place in the page, and its state.
        offer_undo()
    folders = _newest_first(load_store().sweeps())
    with st.expander("New sweep", expanded=not folders, key=f"new_sweep_{st.session_state.get(FORMS, 0)}"):
        show_form(start_sweep)
    if not folders:
        st.caption("There is no sweep yet. It trains a student for each combination of settings and shows which are best.")
        return
    names = [folder.name for folder in folders]
    if STARTED in st.session_state:
        st.session_state[CHOSEN_SWEEP] = st.session_state.pop(STARTED)
    if st.session_state.get(CHOSEN_SWEEP) not in (None, *names):
        del st.session_state[CHOSEN_SWEEP]  # It was deleted.
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Sweep", names, key=CHOSEN_SWEEP, persist_state="session")
        quality = st.selectbox("Quality", QUALITIES, key="sweep_quality", persist_state="session", format_func=measure_title)
        agreement = st.selectbox("Agreement", AGREEMENTS, AGREEMENTS.index(AGREEMENT), key="sweep_agreement", persist_state="session",
                                 format_func=measure_title)  # fmt: skip
        choose_picture()
    folder = load_store().root / str(name)
    job = load_jobs().latest(KIND + folder.name)
    is_ours = job is not None and job.state.is_running
    if is_ours or _is_training(folder):
        st.fragment(show_running, run_every=LOOK_SECONDS)(folder, quality or QUALITY, agreement or AGREEMENT, job if is_ours else None)
    else:
        show_ended(folder, quality or QUALITY, agreement or AGREEMENT, job)


def start_sweep(folder: Path, jobs: int) -> None:
    """Train what is left of a sweep in the background, and show it.

    Raises:
        JobError: something else is running here.
    """
    load_jobs().start(KIND + folder.name, f"Sweep {folder.name}", partial(sweep_in_process, folder, jobs))
    st.session_state[STARTED] = folder.name
    st.session_state[FORMS] = st.session_state.get(FORMS, 0) + 1
    st.rerun()


def show_running(folder: Path, quality: str, agreement: str, job: Job | None) -> None:
    """Drawn every few seconds; when the sweep ends, the whole page is drawn once more."""
    if not (job.state.is_running if job is not None else _is_training(folder)):
        st.rerun()
    if job is None:
        st.info("Another program trains this sweep. It is stopped where it was started.")
    else:
        with st.container(border=True), st.container(horizontal=True, vertical_alignment="center"):
            st.progress(job.state.share, as_markdown(_progress_text(job)))
            stopping = job.state.is_stopping
            st.button(
                "Stopping …" if stopping else "Cancel", key="cancel_sweep", on_click=job.cancel, disabled=stopping,
                help="Runs that are finished are kept. The sweep can be resumed.",
            )  # fmt: skip
    try:
        result = read_sweep(folder, quality=quality, agreement=agreement)
    except DixtillError as error:
        st.error(as_markdown(str(error)))
        return
    now = [Run(folder / name).card().name for row in result.rows for name, status in row.runs.items() if status == "running"]
    st.caption(as_markdown(f"{status_text(result)}.{' Now: ' if now else ''}{'; '.join(now)}"))
    show_front(result)
    finished = sum(row.seeds for row in result.rows)  # Another table gets columns of another width.
    st.dataframe(points_table(result), hide_index=True, placeholder="", key=f"sweep_points_live_{finished}")


def show_ended(folder: Path, quality: str, agreement: str, job: Job | None) -> None:
    """How far it came, what it found, and what to do with it."""
    if job is not None and job.state.status == "failed":
        st.error(as_markdown(job.state.error or ""))
    try:
        result = read_sweep(folder, quality=quality, agreement=agreement)
    except DixtillError as error:
        st.error(as_markdown(str(error)))
        result = None
    with st.container(horizontal=True, vertical_alignment="center"):
        if result is not None:
            st.markdown(as_markdown(f"{status_text(result)}."), width="content")
            if not result.is_finished:
                _offer_resume(folder)
        if st.button("Delete", key="delete_sweep", help="The sweep with all its runs, into the bin, from which it can be restored."):
            _delete(folder.name)
    if result is not None:
        show_front(result)
        show_points(result)
        _show_failed(folder, result)
    if log := Run(folder).log(100):
        with st.expander("Log"):
            st.code(log, language=None)


def show_front(result: SweepResult) -> None:
    """Quality against agreement."""
    titles = measure_title(result.quality), measure_title(result.agreement)
    if not any(row.seeds for row in result.rows):
        st.info("No run is finished yet. Points appear here one by one.")
        return
    meanings = [f"**{title}**: {measure_of(metric.partition('@')[0]).meaning}" for title, metric in
                zip(titles, (result.quality, result.agreement), strict=True)]  # fmt: skip
    heading = f"{titles[0][0].upper()}{titles[0][1:]} against {titles[1]}"
    show_chart(heading, front_figure(chart_table(result), *titles), chart_table(result), "\n\n".join([FRONT, *meanings]), "sweep-front")
    if has_sizes(result):
        heading, table = f"{titles[0][0].upper()}{titles[0][1:]} against size", size_table(result)
        show_chart(heading, size_figure(table, titles[0]), table, "\n\n".join([SIZE, meanings[0]]), "sweep-size")


def show_points(result: SweepResult) -> None:
    """Every point in a table, one to be chosen and opened."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("All points", anchor=False)
        show_buttons(numbers_table(result), FRONT, "sweep-points")
    event = st.dataframe(
        points_table(result), hide_index=True, on_select="rerun", selection_mode="single-row", placeholder="",
        key=f"sweep_points_{result.folder.name}_{len(result.rows)}", height="content" if len(result.rows) <= 20 else "auto",
    )  # fmt: skip
    chosen = [result.rows[i] for i in event["selection"]["rows"] if i < len(result.rows)]
    if not chosen:
        st.caption("Select a point to open its runs.")
        return
    row = chosen[0]
    card = _first_with_student(result.folder, row)
    reason = "None of its runs has a student yet." if card is None else cannot_open(card)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(as_markdown(row.name), width="content")
        if st.button("Open in Compare", key="sweep_compare", type="primary", disabled=reason is not None, help=reason) and card is not None:
            open_pair(card, COMPARE, "pair")
        if st.button("Its runs in the table", key="sweep_runs", help="To compare two of them, and for their curves."):
            st.session_state[CHOSEN] = [f"{result.folder.name}/{name}" for name in row.runs][:2]
            st.session_state[WITH_SWEEPS] = True
            st.session_state["runs_search"] = f"{result.folder.name} {row.name}"  # Only its own: words that all occur in their rows.
            st.session_state[GO_TO] = RUNS
            st.rerun()


def _first_with_student(folder: Path, row: SweepRow) -> RunCard | None:
    cards = (Run(folder / name, f"{folder.name}/{name}").card() for name in row.runs)
    return next((card for card in cards if card.has_student), None)


def _offer_resume(folder: Path) -> None:
    jobs = int(st.session_state.get("sweep_jobs") or 1)
    if not start_button("Resume", "resume_sweep", "Goes on where it was."):
        return
    try:
        start_sweep(folder, jobs)
    except DixtillError as error:
        st.error(as_markdown(str(error)))


def _delete(name: str) -> None:
    try:
        delete_sweep(name)
    except DixtillError as error:
        st.error(as_markdown(str(error)))
    else:
        st.rerun()


def _show_failed(folder: Path, result: SweepResult) -> None:
    """Why runs failed, each reason once."""
    failed = [name for row in result.rows for name, status in row.runs.items() if status in ("failed", "damaged")]
    cards = [Run(folder / name).card() for name in failed]
    for reason in dict.fromkeys(card.error or card.problem or "unknown" for card in cards):
        names = [card.name for card in cards if (card.error or card.problem or "unknown") == reason]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        st.error(as_markdown(f"{names[0]}{more}: {reason}"))


def _progress_text(job: Job) -> str:
    """What is being done, how much of it, the time left."""
    state = job.state
    at = state.progress
    counted = f"{state.done:,} of {state.total:,}" if state.total > 1 else ""
    if counted and state.stage == STAGE:
        counted += " epochs"
    left = f"about {duration(at.seconds_left)} left" if at is not None and at.seconds_left is not None else ""
    if state.is_stopping:
        return "Stopping after the step in progress; what is finished is kept"
    stage = STARTING_TEXT if state.stage == STARTING else state.stage.capitalize()
    return " · ".join(filter(None, [stage, counted, left, f"{duration(state.seconds)} so far"]))


def _is_training(folder: Path) -> bool:
    """Whether any process trains it, or one of its runs."""
    try:
        return Run(folder).is_training or any(Run(part).is_training for part in folder.iterdir() if part.is_dir())
    except OSError:
        return False


def _newest_first(folders: Sequence[Path]) -> list[Path]:
    def changed(folder: Path) -> float:
        try:
            return folder.stat().st_mtime
        except OSError:
            return 0.0

    return sorted(folders, key=changed, reverse=True)
