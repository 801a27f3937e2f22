"""A streamed file has the texts, the column and the messages of `load_dataset`, whichever piece of it they are in."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from dixtill_core.data import stream
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.stream import stream_texts
from dixtill_core.errors import DataError

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture(autouse=True)
def _pieces_of_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PIECE_ROWS", 2)


ROWS = [f"some text {i},up" for i in range(5)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("comma.csv", 'text,label\n"rose, fast",up\nfell,down\nflat,up\n'),
        ("semicolon.csv", 'text;label\n"rose, fast";up\nfell;down\nflat;up\n'),
        ("tab.tsv", "text\tlabel\nrose, fast\tup\nfell\tdown\nflat\tup\n"),
        ("windows.csv", '\ufefftext,label\r\n"rose, fast",up\r\nfell,down\r\nflat,up\r\n'),
        ("breaks.csv", 'text,label\n"two\nlines",up\n"and\n\nthree",down\nflat,up\n'),
        ("typed.csv", "text,label\nNaN,up\n007,down\n1e5,up\nTrue,up\nnull,up\n"),
        ("blank_lines.csv", "text,label\n\nrose,up\n\n\nfell,down\nflat,up\n"),
        ("names.csv", "author,words\nann,shares rose today\nbob,shares fell today\neve,nothing at all\n"),
        ("late.csv", "a,b\nlong at first,short\nx,only later this column has the longer texts\ny,so the first piece says nothing\n"),
    ],
)
def test_a_streamed_table_has_the_same_texts_as_a_loaded_one(write: Write, name: str, content: str) -> None:
    path = write(name, content)
    assert tuple(stream_texts(path)) == load_dataset(path).texts


@pytest.mark.parametrize("row_groups", [1, 2, 100])
def test_parquet_streams_like_csv(tmp_path: Path, row_groups: int) -> None:
    texts = [f"text {i}" for i in range(7)]
    table = pd.DataFrame({"number": range(7), "text": texts, "label": ["up"] * 7}, index=pd.Index(texts, name="title"))
    table.to_parquet(tmp_path / "a.parquet", row_group_size=row_groups)
    assert tuple(stream_texts(tmp_path / "a.parquet")) == tuple(texts) == load_dataset(tmp_path / "a.parquet").texts


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_every_kind_of_text_column_of_parquet_streams(tmp_path: Path, kind: pa.DataType) -> None:
    texts = ["rose", "fell", "rose"]
    parquet.write_table(pa.table({"text": pa.array(texts).cast(kind)}), tmp_path / "a.parquet")
    assert tuple(stream_texts(tmp_path / "a.parquet")) == tuple(texts)


def test_the_sample_streams() -> None:
    assert tuple(stream_texts("sample")) == load_dataset("sample").texts


def test_a_stream_can_be_read_again(write: Write) -> None:
    texts = stream_texts(write("a.csv", "\n".join(["text,label", *ROWS])))
    assert tuple(texts) == tuple(texts)


def test_named_columns_win_over_usual_names(write: Write) -> None:
    path = write("a.csv", "text,other\na,rose\nb,fell\nc,flat\n")
    assert tuple(stream_texts(path, "other")) == ("rose", "fell", "flat")


def message_of(read: Callable[[], object]) -> str:
    with pytest.raises(DataError) as raised:
        read()
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b""),
        ("a.csv", b"\n\n\n"),
        ("a.csv", b"text,label\n"),
        ("a.csv", "text,label\ncafé,up\n".encode("latin-1")),
        ("a.csv", "text,label\nrose,up\n".encode("utf-16")),
        ("a.csv", b"text,label\nrose, fast,up\nfell,down\n"),
        ("a.csv", "\n".join(["text,label", *ROWS, "one, more,up"]).encode()),
        ("a.csv", "\n".join(["text,label", *ROWS, ",up"]).encode()),
        ("a.csv", "\n".join(["text,label", *ROWS, "   ,up"]).encode()),
        ("a.csv", "\n".join(["text,label", *ROWS, '"never closed,up']).encode()),
        ("a.csv", b"x" * 200_000),
        ("a.csv", b"a,b\n1,2\n3,4\n5,6\n"),
        ("a.xlsx", b"PK"),
    ],
    ids=[
        "empty", "blank lines", "header only", "latin-1", "utf-16", "first row too long", "later row too long", "no text",
        "blank text", "open quote", "one endless line", "no column of texts", "another kind",
    ],
)  # fmt: skip
def test_a_damaged_table_has_the_same_message_as_when_it_is_loaded(write: Write, name: str, content: bytes) -> None:
    path = write(name, content)
    assert message_of(lambda: list(stream_texts(path))) == message_of(lambda: load_dataset(path))


@pytest.mark.parametrize("where", ["", "nowhere.csv"], ids=["a folder", "no file"])
def test_what_is_no_file_has_the_same_message_as_when_it_is_loaded(tmp_path: Path, where: str) -> None:
    assert message_of(lambda: stream_texts(tmp_path / where)) == message_of(lambda: load_dataset(tmp_path / where))


def test_a_wrong_column_is_named_with_those_that_are_there(write: Write) -> None:
    path = write("a.csv", "\n".join(["text,label", *ROWS]))
    assert message_of(lambda: stream_texts(path, "missing")) == message_of(lambda: load_dataset(path, text_column="missing"))


@pytest.mark.parametrize("missing", [None, " "])
def test_a_missing_text_in_parquet_has_the_same_message(tmp_path: Path, missing: str | None) -> None:
    pd.DataFrame({"text": [*ROWS, missing]}).to_parquet(tmp_path / "a.parquet", row_group_size=3)
    message = message_of(lambda: list(stream_texts(tmp_path / "a.parquet")))
    assert message == message_of(lambda: load_dataset(tmp_path / "a.parquet"))
    assert "row 6, column 'text'" in message


def test_a_file_that_is_no_parquet_is_refused(write: Write) -> None:
    path = write("a.parquet", b"PAR1 but nothing behind it")
    assert f"{path} cannot be read as a table" in message_of(lambda: stream_texts(path))


def test_a_parquet_damaged_in_its_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pd.DataFrame({"text": [f"text {i}" for i in range(5000)]}).to_parquet(path)
    content = bytearray(path.read_bytes())
    content[1000:9000] = b"\xff" * 8000
    path.write_bytes(content)
    assert str(path) in message_of(lambda: list(stream_texts(path)))


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_what_is_held_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(stream, "PIECE_ROWS", 100)

    def peak(rows: int) -> int:
        texts = [f"text {i} " + "x" * 1000 for i in range(rows)]
        table = pd.DataFrame({"text": texts})
        if name.endswith(".csv"):
            table.to_csv(tmp_path / name, index=False)
        else:  # One row group, and nothing that compresses it.
            parquet.write_table(pa.Table.from_pandas(table), tmp_path / name, compression="none", use_dictionary=False)
        del table, texts
        arrow = pa.total_allocated_bytes()
        most = 0

        def watched(texts: Iterator[str]) -> Iterator[str]:
            nonlocal most
            for text in texts:
                most = max(most, pa.total_allocated_bytes() - arrow)
                yield text

        tracemalloc.start()
        try:
            assert sum(1 for _ in watched(iter(stream_texts(tmp_path / name)))) == rows
            return most + tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(10_000) < peak(1000) + 2_000_000
