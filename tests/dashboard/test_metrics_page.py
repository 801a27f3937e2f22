"""The page Metrics through `dashboard/app.py`, on made-up result sets and a small pair."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import dashboard.resources
from dashboard.jobs import Jobs
from dashboard.live_sections import FILE, MACHINE
from dixtill_core.config import EfficiencyConfig
from dixtill_core.experiments.results import Row, read_results, read_rows, write_results
from dixtill_core.models.pair import ModelPair
from dixtill_core.paths import PROJECT, RESULTS_TABLE
from dixtill_core.progress import Progress
from tests.dashboard.made_results import write_made_results
from tests.small_models import LABELS, SENTENCES

SECONDS = 60
SECTIONS = ["Quality", "Agreement", "Faithfulness", "Size and speed", "My file"]
CSV = "text,label\n" + "".join(f'"{sentence}",{LABELS[i % 3]}\n' for i, sentence in enumerate(SENTENCES))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for runs in place of the project's, and nothing published."""
    monkeypatch.setattr(dashboard.resources, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(dashboard.resources, "RESULTS", tmp_path / "published")
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "runs"


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Jobs of this test alone."""
    jobs = Jobs()
    monkeypatch.setattr("dashboard.job_panel.load_jobs", lambda: jobs)
    return jobs


@pytest.fixture
def small_pair(pair: ModelPair, monkeypatch: pytest.MonkeyPatch) -> ModelPair:
    monkeypatch.setattr("dashboard.live_sections.find_pairs", lambda: {str(pair.folder): "small pair"})
    monkeypatch.setattr("dashboard.live_sections.load_models", lambda folder, version: pair)
    return pair


def open_page(section: str | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/metrics.py")
    page.run()
    return page if section is None else page.segmented_control(key="metrics_section").set_value(section).run()


def headings(page: AppTest) -> list[str]:
    return [heading.value for heading in page.subheader]


def charts(page: AppTest) -> list[dict]:
    return [json.loads(chart.proto.spec) for chart in page.get("plotly_chart")]


def test_what_every_page_imports_leaves_charts_and_results_alone() -> None:
    """The first comparison waits for it. (Streamlit loads plotly itself wherever it is installed.)"""
    shared = "dashboard.resources, dashboard.heatmap, dashboard.markdown, dashboard.examples"
    code = (
        f"import sys, {shared}; print([name for name in sys.modules if 'chart' in name and 'dashboard' in name or 'experiments' in name])"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True).stdout == "[]\n"


def test_without_results_the_page_says_which_command_makes_them(runs: Path) -> None:
    page = open_page()
    assert "Nothing has been measured yet" in page.info[0].value
    assert "dixtill reproduce" in page.code[0].value
    assert not page.exception
    for section in ("Size and speed", "My file"):  # These measure for themselves.
        page.segmented_control(key="metrics_section").set_value(section).run()
        assert headings(page)
        assert not page.exception


def test_damaged_results_are_a_message_not_a_traceback(runs: Path) -> None:
    (runs / "broken").mkdir(parents=True)
    (runs / "broken" / "results.parquet").write_bytes(b"PAR1 no table")
    page = open_page()
    assert "damaged" in page.error[0].value
    assert not page.exception


def test_only_the_chosen_section_is_computed(runs: Path) -> None:
    write_made_results(runs / "one")
    expected = {
        "Quality": ["Macro F1 on the test texts", "DiXtill minus KL", "Temperature", "Heads pruned from the teacher"],
        "Agreement": ["Feature agreement with the teacher's reasons", "How it varies from text to text", "DiXtill minus KL"],
        "Faithfulness": ["Does it decide by these words?", "In numbers"],
        "Size and speed": [
            "Quality against size against speed", "Speed against the teacher", "Size on disk", "Time for an explanation",
            "Measure on this machine",
        ],
    }  # fmt: skip
    page = open_page()
    assert page.segmented_control(key="metrics_section").options == SECTIONS
    for section, shown in expected.items():
        page.segmented_control(key="metrics_section").set_value(section).run()
        assert headings(page) == shown
        assert len(charts(page)) == len([heading for heading in shown if heading != "Measure on this machine"])
        assert not page.error
        assert not page.exception


def test_every_chart_has_its_definition_its_table_and_a_csv(runs: Path) -> None:
    write_made_results(runs / "one")
    page = open_page()
    assert len(page.get("popover")) == len(page.expander) == len(charts(page))
    assert [button.label for button in page.get("download_button")] == ["CSV"] * len(charts(page))
    assert len(page.dataframe) == len(charts(page))
    assert "harmonic mean" in page.markdown[0].value


def test_another_measure_is_drawn_when_it_is_chosen(runs: Path) -> None:
    write_made_results(runs / "one")
    page = open_page()
    page.segmented_control(key="quality_metric").set_value("accuracy").run()
    assert headings(page)[0] == "Accuracy on the test texts"
    assert charts(page)[0]["layout"]["xaxis"]["title"]["text"] == "accuracy"
    assert not page.exception


def test_a_measure_of_all_words_is_drawn_without_k(runs: Path) -> None:
    write_made_results(runs / "one")
    page = open_page("Agreement")
    page.segmented_control(key="agreement_measure").set_value("cosine").run()
    assert "This result set has no distribution of cosine." in [info.value for info in page.info]
    assert not page.exception


def test_explainers_can_all_be_taken_away(runs: Path) -> None:
    write_made_results(runs / "one")
    page = open_page("Faithfulness")
    page.button_group(key="faithful_explainers").set_value([]).run()
    assert page.info[0].value == "Choose an explainer above."
    page.segmented_control(key="faithful_model").set_value("teacher").run()
    assert not page.exception


def test_an_int8_teacher_shows_the_explainers_that_it_has_and_says_why_there_are_no_others(runs: Path) -> None:
    folder = write_made_results(runs / "one")
    rows = [Row("faithfulness", "ptq", "deletion_area", 0.5, explainer) for explainer in ("lime", "random", "greedy")]
    write_results(folder, [*read_rows(folder / RESULTS_TABLE), *rows], read_results(folder).record)
    page = open_page("Faithfulness")
    assert not any("no gradients" in caption.value for caption in page.caption)
    page.segmented_control(key="faithful_model").set_value("ptq").run()
    assert sorted(page.button_group(key="faithful_explainers").value) == ["greedy", "lime", "random"]
    assert any("no gradients" in caption.value for caption in page.caption)
    assert not page.exception


@pytest.mark.parametrize(
    ("table", "section", "sentence"),
    [
        ("quality", "Quality", "quality of models"),
        ("temperature", "Quality", "students of other temperatures"),
        ("difference", "Quality", "test of significance"),
        ("agreement", "Agreement", "agreement with the teacher"),
        ("agreement_distribution", "Agreement", "distribution of feature agreement"),
        ("curve", "Faithfulness", "curves of DiXtill"),
        ("faithfulness", "Faithfulness", "measures of faithfulness of DiXtill"),
        ("efficiency", "Size and speed", "sizes and times"),
    ],
)
def test_a_missing_table_is_said_in_a_sentence(runs: Path, table: str, section: str, sentence: str) -> None:
    write_made_results(runs / "one", without=(table,))
    page = open_page(section)
    assert f"This result set has no {sentence}." in [info.value for info in page.info]
    assert not page.exception


def test_one_of_several_result_sets_is_chosen(runs: Path) -> None:
    write_made_results(runs / "a")
    write_made_results(runs / "b", without=("quality",))
    page = open_page()
    assert page.selectbox(key="result_set").options == ["a", "b"]
    page.selectbox(key="result_set").select("b").run()
    assert "no quality of models" in page.info[0].value
    assert not page.exception


def test_what_a_record_says_is_shown_as_it_is(runs: Path) -> None:
    write_made_results(runs / "one")
    page = open_page()
    assert "1\\,200 test texts" in page.sidebar.caption[0].value
    assert "\\<b\\>teacher" in page.sidebar.caption[0].value


def table_with(page: AppTest, column: str) -> pd.DataFrame:
    """The table on the page that has a column."""
    (table,) = [frame.value for frame in page.dataframe if column in frame.value]
    return table


def wait_for(page: AppTest, jobs: Jobs, kind: str) -> AppTest:
    job = jobs.latest(kind)
    assert job is not None
    job.join(SECONDS)
    return page.run()


def test_this_machine_is_measured_beside_the_stored_times(
    runs: Path, jobs: Jobs, small_pair: ModelPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = EfficiencyConfig(batches=(1,), lengths=(None,), repetitions=1, seconds=0.01)
    monkeypatch.setattr("dixtill_core.config.EfficiencyConfig", lambda **chosen: few)
    write_made_results(runs / "one")
    page = open_page("Size and speed")
    monkeypatch.setattr("dixtill_core.benchmark.is_busy", lambda: False)
    page.button(key="measure").click().run()
    wait_for(page, jobs, MACHINE)
    assert not page.warning
    table = table_with(page, "ms here")
    assert list(table["model"]) == ["teacher", "DiXtill"]
    assert list(table["ms stored"]) == [100, 10]
    assert any("One text with its explanation" in text.value for text in page.markdown)
    monkeypatch.setattr("dixtill_core.benchmark.is_busy", lambda: True)
    page.button(key="measure").click().run()
    wait_for(page, jobs, MACHINE)
    assert "kept this machine busy" in page.warning[0].value
    assert not page.exception


def test_a_file_is_evaluated_in_the_background(runs: Path, jobs: Jobs, small_pair: ModelPair) -> None:
    page = open_page("My file")
    page.file_uploader(key="file").upload("news.csv", CSV.encode(), "text/csv")
    page.select_slider(key="n_explained").set_value(10)
    submit(page)
    wait_for(page, jobs, FILE)
    assert "news\\.csv\\: 6 texts\\, 6 of them for faithfulness\\." in [caption.value for caption in page.caption]
    assert set(table_with(page, "macro F1")["model"]) == {"teacher", "student"}
    assert "Does the student give the teacher's reasons?" in headings(page)
    assert not page.exception


def submit(page: AppTest) -> AppTest:
    (button,) = [button for button in page.button if button.label == "Evaluate"]
    return button.click().run()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "Text column"),
        (b"text,label\nprofit rises again,great\n", "no text is left. Say which label is which"),
    ],
)
def test_a_bad_file_is_a_message_not_a_traceback(runs: Path, jobs: Jobs, small_pair: ModelPair, content: bytes, message: str) -> None:
    page = open_page("My file")
    page.file_uploader(key="file").upload("news.csv", content, "text/csv")
    submit(page)
    assert message in page.error[0].value.replace("\\", "")
    assert jobs.running() is None
    assert not page.exception


def test_labels_of_other_names_are_asked_about_and_the_file_is_evaluated(runs: Path, jobs: Jobs, small_pair: ModelPair) -> None:
    page = open_page("My file")
    content = b"text,label\nprofit rises again,up\nsales fall again,down\nnothing new,flat\nmore of it,odd\n"
    page.file_uploader(key="file").upload("news.csv", content, "text/csv")
    page.select_slider(key="n_explained").set_value(10)
    submit(page)
    assert jobs.running() is None
    assert {box.label: box.value for box in page.selectbox if box.label.endswith(" means")} == {
        "up means": "bullish", "down means": "bearish", "flat means": "neutral", "odd means": ""
    }  # fmt: skip
    page.button(key="file_map_labels").click().run()
    wait_for(page, jobs, FILE)
    assert "news\\.csv\\: 3 texts\\, 3 of them for faithfulness\\." in [caption.value for caption in page.caption]
    assert not any(box.label.endswith(" means") for box in page.selectbox)
    assert not page.exception


def test_evaluating_nothing_asks_for_a_file(runs: Path, jobs: Jobs, small_pair: ModelPair) -> None:
    page = submit(open_page("My file"))
    assert page.info[-1].value == "Choose a file first."
    assert not page.exception


def test_a_running_job_is_shown_to_a_new_session_and_can_be_cancelled(runs: Path, jobs: Jobs, small_pair: ModelPair) -> None:
    def count():  # type: ignore[no-untyped-def]
        for i in range(1000):
            time.sleep(0.05)
            yield Progress("counting", i, 1000)

    jobs.start(MACHINE, "Measuring on this machine", count)
    write_made_results(runs / "one")
    page = open_page("Size and speed")
    assert page.button(key="measure").disabled
    page.button(key=f"cancel_{MACHINE}").click().run()
    wait_for(page, jobs, MACHINE)
    assert "Cancelled after" in page.info[-1].value
    assert not page.button(key="measure").disabled
    assert not page.exception


def test_what_has_just_been_started_cannot_be_started_again(
    runs: Path, jobs: Jobs, small_pair: ModelPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait():  # type: ignore[no-untyped-def]
        while True:
            time.sleep(0.05)
            yield Progress("waiting", 0, 1)

    monkeypatch.setattr("dixtill_core.metrics.efficiency.measure_efficiency", lambda *_: wait())
    page = open_page("Size and speed")
    page.button(key="measure").click().run()
    assert page.button(key="measure").disabled
    page.button(key=f"cancel_{MACHINE}").click().run()
    wait_for(page, jobs, MACHINE)
    assert not page.button(key="measure").disabled


def test_a_failed_job_says_why(runs: Path, jobs: Jobs, small_pair: ModelPair) -> None:
    def fail():  # type: ignore[no-untyped-def]
        raise ValueError("x")
        yield

    jobs.start(MACHINE, "Measuring on this machine", fail).join(SECONDS)
    page = open_page("Size and speed")
    assert "ValueError" in page.error[0].value
    assert not page.exception
