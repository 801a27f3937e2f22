"""Every bad file has its own message, the same from a path and from an upload; odd files that are fine work.

A message names the file and the place, says what is wrong and what to do. The files are made here.
"""

from __future__ import annotations

import os
import pickle
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.file_evaluation import FIELDS
from dixtill_core.data.datasets import Dataset, load_dataset, split_dataset
from dixtill_core.data.label_map import apply_label_map
from dixtill_core.data.preview import preview, preview_upload
from dixtill_core.data.stream import stream_texts
from dixtill_core.data.upload import MOST_UPLOAD_BYTES, read_upload
from dixtill_core.errors import COMMAND_LINE, DataError


def as_parquet(table: pa.Table) -> bytes:
    stream = BytesIO()
    parquet.write_table(table, stream)
    return stream.getvalue()


def columns(**values: object) -> bytes:
    return as_parquet(pa.table(values))


def zipped() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("texts.csv", "text,label\nrose,up\n")
    return stream.getvalue()


def not_utf8() -> pa.Table:
    raw = pa.array([b"rose", b"caf\xe9"])
    return pa.table({"text": pa.Array.from_buffers(pa.string(), 2, raw.buffers())})


GOOD = columns(text=["rose", "fell"], label=["up", "down"])
FINE = {
    "a.csv": 'text,label\n"rose, fast",up\nfell é,down\n"two\nlines",up\n'.encode(),
    "a.tsv": b"text\tlabel\nrose\tup\nfell\tdown\n",
    "a.parquet": GOOD,
}
MANY_LABELS = "text,label\n" + "".join(f"the text with number {i},{i}\n" for i in range(1500))
LATE = "text,label\n" + "rose,up\n" * 60_000


@dataclass(frozen=True)
class Bad:
    id: str
    name: str
    content: bytes
    message: str
    chosen: dict[str, str] = field(default_factory=dict)


