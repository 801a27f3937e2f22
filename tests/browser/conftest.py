"""A real dashboard and a real Chromium for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from scripts.dashboard_in_browser import CHROMIUM_NAMES, SECONDS, find_chromium, launch_chromium, running_dashboard

REQUIRED = "DIXTILL_REQUIRE_BROWSER"
"""Set to 1 where a missing Chromium is a failure, as in CI."""
OpenWindow = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            message = f"no Chromium was found under the names {', '.join(CHROMIUM_NAMES)}; install one or set CHROMIUM to its path"
            if os.environ.get(REQUIRED) == "1":
                pytest.fail(message)
            pytest.skip(message)
        expect.set_options(timeout=SECONDS * 1000)
        browser = launch_chromium(playwright, path)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dashboard(chromium: Browser) -> Iterator[str]:
    """Address of a running dashboard."""
    with running_dashboard() as address:
        yield address


@pytest.fixture
def open_page(chromium: Browser, dashboard: str) -> Iterator[Callable[..., Visit]]:
    """Opens the dashboard in a window of its own and waits for the first comparison."""
    pages: list[Page] = []

    def open_it(width: int = 1280, scheme: str = "light") -> Visit:
        page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        pages.append(page)
        visit = Visit(page, [], [])
        page.on("request", lambda request: visit.requests.append(request.url))
        page.on("websocket", lambda websocket: visit.requests.append(websocket.url))
        page.on("pageerror", lambda error: visit.errors.append(str(error)))
        page.on("dialog", lambda dialog: (visit.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(dashboard)
        wait_for_comparison(page)
        return visit

    yield open_it
    for page in pages:
        page.close()


@pytest.fixture
def open_window(chromium: Browser) -> Iterator[OpenWindow]:
    """Opens an address in a browser of its own, which shares nothing with another; an error in the page fails the test."""
    contexts = []

    def open_it(address: str, width: int = 1280, scheme: str = "light", requests: list[str] | None = None) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SECONDS * 1000)
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        if requests is not None:
            page.on("request", lambda request: requests.append(request.url))
        page.goto(address)
        return page

    yield open_it
    for context in contexts:
        context.close()


def idle(page: Page) -> None:
    """Wait until the page is drawn."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def too_wide(page: Page, width: int) -> list[str]:
    """What is wider than the window, once that has this width."""
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    frames = ("html", "[data-testid=stMain]")
    return [frame for frame in frames if page.locator(frame).evaluate("(e) => e.scrollWidth - e.clientWidth") > 0]


class Visit(NamedTuple):
    """A page with all that it asked for and all that went wrong in it."""

    page: Page
    requests: list[str]
    errors: list[str]


def wait_for_comparison(page: Page) -> None:
    page.locator("[data-testid=stMetric]").first.wait_for(timeout=SECONDS * 1000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SECONDS * 1000)
