"""Take the README's screenshots from the running dashboard: Compare in light, dark and on a phone, and the other pages.

Run: python -m scripts.screenshot [--out assets/screenshots] [--text "a sentence"]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from scripts.dashboard_in_browser import PROJECT, SECONDS, find_chromium, launch_chromium, running_dashboard


class Shot(NamedTuple):
    """A picture of one page."""

    page: str
    """Its address; empty for Compare."""
    shows: str
    """Selector of what is there when the page is complete."""
    width: int = 1440
    scheme: str = "light"


WORD, CHART = ".word", ".js-plotly-plot .main-svg"
SHOTS = {
    "compare.png": Shot("", WORD),
    "compare_dark.png": Shot("", WORD, scheme="dark"),
    "phone.png": Shot("", WORD, width=390),
    "train.png": Shot("train", CHART),
    "metrics.png": Shot("metrics", CHART),
    "errors.png": Shot("errors", CHART),
    "learn.png": Shot("learn?step=3", ".lesson .picture"),
}


def take_shot(browser: Browser, address: str, path: Path, shot: Shot, text: str | None) -> None:
    """One page, as high as it is."""
    scale = 2 if shot.width < 800 else 1
    page = browser.new_page(viewport={"width": shot.width, "height": 900}, color_scheme=shot.scheme, device_scale_factor=scale)
    page.set_default_timeout(SECONDS * 1000)
    page.goto(f"{address}/{shot.page}")
    page.locator(shot.shows).first.wait_for()
    if text is not None and not shot.page:
        box = page.get_by_role("textbox", name="Text")
        box.fill(text)
        box.press("Enter")
    if not shot.page:
        page.locator("[data-testid=stMetric]").first.wait_for()
    page.wait_for_timeout(1000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.locator("[data-testid=stSkeleton]").wait_for(state="detached")
    height = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
    page.set_viewport_size({"width": shot.width, "height": int(height) + 8})
    page.wait_for_timeout(1000)
    page.screenshot(path=path)
    page.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PROJECT / "assets" / "screenshots")
    parser.add_argument("--text", help="a sentence instead of the page's own")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, running_dashboard() as address:
        chromium = find_chromium(playwright)
        if chromium is None:
            sys.exit("No Chromium was found. Install one, or name it with the variable CHROMIUM.")
        browser = launch_chromium(playwright, chromium)
        for name, shot in SHOTS.items():
            take_shot(browser, address, arguments.out / name, shot, arguments.text)
            print(arguments.out / name)
        browser.close()


if __name__ == "__main__":
    main()
