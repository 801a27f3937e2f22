"""The section Runs of the page Train: rows and filters as data, and the section through `dashboard/app.py`."""

from __future__ import annotations

import io
import json
import math
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.jobs import Jobs
from dashboard.run_rows import NOTE_COLUMN, TEST_COLUMN, RunFilter, choices, filter_runs, runs_table
from dashboard.run_settings import setting_name, setting_text, settings_table
from dashboard.run_table import CHOSEN, WITH_SWEEPS
from dixtill_core.config import DistillConfig, TeachConfig
from dixtill_core.paths import PROJECT
from dixtill_core.runs import records
from dixtill_core.runs.archive import export_zip
from dixtill_core.runs.folder import Run
from dixtill_core.runs.layout import RUN
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.store import RunStore, Upload
from tests.dashboard.made_run_folders import make_run, make_sweep
from tests.dashboard.made_runs import made_card

pytestmark = pytest.mark.usefixtures("jobs")
SECONDS = 120
HOSTILE = "<b>*x*</b> $1"


@pytest.fixture
def make(store: RunStore, pair_folder: Path) -> Callable[..., Run]:
    """Makes a run whose teacher is the small BERT."""
    return lambda name, **changes: make_run(store, name, pair_folder / "teacher", **changes)


def open_runs(*chosen: Run) -> AppTest:
    """The section, with these runs selected."""
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/train.py")
    page.session_state["train_section"] = "Runs"
    page.session_state[CHOSEN] = [run.id for run in chosen]
    return page.run()


def names(page: AppTest) -> list[str]:
    """Of the runs in the table."""
    tables = [table.value for table in page.dataframe if table.key is not None and table.key.startswith("runs_table")]
    return [] if not tables else list(tables[0]["name"])


def said(page: AppTest) -> str:
    """Everything in messages, without the escapes of Markdown."""
    found = [*page.error, *page.warning, *page.info, *page.success, *page.caption, *page.markdown]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u200b", "")


