"""The dashboard's frame: page settings and navigation. Each page is a file in `views`."""

from pathlib import Path

import streamlit as st

from dashboard.page_width import watch_width

FOLDER = Path(__file__).parent

st.set_page_config(page_title="DiXtill", page_icon=str(FOLDER / "icon.svg"), layout="wide")
st.logo(str(FOLDER / "logo.svg"), size="large")
st.navigation(
    [
        st.Page("views/compare.py", title="Compare", default=True),
        st.Page("views/train.py", title="Train"),
        st.Page("views/metrics.py", title="Metrics"),
        st.Page("views/errors.py", title="Errors"),
        st.Page("views/learn.py", title="Learn"),
    ]
).run()
watch_width()
