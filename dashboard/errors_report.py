"""Files of the texts that the filters leave: the report, and many texts as CSV, are made in the background and then offered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard.errors_state import filters
from dashboard.job_panel import follow_job, start_button, start_job
from dashboard.markdown import as_markdown
from dixtill_core.errors import DixtillError
from dixtill_core.report.choose import MOST_TEXTS

if TYPE_CHECKING:
    from dashboard.errors_data import Request
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.notes.note import Note

KIND, CSV_KIND = "errors_report", "errors_csv"
AT_ONCE = 5000
"""Texts whose CSV is written while one waits for the download: a second or so."""
MIMES = {"HTML": "text/html", "PDF": "application/pdf"}


@dataclass(frozen=True)
class MadeFile:
    name: str
    mime: str
    content: bytes
    about: str


def offer_report(request: Request, corpus: AnalysedCorpus, positions: np.ndarray, notes: Sequence[Note]) -> None:
    """Ask for title and kind, make it, offer the file."""
    with st.popover("Report", width="content"):
        too_many = len(positions) > MOST_TEXTS
        if too_many:
            st.caption(f"A report holds {MOST_TEXTS:,} texts at most; the first ones in this order are taken.")
        title = st.text_input("Title", key="errors_report_title", placeholder="Error analysis", max_chars=200)
        kind = st.segmented_control("Kind", list(MIMES), default="HTML", required=True, key="errors_report_kind")
        chosen = positions[:MOST_TEXTS]
        st.caption(f"{len(chosen):,} texts with heatmaps and notes, charts of the whole corpus, settings.")
        if start_button("Make it", "errors_report_make"):
            try:
                start_report(corpus, chosen, notes, kind or "HTML", title.strip())
            except DixtillError as error:
                st.error(as_markdown(str(error)))
        _offer_made(KIND)


def offer_csv(corpus: AnalysedCorpus, positions: np.ndarray) -> None:
    """The texts for a spreadsheet: at once, or where they are many, made first."""
    about = "All texts that the filters leave, with labels, probabilities and strongest words. No cell runs as a formula."
    if len(positions) <= AT_ONCE:
        st.download_button(
            "CSV", lambda: texts_csv(corpus, positions), "dixtill-errors.csv", "text/csv", key="errors_csv", on_click="ignore", help=about
        )
        return
    with st.popover("CSV", width="content"):
        st.caption(about)
        if start_button(f"Write {len(positions):,} texts", "errors_csv_make"):
            try:
                start_csv(corpus, positions)
            except DixtillError as error:
                st.error(as_markdown(str(error)))
        _offer_made(CSV_KIND)


def texts_csv(corpus: AnalysedCorpus, positions: np.ndarray) -> bytes:
    from dixtill_core.analysis.export import csv_bytes, text_rows

    return csv_bytes(text_rows(corpus, positions))


def start_csv(corpus: AnalysedCorpus, positions: np.ndarray) -> None:
    """Raises JobError where something else is running."""
    about = _about(len(positions))

    def work() -> Iterator[Any]:
        from dixtill_core.analysis.export import text_rows_csv

        for item in text_rows_csv(corpus, positions):
            yield MadeFile("dixtill-errors.csv", "text/csv", item, about) if isinstance(item, bytes) else item

    start_job(CSV_KIND, "Writing the texts as CSV", work)


def _offer_made(kind: str) -> None:
    """Follow the job, and offer what it made."""
    state = follow_job(kind)
    if state is not None and isinstance(state.result, MadeFile):
        made = state.result
        st.caption(as_markdown(f"Ready: {made.about}"))
        st.download_button(f"Download {made.name}", made.content, made.name, made.mime, key=f"{kind}_file", on_click="ignore")


def _asked() -> str:
    """The filters in words of the link."""
    return "; ".join(f"{name} {', '.join(values)}" for name, values in filters().to_query().items())


def _about(n: int) -> str:
    asked = _asked()
    return f"{n:,} texts" + (f", those with {asked}" if asked else "")


def start_report(corpus: AnalysedCorpus, positions: np.ndarray, notes: Sequence[Note], kind: str, title: str) -> None:
    """Raises JobError where something else is running."""
    asked, about = _asked(), _about(len(positions))

    def work() -> Iterator[Any]:
        from dixtill_core.report.contents import build_report
        from dixtill_core.report.html import report_html
        from dixtill_core.report.pdf import report_pdf

        report = build_report(corpus, positions, notes, chosen=f"those with {asked}" if asked else "", title=title)
        for item in report_html(report) if kind == "HTML" else report_pdf(report):
            yield MadeFile(f"dixtill-errors.{kind.lower()}", MIMES[kind], item, about) if isinstance(item, bytes) else item

    start_job(KIND, f"Writing the report as {kind}", work)
