"""The page Metrics in a real browser: charts drawn, pictures and tables saved by the browser itself, nothing too wide."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard.resources import RUNS
from scripts.dashboard_in_browser import SECONDS
from tests.browser.conftest import Visit
from tests.dashboard.made_results import write_made_results

pytestmark = pytest.mark.browser
NAME = "test-of-the-browser"
NARROWEST_WITH_SIDEBAR = 800
"""Pixels; on a phone it is folded away, and whichever result set comes first is shown."""
OpenMetrics = Callable[..., Visit]


@pytest.fixture(scope="module")
def result_set() -> Iterator[Path]:
    """A made-up result set among the runs, where the dashboard finds it, for as long as these tests run."""
    folder = write_made_results(RUNS / NAME)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def open_metrics(chromium: Browser, dashboard: str, result_set: Path) -> Iterator[OpenMetrics]:
    """Opens the page in a window of its own, with the made-up result set."""
    pages: list[Page] = []

    def open_it(section: str = "Quality", width: int = 1280, scheme: str = "light") -> Visit:
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        visit = Visit(page, [], [])
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("pageerror", lambda error: visit.errors.append(str(error)))
        page.goto(f"{dashboard}/metrics")
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SECONDS * 1000)
        page.locator("[data-testid=stSidebar] [data-testid=stCaptionContainer]").wait_for(state="attached", timeout=SECONDS * 1000)
        if width >= NARROWEST_WITH_SIDEBAR:
            choose_result_set(page)
        choose(page, section)
        return visit

    yield open_it
    for page in pages:
        page.close()


def wait(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SECONDS * 1000)


def choose_result_set(page: Page) -> None:
    """There is a choice only where another result set was measured."""
    box = page.get_by_role("combobox", name="Results")
    if box.count():
        box.click()
        page.get_by_role("option", name=NAME).click()
        wait(page)


def choose(page: Page, option: str) -> None:
    page.locator("[data-testid=stButtonGroup]").get_by_text(option, exact=True).first.click()
    wait(page)
    page.locator(".js-plotly-plot").first.wait_for(timeout=SECONDS * 1000)


@pytest.mark.parametrize(("section", "n_charts"), [("Quality", 4), ("Agreement", 3), ("Faithfulness", 2), ("Size and speed", 4)])
def test_every_section_draws_its_charts_and_asks_only_this_machine(open_metrics: OpenMetrics, section: str, n_charts: int) -> None:
    page, requests, errors = open_metrics(section)
    expect(page.locator(".js-plotly-plot .main-svg").locator("visible=true")).not_to_have_count(0)
    expect(page.locator("[data-testid=stPlotlyChart] .js-plotly-plot")).to_have_count(n_charts, timeout=SECONDS * 1000)
    assert {urlsplit(url).hostname for url in requests if not url.startswith(("data:", "blob:"))} == {"localhost"}
    assert errors == []


@pytest.mark.parametrize(("picture", "first_bytes"), [("PNG", b"\x89PNG"), ("SVG", b"<svg")])
def test_the_camera_saves_the_picture_that_was_chosen(open_metrics: OpenMetrics, tmp_path: Path, picture: str, first_bytes: bytes) -> None:
    page = open_metrics().page
    choose(page, picture)
    chart = page.locator("[data-testid=stPlotlyChart]").first
    page.wait_for_function(
        "format => document.querySelector('.js-plotly-plot')._context.toImageButtonOptions.format === format", arg=picture.lower()
    )
    chart.hover()
    with page.expect_download() as waiting:
        chart.locator("[data-title^='Download plot']").click()
    waiting.value.save_as(tmp_path / "picture")
    assert waiting.value.suggested_filename == f"dixtill-quality-macro_f1.{picture.lower()}"
    content = (tmp_path / "picture").read_bytes()
    assert content.startswith(first_bytes)
    assert len(content) > 5000
    if picture == "SVG":
        assert "gold labels only" in content.decode()


def test_the_table_of_a_chart_is_saved_as_csv(open_metrics: OpenMetrics, tmp_path: Path) -> None:
    page = open_metrics().page
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV", exact=True).first.click()
    waiting.value.save_as(tmp_path / "table.csv")
    assert waiting.value.suggested_filename == "dixtill-quality-macro_f1.csv"
    assert (tmp_path / "table.csv").read_text(encoding="utf-8-sig").splitlines()[0] == "model,name,value,low,high,n_seeds,paper"


def test_definition_and_table_are_one_click_away(open_metrics: OpenMetrics) -> None:
    page = open_metrics().page
    page.get_by_role("button", name="Definition").first.click()
    expect(page.get_by_text("harmonic mean")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("summary", has_text="Table").first.click()
    expect(page.locator("[data-testid=stDataFrame]").first).to_be_visible()


def test_a_mark_says_its_number(open_metrics: OpenMetrics) -> None:
    page = open_metrics().page
    page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace").last.locator("path.point").hover(force=True)
    expect(page.locator(".hoverlayer .hovertext").first).to_contain_text("macro F1 0.", timeout=10_000)


CUT_OR_OVERLAPPING = """(chart) => {
  const texts = [...chart.querySelectorAll(".main-svg text")];
  const shown = texts.map((text) => [text, text.getBoundingClientRect()]).filter(([, box]) => box.width);
  const frame = chart.getBoundingClientRect();
  const cut = shown.filter(([, box]) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1);
  const overlapping = shown.filter(([, a], i) => shown.slice(i + 1).some(([, b]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4));
  return [...cut, ...overlapping].map(([text]) => text.textContent);
}"""
"""Words of a chart that leave it or lie on others."""


def test_no_word_of_a_chart_is_cut_or_overlaps_another_and_the_page_fits_its_window(open_metrics: OpenMetrics) -> None:
    page = open_metrics(width=390).page
    key = page.locator(".js-plotly-plot .legend .traces").first
    for section in ("Quality", "Agreement", "Faithfulness", "Size and speed"):
        choose(page, section)
        expect(key).to_be_visible(timeout=SECONDS * 1000)
        expect_everything_fits(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(key).to_have_count(0, timeout=SECONDS * 1000)
    expect_everything_fits(page)


def expect_everything_fits(page: Page) -> None:
    wait(page)
    assert page.locator(".js-plotly-plot").evaluate_all(f"(charts) => charts.flatMap((chart) => ({CUT_OR_OVERLAPPING})(chart))") == []
    for frame in ("html", "[data-testid=stMain]"):
        assert page.locator(frame).evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0


@pytest.mark.parametrize(("scheme", "ink"), [("light", "rgb(28, 32, 36)"), ("dark", "rgb(233, 233, 230)")])
def test_words_of_charts_follow_the_theme(open_metrics: OpenMetrics, scheme: str, ink: str) -> None:
    page = open_metrics(scheme=scheme).page
    expect(page.locator(".js-plotly-plot .xtick text").first).to_have_css("fill", ink, timeout=10_000)
