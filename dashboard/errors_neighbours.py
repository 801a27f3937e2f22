"""The training texts that lie nearest to a text, in the eyes of the teacher and in those of the student."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from dashboard.job_panel import follow_job, start_job
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs, load_models
from dixtill_core.analysis.corpus import ROLES
from dixtill_core.errors import DataError, DixtillError

if TYPE_CHECKING:
    from dashboard.errors_data import Request
    from dixtill_core.analysis.neighbours import NeighbourIndex
    from dixtill_core.data.datasets import Dataset

KIND = "errors_neighbours"
KEPT = 2
"""Pairs of models whose indexes stay in memory: some 200 MB for 100,000 texts."""
NEAREST = 5
THREE_LINES = 72
"""Pixels of a row, so that most texts are read whole."""
LARGEST_FILE_MB = 200
Indexes = dict[str, "NeighbourIndex"]
"""By role."""


@st.cache_resource(show_spinner=False)
def load_indexes() -> OrderedDict[tuple[str, int], Indexes]:
    """The latest indexes by pair of models, of all sessions; the page that made one puts it here."""
    return OrderedDict()


def show_neighbours(request: Request, text: str) -> None:
    place = (request.folder, request.version)
    with st.container(border=True):
        st.subheader("Nearest training texts", anchor=False)
        _take_result()
        indexes = load_indexes().get(place)
        if indexes is None:
            _ask(request)
        else:
            _show(indexes, text)
            st.button("Other training texts", key="errors_neighbours_forget", type="tertiary", on_click=_forget, args=(place,))


def _forget(place: tuple[str, int]) -> None:
    load_indexes().pop(place, None)


def _take_result() -> None:
    state = follow_job(KIND)
    if state is not None and isinstance(state.result, tuple):
        place, found = state.result
        indexes = load_indexes()
        indexes[place] = found
        while len(indexes) > KEPT:
            indexes.popitem(last=False)
        load_jobs().forget(KIND)


def _ask(request: Request) -> None:
    from dashboard.errors_data import training_data

    is_idle = load_jobs().running() is None
    try:
        training = training_data(request.folder)
        if training is not None:
            st.caption(
                as_markdown(f"The student was trained on {len(training):,} texts of {_name(training)}. Each is read once by both models.")
            )
            if st.button("Look for them", key="errors_neighbours_known", type="primary", disabled=not is_idle):
                start(request, training)
                st.rerun()
            return
        st.caption("It is not known here on which texts this student was trained. Give a file of them; labels are shown where it has some.")
        upload = st.file_uploader(
            "Training texts", type=["csv", "tsv", "parquet"], key="errors_neighbours_file", label_visibility="collapsed",
            max_upload_size=LARGEST_FILE_MB,
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            path = st.text_input("or a path on this machine", key="errors_neighbours_path", placeholder="/data/train.csv")
            is_asked = st.button("Look for them", key="errors_neighbours_given", disabled=not is_idle or not (upload or path.strip()))
        if is_asked:
            start(request, _read(upload, path.strip()))
            st.rerun()
    except DixtillError as error:
        st.error(as_markdown(error.worded({}) if isinstance(error, DataError) else str(error)))


def _read(upload: Any, path: str) -> Dataset:
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.data.upload import read_upload

    return load_dataset(path) if upload is None else read_upload(upload.name, upload.getvalue())


def start(request: Request, training: Dataset) -> None:
    """Raises JobError where something else is running."""
    load_jobs().require_idle()
    with st.spinner("Loading both models …", show_time=True):
        pair = load_models(request.folder, request.version)
    place = (request.folder, request.version)

    def work() -> Iterator[Any]:
        from dixtill_core.analysis.neighbours import NeighbourIndex, build_index

        found: Indexes = {}
        for role, model in (("student", pair.student), ("teacher", pair.teacher)):
            for item in build_index(model, training):
                if isinstance(item, NeighbourIndex):
                    found[role] = item
                else:
                    yield item
        yield place, found

    start_job(KIND, "Reading the training texts", work)


def _show(indexes: Indexes, text: str) -> None:
    for column, role in zip(st.columns(2), ROLES, strict=True):
        nearest = indexes[role].nearest(text, NEAREST)
        with column:
            st.caption(f"By the {role}: what its last layer reads of each text")
            table = pd.DataFrame([(near.text, near.label, near.similarity) for near in nearest], columns=["text", "label", "similarity"])
            st.dataframe(
                table, hide_index=True, key=f"errors_nearest_{role}", height="content", row_height=THREE_LINES,
                column_config={
                    "text": st.column_config.TextColumn(width=240),
                    "label": st.column_config.TextColumn(width=66),
                    "similarity": st.column_config.NumberColumn(format="%.3f", width=76, help="Cosine: 1 for the same text."),
                },
            )  # fmt: skip


def _name(dataset: Dataset) -> str:
    return dataset.source.rsplit("/", 1)[-1]
