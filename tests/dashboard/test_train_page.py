"""The page Train through `dashboard/app.py`: a new run from every kind of data and teacher, and a run while it is looked at."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import dashboard.resources
from dashboard.jobs import Jobs
from dashboard.train_jobs import KIND
from dixtill_core.config import DistillConfig, StudentConfig, TeachConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.paths import PROJECT
from dixtill_core.progress import Progress
from dixtill_core.runs.folder import Run
from dixtill_core.runs.spec import PRESETS, RunSpec
from dixtill_core.runs.store import RunStore
from dixtill_core.runs.training import train_run
from tests.small_models import save_bert

SECONDS = 400
"""Many times what it takes, since a machine may be busy."""
HOSTILE = "<b>*x*</b> $1"
STUDENT = StudentConfig(hidden_size=4, max_vocabulary=400)
TRAINING = DistillConfig(epochs=2, batch_size=16, augmented_texts=20, average_decay=0.9)


def table(labels: tuple[str, str, str] = ("bearish", "bullish", "neutral"), header: str = "text,label", each: int = 20) -> bytes:
    """Sentences of the sample as CSV, so many of each label."""
    dataset = load_dataset("sample")
    assert dataset.labels is not None
    rows = [header]
    for number, label in enumerate(labels):
        chosen = [i for i in (dataset.labels == number).nonzero()[0] if '"' not in dataset.texts[i]][:each]
        rows += [f'"{dataset.texts[i]}",{label}' for i in chosen]
    return ("\n".join(rows) + "\n").encode()


CSV = table()


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("teacher") / "bert")


@pytest.fixture(scope="session")
def finished(bert_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was trained."""
    root = tmp_path_factory.mktemp("finished")
    (root / "news.csv").write_bytes(CSV)
    spec = RunSpec(
        data=str(root / "news.csv"), teacher=str(bert_folder), student=STUDENT, distill=TRAINING, test_data=str(root / "news.csv")
    )
    run = RunStore(root / "runs").create(spec, HOSTILE)
    list(train_run(run, cache=root / "cache"))
    return run.folder


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """Runs of this test alone."""
    monkeypatch.setattr(dashboard.resources, "RUNS", tmp_path / "runs")
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return RunStore(tmp_path / "runs")


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Jobs of this test alone."""
    jobs = Jobs()
    for module in ("resources", "train_live", "train_new", "run_table", "run_actions", "job_panel"):
        monkeypatch.setattr(f"dashboard.{module}.load_jobs", lambda: jobs)
    return jobs


@pytest.fixture
def own_run(store: RunStore, finished: Path) -> Run:
    """A copy of the trained run."""
    return Run(Path(shutil.copytree(finished, store.root / finished.name)))


def open_page(section: str | None = None) -> AppTest:
    page = AppTest.from_file(str(PROJECT / "dashboard" / "app.py"), default_timeout=SECONDS)
    page.switch_page("views/train.py")
    page.run()
    return page if section is None else page.segmented_control(key="train_section").set_value(section).run()


def upload(page: AppTest, content: bytes = CSV, name: str = "news.csv", role: str = "train") -> AppTest:
    if role == "train":
        page.segmented_control(key="train_data_kind").set_value("upload").run()
    return page.file_uploader(key=f"train_{role}_file").upload(name, content, "text/csv").run()


def choose_folder(page: AppTest, folder: Path | str) -> AppTest:
    page.segmented_control(key="train_teacher_kind").set_value("folder").run()
    return page.text_input(key="train_teacher_folder").set_value(str(folder)).run()


def press(page: AppTest, key: str) -> AppTest:
    return page.button(key=key).click().run()


def said(page: AppTest) -> str:
    """Everything in messages, without the escapes of Markdown."""
    found = [*page.error, *page.warning, *page.info, *page.success, *page.caption]
    return "\n".join(element.value for element in found).replace("\\", "").replace("\u200b", "")


def component(page: AppTest) -> dict[str, Any]:
    (element,) = page.get("bidi_component")
    return json.loads(element.proto.json)


def wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def set_numbers(page: AppTest) -> None:
    """As little training as there can be."""
    for setting, value in {"epochs": 2, "batch_size": 16, "augmented_texts": 20, "hidden_size": 4, "max_vocabulary": 400}.items():
        page.number_input(key=f"train_{setting}").set_value(value)


def test_the_page_opens_with_the_sample_the_bundled_teacher_and_an_estimate(store: RunStore) -> None:
    page = open_page()
    assert page.segmented_control(key="train_section").value == "New run"
    assert [heading.value for heading in page.subheader] == ["1 · Data", "2 · Teacher", "3 · Student and training"]
    assert [metric.label for metric in page.metric] == [
        "texts", "labels", "median words", "repeats", "time, about", "student on disk, about", "parameters of the student"
    ]  # fmt: skip
    assert "explaining with the teacher" in said(page)
    assert not page.error
    assert not page.exception


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fills_the_form_with_its_own_settings(store: RunStore, preset: str) -> None:
    page = open_page()
    page.segmented_control(key="train_preset").set_value(preset).run()
    for name, value in (PRESETS[preset].student.to_dict() | PRESETS[preset].distill.to_dict()).items():
        assert page.session_state[f"train_{name}"] == value, name
    assert PRESETS[preset].description in [caption.value for caption in page.caption]
    assert not page.exception


def test_what_was_typed_is_still_there_after_another_page_was_looked_at(store: RunStore) -> None:
    page = open_page()
    page.number_input(key="train_epochs").set_value(3)
    press(page, "estimate_training")
    page.switch_page("views/metrics.py").run()
    page.switch_page("views/train.py").run()
    assert page.number_input(key="train_epochs").value == 3
    assert not page.exception


def test_an_uploaded_file_is_trained_on_and_ends_in_a_run_that_can_be_compared(store: RunStore, jobs: Jobs, bert_folder: Path) -> None:
    page = choose_folder(upload(open_page()), bert_folder)
    set_numbers(page)
    page.text_input(key="train_name").set_value("From the page")
    page.text_input(key="train_tags").set_value("course, first")
    press(page, "start_training")
    assert page.segmented_control(key="train_section").value == "Live"
    (card,) = store.list()
    assert (card.name, card.tags) == ("From the page", ("course", "first"))
    job = jobs.latest(KIND + card.id)
    assert job is not None
    job.join(SECONDS)
    page.run()
    assert store.list()[0].status == "finished"
    assert "From the page finished" in said(page)
    assert len(component(page)["epochs"]) == 2
    assert len(page.get("plotly_chart")) == 3
    assert not page.error
    assert not page.exception


def test_labels_of_other_names_are_mapped_by_a_guess_that_the_user_can_change(store: RunStore, bert_folder: Path, jobs: Jobs) -> None:
    page = choose_folder(upload(open_page(), table(("negative", "positive", "other"))), bert_folder)
    boxes = [box for box in page.selectbox if str(box.key).startswith("train_map_")]
    assert [box.label for box in boxes] == ["negative means", "other means", "positive means"]
    assert [box.value for box in boxes] == ["bearish", "", "bullish"]
    assert "20 of 60 texts are left out" in said(page)
    boxes[1].select("neutral").run()
    jobs.start("busy", "Something else", lambda: iter(()))
    set_numbers(page)
    press(page, "start_training")
    assert store.list()[0].spec.label_map == {"negative": "bearish", "other": "neutral", "positive": "bullish"}  # type: ignore[union-attr]
    assert not page.exception


def test_an_uploaded_file_is_still_there_after_another_page_and_can_be_removed(store: RunStore) -> None:
    page = upload(open_page())
    page.switch_page("views/metrics.py").run()
    page.switch_page("views/train.py").run()
    assert "news.csv, chosen before" in said(page)
    assert page.metric
    press(page, "train_train_file_remove")
    assert "chosen before" not in said(page)
    assert not page.exception


def test_test_texts_that_were_announced_are_asked_for(store: RunStore) -> None:
    page = upload(open_page())
    page.segmented_control(key="train_test_kind").set_value("path").run()
    press(page, "start_training")
    assert "Name the test texts" in said(page)
    assert not store.list()
    assert not page.exception


def test_test_texts_that_are_training_texts_too_are_said(store: RunStore) -> None:
    page = upload(open_page())
    page.segmented_control(key="train_test_kind").set_value("upload").run()
    upload(page, CSV, "test.csv", role="test")
    assert "60 texts of test.csv (100%) are in news.csv too" in said(page)
    assert [metric.value for metric in page.metric][4:6] == ["60", "60"]
    assert not page.exception


def test_a_known_teacher_says_what_it_downloads(store: RunStore) -> None:
    page = open_page()
    page.segmented_control(key="train_teacher_kind").set_value("known").run()
    assert "downloads 439 MB" in said(page)
    page.selectbox(key="train_teacher_known").select("ProsusAI/finbert").run()
    assert [box.value for box in page.selectbox if str(box.key).startswith("train_map_")] == ["negative", "positive", "neutral"]
    assert not page.exception


def test_a_teacher_can_be_taught_on_the_labels_of_the_data(store: RunStore, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.train_jobs.train_in_process", lambda run: iter(()))
    page = upload(open_page(), table(("up", "down", "flat")))
    page.segmented_control(key="train_teacher_kind").set_value("teach").run()
    page.number_input(key="teach_epochs").set_value(2).run()
    assert not [box for box in page.selectbox if str(box.key).startswith("train_map_")]
    assert "training the teacher" in said(page)
    press(page, "start_training")
    (card,) = store.list()
    assert card.spec is not None
    assert card.spec.teach == TeachConfig(epochs=2)
    assert not page.exception


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "news.csv", "empty"),
        (b"text,label\n", "news.csv", "no rows"),
        (b"text,label\nprofit rises,\n", "news.csv", "the label is missing"),
        (b"a,b\n1,2\n3,4\n", "news.csv", "Choose the one that holds them"),
        (b"text,label\n" + b"profit rises again,up\n" * 30, "news.csv", "label"),
        (b"PAR1 nothing", "news.parquet", "its end is missing"),
        (b"\xff\xfet\0e\0x\0t\0", "news.csv", "UTF-16"),
        (f"text,label\n{HOSTILE},up\n".encode(), "<img src=x>.csv", "up"),
    ],
)
def test_a_bad_file_is_a_message_in_the_words_of_the_page(store: RunStore, content: bytes, name: str, message: str) -> None:
    page = upload(open_page(), content, name)
    assert message in said(page)
    assert "--" not in said(page)  # No options of the command line.
    press(page, "start_training")
    assert not store.list()
    assert not page.exception


def test_columns_that_cannot_be_guessed_are_chosen(store: RunStore) -> None:
    page = upload(open_page(), table(header="first,second"))
    assert "Choose the one that holds the labels" in said(page)
    (box,) = [box for box in page.selectbox if box.label == "Label column"]
    box.select("second").run()
    assert page.metric
    assert not page.error
    assert not page.exception


def test_labels_that_are_numbers_are_named(store: RunStore) -> None:
    page = upload(open_page(), table(("0", "1", "2")))
    (box,) = [box for box in page.text_input if box.label == "Label names"]
    box.set_value("down, up, flat").run()
    assert "The data have the labels down, up, flat" in said(page)
    assert not page.exception


def test_test_texts_with_labels_that_nobody_knows_are_said(store: RunStore) -> None:
    page = upload(open_page())
    page.segmented_control(key="train_test_kind").set_value("upload").run()
    upload(page, table(("bearish", "great", "neutral")), "test.csv", role="test")
    assert "great" in said(page)
    press(page, "start_training")
    assert not store.list()
    assert not page.exception


@pytest.mark.parametrize("typed", ["/no/such/file.csv", "relative.csv", "~nobody/x.csv", "/", "\0", HOSTILE, "https://example.org/a.csv"])
def test_a_path_that_leads_nowhere_is_a_message(store: RunStore, typed: str) -> None:
    page = open_page()
    page.segmented_control(key="train_data_kind").set_value("path").run()
    page.text_input(key="train_train_path").set_value(typed).run()
    assert len(page.error) == 1
    assert not page.exception


@pytest.mark.parametrize("typed", ["/no/such/folder", "/", "word", HOSTILE, "~nobody"])
def test_a_folder_without_a_teacher_is_a_message(store: RunStore, typed: str) -> None:
    page = choose_folder(open_page(), typed)
    assert len(page.error) == 1
    press(page, "start_training")
    assert not store.list()
    assert not page.exception


def test_nothing_of_the_hub_is_asked_for_before_a_button_is_pressed(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("dashboard.train_source.look_at", lambda source: asked.append(source.reference))
    monkeypatch.setattr("dashboard.train_teacher._labels_of_hub_model", lambda reference: asked.append(reference))
    page = open_page()
    page.segmented_control(key="train_data_kind").set_value("hub").run()
    page.text_input(key="train_hub_name").set_value("nobody/nothing").run()
    page.segmented_control(key="train_teacher_kind").set_value("hub").run()
    page.text_input(key="train_teacher_hub").set_value("nobody/nothing").run()
    assert asked == []
    assert "Nothing is downloaded before." in said(page)
    assert not page.exception


def test_the_hub_that_cannot_be_reached_is_a_message(store: RunStore) -> None:
    page = open_page()
    page.segmented_control(key="train_data_kind").set_value("hub").run()
    page.text_input(key="train_hub_name").set_value("nobody/nothing-of-the-kind").run()
    press(page, "train_hub_fetch")
    page.segmented_control(key="train_teacher_kind").set_value("hub").run()
    page.text_input(key="train_teacher_hub").set_value("nobody/nothing-of-the-kind").run()
    press(page, "train_teacher_look_up")
    assert len(page.error) == 2
    assert not page.exception


def test_a_run_is_not_made_while_another_job_runs(store: RunStore, jobs: Jobs) -> None:
    def count():  # type: ignore[no-untyped-def]
        for i in range(10_000):
            time.sleep(0.01)
            yield Progress("counting", i, 10_000)

    job = jobs.start("busy", HOSTILE, count)
    page = press(open_page(), "start_training")
    assert "is still running (counting" in said(page)
    assert not store.list()
    job.cancel()
    assert not page.exception


def test_the_time_is_measured_once_it_is_asked_for_and_kept(store: RunStore, bert_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = choose_folder(upload(open_page()), bert_folder)
    assert "Nothing was measured here" in said(page)
    press(page, "estimate_training")
    assert "Nothing was measured here" not in said(page)
    monkeypatch.setattr("dashboard.train_estimate.calibrate", lambda *_: pytest.fail("measured again"))
    page.run()
    assert "Nothing was measured here" not in said(page)
    assert not page.exception


def test_a_finished_run_shows_both_models_its_curves_and_its_words(own_run: Run) -> None:
    page = open_page("Live")
    assert f"{HOSTILE} finished" in said(page)
    assert [metric.label for metric in page.metric][:3] == ["accuracy", "macro F1", "fidelity"]
    assert page.metric[0].delta.startswith("teacher ")
    assert "60 test texts" in said(page)
    data = component(page)
    assert len(data["epochs"]) == 2
    page.segmented_control(key="watched_shows").set_value("weights").run()
    assert component(page)["has_sign"] is False
    assert not page.error
    assert not page.exception


@pytest.mark.parametrize(
    ("status", "message", "button"),
    [
        ("queued", "has not begun", "Start"),
        ("cancelled", "was cancelled", "Resume"),
        ("running", "was interrupted", "Resume"),  # Nobody holds it.
        ("failed", "the teacher ran away", "Resume"),
    ],
)
def test_a_run_that_did_not_end_says_how_and_can_be_resumed(
    own_run: Run, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, status: str, message: str, button: str
) -> None:
    started: list[str] = []
    monkeypatch.setattr("dashboard.train_jobs.train_in_process", lambda run: iter(started.append(run.id) or ()))  # type: ignore[func-returns-value]
    own_run.update(status=status, error="the teacher ran away")
    page = open_page("Live")
    assert message in said(page)
    assert page.button(key="resume_run").label == button
    press(page, "resume_run")
    wait(lambda: started == [own_run.id])
    assert not page.exception


def test_a_run_that_another_process_trains_is_shown_and_can_be_stopped(own_run: Run) -> None:
    own_run.update(status="running", progress={"stage": "training the student", "done": 3, "total": 9, "epoch": 2, "seconds_left": 61.0})
    with own_run.hold():
        page = open_page()
        assert page.segmented_control(key="train_section").value == "Live"  # Who opens the page sees what is going on.
        assert "Training the student · epoch 2 of 2 · about 61 s left" in page.get("progress")[0].proto.text.replace("\\", "")
        press(page, "cancel_run")
        assert own_run.is_asked_to_stop
        assert page.button(key="cancel_run").disabled
        assert not page.exception


def test_a_run_opens_in_compare_with_its_own_pair(own_run: Run) -> None:
    page = press(open_page("Live"), "compare_run")
    assert page.selectbox(key="pair").value == str(own_run.folder)
    assert not page.exception


def test_a_run_opens_in_metrics_with_its_own_pair(own_run: Run) -> None:
    page = press(open_page("Live"), "measure_run")
    assert page.selectbox(key="machine_pair").value == str(own_run.folder)
    assert not page.exception


def test_without_a_run_the_section_says_how_to_get_one(store: RunStore) -> None:
    page = open_page("Live")
    assert "There is no run yet" in said(page)
    assert not page.exception


def test_a_damaged_run_does_not_stop_the_page(own_run: Run, store: RunStore) -> None:
    (store.root / "broken").mkdir()
    (store.root / "broken" / "run.json").write_text("{")
    (own_run.folder / "epochs.jsonl").write_text('{"epoch"\n[]\nnull\n')
    (own_run.folder / "watched.jsonl").write_text("\0\n")
    for section in ("Live", "Runs"):
        page = open_page(section)
        assert not page.exception
