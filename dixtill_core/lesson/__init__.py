"""What the lesson computes for one sentence: every number on the page Learn and on its worksheet. No Streamlit here."""
