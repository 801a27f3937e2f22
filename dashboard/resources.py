"""Everything that sessions share: the pair of models, loaded once, and the latest comparisons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from dixtill_core.config import ExplainConfig
from dixtill_core.paths import BUNDLED_PAIR, RESULTS, RESULTS_TABLE, runs_folder

if TYPE_CHECKING:
    from dashboard.jobs import Jobs
    from dixtill_core.comparison import Comparison
    from dixtill_core.data.datasets import Dataset
    from dixtill_core.experiments.results import Results
    from dixtill_core.explain.attributions import WordAttributions
    from dixtill_core.metrics.faithfulness import Faithfulness
    from dixtill_core.models.pair import ModelPair
    from dixtill_core.models.student import StudentClassifier
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.store import RunStore

RUNS = runs_folder()
WARM_UP = "Shares rise as profit beats forecasts"


def find_pairs() -> dict[str, str]:
    """Name of each folder with a pair of models: the bundled one, those that were distilled here, and those of sweeps."""
    found = {file.parent for pattern in ("*/pair.json", "*/*/pair.json") for file in RUNS.glob(pattern)}
    own = sorted(folder for folder in found if folder.parent == RUNS and not folder.name.startswith("."))
    swept = sorted(folder for folder in found if (folder.parent / "sweep.json").exists())
    return {str(BUNDLED_PAIR): "bundled pair"} | {str(folder): _pair_name(folder) for folder in (*own, *swept)}


def _pair_name(folder: Path) -> str:
    """What a run is called, with its number where two have the same name; no model code is loaded for it."""
    try:
        name = json.loads((folder / "run.json").read_text(encoding="utf-8"))["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return folder.name
    return f"{name} ({folder.name[-4:]})" if folder.parent == RUNS else f"{folder.parent.name}: {name}"


def load_store() -> RunStore:
    """The training runs on this machine."""
    from dixtill_core.runs.store import RunStore

    return RunStore(RUNS)


def run_of(folder: str) -> Run | None:
    """The training run that made a pair."""
    from dixtill_core.runs.folder import Run
    from dixtill_core.runs.layout import RUN

    return Run(Path(folder)) if (Path(folder) / RUN).exists() else None


def pair_version(folder: str) -> int:
    """Changes when a pair is distilled again into the same folder, so that no cache shows the old one."""
    card = Path(folder) / "student" / "config.json"
    return card.stat().st_mtime_ns if card.exists() else 0


@st.cache_resource(max_entries=2, show_spinner=False)
def load_models(folder: str, version: int) -> ModelPair:
    """Both models of a folder, run once so that the first time shown is not that of loading code. Never downloads."""
    from dixtill_core.comparison import compare
    from dixtill_core.models.pair import load_pair

    pair = load_pair(Path(folder), allow_download=False)
    compare(pair, WARM_UP, ExplainConfig(n_steps=4, path="uniform", max_steps=4))
    return pair


@st.cache_resource(max_entries=8, show_spinner=False)
def load_student_alone(folder: str, version: int) -> StudentClassifier:
    """The student of a run without its teacher, which may not be on this machine."""
    from dixtill_core.models.checkpoint import load_student

    return load_student(Path(folder) / "student")


@st.cache_data(max_entries=100, show_spinner=False)
def compare_text(
    folder: str, version: int, text: str, config: ExplainConfig, target: str | None, teacher_explainer: str, student_explainer: str
) -> Comparison:
    """The comparison of a text, kept under everything that decides it.

    The teacher's lock is held throughout, so that the times shown are not spent waiting for another session.
    """
    from dixtill_core.comparison import compare

    pair = load_models(folder, version)
    with pair.teacher.lock:
        return compare(pair, text, config, target, teacher_explainer=teacher_explainer, student_explainer=student_explainer)


@st.cache_data(
    max_entries=200,
    show_spinner=False,
    hash_funcs={"dixtill_core.explain.attributions.WordAttributions": lambda attributions: attributions.scores.tobytes()},
)
def measure_faithfulness(folder: str, version: int, role: str, text: str, attributions: WordAttributions) -> dict[str, Faithfulness]:
    """Faithfulness of one model's explanation of a text and of the references; of the explanation, its scores decide."""
    from dashboard.sentence_faithfulness import OWN, settings_for
    from dixtill_core.metrics.faithfulness import faithfulness

    pair = load_models(folder, version)
    model = pair.teacher if role == "teacher" else pair.student
    return faithfulness(model, text, {OWN: attributions}, settings_for(len(attributions.words)))


@st.cache_resource(max_entries=1, show_spinner=False)
def load_sample() -> Dataset:
    """The bundled corpus."""
    from dixtill_core.data.datasets import load_dataset

    return load_dataset("sample")


def find_result_sets() -> dict[str, str]:
    """Name of each folder with measured results: the published ones and those that were measured here."""
    own = sorted(file.parent for file in RUNS.glob(f"*/{RESULTS_TABLE}"))
    published = {str(RESULTS): "published results"} if (RESULTS / RESULTS_TABLE).exists() else {}
    return published | {str(folder): folder.name for folder in own}


def results_version(folder: str) -> int:
    """Changes when results are measured again into the same folder."""
    table = Path(folder) / RESULTS_TABLE
    return table.stat().st_mtime_ns if table.exists() else 0


@st.cache_data(max_entries=4, show_spinner="Reading the results …")
def load_results(folder: str, version: int) -> Results:
    """A result set as it is on disk."""
    from dixtill_core.experiments.results import read_results

    return read_results(Path(folder))


@st.cache_resource(show_spinner=False)
def load_jobs() -> Jobs:
    """The background jobs of all sessions: a page that is loaded again finds its job where it left it."""
    from dashboard.jobs import Jobs

    return Jobs()
