"""The Streamlit dashboard: pages over dixtill_core, without arithmetic of their own. Run: streamlit run dashboard/app.py"""
