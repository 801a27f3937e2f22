"""How long people wait: from `streamlit run` to the first complete comparison, and from Enter to both heatmaps.

Run: python -m benchmarks.dashboard_startup [--runs 5]

Each run starts the server anew (files stay in the system's cache, as after a first start), opens a browser that is
already running, and types new sentences of 15 words. Prints medians, the extremes and the number of threads.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import torch
from playwright.sync_api import Browser, sync_playwright

from scripts.dashboard_in_browser import SECONDS, find_chromium, launch_chromium, running_dashboard

SENTENCES = (
    "The bank lifts its dividend after strong lending growth and lower credit losses in Europe",
    "Investors sold the shares when the maker of solar panels lowered its margin target again",
    "Nothing new from the airline today, only a date for the next annual general meeting",
)


def measure(browser: Browser) -> tuple[float, list[float]]:
    """Seconds to the first complete comparison, and to that of each new sentence."""
    started = time.perf_counter()
    with running_dashboard() as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(address)
        page.locator("[data-testid=stMetric]").first.wait_for(timeout=SECONDS * 1000)
        first = time.perf_counter() - started
        waits = []
        for sentence in SENTENCES:
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SECONDS * 1000)
            box = page.get_by_role("textbox", name="Text")
            box.fill(sentence)
            entered = time.perf_counter()
            box.press("Enter")
            last_word = sentence.split()[-1]
            for role in ("teacher", "student"):
                page.locator(f".{role} .word").last.filter(has_text=last_word).wait_for(timeout=SECONDS * 1000)
            waits.append(time.perf_counter() - entered)
        page.close()
    return first, waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            raise SystemExit("No Chromium was found.")
        browser = launch_chromium(playwright, path)
        measured = [measure(browser) for _ in range(runs)]
        browser.close()
    firsts, waits = [first for first, _ in measured], [wait for _, found in measured for wait in found]
    print(f"{runs} starts, {torch.get_num_threads()} threads")
    for name, seconds in (("streamlit run to first comparison", firsts), ("Enter to both heatmaps, 15 words", waits)):
        print(f"{name}: median {median(seconds):.2f} s, {min(seconds):.2f} to {max(seconds):.2f}")


if __name__ == "__main__":
    main()
