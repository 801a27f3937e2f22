"""The data of a new run, as the page Train asks for them: where they come from, which columns, what they look like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.train_profile import show_profile
from dashboard.train_source import Columns, Kind, Source, look_at, message, path_source, read
from dixtill_core.errors import DixtillError
from dixtill_core.paths import SAMPLE_DATA

if TYPE_CHECKING:
    from dixtill_core.data.datasets import Dataset
    from dixtill_core.data.preview import TablePreview

KINDS: dict[Kind, str] = {"sample": "Sample", "upload": "Upload", "path": "File on this machine", "hub": "Hugging Face Hub"}
NO_TEST, HUB_TEST = "none", "split"
TESTS = {NO_TEST: "None", "upload": "Upload", "path": "File on this machine", HUB_TEST: "Its test split"}
SUFFIXES = ["csv", "tsv", "txt", "parquet"]
FETCHED = "train_hub_fetched"
"""In the session's state: the Hub dataset whose download was asked for."""


@dataclass(frozen=True)
class Data:
    """What was chosen, read."""

    source: Source
    columns: Columns
    dataset: Dataset
    test: Source | None = None
    test_dataset: Dataset | None = None


def choose_data() -> Data | None:
    """The chosen data; None where something is still missing, which the page says."""
    kind: Kind = st.segmented_control(
        "Texts with labels", list(KINDS), default="sample", required=True, key="train_data_kind", persist_state="session",
        format_func=KINDS.__getitem__, wrap=True,
    )  # fmt: skip
    try:
        source = _ask_source(kind)
        return _look_and_read(source) if source is not None else None
    except DixtillError as error:
        st.error(as_markdown(message(error)))
        return None


def _ask_source(kind: Kind) -> Source | None:
    if kind == "sample":
        st.caption("680 headlines of our own with bearish, bullish and neutral ones: enough to see how everything works.")
        return Source("sample", "sample", str(SAMPLE_DATA.stat().st_mtime_ns))
    if kind == "upload":
        return _ask_upload("train", "A table with a column of texts and one of labels")
    if kind == "path":
        return _ask_path("train")
    return _ask_hub()


def _ask_upload(role: str, label: str) -> Source | None:
    """An uploaded file; one that was chosen before the page was left is still there."""
    from dixtill_core.data.upload import MOST_UPLOAD_BYTES, safe_file_name

    most = MOST_UPLOAD_BYTES // 2**20
    key, kept = f"train_{role}_file", f"train_{role}_kept"
    st.file_uploader(
        f"{label}: CSV, TSV or Parquet, {most} MB at most",
        type=SUFFIXES,
        max_upload_size=most,
        key=key,
        on_change=_keep_upload,
        args=(key, kept),
        help="UTF-8, with the names of the columns in the first line. The file stays on this machine; the run keeps a copy. "
        "A larger one is given by its path.",
    )
    file = st.session_state.get(kept)
    if file is None:
        return None
    name = safe_file_name(file.name)
    if st.session_state.get(key) is None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(as_markdown(f"{name}, chosen before"), width="content")
            st.button("Remove", key=f"{key}_remove", on_click=st.session_state.pop, args=(kept, None))
    return Source("upload", name, file.file_id, content=file.getvalue())


def _keep_upload(key: str, kept: str) -> None:
    st.session_state[kept] = st.session_state[key]


def _ask_path(role: str) -> Source | None:
    typed = st.text_input(
        "Path", key=f"train_{role}_path", persist_state="session", placeholder="/path/to/texts.csv",
        help="A .csv, .tsv or .parquet file on the machine that runs this dashboard, of any size that fits its memory. It is not copied.",
    )  # fmt: skip
    return path_source(typed) if typed and typed.strip() else None


