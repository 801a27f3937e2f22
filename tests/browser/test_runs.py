"""The table of runs and a sweep in a real browser: rows chosen by a click, files that leave and come back, nothing too wide."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from dixtill_core.runs.store import RunStore
from scripts.dashboard_in_browser import SECONDS, running_dashboard
from tests.browser.conftest import OpenWindow, idle, too_wide
from tests.dashboard.made_run_folders import make_run, make_sweep
from tests.small_models import save_bert

pytestmark = pytest.mark.browser
HEADER, ROW, BOX = 33, 33, 16
"""Pixels: height of the table's header and of a row, and the place of the box that selects it. The table is a canvas."""
PRESS_SECONDS = 5
"""After which a press on the table is taken for lost."""
SENTENCE = "profit rises again"
LAST = {"Runs": "Import", "Sweep": "Delete"}
"""A button of each section, which is there when the section is."""
OpenRuns = Callable[..., Page]


@pytest.fixture(scope="module")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("teacher") / "bert")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Runs and teacher targets of these tests alone."""
    root = tmp_path_factory.mktemp("runs")
    return {"DIXTILL_RUNS": str(root / "runs"), "DIXTILL_CACHE": str(root / "cache"), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def server(chromium: Browser, environment: dict[str, str]) -> Iterator[str]:
    with running_dashboard(environment) as address:
        yield address


@pytest.fixture
def store(environment: dict[str, str], bert_folder: Path) -> Iterator[RunStore]:
    """Two runs and a sweep, for one test."""
    store = RunStore(Path(environment["DIXTILL_RUNS"]))
    make_run(store, "First run", bert_folder, method="kl", seed=1, tags=("lecture",), created="2026-01-01T00:00:00+00:00")
    make_run(store, "Second run", bert_folder, seed=2, level=0.6, created="2026-01-02T00:00:00+00:00")
    make_sweep(store.root / "alphas", bert_folder, [0.3, 0.5, 0.4])
    yield store
    for card in store.list():
        if "/" not in card.id:
            store.delete(card.id)
    store.delete("alphas")
    store.empty_bin()


@pytest.fixture
def open_runs(open_window: OpenWindow, server: str, store: RunStore) -> OpenRuns:
    """Opens a section of the page Train in a browser of its own."""

    def open_it(name: str = "Runs", requests: list[str] | None = None) -> Page:
        page = open_window(f"{server}/train", requests=requests)
        open_section(page, name)
        return page

    return open_it


def open_section(page: Page, name: str) -> None:
    idle(page)  # A press while the page is first drawn can be lost.
    page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True).click()
    page.get_by_role("button", name=LAST[name], exact=True).last.wait_for()
    idle(page)


def select(page: Page, row: int) -> None:
    """Press the box of a row of the table until it is selected: a press while the table is drawn anew is lost, or meets another row."""
    wanted = selected(page) | {row}
    until = time.monotonic() + SECONDS
    while wrong := selected(page) ^ wanted:
        assert time.monotonic() < until, f"row {row} was not selected in time"
        table_of(page).click(position={"x": BOX, "y": HEADER + ROW * min(wrong) + ROW // 2})
        seen = time.monotonic() + PRESS_SECONDS
        while selected(page) ^ wanted == wrong and time.monotonic() < seen:
            page.wait_for_timeout(50)
        idle(page)


def selected(page: Page) -> set[int]:
    """Places of the rows that are selected."""
    rows = table_of(page).locator("tr[aria-selected=true]")
    return set(rows.evaluate_all("(rows) => rows.map((row) => Number(row.ariaRowIndex ?? row.getAttribute('aria-rowindex')) - 2)"))


def table_of(page: Page) -> Locator:
    return page.get_by_test_id("stDataFrame").first


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def named(page: Page, name: str) -> Locator:
    """Cells of the table with this text, which its canvas holds for screen readers."""
    return table_of(page).locator("td").filter(has_text=name)


def shares(page: Page) -> list[str]:
    """What the student on the page Compare says about the sentence."""
    box = page.get_by_role("textbox", name="Text")
    box.fill(SENTENCE)
    box.press("Enter")
    panel = page.locator(".panel.student").first
    expect(panel.locator(".word")).to_have_count(len(SENTENCE.split()))
    numbers = [str(word.get_attribute("data-number")) for word in panel.locator(".word").all()]
    return [*panel.locator(".share").all_text_contents(), *numbers]


def test_a_run_is_renamed_and_tagged_where_it_stands(open_runs: OpenRuns, store: RunStore) -> None:
    page = open_runs()
    select(page, 1)
    button(page, "Rename, tag").click()
    name = page.get_by_role("textbox", name="Name")
    expect(name).to_have_value("First run")
    name.fill("<b>Renamed</b>")
    tags = page.get_by_role("combobox", name="Tags")
    tags.fill("new tag")
    tags.press("Enter")
    tags.press("Tab")
    button(page, "Save").click()
    expect(named(page, "<b>Renamed</b>")).to_have_count(1)
    expect(button(page, "Save")).to_have_count(0)  # It closed by itself.
    expect(button(page, "Open in Compare")).to_be_visible()  # The run is still the one that is selected.
    (card,) = [card for card in store.list() if card.name == "<b>Renamed</b>"]
    assert card.tags == ("lecture", "new tag")


def test_a_deleted_run_comes_back_by_undo_and_from_the_bin(open_runs: OpenRuns, store: RunStore) -> None:
    page = open_runs()
    select(page, 0)
    button(page, "Delete").click()
    expect(page.get_by_text("Deleted: Second run")).to_be_visible()
    expect(named(page, "Second run")).to_have_count(0)
    button(page, "Undo").click()
    expect(named(page, "Second run")).to_have_count(1)

    select(page, 0)
    select(page, 1)
    button(page, "Delete 2 runs").click()
    expect(page.get_by_text("There is no run yet").or_(page.get_by_text("No run is like that"))).to_be_visible()
    page.reload()  # The bin does not depend on a session.
    open_section(page, "Runs")
    button(page, "Bin · 2").click()
    button(page, "Restore").first.click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    button(page, "Bin · 1").or_(page.get_by_role("button", name="Empty the bin …")).first.wait_for()
    assert len([card for card in store.list() if "/" not in card.id]) == 1
    assert len(store.binned()) == 1


def test_emptying_the_bin_asks_again(open_runs: OpenRuns, store: RunStore) -> None:
    page = open_runs()
    select(page, 0)
    button(page, "Delete").click()
    button(page, "Bin · 1").click()
    button(page, "Empty the bin …").click()
    expect(page.get_by_text("Nothing can bring the models")).to_be_visible()
    assert len(store.binned()) == 1
    button(page, "Delete for good").click()
    expect(page.get_by_text("Nothing can bring the models")).to_have_count(0)
    expect(button(page, "Bin")).to_be_disabled()
    assert store.binned() == ()


def test_a_run_that_was_downloaded_and_imported_gives_the_same_prediction(
    open_runs: OpenRuns, server: str, store: RunStore, tmp_path: Path
) -> None:
    page = open_runs()
    select(page, 1)
    with page.expect_download() as waiting:
        button(page, "Download").click()
    assert waiting.value.suggested_filename == "dixtill-first-run.zip"
    waiting.value.save_as(tmp_path / "run.zip")
    button(page, "Open in Compare").click()
    before = shares(page)

    page.goto(f"{server}/train")
    open_section(page, "Runs")
    select(page, 1)
    button(page, "Delete").click()
    button(page, "Import").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(tmp_path / "run.zip")
    button(page, "Import the run").click()
    expect(page.get_by_text("Imported: First run")).to_be_visible()
    (card,) = [card for card in store.list() if card.name == "First run"]
    button(page, "Open in Compare").click()  # What was imported is selected.
    assert shares(page) == before
    assert card.folder.name[-4:] in page.get_by_role("combobox", name="Models").input_value()


def test_a_file_that_is_no_run_is_refused(open_runs: OpenRuns, store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_bytes(b"PK no zip")
    page = open_runs()
    button(page, "Import").click()
    page.get_by_test_id("stPopoverBody").locator("input[type=file]").set_input_files(tmp_path / "notes.zip")
    button(page, "Import the run").click()
    expect(page.get_by_text("notes.zip was not imported")).to_be_visible()
    assert len(store.list()) == 8


def test_two_runs_are_compared_word_by_word(open_runs: OpenRuns) -> None:
    requests: list[str] = []
    page = open_runs(requests=requests)
    select(page, 0)
    select(page, 1)
    page.locator(".panel .word").first.wait_for()
    expect(page.locator(".panel h2").filter(has_text="A · Second run")).to_be_visible()
    expect(page.locator(".panel h2").filter(has_text="B · First run")).to_be_visible()
    expect(page.locator("section.panel.teacher")).to_be_visible()
    page.locator(".panel.teacher .word").first.hover()
    expect(page.locator(".marked")).to_have_count(4)  # Three panels and the row below them.
    expect(page.locator("[data-testid=stPlotlyChart] .js-plotly-plot")).to_have_count(3)
    assert {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))} == {"localhost"}


def test_the_front_of_a_sweep_is_drawn_and_saved(open_runs: OpenRuns, tmp_path: Path) -> None:
    page = open_runs("Sweep")
    chart = page.get_by_test_id("stPlotlyChart").first
    chart.locator(".scatterlayer .trace").first.wait_for(state="attached")
    expect(chart.locator(".annotation").filter(has_text="α 0.2")).to_be_visible()
    page.get_by_text("SVG", exact=True).click()
    chart.hover()
    with page.expect_download() as waiting:
        chart.locator("[data-title='Download plot']").click()  # So called once it saves SVG; before, it says PNG.
    waiting.value.save_as(tmp_path / "front.svg")
    assert "feature agreement @3" in (tmp_path / "front.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("section", ["Runs", "Sweep"])
def test_nothing_is_wider_than_the_window(open_runs: OpenRuns, section: str) -> None:
    page = open_runs(section)
    if section == "Runs":
        select(page, 0)
        select(page, 1)
        page.locator(".panel .word").first.wait_for()
    for width in (1280, 400):
        assert too_wide(page, width) == []
