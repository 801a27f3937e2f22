"""One run below the table: what is wrong with it, its numbers, curves, settings and log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from dashboard.markdown import as_markdown
from dashboard.run_figures import MEASURES, measure_title
from dashboard.run_rows import sweep_of
from dashboard.run_settings import settings_table
from dashboard.train_results import show_curves, show_summary
from dashboard.train_stages import duration

if TYPE_CHECKING:
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.records import RunCard

LOG_LINES = 200


def show_details(run: Run, card: RunCard) -> None:
    """Whatever the folder still gives, however damaged it is."""
    if card.status == "failed" and card.error:
        st.error(as_markdown(card.error))
    if card.problem:
        show = st.error if card.status == "damaged" else st.warning
        show(as_markdown(card.problem))
    st.caption(as_markdown(_facts(card)))
    if card.spec is None:
        _show_numbers(card)
    else:
        if card.metrics:
            show_summary(card)
        show_curves(run, card)
        with st.expander("Settings"):
            st.dataframe(settings_table(card.spec), hide_index=True, key="run_settings")
            specification = json.dumps(card.spec.to_dict(), indent=2, ensure_ascii=False)
            st.download_button("JSON", specification, "run-settings.json", "application/json", key="run_spec", on_click="ignore")
    if log := run.log(LOG_LINES):
        with st.expander("Log"):
            st.code(log, language=None)


def _facts(card: RunCard) -> str:
    """Where and when, in a line."""
    packages = ", ".join(f"{name} {version}" for name, version in card.versions.items())
    facts = [
        card.status,
        f"made {card.created[:16].replace('T', ' ')} UTC" if card.created else "",
        f"{duration(card.seconds)} of training" if card.seconds else "",
        f"sweep {sweep_of(card)}" if sweep_of(card) else "",
        packages,
        str(card.folder),
    ]
    return " · ".join(filter(None, facts))


def _show_numbers(card: RunCard) -> None:
    """Of a pair without a record of its training."""
    found = [(measure_title(metric), f"{card.metrics[metric]:.3f}") for metric in MEASURES if metric in card.metrics]
    if found:
        st.dataframe(pd.DataFrame(found, columns=["measure", "on validation texts"]), hide_index=True, key="run_numbers")