def press(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def test_a_row_has_settings_numbers_and_cost_of_a_run(make: Callable[..., Run]) -> None:
    run = make("mine", method="kl", seed=3, tags=("a", "b"))
    row = runs_table([run.card()]).iloc[0]
    assert (row["name"], row["status"], row["method"], row["α"], row["τ"], row["seed"]) == ("mine", "finished", "kl", 0.9, 5.0, 3)
    assert list(row["tags"]) == ["a", "b"]
    assert (row["macro F1"], row["agreement @3"], row["epochs"], row["time"]) == pytest.approx((0.53, 0.53, 3, 1.5))
    assert row["size"] == pytest.approx(sum(file.stat().st_size for file in (run.folder / "student").iterdir()) / 1e6)
    assert (row["data"], row["teacher"]) == ("sample", "small BERT")
    assert str(row["created"].tz) == "UTC"


@pytest.mark.parametrize(("method", "has_alpha", "has_temperature"), [("ce", False, False), ("mse", True, False), ("dixtill", True, True)])
def test_settings_that_a_method_does_not_read_are_empty(method: str, has_alpha: bool, has_temperature: bool) -> None:
    card = made_card(spec=RunSpec(distill=DistillConfig(method=method)))  # type: ignore[arg-type]
    row = runs_table([card]).iloc[0]
    assert (not math.isnan(row["α"]), not math.isnan(row["τ"])) == (has_alpha, has_temperature)


def test_columns_that_would_be_empty_are_left_out() -> None:
    assert not {NOTE_COLUMN, TEST_COLUMN} & set(runs_table([made_card()]).columns)
    noted = made_card(problem="made/no teacher", test=records.TestScores(9, {}, {"macro_f1": 0.7}, 0.5, {}))
    table = runs_table([made_card(), noted])
    assert list(table[NOTE_COLUMN]) == ["", "no teacher"]
    assert table[TEST_COLUMN].iloc[1] == 0.7


def test_a_file_is_called_by_its_name_and_a_hub_id_as_it_is() -> None:
    files = [made_card(spec=RunSpec(data=data)) for data in ("/home/me/secret/news.csv", "upload/train-mine.csv", "owner/dataset")]
    assert list(runs_table(files)["data"]) == ["news.csv", "train-mine.csv", "owner/dataset"]


def test_filters_go_together_and_nothing_chosen_asks_for_all() -> None:
    one = made_card(id="1", name="Alpha", tags=("a",), status="finished")
    two = made_card(id="2", name="beta", tags=("a", "b"), status="failed", error="out of memory")
    three = made_card(id="alphas/3", name="gamma", status="finished", spec=RunSpec(distill=DistillConfig(method="kl")))
    cards = (one, two, three)

    def found(**wanted: object) -> list[str]:
        return [card.id for card in filter_runs(cards, RunFilter(**wanted))]  # type: ignore[arg-type]

    assert found() == ["1", "2", "alphas/3"]
    assert found(text="ALPHA") == ["1", "alphas/3"]
    assert found(text="memory beta") == ["2"]
    assert found(text="beta gamma") == []
    assert found(statuses=("finished",)) == ["1", "alphas/3"]
    assert found(tags=("b", "z")) == ["2"]
    assert found(methods=("kl",)) == ["alphas/3"]
    assert found(with_sweeps=False) == ["1", "2"]
    assert found(statuses=("finished",), tags=("b",)) == []


def test_choices_are_each_value_once_in_order() -> None:
    assert choices(["b", "A", "b", "c"]) == ["A", "b", "c"]


def test_every_setting_has_a_name_and_a_text() -> None:
    spec = RunSpec(teach=TeachConfig(), label_map={"pos": "bullish", "x": None}, label_names=("a", "b"))
    table = settings_table(spec)
    assert table["setting"].is_unique
    assert not table["setting"].str.contains("_").any()
    assert dict(zip(table["setting"], table["value"], strict=True))["labels of the data as the teacher's"] == "pos → bullish, x → left out"
    assert (setting_text(None), setting_text(True), setting_text(0.003), setting_text(45000)) == ("–", "yes", "0.003", "45,000")
    assert setting_name("distill.some_new_thing") == "some new thing"


def test_without_runs_the_section_says_how_to_get_one(store: RunStore) -> None:
    page = open_runs()
    assert "There is no run yet" in said(page)
    assert not page.exception


def test_all_runs_are_listed_and_a_search_leaves_the_matching(make: Callable[..., Run]) -> None:
    make("first", tags=("lecture",))
    make(HOSTILE, method="kl")
    page = open_runs()
    assert set(names(page)) == {"first", HOSTILE}
    page.text_input(key="runs_search").set_value("LECT").run()
    assert names(page) == ["first"]
    page.text_input(key="runs_search").set_value("").run()
    page.multiselect(key="runs_method").set_value(["kl"]).run()
    assert names(page) == [HOSTILE]
    page.multiselect(key="runs_tag").set_value(["lecture"]).run()
    assert "No run is like that" in said(page)
    assert not page.exception


def test_runs_of_sweeps_are_listed_when_they_are_asked_for(make: Callable[..., Run], store: RunStore, pair_folder: Path) -> None:
    make("alone")
    make_sweep(store.root / "alphas", pair_folder / "teacher", [0.3, 0.4], seeds=1)
    page = open_runs()
    assert names(page) == ["alone"]
    page.toggle(key=WITH_SWEEPS).set_value(True).run()
    assert len(names(page)) == 3
    assert not page.exception


def test_a_selected_run_shows_its_numbers_curves_settings_and_log(make: Callable[..., Run]) -> None:
    page = open_runs(make(HOSTILE))
    assert {"macro F1": "0.530", "accuracy": "0.530"}.items() <= {metric.label: metric.value for metric in page.metric}.items()
    assert len(page.get("plotly_chart")) == 3
    assert [expander.label for expander in page.expander][-2:] == ["Settings", "Log"]
    assert "made up" in page.code[0].value
    assert not page.exception


def test_a_run_gets_another_name_and_tags(make: Callable[..., Run]) -> None:
    run = make("before", tags=("old",))
    page = open_runs(run)
    page.text_input(key=f"run_name_{run.id}").set_value(f"  {HOSTILE} ")
    page.multiselect(key=f"run_tags_{run.id}").set_value(["old"])
    press(page, "run_save")
    assert run.card().name == HOSTILE
    assert run.card().tags == ("old",)
    assert names(page) == [HOSTILE]
    assert not page.exception


def test_a_name_without_anything_to_read_is_refused_with_a_message(make: Callable[..., Run]) -> None:
    run = make("before")
    page = open_runs(run)
    page.text_input(key=f"run_name_{run.id}").set_value("   ")
    press(page, "run_save")
    assert "printable characters" in said(page)
    assert run.card().name == "before"
    assert not page.exception


def test_a_deleted_run_is_in_the_bin_and_comes_back_by_undo(make: Callable[..., Run], store: RunStore) -> None:
    run, other = make(HOSTILE), make("other")
    page = press(open_runs(run), "run_delete")
    assert names(page) == ["other"]
    assert f"Deleted: {HOSTILE}" in said(page)
    press(page, "undo_delete")
    assert set(names(page)) == {HOSTILE, "other"}
    assert store.open(run.id).card().has_student
    assert store.open(other.id)
    assert "Deleted" not in said(page)
    assert not page.exception


def test_what_was_restored_from_the_bin_is_not_offered_to_be_undone(make: Callable[..., Run]) -> None:
    one, two = make("one"), make("two")
    page = press(press(open_runs(one, two), "run_delete"), f"restore_{one.id}")
    assert "Deleted: two" in said(page)
    press(page, "undo_delete")
    assert set(names(page)) == {"one", "two"}
    page = press(press(open_runs(one), "run_delete"), f"restore_{one.id}")
    assert "Deleted" not in said(page)
    assert not page.exception


def test_the_bin_restores_one_of_several_and_is_emptied_only_after_a_second_word(make: Callable[..., Run], store: RunStore) -> None:
    runs = [make("one"), make("two"), make("three")]
    page = press(open_runs(*runs[:2]), "run_delete")
    assert names(page) == ["three"]
    press(page, f"restore_{runs[0].id}")
    assert set(names(page)) == {"one", "three"}
    press(page, "ask_empty")
    assert len(store.binned()) == 1  # Asking is not doing.
    press(page, "keep_bin")
    assert "empty_bin" not in [button.key for button in page.button]
    press(press(page, "ask_empty"), "empty_bin")
    assert store.binned() == ()
    assert {card.name for card in store.list()} == {"one", "three"}
    assert "Undo" not in [button.label for button in page.button]
    assert not page.exception


def test_a_run_that_is_trained_cannot_be_deleted_downloaded_or_resumed(make: Callable[..., Run]) -> None:
    run = make("busy", status="running")
    with run.hold():
        page = open_runs(run)
        assert page.button(key="run_delete").disabled
        assert page.get("download_button")[0].proto.disabled
        assert "run_resume" not in [button.key for button in page.button]
        assert page.button(key="run_live")
    assert not page.exception


def test_a_run_that_is_trained_can_be_followed(make: Callable[..., Run]) -> None:
    run, _ = make("busy", status="running"), make("other")
    with run.hold():
        page = press(open_runs(run), "run_live")
        assert page.session_state["train_section"] == "Live"
        assert page.selectbox(key="live_run").value == run.id
    assert not page.exception


@pytest.mark.parametrize("status", ["interrupted", "cancelled", "failed", "queued"])
def test_a_run_that_ended_early_is_resumed_by_whoever_was_handed_in(make: Callable[..., Run], status: str) -> None:
    run = make("early", status="running" if status == "interrupted" else status, error="no memory" if status == "failed" else None)
    page = AppTest.from_string(
        "import streamlit as st\nfrom dashboard.run_table import show_runs\n"
        "show_runs(resume=lambda run: st.session_state.update(resumed=run.id))\n",
        default_timeout=SECONDS,
    )
    page.session_state[CHOSEN] = [run.id]
    page.run()
    assert page.button(key="run_resume").label == ("Start" if status == "queued" else "Resume")
    assert ("no memory" in said(page)) is (status == "failed")
    press(page, "run_resume")
    assert page.session_state["resumed"] == page.session_state["live_run"] == run.id
    assert page.session_state["train_go_to"] == "Live"
    assert not page.exception


def test_nothing_is_resumed_while_something_runs(make: Callable[..., Run], jobs: Jobs) -> None:
    go_on = threading.Event()

    def wait():  # type: ignore[no-untyped-def]
        go_on.wait(SECONDS)
        yield 1

    job = jobs.start("other", "Something else", wait)
    page = open_runs(make("early", status="cancelled"))
    assert page.button(key="run_resume").disabled
    go_on.set()
    job.join(SECONDS)


def test_a_finished_run_opens_in_compare_with_its_pair_chosen(make: Callable[..., Run]) -> None:
    run = make("mine")
    page = press(open_runs(run), "run_compare")
    assert page.selectbox(key="pair").value == str(run.folder)
    assert not page.exception


def test_a_finished_run_opens_in_metrics_with_its_pair_chosen(make: Callable[..., Run]) -> None:
    run = make("mine")
    page = press(open_runs(run), "run_evaluate")
    assert page.segmented_control(key="metrics_section").value == "My file"
    assert page.selectbox(key="file_pair").value == str(run.folder)
    assert not page.exception
    page = press(open_runs(run), "run_speed")
    assert page.segmented_control(key="metrics_section").value == "Size and speed"
    assert page.selectbox(key="machine_pair").value == str(run.folder)
    assert not page.exception


def test_a_damaged_run_is_listed_with_what_is_wrong_and_can_be_deleted(make: Callable[..., Run], store: RunStore) -> None:
    good, bad = make("good"), make("bad")
    (bad.folder / RUN).write_text("{")
    page = open_runs(bad)
    assert set(names(page)) == {"good", bad.id}
    assert "damaged" in said(page)
    assert not page.button(key="run_compare").disabled  # Its models are as they were.
    press(page, "run_delete")
    assert names(page) == ["good"]
    assert store.open(good.id)
    assert not page.exception


def test_a_run_of_another_version_says_so(make: Callable[..., Run]) -> None:
    run = make("newer")
    (run.folder / RUN).write_text(json.dumps(run.read() | {"format": 99}))
    page = open_runs(run)
    assert "format 99" in said(page)
    assert not page.exception


def test_a_run_whose_teacher_is_gone_says_so_and_offers_no_comparison_with_it(store: RunStore, tmp_path: Path, pair_folder: Path) -> None:
    run = make_run(store, "moved", pair_folder / "teacher")
    run.update(spec=replace(run.spec, teacher=str(tmp_path / "gone")).to_dict())
    page = open_runs(run)
    assert "is not on this machine" in said(page)
    assert page.button(key="run_compare").disabled
    assert not page.exception


def test_three_runs_can_be_tagged_together_and_are_not_compared(make: Callable[..., Run]) -> None:
    runs = [make(str(i), tags=(str(i),)) for i in range(3)]
    page = open_runs(*runs)
    assert "select two to compare them" in said(page)
    page.multiselect(key="runs_added_tags").set_value(["1"])
    press(page, "runs_add")
    assert {run.card().tags for run in runs} == {("0", "1"), ("1",), ("2", "1")}
    assert not page.exception


def test_a_download_is_the_whole_run_and_imports_as_another(make: Callable[..., Run], store: RunStore) -> None:
    run = make("mine", tags=("a",))
    page = open_runs()
    page.file_uploader(key="run_zip_0").upload("run.zip", export_zip(run), "application/zip").run()
    press(page, "import_run")
    assert "Imported: mine" in said(page)
    assert names(page) == ["mine", "mine"]
    (twin,) = [card for card in store.list() if card.id != run.id]
    assert page.session_state[CHOSEN] == [twin.id]
    assert (twin.metrics, twin.tags) == (run.card().metrics, ("a",))
    assert not page.exception


def zip_of(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no zip", "no zip file"),
        (b"", "no zip file"),
        (zip_of(**{"notes.txt": b"x"}), "no file of a run"),
        (zip_of(**{"../evil.py": b"{}", "run.json": b"{}"}), "no file of a run"),
        (zip_of(**{"run.json": b"{"}), "damaged"),
        (zip_of(**{"run.json": b'{"format": 99}'}), "format 99"),
    ],
)
def test_a_file_that_is_no_run_is_refused_with_the_reason(store: RunStore, content: bytes, message: str) -> None:
    page = open_runs()
    page.file_uploader(key="run_zip_0").upload(f"{HOSTILE}.zip", content, "application/zip").run()
    press(page, "import_run")
    assert "was not imported" in said(page)
    assert message in said(page)
    assert store.list() == ()
    assert not page.exception


