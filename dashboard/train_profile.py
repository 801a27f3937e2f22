"""What chosen data are like, on the page Train: numbers, labels, lengths, and what speaks against training on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard.chart_style import ink, picture_config
from dashboard.markdown import as_markdown
from dashboard.profile_charts import class_figure, length_figure
from dashboard.train_source import HASHES, WORDS, Columns, Source, read

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from dixtill_core.data.profile import DataProfile, Repeat


@st.cache_resource(max_entries=8, show_spinner="Looking at every text …", hash_funcs=HASHES)
def profile_of(source: Source, test: Source | None, columns: Columns) -> DataProfile:
    """The profile of a table that can be read."""
    from dixtill_core.data.profile import profile

    return profile(read(source, columns), None if test is None else read(test, columns))


def show_profile(source: Source, test: Source | None, columns: Columns) -> None:
    found = profile_of(source, test, columns)
    with st.container(horizontal=True):
        for label, value, meaning in _numbers(found):
            st.metric(label, value, help=meaning, border=True)
    left, right = st.columns(2)
    with left:
        _draw("Texts of each label", class_figure(found), "classes")
    with right:
        _draw("Lengths", length_figure(found), "lengths")
    for severity, show in (("error", st.error), ("warning", st.warning), ("note", st.info)):
        messages = [as_markdown(finding.worded(WORDS)) for finding in found.findings if finding.severity == severity]
        if messages:
            show("\n".join(f"- {text}" for text in messages) if len(messages) > 1 else messages[0])
    _show_repeats("Repeated texts", found.train.repeats, "earlier row")
    if found.leaks is not None:
        _show_repeats("Test texts that are training texts too", found.leaks.examples, "training row")


def _numbers(found: DataProfile) -> list[tuple[str, str, str]]:
    train = found.train
    numbers = [
        ("texts", f"{train.n_texts:,}", "Rows with a text and a label."),
        ("labels", f"{sum(share.texts > 0 for share in train.classes)}", "Different ones that occur."),
        ("median words", f"{train.median_words:.0f}", f"Of a text; 95% have {train.percentile_95_words:.0f} at most."),
        ("repeats", f"{train.exact_repeats + train.near_repeats:,}", "Texts that say the same as an earlier one, but for links and names."),
    ]
    if found.test is not None and found.leaks is not None:
        numbers += [
            ("test texts", f"{found.test.n_texts:,}", "Evaluated once, at the end."),
            ("leaks", f"{found.leaks.exact + found.leaks.near:,}", "Test texts that are training texts too: no test of what was learned."),
        ]
    return numbers


def _draw(heading: str, figure: go.Figure, name: str) -> None:
    st.caption(heading)
    ink(figure, st.context.theme.type)
    st.plotly_chart(
        figure, key=f"profile_{name}", config=dict(picture_config(f"dixtill-{name}", "png")) | {"displayModeBar": False}, alt=heading
    )


def _show_repeats(heading: str, repeats: tuple[Repeat, ...], other: str) -> None:
    if not repeats:
        return
    with st.expander(f"{heading}, the first {len(repeats)}" if len(repeats) > 1 else heading):
        rows = [(repeat.row, repeat.text, repeat.label, repeat.other_row, repeat.other_text, repeat.other_label) for repeat in repeats]
        st.dataframe(
            pd.DataFrame(rows, columns=["row", "text", "label", other, "its text", "its label"]), hide_index=True, key=f"repeats_{other}"
        )
