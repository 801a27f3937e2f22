"""A file of the user's on the page Errors, with labels of its own names too."""

from __future__ import annotations

import pytest

from dixtill_core.analysis.corpus import AnalysedCorpus
from tests.dashboard.errors_page import has_key, open_errors, said, table_of, wait_for

pytestmark = pytest.mark.usefixtures("own_folders")


def test_a_file_is_analysed_in_the_background_and_found_again_by_its_link(shipped: AnalysedCorpus) -> None:
    rows = shipped.table.iloc[:4]
    content = rows.rename(columns={"gold": "label"})[["text", "label"]].to_csv(index=False).encode()
    page = open_errors(data="file")
    page.file_uploader(key="errors_upload").upload("mine.csv", content, "text/csv")
    next(button for button in page.button if button.label == "Analyse").click().run()
    wait_for(page, "errors")
    page.run()
    assert {metric.label: metric.value for metric in page.metric}["texts"] == "4"
    link = str(page.query_params["data"])
    assert link.startswith("file:")
    again = open_errors(data=link, section="texts")
    (tags,) = [pills for pills in again.pills if pills.key == "errors_filter_tags"]
    assert [option for option in tags.options if "not looked for" in option] == ["Near\\-duplicate in training · not looked for"]
    shown = table_of(again, "errors_table")
    assert shown["text"].tolist() == rows["text"].tolist()
    assert shown["student"].tolist() == rows["student"].tolist()


def test_other_texts_close_the_text_that_was_open() -> None:
    page = open_errors(row="30")
    assert has_key(page.button, "errors_back")
    page.selectbox(key="errors_data_box").set_value("file").run()
    page.selectbox(key="errors_data_box").set_value("sample").run()
    assert not has_key(page.button, "errors_back")
    assert not page.exception


def test_a_file_with_other_labels_asks_which_is_which_and_is_analysed() -> None:
    page = open_errors(data="file")
    content = b"text,label\nProfit rises sharply,up\nShares slump,down\nNo idea,misc\nSales fall,down\n"
    page.file_uploader(key="errors_upload").upload("mine.csv", content, "text/csv")
    next(button for button in page.button if button.label == "Analyse").click().run()
    assert not page.exception
    assert not page.error
    assert "Say which is which" in said(page)
    meant = {box.label: box for box in page.selectbox if box.label.endswith(" means")}
    assert {label: box.value for label, box in meant.items()} == {"up means": "bullish", "down means": "bearish", "misc means": ""}
    assert "1 of 4 texts are left out" in said(page)
    meant["misc means"].set_value("neutral").run()
    meant = {box.label: box for box in page.selectbox if box.label.endswith(" means")}
    meant["up means"].set_value("").run()
    page.button(key="errors_map_labels").click().run()
    wait_for(page, "errors")
    page.run()
    link = str(page.query_params["data"])
    shown = table_of(open_errors(data=link, section="texts"), "errors_table")
    assert shown["text"].tolist() == ["Shares slump", "No idea", "Sales fall"]
    assert shown["gold"].tolist() == ["bearish", "neutral", "bearish"]
    assert not has_key(page.button, "errors_map_labels")


def test_a_file_none_of_whose_labels_is_the_models_says_so() -> None:
    page = open_errors(data="file")
    page.file_uploader(key="errors_upload").upload("mine.csv", b"text,label\nhello there,happy\nbye now,sad\n", "text/csv")
    next(button for button in page.button if button.label == "Analyse").click().run()
    assert not page.exception
    assert "happy, sad" in said(page)
    assert "no text is left" in said(page)
    assert not has_key(page.button, "errors_map_labels")
