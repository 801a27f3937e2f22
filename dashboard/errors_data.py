"""Which models and texts the page Errors is about, and their analysis: shipped, made before, or computed in the background."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

import dashboard.resources
from dashboard.errors_state import DATA, PAIR, ROW, ignore_in_link
from dashboard.job_panel import follow_job, start_button, start_job, why_nothing_starts
from dashboard.label_map import ask_label_map, match_own_data
from dashboard.markdown import as_markdown
from dashboard.resources import find_pairs, load_jobs, load_models, load_sample, pair_version, run_of
from dixtill_core.data.label_map import LabelMap, write_label_map
from dixtill_core.errors import DataError, DixtillError
from dixtill_core.paths import BUNDLED_PAIR

if TYPE_CHECKING:
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.data.datasets import Dataset

KIND = "errors"
SAMPLE, TEST, FILE = "sample", "test", "file"
TITLES = {SAMPLE: "bundled sample", TEST: "the run's test data", FILE: "a file of mine …"}
KEPT = 4
"""Analyses in memory, those last used; 100,000 texts take some hundred megabytes."""
LARGEST_FILE_MB = 200
_UNMATCHED = "errors_unmatched"
"""In the session: the file that was read last, until it is analysed."""


@dataclass(frozen=True)
class Request:
    """A pair of models on some texts."""

    folder: str
    version: int
    data: str
    """"sample", "test", or "file:" with a digest of the file."""


class Analyses:
    """The latest analyses, of all sessions: a page that is loaded again finds what it had computed."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Request, tuple[str, AnalysedCorpus]] = OrderedDict()

    def put(self, request: Request, name: str, corpus: AnalysedCorpus) -> None:
        self._kept[request] = (name, corpus)
        self._kept.move_to_end(request)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    def get(self, request: Request) -> AnalysedCorpus | None:
        if request not in self._kept:
            return None
        self._kept.move_to_end(request)
        return self._kept[request][1]

    def files(self, folder: str, version: int) -> dict[str, str]:
        """Analysed files of a pair: what a request calls them, and their names."""
        return {
            request.data: name
            for request, (name, _) in list(self._kept.items())
            if (request.folder, request.version) == (folder, version) and request.data.startswith("file:")
        }


@st.cache_resource(show_spinner=False)
def load_analyses() -> Analyses:
    return Analyses()


@st.cache_resource(max_entries=1, show_spinner="Opening the analysis …")
def load_shipped(version: int) -> AnalysedCorpus | None:
    """The analysis that comes with the project; no model is loaded for it."""
    from dixtill_core.analysis.shipped import load_shipped as load

    return load()


def choose_request() -> Request:
    """Ask for models and texts; what a link asks for and is not there is said."""
    pairs = find_pairs()
    folders = {pair_name(folder): folder for folder in pairs}
    state = st.session_state
    if state.get(PAIR) not in (None, *folders):
        ignore_in_link(f"There are no models {state[PAIR][:60]!r} here. These are the bundled ones.")
        state[PAIR] = None
    names = list(folders)
    name = state.get(PAIR) or names[0]
    if len(names) > 1:
        state["errors_pair_box"] = name
        st.selectbox(
            "Models", names, key="errors_pair_box", format_func=lambda chosen: pairs.get(folders.get(chosen, ""), chosen),
            on_change=_take_pair, help="A teacher with the student distilled from it.",
        )  # fmt: skip
    folder = folders[name]
    version = pair_version(folder)
    files = load_analyses().files(folder, version)
    options = [SAMPLE, *([TEST] if has_test_data(folder) else []), *files, FILE]
    data = state.get(DATA) or _first_data(folder)
    if data not in options:
        what = (
            "The file of the link is not here any more. Upload it again" if data.startswith("file:") else f"There are no data {data[:40]!r}"
        )
        ignore_in_link(f"{what}. This is the bundled sample.")
        data = state[DATA] = SAMPLE
    state["errors_data_box"] = data
    st.selectbox(
        "Texts", options, key="errors_data_box", format_func=lambda chosen: files.get(chosen) or TITLES.get(chosen, chosen),
        on_change=_take_data, help="Labelled texts that both models read. Data of your own stay on this machine.",
    )  # fmt: skip
    return Request(folder, version, data)


def _take_pair() -> None:
    st.session_state[PAIR] = st.session_state["errors_pair_box"]
    if st.session_state.get(DATA) not in (None, FILE):
        st.session_state[DATA] = st.session_state[ROW] = None  # Test data and files belong to the models chosen before.


def _first_data(folder: str) -> str:
    """What a pair is looked at with first: a run's own test data, else the sample where it was trained on that, else a file to come."""
    if has_test_data(folder):
        return TEST
    run = run_of(folder)
    try:
        return SAMPLE if run is None or run.spec.data == SAMPLE else FILE
    except DixtillError:
        return SAMPLE


def _take_data() -> None:
    st.session_state[DATA] = st.session_state["errors_data_box"]
    st.session_state[ROW] = None  # The row of another text.


def pair_name(folder: str) -> str:
    """What a link calls a pair: "bundled", or the run's folder."""
    if folder == str(BUNDLED_PAIR):
        return "bundled"
    return Path(folder).relative_to(dashboard.resources.RUNS).as_posix()


def has_test_data(folder: str) -> bool:
    run = run_of(folder)
    try:
        return run is not None and run.spec.test_data is not None
    except DixtillError:
        return False


