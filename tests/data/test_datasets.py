from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dixtill_core.data.datasets import Dataset, MissingCells, load_complete_rows, load_dataset
from dixtill_core.errors import DataError

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def labels_of(dataset: Dataset) -> list[str]:
    assert dataset.labels is not None
    return [dataset.label_names[i] for i in dataset.labels]


# What is read


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comma.csv", 'text,label\n"rose, fast",up\nfell,down\n'),
        ("semicolon.csv", 'text;label\n"rose, fast";up\nfell;down\n'),
        ("semicolon_plain.csv", "text;label\nrose, fast;up\nfell;down\n"),
        ("tab.tsv", "text\tlabel\nrose, fast\tup\nfell\tdown\n"),
        ("tab.csv", "text\tlabel\nrose, fast\tup\nfell\tdown\n"),
        ("pipe.csv", "text|label\nrose, fast|up\nfell|down\n"),
        ("windows.csv", '\ufefftext,label\r\n"rose, fast",up\r\nfell,down\r\n'),
        ("UPPER.CSV", 'Text,LABEL\n"rose, fast",up\nfell,down\n'),
        ("order.csv", 'id,label,text\n1,up,"rose, fast"\n2,down,fell\n'),
    ],
)
def test_every_usual_kind_of_table_reads_the_same(write: Write, name: str, content: str) -> None:
    dataset = load_dataset(write(name, content))
    assert dataset.texts == ("rose, fast", "fell")
    assert labels_of(dataset) == ["up", "down"]
    assert dataset.label_names == ("down", "up")
    assert dataset.labels is not None
    assert dataset.labels.dtype == np.int64


def test_a_quoted_text_keeps_its_line_breaks_and_quotes(write: Write) -> None:
    assert load_dataset(write("a.csv", 'text,label\n"two\nlines, ""quoted""",up\n')).texts == ('two\nlines, "quoted"',)


@pytest.mark.parametrize("text", ["NaN", "NA", "null", "None", "007", "1e5", "True"])
def test_a_text_that_looks_like_something_else_stays_as_typed(write: Write, text: str) -> None:
    assert load_dataset(write("a.csv", f"text,label\n{text},up\n")).texts == (text,)


def test_nothing_of_a_text_is_cleaned(write: Write) -> None:
    text = "  RT @x: <b>Up</b> 👍🏽 שלום\u200b "
    assert load_dataset(write("a.csv", f"text,label\n{text},up\n")).texts == (text,)


def test_parquet_reads_like_csv(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["rose", "fell"], "label": ["up", "down"]}).to_parquet(tmp_path / "a.parquet")
    dataset = load_dataset(tmp_path / "a.parquet")
    assert (dataset.texts, labels_of(dataset)) == (("rose", "fell"), ["up", "down"])


@pytest.mark.parametrize("values", [[0.0, 2.0], [0, 2], ["0", "2"], ["00", "02"], pd.array([0, 2], dtype="Int64")], ids=str)
def test_label_numbers_are_classes_from_zero_however_they_are_stored(tmp_path: Path, values: list[object]) -> None:
    pd.DataFrame({"text": ["rose", "fell"], "label": values}).to_parquet(tmp_path / "a.parquet")
    dataset = load_dataset(tmp_path / "a.parquet")
    assert dataset.labels is not None
    assert dataset.labels.tolist() == [0, 2]
    assert dataset.label_names == ("0", "1", "2")


def test_large_label_numbers_are_names(write: Write) -> None:
    dataset = load_dataset(write("a.csv", "text,label\nrose,02000\nfell,1000\n"))
    assert dataset.label_names == ("1000", "2000")
    assert labels_of(dataset) == ["2000", "1000"]


def test_five_classes_stay_five(write: Write) -> None:
    names = ["awful", "bad", "fair", "good", "great"]
    dataset = load_dataset(write("a.csv", "text,label\n" + "".join(f"some text {i},{names[i % 5]}\n" for i in range(20))))
    assert dataset.label_names == tuple(names)
    assert labels_of(dataset) == [names[i % 5] for i in range(20)]


def test_given_names_are_the_classes_in_their_order(write: Write) -> None:
    path = write("a.csv", "text,label\nrose,1\nfell,0\nflat,2\n")
    dataset = load_dataset(path, label_names=("bearish", "bullish", "neutral"))
    assert labels_of(dataset) == ["bullish", "bearish", "neutral"]
    spelled = write("b.csv", "text,label\nrose,Bullish\nfell,BEARISH\nflat,neutral\n")
    assert labels_of(load_dataset(spelled, label_names=("bearish", "bullish", "neutral"))) == ["bullish", "bearish", "neutral"]


