"""The page Compare as its readers meet it: typed into, pointed at, walked through with the keyboard, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from dixtill_core.data.words import split_words
from tests.browser.conftest import Visit, wait_for_comparison

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Visit]
HOSTILE = 'Profit <script>alert(1)</script> <img src=x onerror=alert(2)> beats & "falls"'


def words(page: Page, role: str) -> Locator:
    return page.locator(f".{role} .word")


def type_text(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Text")
    box.fill(text)
    box.press("Enter")
    expect(page.locator(".teacher .word .text").first).to_have_text(split_words(text)[0].text, timeout=60_000)
    wait_for_comparison(page)


def test_both_heatmaps_hold_every_word_of_what_was_typed_and_run_none_of_it(open_page: OpenPage) -> None:
    page, _, errors = open_page()
    type_text(page, HOSTILE)
    expected = [word.text for word in split_words(HOSTILE)]
    for role in ("teacher", "student"):
        assert words(page, role).locator(".text").all_text_contents() == expected
    assert page.locator(".comparison script, .comparison img").count() == 0
    assert errors == []


def test_a_hovered_word_is_marked_in_both_panels_and_in_its_row(open_page: OpenPage) -> None:
    page = open_page().page
    words(page, "teacher").nth(3).hover()
    for role in ("teacher", "student"):
        expect(words(page, role).nth(3)).to_have_class(re.compile("marked"))
    expect(page.locator(".row").nth(3)).to_have_class(re.compile("marked"))
    assert page.locator(".word.marked").count() == 2
    page.get_by_role("heading", name="Word by word").hover()
    expect(page.locator(".marked")).to_have_count(0)


def test_a_hovered_row_marks_its_word(open_page: OpenPage) -> None:
    page = open_page().page
    page.locator(".row").nth(2).hover()
    expect(words(page, "teacher").nth(2)).to_have_class(re.compile("marked"))
    expect(words(page, "student").nth(2)).to_have_class(re.compile("marked"))


def test_arrow_keys_walk_through_the_words_and_tab_crosses_to_the_student(open_page: OpenPage) -> None:
    page = open_page().page
    words(page, "teacher").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(words(page, "teacher").nth(2)).to_be_focused()
    expect(words(page, "student").nth(2)).to_have_class(re.compile("marked"))
    page.keyboard.press("Tab")
    expect(words(page, "student").nth(2)).to_be_focused()
    page.keyboard.press("End")
    expect(words(page, "student").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".marked")).to_have_count(0)


def test_words_say_their_number_to_a_screen_reader(open_page: OpenPage) -> None:
    page = open_page().page
    label = words(page, "teacher").first.get_attribute("aria-label")
    assert label is not None
    assert re.fullmatch(r"Shares: ([+−][\d.]+, speaks (for|against) \w+|0)", label)


def test_a_pointer_over_the_curve_names_the_word_that_went(open_page: OpenPage) -> None:
    page = open_page().page
    plot = page.locator(".teacher .plot")
    plot.wait_for(timeout=60_000)
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    assert not plot.locator(".bubble").is_visible()
    page.mouse.move(box["x"] + box["width"] / 13 + 1, box["y"] + box["height"] / 2)  # One of 13 words.
    expect(plot.locator(".bubble")).to_be_visible()
    expect(plot).to_have_attribute("aria-valuenow", "1")
    named = re.fullmatch(r"− (.+): [<>]?\d+%", plot.locator(".bubble").inner_text())
    assert named is not None
    assert named[1] in words(page, "teacher").locator(".text").all_text_contents()
    expect(page.locator(".teacher .reading")).to_contain_text(f"1 of 13 removed ({named[1]})")


def test_arrow_keys_walk_along_the_curve(open_page: OpenPage) -> None:
    page = open_page().page
    plot = page.locator(".student .plot")
    plot.focus()
    page.keyboard.press("End")
    expect(plot).to_have_attribute("aria-valuenow", "13")
    page.keyboard.press("ArrowLeft")
    expect(plot).to_have_attribute("aria-valuenow", "12")
    page.keyboard.press("Home")
    expect(page.locator(".student .reading")).to_contain_text("Whole text")


def test_numbers_explain_themselves_when_pointed_at(open_page: OpenPage) -> None:
    page = open_page().page
    stats = page.locator(".stat")
    expect(stats).to_have_count(6)
    for i in range(6):
        stats.nth(i).hover()
        expect(stats.nth(i).locator(".tip")).to_be_visible()
        assert re.search(r"(Higher|Lower|Fewer) is better", stats.nth(i).locator(".tip").inner_text())


def test_no_request_leaves_the_machine(open_page: OpenPage) -> None:
    page, requests, errors = open_page()
    type_text(page, "Profit falls 3%")
    assert requests
    assert {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))} == {"localhost"}
    assert errors == []


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_nothing_is_wider_than_the_window(open_page: OpenPage, width: int) -> None:
    page = open_page(width).page
    type_text(page, "Supercalifragilistic" * 12 + " profit https://example.com/" + "a" * 200 + " falls")
    for frame in ("html", "[data-testid=stMain]"):
        assert page.locator(frame).evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
    box = page.locator(".student").first.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= width


def test_panels_stand_side_by_side_on_a_projector_and_below_each_other_on_a_phone(open_page: OpenPage) -> None:
    for width, same_line in ((1280, True), (390, False)):
        page = open_page(width).page
        teacher, student = (page.locator(f".{role}").first.bounding_box() for role in ("teacher", "student"))
        assert teacher is not None
        assert student is not None
        assert (teacher["y"] == student["y"]) is same_line


def test_right_to_left_words_run_from_the_right(open_page: OpenPage) -> None:
    page = open_page().page
    type_text(page, "הרווח ירד השנה")
    first, second = (words(page, "teacher").nth(i).bounding_box() for i in (0, 1))
    assert first is not None
    assert second is not None
    assert first["x"] > second["x"]


@pytest.mark.parametrize(("scheme", "background"), [("light", "rgb(251, 251, 250)"), ("dark", "rgb(21, 23, 26)")])
def test_the_page_follows_the_systems_theme(open_page: OpenPage, scheme: str, background: str) -> None:
    page = open_page(scheme=scheme).page
    expect(page.locator("[data-testid=stApp]")).to_have_css("background-color", background)
    card = page.locator(".teacher").first.evaluate("(e) => getComputedStyle(e).backgroundColor")
    ink = page.locator(".teacher").first.evaluate("(e) => getComputedStyle(e).color")
    assert (card, ink) == (("rgb(255, 255, 255)", "rgb(28, 32, 36)") if scheme == "light" else ("rgb(29, 32, 36)", "rgb(233, 233, 230)"))


FIRST_BYTES = {"HTML": b"<!doctype html>", "PNG": b"\x89PNG", "CSV": b"\xef\xbb\xbfposition,word", "JSON": b"{"}


@pytest.mark.parametrize("name", FIRST_BYTES)
def test_each_file_can_be_downloaded(open_page: OpenPage, tmp_path: Path, name: str) -> None:
    page = open_page().page
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=True).click()
    file = tmp_path / "download"
    waiting.value.save_as(file)
    assert waiting.value.suggested_filename == f"dixtill-comparison.{name.lower()}"
    assert file.read_bytes().startswith(FIRST_BYTES[name])


def test_a_rerun_with_the_same_comparison_keeps_the_readers_place(open_page: OpenPage) -> None:
    page = open_page().page
    words(page, "teacher").nth(1).evaluate("(word) => { word.dataset.kept = 'yes'; }")
    page.get_by_role("textbox", name="Text").press("Enter")
    wait_for_comparison(page)
    assert words(page, "teacher").nth(1).get_attribute("data-kept") == "yes"
