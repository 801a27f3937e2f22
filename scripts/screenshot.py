"""Take the README's screenshots from the running dashboard: light, dark and on a phone.

Run: python -m scripts.screenshot [--out assets/screenshots] [--text "a sentence"]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from scripts.dashboard_in_browser import PROJECT, SECONDS, find_chromium, launch_chromium, running_dashboard

SHOTS = {"compare.png": (1440, "light"), "compare_dark.png": (1440, "dark"), "phone.png": (390, "light")}


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
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, running_dashboard() as address:
        chromium = find_chromium(playwright)
        if chromium is None:
            sys.exit("No Chromium was found. Install one, or name it with the variable CHROMIUM.")
        browser = launch_chromium(playwright, chromium)
        for name, (width, scheme) in SHOTS.items():
            take_shot(browser, address, arguments.out / name, width, scheme, arguments.text)
            print(arguments.out / name)
        browser.close()


if __name__ == "__main__":
    main()