def test_a_label_outside_the_given_names_is_named_with_its_row(write: Write) -> None:
    with pytest.raises(DataError, match=r"row 2.*'3' is none of the labels"):
        load_dataset(write("a.csv", "text,label\nrose,1\nfell,3\n"), label_names=("a", "b", "c"))


def test_a_file_without_labels_still_has_texts(write: Write) -> None:
    dataset = load_dataset(write("a.csv", "text,date\nrose,today\n"))
    assert dataset.texts == ("rose",)
    assert dataset.labels is None
    with pytest.raises(DataError, match="no label column"):
        dataset.require_labels()


# Which columns


@pytest.mark.parametrize(("text", "label"), [("sentence", "sentiment"), ("tweet", "class"), (" Headline ", " Target ")])
def test_columns_are_found_by_their_usual_names(write: Write, text: str, label: str) -> None:
    dataset = load_dataset(write("a.csv", f"id,{label},{text}\n1,up,rose\n"))
    assert (dataset.texts, labels_of(dataset)) == (("rose",), ["up"])


def test_without_a_usual_name_the_longest_texts_are_the_text(write: Write) -> None:
    dataset = load_dataset(write("a.csv", "author,words,label\nann,shares rose today,up\nbob,shares fell today,down\n"))
    assert dataset.texts == ("shares rose today", "shares fell today")


def test_named_columns_win_over_usual_names(write: Write) -> None:
    path = write("a.csv", "text,label,other,gold2\na,x,rose,up\n")
    dataset = load_dataset(path, text_column="other", label_column="gold2")
    assert (dataset.texts, labels_of(dataset)) == (("rose",), ["up"])


@pytest.mark.parametrize("columns", [{"text_column": "missing"}, {"label_column": "missing"}])
def test_a_wrong_column_is_named_with_those_that_are_there(write: Write, columns: dict[str, str]) -> None:
    with pytest.raises(DataError, match=r"no column 'missing'.*'text', 'label'"):
        load_dataset(write("a.csv", "text,label\nrose,up\n"), **columns)  # type: ignore[arg-type]


def test_a_table_without_texts_says_how_to_name_them(tmp_path: Path) -> None:
    pd.DataFrame({"a": [1, 2], "b": [3.5, 4.5]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="--text-column"):
        load_dataset(tmp_path / "a.parquet")


def test_a_column_of_a_thousand_values_is_no_label(write: Write) -> None:
    rows = "".join(f"some text {i},note {i}\n" for i in range(60))
    with pytest.raises(DataError, match="60 different values"):
        load_dataset(write("a.csv", "text,label\n" + rows))


def test_columns_without_a_name_are_no_twins(write: Write) -> None:
    assert load_dataset(write("a.csv", ",text,label,\n1,rose,up,\n")).texts == ("rose",)


# What is refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n\n", "is empty"),
        (b"text,label\n", "header but no rows"),
        ("text,label\ncafé,up\n".encode("latin-1"), "not UTF-8"),
        ("text,label\nrose,up\n".encode("utf-16"), "not UTF-8"),
        (b"text,label\nrose, fast,up\nfell,down\n", "row 1 has more fields"),
        (b"text,label\nfell,down\nrose, fast,up\n", r"row 2 \(line 3 of the file\) has 3 fields, but the header has 2"),
        (b"text,label\nrose,up\nfell\n", "row 2, column 'label': the label is missing"),
        (b"text,label\nrose,up\n,down\n", "row 2, column 'text': the text is missing"),
        (b"text,label\n   ,up\n", "row 1, column 'text': the text is missing"),
        (b'text,label\n"never closed,up\nfell,down\n', r"row 1 \(line 2 of the file\) begins a field with a double quote"),
        (b"x" * 200_000, "cannot be read as a table"),
    ],
    ids=[
        "empty", "blank lines", "header only", "latin-1", "utf-16", "first row too long", "later row too long", "row too short",
        "no text", "blank text", "open quote", "one endless line",
    ],
)  # fmt: skip
def test_a_damaged_csv_is_refused_with_its_name_and_place(write: Write, content: bytes, message: str) -> None:
    path = write("a.csv", content)
    with pytest.raises(DataError, match=message) as raised:
        load_dataset(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA], ids=["None", "NaN", "NA"])
def test_a_missing_label_in_parquet_is_named_with_its_row(tmp_path: Path, missing: object) -> None:
    labels = pd.array([1, missing], dtype="Int64") if missing is pd.NA else [1.0, missing]
    pd.DataFrame({"text": ["rose", "fell"], "label": labels}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 2, column 'label': the label is missing"):
        load_dataset(tmp_path / "a.parquet")


def test_a_missing_text_in_parquet_is_named_with_its_row(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["rose", None], "label": ["up", "down"]}).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="row 2, column 'text': the text is missing"):
        load_dataset(tmp_path / "a.parquet")


