"""Where the project's own files lie, where it may keep what can be computed again, and where what a user made."""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE_DATA = PROJECT / "data" / "sample.csv"
ASSETS = PROJECT / "assets"
BUNDLED_PAIR = ASSETS / "pair"
"""The teacher's adapter and the student that the project ships, made by the two commands in the README."""
SHIPPED_ANALYSIS = ASSETS / "analysis"
"""The error analysis of the sample under the bundled pair, made by `python -m scripts.analyse_sample`."""
RESULTS = ASSETS / "results"
RESULTS_TABLE = "results.parquet"
"""In a folder of results, measured by `dixtill reproduce`."""


def cache_folder() -> Path:
    """Teacher targets and other results that can be computed again; DIXTILL_CACHE moves it."""
    if chosen := os.environ.get("DIXTILL_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dixtill"


def runs_folder() -> Path:
    """Training runs, and what `dixtill reproduce` is told to write there; DIXTILL_RUNS moves it."""
    if chosen := os.environ.get("DIXTILL_RUNS"):
        return Path(chosen).expanduser().absolute()
    return PROJECT / "runs"


def data_folder() -> Path:
    """What a user made and nothing can compute again: notes."""
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")).absolute() / "dixtill"


def notes_address() -> str:
    """The database of notes, an SQLite file or an SQLAlchemy URL; DIXTILL_NOTES names another."""
    return os.environ.get("DIXTILL_NOTES") or str(data_folder() / "notes.db")
