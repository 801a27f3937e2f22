"""What a file is, told from its first bytes: for a message that says more than that it is no table."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from itertools import chain

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook or Word document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"version https://git-lfs", "a pointer of Git LFS and not the file itself, which `git lfs pull` fetches"),
    (b"{\\rtf", "a Rich Text document"),
)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_PICKLE_PROTOCOLS = (b"\x02", b"\x03", b"\x04", b"\x05")
ENOUGH_BYTES = 65_536
"""Of a file's start: what it is shows in much less, a header of a table fits in too."""


def kind_of(head: bytes) -> str | None:
    """What a file with this start is, with its article; None where it may well be a text file."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:1] == b"\x80" and head[1:2] in _PICKLE_PROTOCOLS:
        return "a Python pickle, which may run any program when it is read"
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start.startswith(b"<?xml"):
        return "an XML file"
    if start.startswith((b'{"', b"[{", b"{\n")):
        return "a JSON file"
    return None


def wide_encoding_of(head: bytes) -> str | None:
    """UTF-16 or UTF-32 where the start of a file says so, by its byte order mark or by a zero in every other byte."""
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name
    some = head[:2000]
    if len(some) < 8 or b"\0" not in some:
        return None
    even, odd = (some[start::2].count(0) / len(some[start::2]) for start in (0, 1))
    return "UTF-16" if max(even, odd) > 0.7 and min(even, odd) < 0.1 else None


def first_undecodable(pieces: Iterable[bytes]) -> tuple[int, int] | None:
    """Line (from 1) and value of the first byte that is no UTF-8; None where all of them are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for piece in chain(pieces, (b"",)):
        pending = decoder.getstate()[0]
        try:
            decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            whole = pending + piece
            return line + _lines(whole[: error.start]), whole[error.start]
        line += _lines(piece)
    return None


def _lines(piece: bytes) -> int:
    """Line ends in a piece of a file, which are \\n but in files of old Macs."""
    return piece.count(b"\n") or piece.count(b"\r")
