from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from dixtill_core.notes.note import NoteContent
from dixtill_core.progress import Progress
from dixtill_core.report.contents import build_report
from dixtill_core.report.html import report_html
from tests.analysis.made_corpus import made_corpus
from tests.report.made_report import HOSTILE, TEXTS, made_note, odd_corpus, odd_report

VOID = {"meta", "link", "br", "img", "input", "hr"}
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "section", "nav", "article", "aside", "figure", "figcaption",
    "h1", "h2", "h3", "h4", "p", "b", "ol", "ul", "li", "span", "div", "a", "dl", "dt", "dd",
    "svg", "rect", "circle", "polygon", "polyline", "text",
}  # fmt: skip


class Page(HTMLParser):
    """Elements, attributes and texts of a page; every element has to be closed where it was opened."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(content.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)

    def said(self) -> str:
        return " ".join(" ".join(self.texts).split())


def content_of(report) -> bytes:
    *_, content = report_html(report)
    return content


@pytest.fixture(scope="module")
def odd() -> bytes:
    return content_of(odd_report())


def test_the_page_is_whole_and_has_only_known_elements(odd):
    page = Page(odd)
    assert {tag for tag, _ in page.elements} <= ALLOWED
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_hostile_texts_are_text(odd):
    page = Page(odd)
    assert not {"script", "img", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert HOSTILE in " ".join(page.texts)
    assert [attributes for tag, attributes in page.elements if tag == "style"] == [{}]
    for text in ("<b>MiniLM</b>", "odd ones <b>", "<b>tag</b>", "<i>neutral</i>", "Ada & <Ben>"):
        assert text in page.said()


def test_nothing_is_loaded_from_anywhere(odd):
    page = Page(odd)
    links = [attributes[name] for _, attributes in page.elements for name in ("href", "src", "xlink:href", "data") if name in attributes]
    assert links
    assert all(link.startswith("#") for link in links)
    policy = next(attributes["content"] for _, attributes in page.elements if attributes.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    assert not re.search(rb"@import|url\(|https?://", odd)


def test_every_link_of_the_contents_leads_somewhere(odd):
    page = Page(odd)
    places = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(places)) == len(places)
    targets = {attributes["href"].removeprefix("#") for tag, attributes in page.elements if tag == "a"}
    assert targets <= set(places)
    assert {f"row-{i + 1}" for i in range(len(TEXTS))} | {"overview", "texts", "settings"} <= targets


def test_every_word_is_there_with_its_number_twice_once_a_model():
    page = Page(content_of(build_report(odd_corpus(), [0])))
    words = [attributes for tag, attributes in page.elements if tag == "li" and "word" in (attributes.get("class") or "").split()]
    assert len(words) == 2 * len(TEXTS["plain"].split())
    assert all(re.search(r"speaks (for|against)|says nothing", attributes["title"]) for attributes in words)


def test_the_keyboard_does_not_stop_at_every_word(odd):
    assert not any("tabindex" in attributes for _, attributes in Page(odd).elements)


def test_a_note_stands_with_its_text():
    corpus = odd_corpus()
    note = made_note(corpus, 0, NoteContent("Irony.\nNot meant.", ("irony",), "bullish", "data error", "Ada"))
    said = Page(content_of(build_report(corpus, [0, 9], [note]))).said()
    assert "Note: data error · the label should be bullish · Ada · 2026-01-02 03:04 irony Irony. Not meant." in said
    assert "2 texts, 1 with a note" in said


def test_charts_settings_and_figures_are_there(odd):
    said = Page(odd).said()
    for title in ("Who is right", "Confusion of the teacher", "Confusion of the student", "Agreement against correctness", "Calibration"):
        assert title in said
    assert f"fingerprint of the data {'d' * 64}" in said


def test_a_report_without_texts_is_a_report():
    said = Page(content_of(build_report(odd_corpus(), []))).said()
    assert "no texts" in said


def test_progress_is_told():
    corpus = made_corpus(120)
    *steps, content = report_html(build_report(corpus, range(120)))
    assert [step.done for step in steps if isinstance(step, Progress)] == [0, 50, 100, 120]
    assert isinstance(content, bytes)