def _ask_hub() -> Source | None:
    from dixtill_core.data.datasets import FINANCIAL_NEWS

    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Dataset", key="train_hub_name", persist_state="session", placeholder=FINANCIAL_NEWS) or ""
        name = name.strip()
        st.button("Fetch it", key="train_hub_fetch", disabled=not name, on_click=_fetch, args=(name,))
    if not name or st.session_state.get(FETCHED) != name:
        st.caption(
            "Fetching downloads the table of the split “train” of a public dataset into the Hub's cache in your home folder; "
            "the name is all that is sent. Nothing is downloaded before."
        )
        return None
    return Source("hub", name)


def _fetch(name: str) -> None:
    st.session_state[FETCHED] = name


def _look_and_read(source: Source) -> Data | None:
    found = look_at(source)
    columns = Columns() if source.kind == "sample" else _ask_columns(source, found)
    test, is_test_missing = _ask_test(source)
    with st.expander(f"First rows of {found.n_rows:,}" if found.is_counted else f"First rows of about {found.n_rows:,}"):
        st.dataframe(found.table(), hide_index=True, key="train_preview")
    missing = [setting for setting in found.asked if getattr(columns, setting.removesuffix("_column")) is None]
    if missing or is_test_missing:
        return None  # What has to be chosen is said above.
    dataset = read(source, columns)
    test_dataset = None
    if test is not None:
        try:
            test_dataset = read(test, columns)
        except DixtillError as error:
            st.error(as_markdown(f"Test texts: {message(error)}"))
            return None
    show_profile(source, test, columns)
    return Data(source, columns, dataset, test, test_dataset)


def _ask_columns(source: Source, found: TablePreview) -> Columns:
    """Which columns hold texts and labels, and what labels that are numbers are called."""
    for note in found.notes:
        st.warning(as_markdown(note))
    names = [column.name for column in found.columns]
    # A key of its own for every table: what was chosen for another one means nothing here.
    key = f"{source.reference} {source.version}"
    columns = st.columns(3)
    text = _ask_column(columns[0], "Text column", names, found.text_column, f"train_text_column {key}")
    label = _ask_column(columns[1], "Label column", names, found.label_column, f"train_label_column {key}")
    values = next((column.values for column in found.columns if column.name == label), ())
    label_names = None
    if values and all(value.isdecimal() for value in values):
        typed = columns[2].text_input(
            "Label names",
            key=f"train_label_names {key}",
            persist_state="session",
            placeholder=", ".join(f"name of {i}" for i in range(len(values))),
            help="The labels are numbers. Name them in order, separated by commas; left empty, the numbers are their names.",
        )
        label_names = tuple(name.strip() for name in (typed or "").split(",")) if typed and typed.strip() else None
    return Columns(text, label, label_names)


def _ask_column(column: st.delta_generator.DeltaGenerator, label: str, names: list[str], guess: str | None, key: str) -> str | None:
    return column.selectbox(
        label, names, index=None if guess is None else names.index(guess), key=key, persist_state="session", placeholder="choose"
    )


def _ask_test(source: Source) -> tuple[Source | None, bool]:
    """Texts that are evaluated at the end, with the same columns; and whether some were announced but not named."""
    if source.kind == "sample":
        return None, False
    options = [name for name in TESTS if name != HUB_TEST or source.kind == "hub"]
    if st.session_state.get("train_test_kind") not in (None, *options):
        del st.session_state["train_test_kind"]
    chosen = st.segmented_control(
        "Test texts", options, default=NO_TEST, required=True, key="train_test_kind", persist_state="session",
        format_func=TESTS.__getitem__, wrap=True,
        help="Evaluated once, when training is over, with the same columns; never trained or chosen on.",
    )  # fmt: skip
    if chosen == HUB_TEST:
        return Source("hub", source.reference, split="test"), False
    if chosen not in ("upload", "path"):
        return None, False
    test = _ask_upload("test", "A table like the one above") if chosen == "upload" else _ask_path("test")
    if test is None:
        st.caption("Name the test texts, or choose “None”.")
    return test, test is None
