import csv
import io

import pytest

from dixtill_core.data.datasets import load_dataset
from dixtill_core.errors import ConfigError, DataError
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.training_set import corrected_labels, write_training_set
from tests.notes.conftest import OTHER_PAIR, PAIR


@pytest.fixture
def noted(made_store):
    store = made_store("one")
    store.write("Great, another loss.", PAIR, NoteContent("irony", corrected_label="bearish"), None)
    store.write("Profit up 5%.", PAIR, NoteContent("fine as it is"), None)
    store.write('=Sales, "up"\nand up 🚀', PAIR, NoteContent(corrected_label="bullish"), None)
    store.write("קנייה", PAIR, NoteContent(corrected_label="neutral"), None)
    return store


def read_back(path):
    dataset = load_dataset(path)
    return {text: dataset.label_names[label] for text, label in zip(dataset.texts, dataset.labels, strict=True)}


def test_every_corrected_label_becomes_a_row_that_load_dataset_reads(noted, tmp_path):
    write_training_set(tmp_path / "corrected.parquet", corrected_labels(noted.notes()))
    assert read_back(tmp_path / "corrected.parquet") == {
        "Great, another loss.": "bearish",
        '=Sales, "up"\nand up 🚀': "bullish",
        "קנייה": "neutral",
    }


def test_in_csv_what_starts_like_a_formula_is_guarded_and_counted(noted, tmp_path):
    found = corrected_labels(noted.notes())
    write_training_set(tmp_path / "corrected.csv", found)
    assert found.guarded == 1
    assert read_back(tmp_path / "corrected.csv") == {
        "Great, another loss.": "bearish",
        '\'=Sales, "up"\nand up 🚀': "bullish",
        "קנייה": "neutral",
    }
    rows = list(csv.reader(io.StringIO((tmp_path / "corrected.csv").read_text("utf-8-sig"), newline="")))
    assert rows[0] == ["text", "label"]
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_the_last_correction_of_a_text_counts_and_a_contradiction_is_told(noted):
    noted.write("Great, another loss.", OTHER_PAIR, NoteContent(corrected_label="neutral"), None)
    found = corrected_labels(noted.notes())
    assert dict(zip(found.texts, found.labels, strict=True))["Great, another loss."] == "neutral"
    assert found.contradictions == ("Great, another loss.",)
    assert len(found) == 3


def test_without_a_corrected_label_there_is_no_training_set(made_store):
    store = made_store("one")
    store.write("a", PAIR, NoteContent("x"), None)
    with pytest.raises(DataError, match="No note has a corrected label"):
        corrected_labels(store.notes())


def test_another_kind_of_file_is_refused(noted, tmp_path):
    with pytest.raises(ConfigError, match=r"\.csv or \.parquet"):
        write_training_set(tmp_path / "corrected.xlsx", corrected_labels(noted.notes()))
