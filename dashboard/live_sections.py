"""The sections of the page Metrics that measure: speed on this machine, and both models on a user's own file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.chart_card import show_buttons
from dashboard.glossary import measure_of
from dashboard.job_panel import follow_job, start_button, start_job, why_nothing_starts
from dashboard.label_map import ask_label_map, match_own_data
from dashboard.markdown import as_markdown
from dashboard.resources import find_pairs, load_models, load_sample, pair_version
from dixtill_core.errors import DataError, DixtillError

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from dashboard.file_evaluation import FileEvaluation
    from dixtill_core.data.datasets import Dataset
    from dixtill_core.data.label_map import LabelMap
    from dixtill_core.experiments.results import Results
    from dixtill_core.models.classifier import Classifier
    from dixtill_core.models.pair import ModelPair

MACHINE, FILE = "machine", "file"
MACHINE_PAIR = "machine_pair"
"""In the session: the folder of the pair to be timed."""
SECONDS_A_BATCH = 3.0
"""Time budget of each of the six batch shapes; enough for a median of some rounds."""
LARGEST_FILE_MB = 10
TEXTS = (50, 100, 300, 1000, 3000)
EXPLAINED = (10, 25, 50, 100, 200)
UNMATCHED = "file_unmatched"
"""In the session: what was asked about a file whose labels are called otherwise than the models', until it is evaluated."""


@dataclass(frozen=True, eq=False)
class FileRequest:
    """A file as the form asks for it to be evaluated."""

    folder: str
    dataset: Dataset
    n_texts: int
    n_explained: int


def choose_folder(key: str) -> str:
    """The folder of the pair; a choice only where there is one."""
    pairs = find_pairs()
    folder = next(iter(pairs))
    if len(pairs) > 1:
        folder = st.selectbox("Models", list(pairs), key=key, persist_state="session", format_func=lambda name: pairs.get(name, name))
    return folder


def load_pair(folder: str) -> ModelPair:
    with st.spinner("Loading both models …", show_time=True):
        return load_models(folder, pair_version(folder))


def show_machine(results: Results | None) -> None:
    """Time both models here and now, and set the times beside the stored ones."""
    from dashboard.speed_here import explanation_times, here_table

    st.subheader("Measure on this machine", anchor=False)
    st.caption(
        "Both models take turns on the same sample texts: batches of 1, 8 and 32, at the texts' own lengths and padded to 150 pieces, or "
        "to as many as the teacher reads. "
        "About a minute on an idle machine."
    )
    folder = choose_folder(MACHINE_PAIR)
    if start_button("Measure", "measure"):
        try:
            start_measuring(load_pair(folder))
        except DixtillError as error:
            st.error(as_markdown(str(error)))
        else:
            st.rerun()  # The button above was drawn before the job began.
    state = follow_job(MACHINE)
    if state is not None and state.result is not None:
        if state.result.was_busy:
            st.warning(
                "Other programs kept this machine busy when measuring began. A model that runs on several threads then waits for cores, "
                "so these speed-ups mean little. Measure again when it is idle."
            )
        table = here_table(state.result.rows, results)
        st.dataframe(table, hide_index=True, key="here")
        st.markdown(as_markdown(explanation_times(state.result.rows)))
        definition = "Median milliseconds for a batch, and how many times faster than the teacher; here and in the stored result set."
        with st.container(horizontal=True):
            show_buttons(table, f"{definition} {measure_of('median_ms').meaning}", "machine")


def start_measuring(pair: ModelPair) -> None:
    from dashboard.speed_here import measure_here
    from dixtill_core.config import EfficiencyConfig
    from dixtill_core.metrics.efficiency import within_windows

    models: dict[str, Classifier] = {"teacher": pair.teacher, "dixtill": pair.student}
    texts = load_sample().texts
    config = within_windows(models, EfficiencyConfig(seconds=SECONDS_A_BATCH))
    start_job(MACHINE, "Measuring on this machine", lambda: measure_here(models, texts, config))


def show_my_file() -> None:
    """Upload, evaluate in the background, show."""
    st.subheader("Both models on your own texts", anchor=False)
    with st.form("my_file", enter_to_submit=False):
        folder = choose_folder("file_pair")
        upload = st.file_uploader(
            f"A CSV file with a column of texts and one of labels, {LARGEST_FILE_MB} MB at most",
            type=["csv", "tsv", "parquet"],
            max_upload_size=LARGEST_FILE_MB,
            key="file",
            help="UTF-8 with a header, a text a row. Labels that are called otherwise than the models' are asked about. The file stays on "
            "this machine.",
        )
        with st.container(horizontal=True):
            text_column = st.text_input("Text column", key="text_column", placeholder="found by its usual names")
            label_column = st.text_input("Label column", key="label_column", placeholder="found by its usual names")
        with st.container(horizontal=True):
            n_texts = st.select_slider("Texts at most", TEXTS, 300, key="n_texts", help="Drawn from the file, the same in every run.")
            n_explained = st.select_slider(
                "Texts for faithfulness", EXPLAINED, 25, key="n_explained", help="Each is run some hundred times with words taken out."
            )
        is_asked = st.form_submit_button("Evaluate", type="primary", disabled=(reason := why_nothing_starts()) is not None, help=reason)
    if is_asked and upload is None:
        st.info("Choose a file first.")
    elif is_asked and upload is not None:
        st.session_state[UNMATCHED] = None
        request = FileRequest(folder, read(upload, text_column, label_column), n_texts, n_explained)
        try:
            start_evaluating(request)
        except DataError as error:
            if error.setting != "label_map":
                raise
            st.session_state[UNMATCHED] = request
    ask_labels()
    state = follow_job(FILE)
    if state is not None and state.result is not None:
        show_file_evaluation(state.result)


def read(upload: UploadedFile, text_column: str, label_column: str) -> Dataset:
    from dashboard.file_evaluation import read_upload

    return read_upload(upload.name, upload.getvalue(), text_column.strip(), label_column.strip())


def ask_labels() -> None:
    """Where the file has other labels than the models: ask which is which, and evaluate it."""
    request: FileRequest | None = st.session_state.get(UNMATCHED)
    if request is None:
        return
    with st.container(border=True):
        label_map = ask_label_map(request.dataset, load_pair(request.folder).teacher.label_names)
        if start_button("Evaluate with these labels", "file_map_labels"):
            start_evaluating(request, label_map)


def start_evaluating(request: FileRequest, label_map: LabelMap | None = None) -> None:
    """Evaluate in the background.

    Raises:
        DataError: labels that are not the models', or a map that leaves no text.
        JobError: something else is running.
    """
    from dashboard.file_evaluation import draw, evaluate_file

    pair = load_pair(request.folder)
    chosen = draw(match_own_data(request.dataset, pair.teacher.label_names, request.folder, label_map), request.n_texts)
    start_job(FILE, f"Evaluating {request.dataset.source}", lambda: evaluate_file(pair, chosen, request.n_explained))
    st.session_state[UNMATCHED] = None
    st.rerun()  # The buttons above were drawn before the job began.


def show_file_evaluation(found: FileEvaluation) -> None:
    from dashboard.file_evaluation import as_results
    from dashboard.metric_sections import show_faithfulness, show_own_agreement, show_own_quality

    results = as_results(found)
    st.caption(as_markdown(f"{found.source}: {found.n_texts:,} texts, {found.n_explained:,} of them for faithfulness."))
    show_own_quality(results)
    show_own_agreement(results)
    show_faithfulness(results)
