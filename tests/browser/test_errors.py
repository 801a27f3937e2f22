"""The page Errors as an analyst uses it: filter, open a text, edit it, flip it, write a note, come back and find it; take the report."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from scripts.dashboard_in_browser import running_dashboard

pytestmark = pytest.mark.browser
PATIENCE = 180_000
HEADER, ROW, BOX = 36, 35, 16
"""Pixels: height of the table's header and of a row, and the place of the box that selects it. The table is a canvas."""
HOSTILE = 'Irony <img src=x onerror="document.title=1"> & "quotes" 🙄'


@pytest.fixture(scope="module")
def own_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A dashboard with notes, runs and cache of its own."""
    folder = tmp_path_factory.mktemp("errors")
    names = {"DIXTILL_NOTES": "notes.db", "DIXTILL_CACHE": "cache", "DIXTILL_RUNS": "runs"}
    with running_dashboard({name: str(folder / place) for name, place in names.items()}) as address:
        yield address


@pytest.fixture
def open_errors(chromium: Browser, own_dashboard: str) -> Iterator[Callable[..., tuple[Page, list[str], list[str]]]]:
    """Opens the page by a link; with what it asked for and what went wrong in it."""
    pages: list[Page] = []

    def open_it(query: str = "", width: int = 1280) -> tuple[Page, list[str], list[str]]:
        page = chromium.new_page(viewport={"width": width, "height": 1000})
        page.set_default_timeout(PATIENCE)
        pages.append(page)
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("dialog", lambda dialog: (errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(f"{own_dashboard}/errors{query}")
        button(page, "Overview", role="radio").wait_for()
        idle(page)
        return page, requests, errors

    yield open_it
    for page in pages:
        page.close()


def idle(page: Page) -> None:
    """Until the page rests: what a click starts begins within a tenth of a second."""
    resting = page.locator("[data-testid=stApp][data-test-script-state=notRunning]")
    resting.wait_for()
    page.wait_for_timeout(100)
    resting.wait_for()


def button(page: Page, name: str, role: str = "button") -> Locator:
    return page.get_by_role(role, name=name, exact=True)  # type: ignore[arg-type]


def in_link(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def query(page: Page) -> dict[str, list[str]]:
    return in_link(page.url)


def linked(page: Page, name: str, value: str | None = None) -> str:
    """Wait until the link has a parameter, which is written when the page is drawn; its value."""
    page.wait_for_url(lambda url: name in in_link(url) and value in (None, in_link(url)[name][0]))
    return query(page)[name][0]


def select(page: Page, row: int) -> None:
    """Press the box of a row of the table."""
    page.get_by_test_id("stDataFrame").first.click(position={"x": BOX, "y": HEADER + ROW * row + ROW // 2})
    idle(page)


def test_filter_open_edit_flip_note_and_find_the_note_after_a_refresh(
    open_errors: Callable[..., tuple[Page, list[str], list[str]]],
) -> None:
    page, requests, errors = open_errors()
    button(page, "Texts", role="radio").click()
    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("textbox", name="Contains the word").fill("bitcoin")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“bitcoin”").first).to_be_visible(timeout=PATIENCE)
    linked(page, "word", "bitcoin")
    idle(page)

    select(page, 0)
    expect(page.locator(".comparison .panel h2").first).to_have_text("Teacher", timeout=PATIENCE)
    row = linked(page, "row")

    box = page.get_by_role("textbox", name="Text", exact=True)
    original = box.input_value()
    assert "bitcoin" in original.lower()
    box.fill("Profit falls and shares slump")
    box.press("Control+Enter")
    expect(page.get_by_text("student says now")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".comparison:not(:empty)")).to_have_count(2, timeout=PATIENCE)
    button(page, "Back to the original").click()
    expect(page.locator(".comparison:not(:empty)")).to_have_count(1, timeout=PATIENCE)

    button(page, "Search").click()
    expect(page.get_by_text(re.compile("It took [0-9,]+ readings")).nth(1)).to_be_visible(timeout=PATIENCE)
    idle(page)

    note = page.get_by_role("textbox", name="Note", exact=True)
    note.fill(HOSTILE)
    note.press("Control+Enter")
    expect(page.get_by_text(re.compile("Version 1,"))).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(page.get_by_role("textbox", name="Note", exact=True)).to_have_value(HOSTILE, timeout=PATIENCE)
    idle(page)
    assert query(page)["row"] == [row]
    assert query(page)["word"] == ["bitcoin"]
    assert page.title() != "1"

    button(page, "Notes", role="radio").click()
    expect(page.get_by_text("Download all notes on these models")).to_be_visible(timeout=PATIENCE)
    assert {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))} == {"localhost"}
    assert errors == []


def test_a_confusion_cell_opens_its_texts(open_errors: Callable[..., tuple[Page, list[str], list[str]]]) -> None:
    page, _, errors = open_errors()
    marks = page.locator(".js-plotly-plot").nth(1).locator(".scatterlayer .point")
    marks.nth(1).scroll_into_view_if_needed()
    idle(page)
    marks.nth(1).click(force=True)
    expect(page.get_by_text("Clear all")).to_be_visible(timeout=PATIENCE)
    linked(page, "section", "texts")
    found = query(page)
    assert found["section"] == ["texts"]
    assert found["gold"] == ["bearish"]
    assert found["teacher"] == ["bullish"]
    assert errors == []


def test_the_report_is_downloaded_and_opens(open_errors: Callable[..., tuple[Page, list[str], list[str]]], tmp_path: Path) -> None:
    page, _, errors = open_errors("?outcome=both_wrong_differently")
    button(page, "Report").click()
    button(page, "Make it").click()
    offered = page.get_by_role("button", name=re.compile("Download dixtill-errors.html"))
    offered.wait_for()
    with page.expect_download() as download:
        offered.click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    page.goto(file.as_uri())
    expect(page.locator("h1")).to_contain_text("Error analysis", timeout=PATIENCE)
    assert errors == []


def test_a_note_written_on_the_page_is_in_the_report_as_pdf(
    open_errors: Callable[..., tuple[Page, list[str], list[str]]], tmp_path: Path
) -> None:
    page, _, errors = open_errors("?outcome=both_wrong_differently&row=3")
    note = page.get_by_role("textbox", name="Note", exact=True)
    note.fill("Seen as a rebound by the teacher")
    note.press("Control+Enter")
    expect(page.get_by_text(re.compile("Version 1,"))).to_be_visible(timeout=PATIENCE)
    text = page.get_by_role("textbox", name="Text", exact=True).input_value()
    button(page, "All texts").click()
    button(page, "Report").click()
    page.get_by_role("textbox", name="Title").fill("Three labels")
    page.keyboard.press("Enter")
    button(page, "PDF", role="radio").click()
    idle(page)
    button(page, "Make it").click()
    offered = page.get_by_role("button", name=re.compile("Download dixtill-errors.pdf"))
    offered.wait_for()
    with page.expect_download() as download:
        offered.click()
    file = tmp_path / "report.pdf"
    download.value.save_as(file)
    reader = PdfReader(file, strict=True)
    assert reader.metadata is not None
    assert reader.metadata.title == "Three labels"
    assert [entry.title for entry in reader.outline if not isinstance(entry, list)] == ["Contents", "Overview", "Texts", "Settings"]
    content = " ".join(" ".join(part.extract_text() for part in reader.pages).split())
    assert text in content
    assert "Seen as a rebound by the teacher" in content
    assert errors == []


def test_nothing_is_wider_than_a_phone(open_errors: Callable[..., tuple[Page, list[str], list[str]]]) -> None:
    page, _, errors = open_errors(width=400)
    for section in ("Overview", "Texts", "Reasons", "Behaviour", "Notes"):
        button(page, section, role="radio").click()
        linked(page, "section", section.lower())
        idle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, section
    assert errors == []
