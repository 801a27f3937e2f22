"""A real dashboard and a real Chromium for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.dashboard_in_browser import CHROMIUM_NAMES, SECONDS, find_chromium, launch_chromium, running_dashboard

REQUIRED = "DIXTILL_REQUIRE_BROWSER"
"""Set to 1 where a missing Chromium is a failure, as in CI."""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            message = f"no Chromium was found under the names {', '.join(CHROMIUM_NAMES)}; install one or set CHROMIUM to its path"
            if os.environ.get(REQUIRED) == "1":
                pytest.fail(message)
            pytest.skip(message)
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


class Visit(NamedTuple):
    """A page with all that it asked for and all that went wrong in it."""

    page: Page
    requests: list[str]
    errors: list[str]


def wait_for_comparison(page: Page) -> None:
    page.locator("[data-testid=stMetric]").first.wait_for(timeout=SECONDS * 1000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SECONDS * 1000)
