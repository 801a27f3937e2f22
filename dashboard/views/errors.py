"""Errors: where and why is the student wrong? An analysed corpus from its overview down to a single text and the notes on it."""

from __future__ import annotations

import streamlit as st

from dashboard.chart_card import choose_picture
from dashboard.errors_behaviour import show_behaviour
from dashboard.errors_data import choose_request, find_corpus
from dashboard.errors_note import read_current
from dashboard.errors_notes import show_notes
from dashboard.errors_overview import show_overview
from dashboard.errors_reasons import show_reasons
from dashboard.errors_state import BEHAVIOUR, OVERVIEW, REASONS, SECTION, SECTIONS, TEXTS, read_link, settle, write_link
from dashboard.errors_texts import show_texts
from dashboard.markdown import as_markdown
from dixtill_core.errors import DixtillError


def choose_section() -> str:
    state = st.session_state
    state["errors_section_box"] = state[SECTION]
    st.segmented_control(
        "Section", SECTIONS, key="errors_section_box", on_change=_take_section, required=True, wrap=True, label_visibility="collapsed"
    )
    return state[SECTION]


def _take_section() -> None:
    st.session_state[SECTION] = st.session_state["errors_section_box"]


read_link()
try:
    with st.sidebar:
        request = choose_request()
        choose_picture()
    corpus = find_corpus(request)
    if corpus is not None:
        for problem in settle(corpus):
            st.warning(as_markdown(problem))
        section = choose_section()
        if section == OVERVIEW:
            show_overview(corpus)
        elif section == TEXTS:
            show_texts(request, corpus, read_current(corpus))
        elif section == REASONS:
            show_reasons(corpus)
        elif section == BEHAVIOUR:
            show_behaviour(request, corpus)
        else:
            show_notes(corpus, read_current(corpus))
except DixtillError as error:
    st.error(as_markdown(str(error)))
write_link()
