"""The page Errors on a run's own models and test data, and behavioural tests of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dashboard.errors_behaviour import TITLES, explain_test
from dashboard.resources import load_jobs
from dixtill_core.analysis.edits import EDITS, RIGHT
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore
from tests.dashboard.errors_page import open_errors, said, table_of, wait_for
from tests.dashboard.made_run_folders import make_run
from tests.small_models import small_student

TEXTS = [f"Shares of ACME {verb} {n}% on Monday" for n in (3, 5, 8) for verb in ("rise", "fall")]


@pytest.fixture
def run(tmp_path: Path, pair_folder: Path, own_folders: None) -> Run:
    """A run of the small BERT that was given test data."""
    labels = small_student().label_names
    data = tmp_path / "test.csv"
    pd.DataFrame({"text": TEXTS, "label": [labels[i % len(labels)] for i in range(len(TEXTS))]}).to_csv(data, index=False)
    spec = RunSpec(data=str(data), test_data=str(data))
    return make_run(RunStore(tmp_path / "runs"), "mine", pair_folder / "teacher", spec=spec)


def test_a_run_is_analysed_on_its_test_data_and_its_behaviour_tested(run: Run) -> None:
    page = open_errors(pair=run.id, data="test")
    assert not page.warning
    page.button(key="errors_analyse").click().run()
    assert not page.error, said(page)
    wait_for(page, "errors")
    assert {metric.label: metric.value for metric in page.metric}["texts"] == str(len(TEXTS))
    assert "not been analysed" not in said(page)
    assert page.query_params["pair"] == run.id

    page = open_errors(pair=run.id, data="test", section="texts", tags="near_duplicate")
    assert table_of(page, "errors_table")["text"].tolist() == TEXTS  # The run was trained on the same file.

    page = open_errors(pair=run.id, data="test", section="behaviour")
    page.pills(key="errors_behaviour_tests").set_value(["case", "typos"]).run()
    page.button(key="errors_behaviour_run").click().run()
    wait_for(page, "errors_behaviour")
    assert not page.error, said(page)
    summary = page.dataframe[0].value  # A table without selection has no key here.
    assert summary["test"].tolist() == ["Case", "Case", "Typos", "Typos"]
    report = load_jobs().latest("errors_behaviour")
    assert report is not None
    assert [row.failing for row in report.state.result[2].rows] == summary["failing"].tolist()

    page = open_errors(pair=run.id, data="test", row="1")
    page.button(key="errors_neighbours_known").click().run()
    wait_for(page, "errors_neighbours")
    nearest = [table.value for table in page.dataframe][-2:]
    for table in nearest:
        assert table["text"].tolist()[0] == TEXTS[0]
        assert table["similarity"][0] == pytest.approx(1, abs=1e-3)


def test_a_run_is_looked_at_on_its_own_test_data_first(run: Run) -> None:
    page = open_errors(pair=run.id)
    assert page.selectbox(key="errors_data_box").value == "test"
    page.selectbox(key="errors_pair_box").set_value("bundled").run()
    assert page.selectbox(key="errors_data_box").value == "sample"
    page.selectbox(key="errors_pair_box").set_value(run.id).run()
    assert page.selectbox(key="errors_data_box").value == "test"
    assert not page.exception


def test_a_run_without_test_data_here_does_not_offer_them(run: Run) -> None:
    page = open_errors(pair="bundled", data="test")
    assert "There are no data" in said(page)
    assert "test" not in page.selectbox(key="errors_data_box").options


def test_every_behavioural_test_has_a_title_and_says_what_it_does_and_how_many_edits_are_wrong() -> None:
    assert set(TITLES) == set(EDITS) == set(RIGHT)
    assert all("label" in explain_test(name) for name in EDITS)
    assert "about 7% were wrong" in explain_test("negation")
    assert "all were right" in explain_test("numbers")
