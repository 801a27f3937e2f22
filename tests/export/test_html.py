from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from dixtill_core.export.html import comparison_html
from tests.made_comparison import ODD_TEXTS, made_comparison


class _Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.classes: list[str] = []
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.classes += [value or "" for name, value in attrs if name == "class"]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_both_panels_hold_every_word() -> None:
    page = _Page(comparison_html(made_comparison()))
    assert sum("word" in classes.split() for classes in page.classes) == 10
    assert sum(classes == "row" for classes in page.classes) == 5
    for part in ("Both say", "bearish", "93%", "88%", "0.31 s", "0.2 ms", "91 MB", "22.7 M parameters", "1,550×", "method of the teacher"):
        assert part in page.text


@pytest.mark.parametrize("word", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_no_text_becomes_markup(word: str) -> None:
    usual = _Page(comparison_html(made_comparison(["a", "b"], [1, -1], [1, 1])))
    odd = _Page(comparison_html(made_comparison([word, "b"], [1, -1], [1, 1], notes=[])))
    assert odd.tags == usual.tags
    assert [name for name, _ in odd.attributes] == [name for name, _ in usual.attributes]


def test_labels_notes_and_words_are_shown_escaped() -> None:
    page = comparison_html(made_comparison(["<b>x</b>", "y"], [1, 1], [1, 1], notes=["<i>note</i>"])).decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "&lt;i&gt;note&lt;/i&gt;" in page
    assert "<i>" not in page


def test_the_file_stands_alone() -> None:
    page = comparison_html(made_comparison()).decode()
    assert not re.search(r"<(script|link|img|iframe|object)|@import|url\(|https?://", page)
    assert "default-src 'none'" in page


def test_colours_are_not_the_only_carrier() -> None:
    page = comparison_html(made_comparison()).decode()
    assert 'aria-label="beats: −0.500, speaks against bearish"' in page
    assert 'style="--size: 0.5556"' in page