BAD = [
    Bad("empty", "a.csv", b"", r"a\.csv is empty\.$"),
    Bad("blank lines only", "a.csv", b"\n\n\n", r"a\.csv is empty\.$"),
    Bad("header only", "a.csv", b"text,label\n", r"a\.csv has a header but no rows\.$"),
    Bad("no text column", "a.csv", b"a,b\n1,2\n", r"no column that looks like texts among 'a', 'b'\. Name the column of texts with --text"),
    Bad("no label column", "a.csv", b"text\nshares rose\n", r"has no label column.*Name the column of labels with --label-column"),
    Bad("missing label", "a.csv", b"text,label\nrose,up\nfell,\n", r"row 2, column 'label': the label is missing\. Fill it in or delete"),
    Bad("missing text", "a.csv", b"text,label\nrose,up\n,down\n", r"row 2, column 'text': the text is missing\. Fill it in or delete"),
    Bad("blank text", "a.csv", b'text,label\n" \t",up\n', r"row 1, column 'text': the text is missing"),
    Bad("NaN as label", "a.parquet", columns(text=["rose", "fell"], label=[1.0, float("nan")]), r"row 2, column 'label'"),
    Bad("null as text", "a.parquet", columns(text=["rose", None], label=[1, 2]), r"row 2, column 'text': the text is mis"),
    Bad("wrong text column", "a.csv", b"text,label\nrose,up\n", r"no column 'words'\. It has 'text', 'label'", {"text_column": "words"}),
    Bad("wrong label column", "a.csv", b"text,label\nrose,up\n", r"no column 'gold'\. It has 'text', 'label'", {"label_column": "gold"}),
    Bad("columns of one name", "a.csv", b"text,text,label\na,b,up\n", r"has two columns named 'text'\. Rename one"),
    Bad(
        "columns of one name in Parquet",
        "a.parquet",
        as_parquet(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])),
        r"has two columns named 'text'\. Rename one",
    ),
    Bad("UTF-16", "a.csv", "text,label\nrose,up\n".encode("utf-16"), r"is not UTF-8 but UTF-16\. Save it as UTF-8"),
    Bad("UTF-16 without its mark", "a.csv", "text,label\nrose,up\n".encode("utf-16-le"), r"is not UTF-8 but UTF-16"),
    Bad("UTF-32", "a.csv", "text,label\nrose,up\n".encode("utf-32"), r"is not UTF-8 but UTF-32"),
    Bad("Latin-1", "a.csv", "text,label\nrose,up\ncafé,up\n".encode("latin-1"), r"line 3 holds the byte 0xE9, which is 'é' in Windows"),
    Bad("Latin-1 far down", "a.csv", LATE.encode() + b"caf\xe9,up\n", r"is not UTF-8: line 60002 holds the byte 0xE9"),
    Bad("PNG", "a.csv", b"\x89PNG\r\n\x1a\n" + bytes(50), r"is no table but a PNG picture"),
    Bad("ZIP", "a.csv", zipped(), r"is no table but a ZIP archive or an Excel workbook"),
    Bad("gzip", "a.csv", b"\x1f\x8b\x08" + bytes(50), r"is no table but a gzip archive"),
    Bad("pickle", "a.csv", pickle.dumps(["rose"]), r"is no table but a Python pickle"),
    Bad("Parquet called CSV", "a.csv", GOOD, r"is no table but a Parquet file"),
    Bad("web page", "a.csv", b"<!DOCTYPE html>\n<html><body>Sign in</body></html>", r"is no table but a web page"),
    Bad("Git LFS pointer", "a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", r"a pointer of Git LFS"),
    Bad("JSON called CSV", "a.csv", b'[{"text": "rose", "label": "up"}]', r"is no table but a JSON file"),
    Bad("other bytes", "a.csv", bytes(range(1, 200)) * 9 + b"\0", r"a\.csv (is not UTF-8|holds a zero byte)"),
    Bad("zero byte", "a.csv", b"text,label\nrose,up\nfe\0ll,down\n", r"holds a zero byte in line 3, so it is damaged"),
    Bad("zero byte far down", "a.csv", LATE.encode() + b"fe\0ll,down\n", r"row 60001, column 'text': the text holds a zero byte"),
    Bad("truncated Parquet", "a.parquet", GOOD[:-30], r"its end is missing, as when a copy or a download is cut off"),
    Bad("damaged Parquet", "a.parquet", GOOD[:8] + b"\xff" * 8 + GOOD[16:], r"cannot be read as a table: it is damaged\. Copy"),
    Bad("empty Parquet", "a.parquet", b"", r"a\.parquet is empty"),
    Bad("no Parquet", "a.parquet", b"text,label\nrose,up\n", r"cannot be read as a table: it is no Parquet file"),
    Bad("ZIP called Parquet", "a.parquet", zipped(), r"it is a ZIP archive or an Excel workbook"),
    Bad("Parquet of lists", "a.parquet", columns(text=[["a", "b"]], label=[1]), r"row 1, column 'text' holds a list and not"),
    Bad("Parquet of structs", "a.parquet", columns(text=[{"a": 1}], label=[1]), r"'text' holds a table of its own and"),
    Bad("Parquet of numbers", "a.parquet", columns(text=[1, 2], label=[1, 2]), r"column 'text' holds a number and not a t"),
    Bad("Parquet of bytes", "a.parquet", columns(text=[b"a"], label=[1]), r"column 'text' holds bytes and not a text"),
    Bad("Parquet not in UTF-8", "a.parquet", as_parquet(not_utf8()), r"row 2, column 'text' is not UTF-8\. Write the file"),
    Bad("lists as labels", "a.parquet", columns(text=["rose"], label=[["up"]]), r"'label' holds a list and not a label"),
    Bad("Parquet without rows", "a.parquet", columns(text=pa.array([], pa.string())), r"header but no rows"),
    Bad("open quote", "a.csv", b'text,label\nrose,up\n\n"fell,down\nflat,up\n', r"row 2 \(line 4 of the file\) begins a field with a"),
    Bad("open quote and a long rest", "a.csv", b'text,label\n"fell,down\n' + b"flat,up\n" * 30_000, r"row 1 \(line 2 of the file\) begins"),
    Bad("too many fields at once", "a.csv", b"text,label\nrose, fast,up\nfell,down\n", r"row 1 has more fields than the header"),
    Bad(
        "too many fields later",
        "a.csv",
        b'text,label\n"two\nlines",up\n\nrose, fast,up\n',
        r"row 2 \(line 5 of the file\) has 3 fields, but the header has 2\. Put texts that hold the separator",
    ),
    Bad("too few fields", "a.csv", b"text,label\nrose,up\nfell\n", r"row 2, column 'label': the label is missing"),
    Bad("another separator", "a.csv", b"text,label\nrose;up\n", r"comma between the columns of the header, but a semicolon in"),
    Bad("1,500 labels", "a.csv", MANY_LABELS.encode(), r"column 'label' has 1,500 different values in 1,500 rows.*--label-column"),
    Bad("a line without end", "a.csv", b"x" * 200_000, r"its first line, which has to name the columns, does not end"),
    Bad("Excel", "a.xlsx", zipped(), r"ends in \.xlsx; DiXtill reads .*Save the table as CSV \(UTF-8\)"),
    Bad("JSON", "a.json", b"[]", r"ends in \.json; .*Convert it, for example with pandas"),
    Bad("JSON lines", "a.jsonl", b"{}", r"ends in \.jsonl; .*Convert it"),
    Bad("compressed", "a.csv.gz", b"\x1f\x8b", r"ends in \.gz; .*Unpack it"),
    Bad("no suffix", "texts", b"text,label\nrose,up\n", r"ends in nothing; DiXtill reads"),
]  # fmt: skip


