"""Take the README's screenshots from the running dashboard: light, dark and on a phone.

Run: python scripts/screenshot.py [--out assets/screenshots] [--text "a sentence"]
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from playwright.sync_api import Browser, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
SHOTS = {"compare.png": (1440, "light"), "compare_dark.png": (1440, "dark"), "phone.png": (390, "light")}
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 120


@contextmanager
def running_dashboard() -> Iterator[str]:
    """The address of a dashboard that runs for as long as the block."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "dashboard/app.py", "--server.headless", "true", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    address = f"http://localhost:{port}"
    try:
        _wait_until_healthy(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The dashboard ended with exit code {process.returncode} before it answered.")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The dashboard did not answer within {SECONDS} seconds.")


def take_shot(browser: Browser, address: str, path: Path, width: int, scheme: str, text: str | None) -> None:
    """One page, as high as it is."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme, device_scale_factor=2 if width < 800 else 1)
    page.goto(address)
    page.locator(".word").first.wait_for(timeout=SECONDS * 1000)
    if text is not None:
        box = page.get_by_role("textbox", name="Text")
        box.fill(text)
        box.press("Enter")
    page.locator("[data-testid=stMetric]").first.wait_for()
    page.wait_for_timeout(1000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SECONDS * 1000)
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": width, "height": int(height) + 8})
    page.wait_for_timeout(500)
    page.screenshot(path=path)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PROJECT / "assets" / "screenshots")
    parser.add_argument("--text", help="a sentence instead of the page's own")
    parser.add_argument("--chromium", default=which("chromium") or which("google-chrome"), help="path of the browser")
    arguments = parser.parse_args()
    if arguments.chromium is None:
        sys.exit("No Chromium was found. Install one, or name it with --chromium.")
    arguments.out.mkdir(parents=True, exist_ok=True)
    with running_dashboard() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=list(CHROMIUM_ARGUMENTS))
        for name, (width, scheme) in SHOTS.items():
            take_shot(browser, address, arguments.out / name, width, scheme, arguments.text)
            print(arguments.out / name)
        browser.close()


if __name__ == "__main__":
    main()