def test_a_table_where_a_run_is_asked_for_says_where_it_belongs(store: RunStore) -> None:
    page = open_runs()
    page.file_uploader(key="run_zip_0").upload("prices.csv", b"text,label\na b,up\n", "text/csv").run()
    press(page, "import_run")
    assert "prices.csv was not imported. It is a table and no run." in said(page)
    assert "New run" in said(page)
    assert store.list() == ()
    assert not page.exception


def test_uploaded_texts_are_packed_only_where_that_is_wanted(store: RunStore, pair_folder: Path) -> None:
    run = store.create(RunSpec(teacher=str(pair_folder / "teacher")), "mine", upload=Upload("news.csv", b"text,label\na b,bullish\n"))
    run.update(status="cancelled")
    page = open_runs(run)
    assert [button.label for button in page.get("download_button")][:2] == ["With the uploaded texts", "Without"]
    assert not page.exception


def test_what_was_filtered_away_is_not_selected_any_more(make: Callable[..., Run]) -> None:
    run, _ = make("first"), make("second")
    page = open_runs(run)
    assert "run_delete" in [button.key for button in page.button]
    page.text_input(key="runs_search").set_value("second").run()
    assert "run_delete" not in [button.key for button in page.button]
    assert page.session_state[CHOSEN] == []
    assert not page.exception