def test_a_file_that_is_no_parquet_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="cannot be read as a table"):
        load_dataset(write("a.parquet", b"PAR1 but nothing behind it"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        load_dataset(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file .*nowhere\.csv"):
        load_dataset(tmp_path / "nowhere.csv")


def test_another_kind_of_file_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match=r"ends in \.xlsx"):
        load_dataset(write("a.xlsx", b"PK"))


# Other label numbers


def small(labels: list[int], names: tuple[str, ...]) -> Dataset:
    return Dataset(tuple(f"text {i}" for i in range(len(labels))), np.array(labels), names, "a.csv")


def test_labels_follow_a_models_order_by_name() -> None:
    moved = small([0, 1, 2, 1], ("down", "flat", "up")).with_label_names(("UP", "Down", "flat"))
    assert moved.labels is not None
    assert moved.labels.tolist() == [1, 2, 0, 2]
    assert moved.label_names == ("UP", "Down", "flat")


def test_labels_that_are_numbers_follow_by_position() -> None:
    moved = small([0, 2, 1], ("0", "1", "2")).with_label_names(("bearish", "bullish", "neutral"))
    assert moved.labels is not None
    assert moved.labels.tolist() == [0, 2, 1]
    assert moved.label_names == ("bearish", "bullish", "neutral")


@pytest.mark.parametrize("names", [("up", "down", "odd"), ("0", "1", "7")])
def test_labels_that_a_model_does_not_have_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(DataError, match="the model has up, down, flat"):
        small([0, 1, 2], names).with_label_names(("up", "down", "flat"))


def test_a_subset_keeps_texts_and_labels_together() -> None:
    part = small([0, 1, 2, 1], ("a", "b", "c")).subset(np.array([3, 0]))
    assert part.texts == ("text 3", "text 0")
    assert part.labels is not None
    assert part.labels.tolist() == [1, 0]
    assert len(part) == 2


# Rows that lack something


@pytest.mark.parametrize(("name", "number"), [("up", False), ("1", True)])
def test_rows_that_lack_a_cell_are_left_out_and_named_for_a_profile_and_refused_for_training(write: Write, name: str, number: bool) -> None:
    other = "0" if number else "down"
    path = write("holes.csv", f"text,label\nrose,{name}\n,{name}\nfell,\n  ,\nfell far,{other}\n")
    found = load_complete_rows(path)
    assert found.texts == ("rose", "fell far")
    assert labels_of(found) == [name, other]
    assert [found.row(i) for i in range(2)] == [1, 5]
    assert found.subset([1]).row(0) == 5
    assert found.missing == (MissingCells("text", "text", (2, 4)), MissingCells("label", "label", (3, 4)))
    with pytest.raises(DataError, match="row 2, column 'text': the text is missing"):
        load_dataset(path)


def test_missing_cells_of_parquet_are_found(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["rose", None, "fell"], "label": [1.0, 0.0, np.nan]}).to_parquet(tmp_path / "a.parquet")
    found = load_complete_rows(tmp_path / "a.parquet")
    assert (found.texts, labels_of(found)) == (("rose",), ["1"])
    assert [lacking.rows for lacking in found.missing] == [(2,), (3,)]


def test_a_file_that_lacks_nothing_is_the_same_either_way(write: Write) -> None:
    path = write("whole.csv", "text,label\nrose,up\nfell,down\n")
    found, trained = load_complete_rows(path), load_dataset(path)
    assert (found.texts, labels_of(found), found.missing, found.rows) == (trained.texts, labels_of(trained), (), None)
    assert len(load_complete_rows("sample")) == len(load_dataset("sample"))


def test_what_else_is_wrong_is_said_with_its_row_of_the_file_and_no_whole_row_at_all_is_refused(write: Write) -> None:
    with pytest.raises(DataError, match="zero byte in line 4"):
        load_complete_rows(write("zero.csv", "text,label\n,up\nrose,up\nfe\0ll,down\n"))
    with pytest.raises(DataError, match="row 3, column 'label': 'sideways' is none of the labels"):
        load_complete_rows(write("names.csv", "text,label\n,up\nrose,up\nfell,sideways\n"), label_names=("up", "down"))
    with pytest.raises(DataError, match="row 1, column 'text': the text is missing"):
        load_complete_rows(write("nothing.csv", "text,label\n,up\nrose,\n"))
