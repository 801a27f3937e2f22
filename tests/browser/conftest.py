"""A real dashboard and a real Chromium for the tests of this folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from dixtill_core.paths import PROJECT

REQUIRED = "DIXTILL_REQUIRE_BROWSER"
"""Set to 1 where a missing Chromium is a failure, as in CI."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 120


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(which, NAMES)), None)
    if path is None:
        message = f"no Chromium was found under the names {', '.join(NAMES)}; install one or set CHROMIUM to its path"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def dashboard(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard that was started with the command of the README."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("dashboard") / "log.txt"
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.headless", "true", "--server.port", str(port)]
    with open(log, "wb") as stream:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=stream, stderr=subprocess.STDOUT)
    try:
        _wait_until_healthy(f"http://localhost:{port}", process, log)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"The dashboard ended with exit code {process.returncode}:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"The dashboard did not answer within {SECONDS} seconds:\n{log.read_text(errors='replace')}")


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