def message_of(read: Callable[[], object]) -> str:
    with pytest.raises(DataError) as raised:
        read()
    return str(raised.value)


def load(path: Path, chosen: dict[str, str]) -> Dataset:
    dataset = load_dataset(path, **chosen)  # type: ignore[arg-type]
    dataset.require_labels()
    return dataset


def upload(name: str, content: bytes, chosen: dict[str, str]) -> Dataset:
    dataset = read_upload(name, content, **chosen)  # type: ignore[arg-type]
    dataset.require_labels()
    return dataset


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.id)
def test_a_bad_file_has_its_own_message_from_a_path_and_from_an_upload(bad: Bad, tmp_path: Path) -> None:
    path = tmp_path / bad.name
    path.write_bytes(bad.content)
    message = message_of(lambda: load(path, bad.chosen))
    assert re.search(bad.message, message), message
    assert message.startswith(str(path))
    assert message.endswith((".", ")."))
    assert "Error" not in message
    assert message_of(lambda: upload(bad.name, bad.content, bad.chosen)) == message.replace(f"{tmp_path}/", "")


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.id)
def test_a_preview_and_a_stream_of_a_bad_file_work_or_say_the_same(bad: Bad, tmp_path: Path) -> None:
    path = tmp_path / bad.name
    path.write_bytes(bad.content)
    message = message_of(lambda: load(path, bad.chosen))
    allowed = (None, message, message.replace(f"{tmp_path}/", ""))
    assert message_or_none(lambda: preview(path)) in allowed
    assert message_or_none(lambda: preview_upload(bad.name, bad.content)) in allowed
    assert message_or_none(lambda: list(stream_texts(path, bad.chosen.get("text_column")))) in allowed


def message_or_none(read: Callable[[], object]) -> str | None:
    try:
        read()
    except DataError as error:
        return str(error)
    return None


def test_an_error_says_what_to_set_in_the_words_of_the_command_line_or_of_a_page() -> None:
    with pytest.raises(DataError) as raised:
        read_upload("a.csv", b"a,b\n1,2\n")
    assert raised.value.setting == "text_column"
    assert str(raised.value) == raised.value.worded(COMMAND_LINE)
    assert raised.value.worded(FIELDS) == "a.csv has no column that looks like texts among 'a', 'b'. " + FIELDS["text_column"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(FINE)),
    st.integers(0),
    st.binary(max_size=6) | st.sampled_from([b'"', b"\n", b"\r", b"\0", b";"]),
    st.integers(0, 30),
)
def test_whatever_happens_to_a_file_it_is_read_or_explained(name: str, place: int, put: bytes, cut: int) -> None:
    content = FINE[name]
    place %= len(content) + 1
    damaged = content[:place] + put + content[place + cut :]
    for read in (lambda: read_upload(name, damaged), lambda: preview_upload(name, damaged)):
        assert message_or_none(read) != ""  # Anything but a DataError fails here.


# What is no file


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "There is no file" in message_of(lambda: load_dataset(tmp_path / "nowhere.csv"))


def test_a_folder_says_which_tables_are_in_it(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("text,label\n")
    (tmp_path / "notes.md").write_text("")
    assert message_of(lambda: load_dataset(tmp_path)).endswith("Name the .csv, .tsv or .parquet file in it: train.csv.")


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "a\0b.csv", "  ", ""])
def test_a_name_that_no_file_can_have_is_no_traceback(name: str) -> None:
    assert message_of(lambda: load_dataset(name))


def test_a_web_address_is_not_fetched() -> None:
    assert "is a web address. Download the file" in message_of(lambda: load_dataset("https://example.org/texts.csv"))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "a pipe or a device" in message_of(lambda: load_dataset(tmp_path / "pipe.csv"))


