"""The PDF is opened with another library and read."""

from __future__ import annotations

import io
import time

import pytest
from pypdf import PdfReader

from dixtill_core.errors import ConfigError
from dixtill_core.notes.note import NoteContent
from dixtill_core.progress import Progress
from dixtill_core.report.contents import build_report
from dixtill_core.report.pdf import report_pdf
from tests.analysis.made_corpus import made_corpus
from tests.report.made_report import HOSTILE, TEXTS, made_note, odd_corpus, odd_report


def pdf_of(report, fonts=()) -> PdfReader:
    *_, content = report_pdf(report, fonts)
    return PdfReader(io.BytesIO(content), strict=True)


def outline_of(reader: PdfReader) -> list[tuple[int, str, int]]:
    """Level, title and page of each entry."""
    found = []

    def walk(entries, level):
        for entry in entries:
            if isinstance(entry, list):
                walk(entry, level + 1)
            else:
                found.append((level, entry.title, reader.get_destination_page_number(entry)))

    walk(reader.outline, 0)
    return found


def said(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.fixture(scope="module")
def odd() -> PdfReader:
    return pdf_of(odd_report())


@pytest.fixture(scope="module")
def odd_words(odd) -> str:
    return said(odd)


def test_title_language_and_creator_are_in_the_file(odd):
    assert odd.metadata.title == f"Report {HOSTILE}"
    assert odd.metadata.creator == "DiXtill"


def test_the_outline_has_every_part_and_text_in_order_on_its_page(odd):
    outline = outline_of(odd)
    assert [title for level, title, _ in outline if level == 0] == ["Contents", "Overview", "Texts", "Settings"]
    headings = [title for level, title, _ in outline if level == 1]
    assert len(headings) == len(TEXTS)
    assert headings[0] == TEXTS["plain"]
    assert headings[2:4] == [TEXTS["arabic"], TEXTS["hebrew"]]
    pages = [page for _, _, page in outline]
    assert pages == sorted(pages)
    assert outline[-1][2] == len(odd.pages) - 1
    for level, title, page in outline:
        if level == 0:
            assert title in odd.pages[page].extract_text()


def test_the_contents_name_the_page_of_each_text_and_lead_there():
    texts = tuple(f"text number {i}" for i in range(120))
    reader = pdf_of(build_report(odd_corpus(texts), range(120)))
    outline = outline_of(reader)
    n_pages = outline[1][2]
    assert n_pages == 3
    listed = {line for page in reader.pages[:n_pages] for line in page.extract_text().split("\n")}
    row = 0
    for level, title, page in outline[1:]:
        row += level
        assert (f"{row} {title} {page + 1}" if level else f"{title} {page + 1}") in listed
    links = [link.get_object() for page in reader.pages[:n_pages] for link in page.get("/Annots", [])]
    assert [reader.get_page_number(link["/Dest"][0].get_object()) for link in links] == [page for _, _, page in outline[1:]]


def test_pages_are_numbered(odd):
    for i, page in enumerate(odd.pages):
        assert f"{i + 1} / {len(odd.pages)}" in page.extract_text()


def test_words_labels_notes_and_settings_can_be_searched():
    corpus = odd_corpus()
    note = made_note(corpus, 0, NoteContent("Irony, the office profits.\nNot meant.", ("irony",), "bullish", "data error", "Ada"))
    text = said(pdf_of(build_report(corpus, [0], [note], model_names={"teacher": "MiniLM with LoRA", "student": "bi-LSTM"})))
    for part in (
        "Profit slides 12% as outlook is cut", "MiniLM with LoRA", "bearish", "bullish", "neutral", "Who is right", "Calibration",
        "Irony, the office profits.", "Not meant.", "the label should be bullish", "Ada", "fingerprint of the data", "agreement @3",
    ):  # fmt: skip
        assert part in text, part


def test_hostile_texts_are_only_text(odd, odd_words):
    assert "<script>alert(1)</script>" in odd_words
    names = {name for page in odd.pages for annotation in page.get("/Annots", []) for name in annotation.get_object()}
    assert "/JS" not in names
    assert "/URI" not in names
    assert "/OpenAction" not in odd.trailer["/Root"] or "/JS" not in str(odd.trailer["/Root"]["/OpenAction"])
    assert "/EmbeddedFiles" not in str(odd.trailer["/Root"].get("/Names", ""))


def test_what_the_font_lacks_is_a_box_and_said(odd_words):
    assert "A box with a sign in it stands for a character" in odd_words
    assert "A box with a sign" not in said(pdf_of(build_report(odd_corpus(), [0, 9])))


def test_another_font_can_be_given_and_one_that_is_none_is_refused(tmp_path):
    from dixtill_core.report.pdf_sheet import _font_folder

    pdf_of(build_report(odd_corpus(), [5]), [_font_folder() / "STIXGeneral.ttf"])
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    for file in (broken, tmp_path / "missing.ttf"):
        with pytest.raises(ConfigError, match=r"cannot be used as a font.*Give a \.ttf or \.otf file"):
            pdf_of(build_report(odd_corpus(), [0]), [file])


def test_a_long_note_and_a_long_text_go_on_over_pages():
    corpus = odd_corpus()
    note = made_note(corpus, 0, NoteContent("sentence with a few words. " * 1900 + "THE END"))
    reader = pdf_of(build_report(corpus, [0, 11], [note]))
    text = said(reader)
    assert "THE END" in text
    assert text.count("sentence") == 1900
    assert text.count("word ") >= 2 * 1500


def test_many_labels_fit():
    labels = tuple(f"label number {i} with a long name" for i in range(25))
    assert "Confusion of the student" in said(pdf_of(build_report(odd_corpus(labels=labels), [0])))


def test_nothing_chosen_is_a_report():
    assert "Settings" in said(pdf_of(build_report(odd_corpus(), [])))


def test_hundreds_of_texts_are_written_with_progress_in_seconds():
    corpus = made_corpus(300)
    started = time.process_time()
    done = [item.done for item in report_pdf(build_report(corpus, range(300))) if isinstance(item, Progress)]
    assert done == [0, *range(10, 301, 10), 300]
    assert time.process_time() - started < 60
