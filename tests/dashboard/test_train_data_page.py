"""The section New run of the page Train: every kind of data and teacher, and what is said about bad ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dashboard.jobs import Jobs
from dixtill_core.runs.store import RunStore
from tests.dashboard.train_page import (
    CSV,
    HOSTILE,
    choose_folder,
    open_page,
    press,
    said,
    set_numbers,
    table,
    upload,
)


def test_labels_of_other_names_are_mapped_by_a_guess_that_the_user_can_change(store: RunStore, bert_folder: Path, jobs: Jobs) -> None:
    page = choose_folder(upload(open_page(), table(("negative", "positive", "other"))), bert_folder)
    boxes = [box for box in page.selectbox if str(box.key).startswith("label_map_")]
    assert [box.label for box in boxes] == ["negative means", "other means", "positive means"]
    assert [box.value for box in boxes] == ["bearish", "", "bullish"]
    assert "20 of 60 texts are left out" in said(page)
    boxes[1].select("neutral").run()
    jobs.start("busy", "Something else", lambda: iter(()))
    set_numbers(page)
    press(page, "start_training")
    assert store.list()[0].spec.label_map == {"negative": "bearish", "other": "neutral", "positive": "bullish"}  # type: ignore[union-attr]
    assert not page.exception


def test_labels_that_only_the_test_texts_have_are_mapped_too(store: RunStore, bert_folder: Path) -> None:
    page = choose_folder(upload(open_page()), bert_folder)
    page.segmented_control(key="train_test_kind").set_value("upload").run()
    upload(page, b"text,label\nprofit rises,bullish\nwho knows,odd\n", "test.csv", role="test")
    boxes = {box.label: box.value for box in page.selectbox if str(box.key).startswith("label_map_")}
    assert boxes == {"odd means": ""}  # The others are called as the teacher calls them.
    assert "1 of 2 test texts are left out" in said(page)
    page.segmented_control(key="train_teacher_kind").set_value("teach").run()
    assert "test.csv has the label" in said(page)
    assert "Give the test texts the labels of the training texts" in said(page)
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
    assert [box.value for box in page.selectbox if str(box.key).startswith("label_map_")] == ["negative", "positive"]
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
    assert not page.error, said(page)
    assert not page.exception


def test_labels_that_are_numbers_are_named(store: RunStore) -> None:
    page = upload(open_page(), table(("0", "1", "2")))
    (box,) = [box for box in page.text_input if box.label == "Label names"]
    box.set_value("down, up, flat").run()
    assert "news.csv has the labels down, up, flat" in said(page)
    assert not page.exception


def test_test_texts_with_labels_that_nobody_knows_are_said_and_left_out(store: RunStore) -> None:
    page = upload(open_page())
    page.segmented_control(key="train_test_kind").set_value("upload").run()
    upload(page, table(("bearish", "great", "neutral")), "test.csv", role="test")
    assert "test.csv has the label great, which news.csv does not have" in said(page)
    assert "20 of 60 test texts are left out" in said(page)
    page.segmented_control(key="train_teacher_kind").set_value("teach").run()
    assert "Give the test texts the labels" in said(page)
    press(page, "start_training")
    assert not store.list()
    assert not page.exception


def test_a_path_that_leads_nowhere_is_a_message(store: RunStore) -> None:
    page = open_page()
    page.segmented_control(key="train_data_kind").set_value("path").run()
    for typed in ("/no/such/file.csv", "relative.csv", "~nobody/x.csv", "/", "\0", HOSTILE, "https://example.org/a.csv"):
        page.text_input(key="train_train_path").set_value(typed).run()
        assert len(page.error) == 1, typed
        assert not page.exception


def test_a_folder_without_a_teacher_is_a_message(store: RunStore) -> None:
    page = choose_folder(open_page(), "/no/such/folder")
    for typed in ("/no/such/folder", "/", "word", HOSTILE, "~nobody"):
        page.text_input(key="train_teacher_folder").set_value(typed).run()
        assert len(page.error) == 1, typed
        press(page, "start_training")
        assert not store.list()
        assert not page.exception


def test_a_sentence_of_the_data_is_watched_unless_one_was_typed(store: RunStore) -> None:
    page = open_page()
    watched = page.text_input(key="train_watched").value
    upload(page)
    suggested = page.text_input(key="train_watched").value
    assert suggested != watched
    assert suggested.encode() in CSV
    page.text_input(key="train_watched").set_value("a sentence of mine")
    press(page, "estimate_training")
    page.segmented_control(key="train_data_kind").set_value("sample").run()
    assert page.text_input(key="train_watched").value == "a sentence of mine"
    assert not page.exception


def test_a_teacher_that_cannot_be_loaded_is_said_to_be_before_anything_starts(store: RunStore, bert_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "teacher"
    shutil.copytree(bert_folder, folder)
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[:1000])
    page = choose_folder(open_page(), folder)
    assert len(page.error) == 1
    assert "copied only in part" in said(page)
    (folder / "model.safetensors").write_bytes(weights)
    for file in folder.glob("*token*"):
        file.unlink()
    page.run()
    assert len(page.error) == 1
    assert f"{folder} holds no tokenizer. Save it beside the model" in said(page)
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