@pytest.mark.parametrize("closed", ["file", "folder"])
def test_a_file_that_must_not_be_read_says_so(tmp_path: Path, closed: str) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    path = folder / "a.csv"
    path.write_text("text,label\nrose,up\n")
    for open_folder in [*list(tmp_path.parents)[:2], tmp_path]:  # pytest's own are closed to others.
        os.chmod(open_folder, 0o755)
    os.chmod(path if closed == "file" else folder, 0o000)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65_534)  # Whoever may read everything is shown nothing of it.
        message = message_of(lambda: load_dataset(path))
    finally:
        if user == 0:
            os.seteuid(user)
        os.chmod(folder, 0o755)
        os.chmod(path, 0o644)
    assert "permission denied" in message


def test_an_upload_over_the_limit_is_refused_before_it_is_read() -> None:
    assert "49.9 MB is the most" not in message_of(lambda: read_upload("a.csv", bytes(MOST_UPLOAD_BYTES + 1)))
    assert message_of(lambda: read_upload("a.csv", b"x" * 3_000_000, most_bytes=2**21)).startswith("a.csv has 2.9 MB; 2 MB is the most.")


# What can be read and not be trained on


def dataset_of(rows: list[tuple[str, str]]) -> Dataset:
    content = pd.DataFrame(rows, columns=["text", "label"]).to_csv(index=False)
    return read_upload("a.csv", content.encode())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(f"text number {i}", "up") for i in range(30)], "a.csv has only one label, 'up'"),
        ([(f"text number {i}", "up") for i in range(30)] + [("fell", "down")], "too few different texts: 1 with the label 'down'"),
        (
            [("the same text", "up"), ("the same text", "down")] * 20,
            "too few different texts: 1 with the label 'down', 1 with the label 'up'",
        ),
    ],
    ids=["one label", "a class of one text", "all texts equal"],
)
def test_texts_that_cannot_be_trained_on_are_read_and_refused_by_the_split(rows: list[tuple[str, str]], message: str) -> None:
    dataset = dataset_of(rows)
    assert len(dataset) == len(rows)
    assert message in message_of(lambda: split_dataset(dataset, 0.1, seed=0))


def test_a_label_map_that_lacks_a_label_says_which() -> None:
    dataset = dataset_of([("rose", "pos"), ("fell", "neg"), ("flat", "odd")])
    message = message_of(lambda: apply_label_map(dataset, {"pos": "bullish", "neg": "bearish"}, ("bearish", "bullish")))
    assert message.startswith("a.csv has the label odd, which is not mapped")


# What looks odd and is fine


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"text,label\r\nrose,up\r\nfell,down\r\n", ("rose", "fell")),
        (b"text,label\rrose,up\rfell,down\r", ("rose", "fell")),
        (b"\xef\xbb\xbftext,label\nrose,up\nfell,down\n", ("rose", "fell")),
        ("text,label\n👍🏽 up 🚀,up\nשלום عالم,down\n".encode(), ("👍🏽 up 🚀", "שלום عالم")),
        (b"text,label\n<script>alert(1)</script>,up\n&amp; <b>down</b>,down\n", ("<script>alert(1)</script>", "&amp; <b>down</b>")),
        (b"text,label\n" + b"x" * 200_000 + b",up\nfell,down\n", ("x" * 200_000, "fell")),
        (b"text;label\n" + b"rose, fast;up\nfell;down\n", ("rose, fast", "fell")),
        (b'"text, in full";label\nrose;up\nfell;down\n', ("rose", "fell")),
        (b'text,label\nthe "best" day,up\n"say ""no""",down', ('the "best" day', 'say "no"')),
    ],
    ids=[
        "CRLF",
        "CR",
        "byte order mark",
        "emoji, right to left",
        "HTML",
        "200,000 characters",
        "semicolons",
        "comma in a name",
        "quotes",
    ],
)
def test_an_odd_file_that_is_fine_works(content: bytes, texts: tuple[str, ...]) -> None:
    chosen = {"text_column": "text, in full"} if b"in full" in content else {}
    dataset = upload("a.csv", content, chosen)
    assert dataset.texts == texts
    assert dataset.labels is not None
    assert [dataset.label_names[i] for i in dataset.labels] == ["up", "down"]


def test_the_labels_of_a_file_written_with_decimals_are_numbers() -> None:
    dataset = upload("a.csv", b"text,label\nrose,1.0\nfell,0.0\nflat,2.0\n", {})
    assert dataset.label_names == ("0", "1", "2")
    assert np.array_equal(dataset.require_labels(), [1, 0, 2])
