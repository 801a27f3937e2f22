"""The report on the texts that the filters leave, made in the background and then offered as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from dashboard.errors_state import filters
from dashboard.job_panel import follow_job, start_job
from dashboard.markdown import as_markdown
from dashboard.resources import load_jobs
from dixtill_core.errors import DixtillError
from dixtill_core.report.choose import MOST_TEXTS

if TYPE_CHECKING:
    from dashboard.errors_data import Request
    from dixtill_core.analysis.corpus import AnalysedCorpus
    from dixtill_core.notes.note import Note

KIND = "errors_report"
MIMES = {"HTML": "text/html", "PDF": "application/pdf"}


@dataclass(frozen=True)
class MadeReport:
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
        if st.button("Make it", key="errors_report_make", type="primary", disabled=load_jobs().running() is not None):
            try:
                start_report(corpus, chosen, notes, kind or "HTML", title.strip())
            except DixtillError as error:
                st.error(as_markdown(str(error)))
        state = follow_job(KIND)
        if state is not None and isinstance(state.result, MadeReport):
            made = state.result
            st.caption(as_markdown(f"Ready: {made.about}"))
            st.download_button(f"Download {made.name}", made.content, made.name, made.mime, key="errors_report_file", on_click="ignore")


def start_report(corpus: AnalysedCorpus, positions: np.ndarray, notes: Sequence[Note], kind: str, title: str) -> None:
    """Raises JobError where something else is running."""
    query = filters().to_query()
    asked = "; ".join(f"{name} {', '.join(values)}" for name, values in query.items())

    def work() -> Iterator[Any]:
        from dixtill_core.report.contents import build_report
        from dixtill_core.report.html import report_html
        from dixtill_core.report.pdf import report_pdf

        report = build_report(corpus, positions, notes, chosen=f"those with {asked}" if asked else "", title=title)
        about = f"{len(positions):,} texts" + (f", those with {asked}" if asked else "")
        for item in report_html(report) if kind == "HTML" else report_pdf(report):
            yield MadeReport(f"dixtill-errors.{kind.lower()}", MIMES[kind], item, about) if isinstance(item, bytes) else item

    start_job(KIND, f"Writing the report as {kind}", work)
