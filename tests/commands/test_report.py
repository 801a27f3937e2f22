"""`dixtill report` as a user runs it, on a saved analysis."""

from __future__ import annotations

import io
import os

import pytest
from pypdf import PdfReader

from dixtill_core import cli
from dixtill_core.analysis.corpus import save_corpus
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
from tests.report.made_report import TEXTS, odd_corpus


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    folder = tmp_path_factory.mktemp("analysis") / "made"
    corpus = odd_corpus(tuple(text for text in TEXTS.values() if "\ufffe" not in text))
    save_corpus(folder, corpus)
    return folder, corpus


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("DIXTILL_NOTES", str(tmp_path / "notes.db"))

    def finish(*arguments):
        monkeypatch.setattr("sys.argv", ["dixtill", "report", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, error = capsys.readouterr()
        return ended.value.code or 0, out, error

    return finish


def test_chosen_rows_become_a_page(run, analysis, tmp_path):
    status, _, error = run("--analysis", analysis[0], "--rows", "1,3", "--out", tmp_path / "report.html", "--title", "My <title>")
    assert (status, "The report of 2 texts is in" in error) == (0, True), error
    page = (tmp_path / "report.html").read_text()
    assert "My &lt;title&gt;" in page
    assert page.count('<article class="entry"') == 2
    assert not (tmp_path / "notes.db").exists()


def test_texts_with_notes_become_a_pdf(run, analysis, tmp_path):
    folder, corpus = analysis
    with NoteStore(tmp_path / "notes.db") as store:
        store.write(TEXTS["plain"], corpus.pair_key, NoteContent("the note on it"), None)
        store.write(TEXTS["one word"], "f" * 64, NoteContent("on other models"), None)
    status, _, error = run("--analysis", folder, "--out", tmp_path / "report.pdf")
    assert (status, "The report of 1 text is in" in error) == (0, True), error
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO((tmp_path / "report.pdf").read_bytes())).pages)
    assert "the note on it" in text
    assert "on other models" not in text


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--out", "report.docx"), "written as .html or .pdf"),
        (("--out", "report.pdf"), "either --data FILE or --analysis DIR"),
        (("--out", "report.pdf", "--analysis", "nowhere"), "nowhere holds no analysis"),
        (("--out", "report.pdf", "--data", "sample", "--analysis", "nowhere"), "either --data FILE or --analysis DIR"),
    ],
)
def test_errors_are_messages(run, arguments, why):
    status, _, error = run(*arguments)
    assert (status, why in " ".join(error.split())) == (1, True), error


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--rows", "99"), "do not exist"),
        (("--filter", "outcome=strange"), "does not exist"),
        (("--font", "missing.ttf"), "cannot be used as a font"),
        (("--notes", "/nowhere/notes.db"), ""),
    ],
)
def test_what_is_wrong_with_a_choice_is_said_and_no_file_is_written(run, analysis, tmp_path, arguments, why):
    status, _, error = run("--analysis", analysis[0], "--out", tmp_path / "report.pdf", *arguments)
    assert (status, why in error) == ((1, True) if why else (0, True)), error
    assert (tmp_path / "report.pdf").exists() == (not why)


def test_a_report_that_cannot_be_written_leaves_the_old_one(run, analysis, tmp_path, monkeypatch):
    out = tmp_path / "report.html"
    out.write_text("the old one")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    status, _, error = run("--analysis", analysis[0], "--rows", "1", "--out", out)
    assert (status, "What was there before is unchanged" in error) == (1, True)
    assert out.read_text() == "the old one"