def training_data(folder: str) -> Dataset | None:
    """What the student of a run was trained on; None where that is not known or not here any more."""
    from dixtill_core.runs.training import read_data

    run = run_of(folder)
    if run is None:
        return None
    try:
        spec = run.spec
        return read_data(spec, run.find(spec.data))
    except DixtillError:
        return None


def find_corpus(request: Request) -> AnalysedCorpus | None:
    """The analysis, where there is one; else what is needed to get it, and None."""
    if request.data == SAMPLE and request.folder == str(BUNDLED_PAIR) and (shipped := load_shipped(request.version)) is not None:
        return shipped
    job = load_jobs().latest(KIND)
    if job is not None and not job.state.is_running and isinstance(job.state.result, tuple):
        _take_result(request, *job.state.result)
    found = load_analyses().get(request)
    if found is not None:
        return found
    try:
        if request.data == FILE:
            ask_file(request)
        else:
            ask_known(request)
    except DixtillError as error:
        from dashboard.file_evaluation import worded

        st.error(as_markdown(worded(error)))
    follow_job(KIND)
    return None


def _take_result(asked: Request, request: Request, name: str, corpus: AnalysedCorpus) -> None:
    """Keep what the job made, show it where it is what was waited for, and let the job go."""
    load_analyses().put(request, name, corpus)
    load_jobs().forget(KIND)
    if asked.data == FILE and (asked.folder, asked.version) == (request.folder, request.version):
        st.session_state[DATA], st.session_state[ROW] = request.data, None
        st.rerun()


def ask_known(request: Request) -> None:
    """Offer to analyse data that can be read."""
    st.info(
        "These texts have not been analysed with these models since the dashboard was started. What was computed before is on disk and is "
        "not computed again; else the teacher takes about a third of a second for each text."
    )
    if start_button("Analyse", "errors_analyse"):
        dataset = load_sample() if request.data == SAMPLE else _test_data(request.folder)
        start(request, dataset)
        st.rerun()


def _test_data(folder: str) -> Dataset:
    from dixtill_core.runs.training import read_data

    run = run_of(folder)
    if run is None or run.spec.test_data is None:
        raise DataError("These models have no test data of their own. Choose other texts.")
    return read_data(run.spec, run.find(run.spec.test_data), "test")


def ask_file(request: Request) -> None:
    """Ask for a file, for its labels where they are called otherwise, and analyse it."""
    from dashboard.file_evaluation import read_upload

    with st.form("errors_file", enter_to_submit=False):
        upload = st.file_uploader(
            "A CSV, TSV or Parquet file with a column of texts and one of labels", type=["csv", "tsv", "parquet"],
            max_upload_size=LARGEST_FILE_MB, key="errors_upload",
            help="UTF-8 with a header, a text a row. Labels that are called otherwise than the models' are asked about. The file stays on "
            "this machine.",
        )  # fmt: skip
        with st.container(horizontal=True):
            text_column = st.text_input("Text column", key="errors_text_column", placeholder="found by its usual names")
            label_column = st.text_input("Label column", key="errors_label_column", placeholder="found by its usual names")
        is_asked = st.form_submit_button("Analyse", type="primary", disabled=(reason := why_nothing_starts()) is not None, help=reason)
    if is_asked and upload is None:
        st.info("Choose a file first.")
    elif is_asked and upload is not None:
        content = upload.getvalue()
        dataset = read_upload(upload.name, content, text_column.strip(), label_column.strip())
        st.session_state[_UNMATCHED] = (request, hashlib.sha256(content + f"|{text_column}|{label_column}".encode()), dataset)
        try:
            start_file(request, None)
        except DataError as error:
            if error.setting != "label_map":
                st.session_state[_UNMATCHED] = None
                raise
    ask_labels(request)


def ask_labels(request: Request) -> None:
    """Where a file has other labels than the models: ask which is which, as the page Train does, and analyse it."""
    read = st.session_state.get(_UNMATCHED)
    if read is None or read[0] != request:
        return
    dataset: Dataset = read[2]
    names = tuple(load_models(request.folder, request.version).teacher.label_names)
    with st.container(border=True):
        label_map = ask_label_map(dataset, names)
        if start_button("Analyse with these labels", "errors_map_labels"):
            start_file(request, label_map)


def start_file(request: Request, label_map: LabelMap | None) -> None:
    """Analyse the file that was read last; what it is called depends on everything that decides the texts.

    Raises:
        DataError: labels that are not the models', or a map that leaves no text.
        JobError: something else is running.
    """
    _, digest, dataset = st.session_state[_UNMATCHED]
    if label_map is not None:
        digest = digest.copy()
        digest.update(write_label_map(label_map).encode())
    start(Request(request.folder, request.version, f"file:{digest.hexdigest()[:16]}"), dataset, label_map)
    st.session_state[_UNMATCHED] = None
    st.rerun()


def start(request: Request, dataset: Dataset, label_map: LabelMap | None = None) -> None:
    """Analyse in the background.

    Raises:
        DataError: labels that are not the models'.
        JobError: something else is running.
    """
    from dixtill_core.analysis.analyse import analyse
    from dixtill_core.analysis.corpus import AnalysedCorpus

    load_jobs().require_idle()
    with st.spinner("Loading both models …", show_time=True):
        pair = load_models(request.folder, request.version)
    matched = match_own_data(dataset, pair.teacher.label_names, request.folder, label_map)
    training = training_data(request.folder)
    name = Path(dataset.source).name

    def work() -> Iterator[Any]:
        for item in analyse(pair, matched, training=training):
            yield (request, name, item) if isinstance(item, AnalysedCorpus) else item

    start_job(KIND, f"Analysing {name}", work)
