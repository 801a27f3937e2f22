"""A first look at a table, with columns guessed where they can be and left to the user where not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dixtill_core.data import preview as module
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.preview import preview, preview_upload
from dixtill_core.data.upload import safe_file_name
from dixtill_core.errors import DataError


def test_the_sample_is_shown_with_its_columns_and_their_roles() -> None:
    found = preview("sample", rows=3)
    assert (found.text_column, found.label_column, found.n_rows, found.is_counted) == ("text", "label", 680, True)
    assert found.rows[0] == (load_dataset("sample").texts[0], "bearish")
    assert len(found.rows) == 3
    assert set(found.columns[1].values) == {"bearish", "bullish", "neutral"}
    assert found.columns[0].values == ()
    assert (found.notes, found.asked) == ((), ())
    assert found.table().shape == (3, 2)


def test_columns_that_cannot_be_guessed_are_left_to_be_chosen() -> None:
    found = preview_upload("a.csv", b"q1,q2,q3\n1,2,yes\n3,4,no\n5,,yes\n")
    assert (found.text_column, found.label_column) == (None, None)
    assert found.asked == ("text_column", "label_column")
    assert found.notes[0].startswith("No column looks like texts")
    assert [column.name for column in found.columns] == ["q1", "q2", "q3"]
    assert found.columns[1].missing == 1
    assert found.columns[2].values == ("yes", "no")
    assert found.rows == (("1", "2", "yes"), ("3", "4", "no"), ("5", "", "yes"))


@pytest.mark.parametrize(
    "content",
    [b"shares rose today,up\nshares fell today,down\nshares were flat,up\n", b"The company said that its profit rose\nShares fell\n"],
)
def test_a_file_without_a_header_is_suspected(content: bytes) -> None:
    assert any("looks like a row" in note for note in preview_upload("a.csv", content).notes)


@pytest.mark.parametrize("header", ["text,label", "What do you think of the new product,Age,Country"])
def test_a_header_is_not_taken_for_a_row(header: str) -> None:
    row = ",".join(["something new and long"] * len(header.split(",")))
    assert not any("looks like a row" in note for note in preview_upload("a.csv", f"{header}\n{row}\n".encode()).notes)


@pytest.mark.parametrize("rows", [1, 5, 1999, 2000, 2001, 7000])
def test_all_rows_are_counted_in_csv_and_in_parquet(tmp_path: Path, rows: int) -> None:
    table = pd.DataFrame({"text": [f"text\nnumber {i}" for i in range(rows)], "label": [str(i % 3) for i in range(rows)]})
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet", row_group_size=1000)
    for name in ("a.csv", "a.parquet"):
        found = preview(tmp_path / name)
        assert (found.n_rows, found.is_counted) == (rows, True)
        assert found.rows[0] == ("text\nnumber 0", "0")


def test_a_very_large_file_is_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COUNTED_BYTES", 1000)
    table = pd.DataFrame({"text": [f"some text with the number {i:05}" for i in range(10_000)], "label": ["up"] * 10_000})
    table.to_csv(tmp_path / "a.csv", index=False)
    found = preview(tmp_path / "a.csv")
    assert not found.is_counted
    assert found.n_rows == pytest.approx(10_000, rel=0.05)


def test_what_is_no_text_is_shown_as_what_it_is(tmp_path: Path) -> None:
    table = pd.DataFrame({"text": [["a", "b"], ["c"]], "score": [0.5, None], "label": [1.0, None]})
    table.to_parquet(tmp_path / "a.parquet")
    found = preview(tmp_path / "a.parquet")
    assert found.text_column is None
    assert found.notes[0] == "The column 'text' holds no texts. Choose the one that holds them."
    assert found.rows == (("['a' 'b']", "0.5", "1.0"), ("['c']", "", ""))
    assert found.columns[2].values == ("1",)
    assert found.columns[2].missing == 1


def test_long_cells_are_cut_for_show_only() -> None:
    found = preview_upload("a.csv", b"text,label\n" + b"x" * 5000 + b",up\n")
    assert len(found.rows[0][0]) == module.SHOWN_CHARACTERS
    assert found.columns[0].mean_characters == 5000


def test_a_hub_name_or_a_path_that_is_not_there_is_the_same_error_as_when_it_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no file"):
        preview(tmp_path / "nowhere.csv")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("news.csv", "news.csv"),
        ("C:\\mine\\../news.csv", "news.csv"),
        ("../../etc/passwd", "passwd"),
        ("/", "upload"),
        ("", "upload"),
        ("...", "upload"),
        (".csv", "upload.csv"),
        ("--help.csv", "help.csv"),
        ("a\0b\n<c>.csv", "a_b_c_.csv"),
        ("über größe (2).TSV", "über größe (2).TSV"),
        ("x" * 300 + ".parquet", "x" * 92 + ".parquet"),
        ("日" * 100 + ".csv", "日" * 32 + ".csv"),
    ],
)
def test_a_name_of_an_upload_becomes_one_that_any_folder_can_hold(name: str, safe: str, tmp_path: Path) -> None:
    assert safe_file_name(name) == safe
    (tmp_path / safe).touch()
    assert safe_file_name(safe) == safe
