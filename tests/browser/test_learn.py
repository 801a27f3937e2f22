"""The lesson as a lecturer gives it: stepped through by keyboard, presented, on a sentence from the audience; the worksheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dixtill_core.data.words import split_words
from dixtill_core.lesson.questions import STEPS

pytestmark = pytest.mark.browser
HOSTILE = 'Profit <img src=x onerror="document.title=1"> beats & "falls"'
PATIENCE = 120_000
OpenLesson = Callable[..., tuple[Page, list[str], list[str]]]


@pytest.fixture
def open_lesson(chromium: Browser, dashboard: str) -> Iterator[OpenLesson]:
    """Opens the lesson at a step; with what the page asked for and what went wrong in it."""
    pages: list[Page] = []

    def open_it(step: int = 1, text: str | None = None, width: int = 1280, height: int = 720) -> tuple[Page, list[str], list[str]]:
        page = chromium.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(f"{dashboard}/learn?step={step}" + (f"&text={quote(text)}" if text else ""))
        expect_step(page, step)
        return page, requests, errors

    yield open_it
    for page in pages:
        page.close()


def title(step: int) -> str:
    return re.sub(r"[_^]\{([^}]*)\}", r"\1", STEPS[step - 1].title)


def expect_step(page: Page, step: int) -> None:
    expect(page.locator(".lesson h2")).to_have_text(f"{step}/{len(STEPS)} {title(step)}", timeout=PATIENCE)
    expect(page.locator(".lesson .picture")).to_be_visible()


def test_the_lesson_is_stepped_through_by_keyboard(open_lesson: OpenLesson) -> None:
    page, requests, errors = open_lesson()
    for step in range(2, 9):
        page.keyboard.press("ArrowRight")
        expect_step(page, step)
    page.keyboard.press("ArrowRight")
    expect_step(page, 8)
    page.keyboard.press("ArrowLeft")
    expect_step(page, 7)
    assert parse_qs(urlsplit(page.url).query)["step"] == ["7"]
    assert {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))} == {"localhost"}
    assert errors == []


def test_arrow_keys_in_a_text_box_or_on_a_slider_do_not_step(open_lesson: OpenLesson) -> None:
    page, _, _ = open_lesson(3)
    page.get_by_role("textbox", name="A sentence from the audience").first.press("ArrowLeft")
    slider = page.locator(".slider input")
    slider.focus()
    before = slider.input_value()
    page.keyboard.press("ArrowLeft")
    assert int(slider.input_value()) == int(before) - 1
    page.wait_for_timeout(500)
    expect_step(page, 3)


def test_presenter_mode_fills_the_window_and_obeys_a_remote(open_lesson: OpenLesson) -> None:
    page, _, errors = open_lesson(1)
    small = page.locator(".lesson").evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)")
    page.get_by_role("button", name="Present", exact=True).click()
    dialog = page.locator("dialog.presenter")
    expect(dialog).to_be_visible()
    box = dialog.bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1280, 720)
    assert page.locator(".lesson").evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)") > small
    for step in range(2, 9):
        page.keyboard.press("PageDown")
        expect_step(page, step)
        expect(page.locator("dialog.presenter .lesson")).to_be_visible()
        assert dialog.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
        expect(page.locator(".lesson summary")).to_be_in_viewport()
    page.keyboard.press("PageUp")
    expect_step(page, 7)
    expect(page.locator(".answer")).to_be_hidden()
    page.keyboard.press("a")
    expect(page.locator(".answer")).to_be_visible()
    expect(page.locator(".lesson .keys")).to_be_in_viewport(ratio=1)
    picture, answer = (page.locator(f".lesson {part}").bounding_box() for part in (".picture", "details"))
    assert picture is not None
    assert answer is not None
    assert picture["y"] + picture["height"] <= answer["y"]
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect_step(page, 7)
    assert errors == []


def test_a_sentence_typed_in_presenter_mode_is_used_on_every_step(open_lesson: OpenLesson) -> None:
    page, _, errors = open_lesson(3)
    page.get_by_role("button", name="Present", exact=True).click()
    box = page.locator("dialog .sentence")
    box.fill(HOSTILE)
    box.press("Enter")
    expect(page.locator("dialog .working")).to_be_visible()
    words = [word.text for word in split_words(HOSTILE)]
    expect(page.locator(".lesson .words .text").first).to_have_text(words[0], timeout=PATIENCE)
    assert page.locator("dialog").is_visible()
    expect(page.locator("dialog .working")).to_be_hidden()
    for step in range(3, 9):
        expect_step(page, step)
        if step in (3, 7, 8):
            expect(page.locator(".lesson .words").first.locator(".text")).to_have_text(words)
        elif step == 4:
            expect(page.locator(".column > .word .text")).to_have_text(words)
        elif step == 5:
            expect(page.locator(".rows .name")).to_have_text(words)
        page.keyboard.press("PageDown")
    assert page.locator(".lesson img, .lesson script").count() == 0
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="A sentence from the audience").first).to_have_value(HOSTILE)
    assert parse_qs(urlsplit(page.url).query)["text"] == [HOSTILE]
    assert errors == []


def test_pictures_answer_to_their_controls(open_lesson: OpenLesson) -> None:
    page, _, _ = open_lesson(3)
    reading = page.locator(".reading")
    at_end = reading.inner_text()
    page.locator(".slider input").fill("0")
    expect(reading).to_contain_text("a = 0.000")
    assert reading.inner_text() != at_end
    page.keyboard.press("Escape")
    page.locator("nav button", has_text="6").click()
    expect_step(page, 6)
    total = page.locator(".total b").inner_text()
    page.get_by_role("button", name="neutral", exact=True).last.click()
    expect(page.locator(".total b")).not_to_have_text(total)


def test_a_pressed_word_is_deleted_and_comes_back(open_lesson: OpenLesson) -> None:
    page, _, _ = open_lesson(8)
    word = page.locator(".panel.teacher .word").nth(3)
    before = page.locator(".panel.teacher h3 b").inner_text()
    word.click()
    expect(page.locator(".panel.student .word").nth(3)).to_have_class(re.compile("gone"), timeout=PATIENCE)
    expect(page.locator(".panel.teacher h3 b")).not_to_have_text(before)
    page.locator(".panel.student .word").nth(3).click()
    expect(page.locator(".word.gone")).to_have_count(0)
    expect(page.locator(".panel.teacher h3 b")).to_have_text(before)


def test_the_worksheet_is_downloaded_opened_and_has_its_answers_apart(open_lesson: OpenLesson, chromium: Browser, tmp_path: Path) -> None:
    page, _, _ = open_lesson(1, "Profit <b>falls</b> 3%")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Worksheet to print").click()
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    sheet = chromium.new_page()
    asked: list[str] = []
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.goto(file.as_uri())
    assert asked == [file.as_uri()]
    assert sheet.locator(".sentence").all_inner_texts() == ["Profit <b>falls</b> 3%"] * 2
    assert sheet.locator("main:not(.key) section").count() == sheet.locator("main.key section").count() == len(STEPS)
    assert sheet.locator("main.key").evaluate("(e) => getComputedStyle(e).breakBefore") == "page"
    sheet.close()


@pytest.mark.parametrize("step", range(1, 9))
def test_nothing_is_wider_than_a_phone(open_lesson: OpenLesson, step: int) -> None:
    page, _, _ = open_lesson(step, width=400, height=900)
    for frame in ("html", "[data-testid=stMain]"):
        assert page.locator(frame).evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
    box = page.locator(".lesson .picture").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 400
