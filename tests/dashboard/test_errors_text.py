"""One text on the page Errors: edited in place, and flipped."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.resources import load_jobs
from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.data.words import split_words
from tests.dashboard.drawn_components import drawn_components
from tests.dashboard.errors_page import SECONDS, has_key, open_errors, said, wait_for
from tests.metrics.bag_of_words import BagOfWords

pytestmark = pytest.mark.usefixtures("own_folders")


def test_an_edit_shows_what_both_models_say_now_and_the_original_comes_back(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="12")
    box = next(area for area in page.text_area if area.key is not None and area.key.startswith("errors_edit_"))
    assert box.value == shipped.table["text"][11]
    box.set_value("Profit falls and shares slump <b>").run()
    assert not page.exception
    assert {metric.label for metric in page.metric} == {"teacher says now", "student says now"}
    assert len(drawn_components(page)) == 2
    page.button(key="errors_edit_undo").click().run()
    assert len(drawn_components(page)) == 1
    assert not page.metric


def test_an_edit_that_leaves_no_word_asks_for_some() -> None:
    page = open_errors(row="12")
    box = next(area for area in page.text_area if area.key is not None and area.key.startswith("errors_edit_"))
    box.set_value("   ").run()
    assert "No word is left" in said(page)
    assert not page.exception


def test_a_flip_is_found_with_its_cost_and_can_be_tried(shipped: AnalysedCorpus) -> None:
    page = open_errors(row="124")
    page.button(key="errors_flip_search").click().run()
    wait_for(page, "errors_flip")
    assert "Student says neutral instead of bullish" in said(page).replace("*", "")
    assert "readings" in said(page)
    page.button(key="errors_flip_try_student").click().run()
    numbers = {metric.label: metric.value for metric in page.metric}
    assert numbers["student says now"].startswith("neutral")


class Waiting(BagOfWords):
    """Stops before it reads more often than that, until it is let."""

    def __init__(self, powers: dict[str, float], most: int) -> None:
        super().__init__(powers)
        self.most, self.arrived, self.go = most, threading.Event(), threading.Event()

    def forward(self, inputs: dict[str, Any]) -> Any:
        if self.variants_run + len(inputs["input_ids"]) > self.most:
            self.arrived.set()
            assert self.go.wait(SECONDS)
        return super().forward(inputs)


def test_a_cancelled_flip_search_shows_the_best_so_far(shipped: AnalysedCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    words = [word.text for word in split_words(shipped.table["text"][123])]
    powers = {word: 1.0 if i < 8 else -1.0 for i, word in enumerate(words)}  # 8 - 4: five of the eight have to go.
    student = Waiting(powers, most=40)
    pair = SimpleNamespace(student=student, teacher=BagOfWords(powers))
    monkeypatch.setattr("dashboard.errors_flip.load_models", lambda folder, version: pair)
    page = open_errors(row="124")
    page.button(key="errors_flip_search").click().run()
    job = load_jobs().latest("errors_flip")
    assert job is not None
    assert student.arrived.wait(SECONDS)
    job.cancel()
    student.go.set()
    job.join(SECONDS)
    assert job.state.status == "cancelled"
    page.run()
    assert "Student says second instead of first without" in said(page).replace("*", "")
    assert "Best so far, not proven smallest: the search was stopped." in said(page)
    assert "Teacher: stopped before a flip was found." in said(page)
    assert has_key(page.button, "errors_flip_try_student")
    assert not page.exception
    other = open_errors(row="5")
    assert "Cancelled" in said(page)
    assert "Cancelled" not in said(other)  # Nothing was searched there.
