"""Runs and jobs for the tests of the page Train, its sweeps too; folders and the shipped analysis for those of the page Errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import dashboard.resources
from dashboard.jobs import Jobs
from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.shipped import load_shipped
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore
from dixtill_core.runs.training import train_run
from tests.dashboard.train_page import CSV, HOSTILE, STUDENT, TRAINING
from tests.small_models import save_bert


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("teacher") / "bert")


@pytest.fixture(scope="session")
def finished(bert_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was trained. Copy before you change it."""
    root = tmp_path_factory.mktemp("finished")
    (root / "news.csv").write_bytes(CSV)
    spec = RunSpec(
        data=str(root / "news.csv"), teacher=str(bert_folder), student=STUDENT, distill=TRAINING, test_data=str(root / "news.csv")
    )
    run = RunStore(root / "runs").create(spec, HOSTILE)
    list(train_run(run, cache=root / "cache"))
    return run.folder


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: Jobs) -> RunStore:
    """Runs and jobs of this test alone."""
    monkeypatch.setattr(dashboard.resources, "RUNS", tmp_path / "runs")
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return RunStore(tmp_path / "runs")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Jobs of this test alone."""
    jobs = Jobs()
    for module in ("resources", "train_live", "train_new", "run_table", "run_actions", "job_panel", "sweep_view"):
        monkeypatch.setattr(f"dashboard.{module}.load_jobs", lambda: jobs)
    return jobs


@pytest.fixture
def own_run(store: RunStore, finished: Path) -> Run:
    """A copy of the trained run."""
    return Run(Path(shutil.copytree(finished, store.root / finished.name)))


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's own is read or written."""
    monkeypatch.setenv("DIXTILL_NOTES", str(tmp_path / "notes.db"))
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(dashboard.resources, "RUNS", tmp_path / "runs")


@pytest.fixture(scope="session")
def shipped() -> AnalysedCorpus:
    found = load_shipped()
    assert found is not None
    return found
