from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from dixtill_core.errors import CheckpointError, DixtillError
from dixtill_core.files import (
    folder_bytes,
    previous_folder,
    read_json,
    recover_folder,
    replace_folder,
    sha256_of_file,
    sha256_of_json,
    write_atomic,
    write_json,
)


def disk_full(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def old_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights").write_text("old")
    return folder


# One file


def test_a_file_is_written_whole_and_its_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.bin"
    write_atomic(path, b"new")
    write_atomic(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert names_in(path.parent) == ["file.bin"]
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is none here."),
        (b"", "is damaged: .* Put a copy of the file in its place, or make it again."),
        (b"\xff", "is damaged: .* or make it again."),
        (b"[" * 100_000, "is damaged: .* or make it again."),
        (b"[]", "has format None, this version of DiXtill reads format 2. Use the version that wrote it, or make it again."),
        (b'{"format": "<b>"}', "has format '<b>', this version of DiXtill reads format 2. "),
    ],
)
def test_a_record_that_cannot_be_read_says_why_and_what_to_do(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "record.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        read_json(path, 2, missing="There is none here.", again="make it again")


def test_a_record_of_the_wanted_format_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "record.json", {"format": 2, "text": "é"})
    assert read_json(tmp_path / "record.json", 2, missing="", again="") == {"format": 2, "text": "é"}


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, failing, disk_full)
    with pytest.raises(DixtillError, match=f"Cannot write {path}: No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["file"]


def test_a_file_where_a_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DixtillError, match="Cannot write"):
        write_atomic(tmp_path / "file" / "below", b"new")


def test_json_is_readable_and_keeps_every_script(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"text": "שלום 👍🏽", "n": 1})
    content = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert "שלום 👍🏽" in content
    assert json.loads(content) == {"text": "שלום 👍🏽", "n": 1}


# A folder


def test_a_folder_is_replaced_as_a_whole(old_folder: Path) -> None:
    with replace_folder(old_folder) as fresh:
        (fresh / "config").write_text("new")
        assert (old_folder / "weights").read_text() == "old"  # readable until the end
    assert names_in(old_folder) == ["config"]
    assert names_in(old_folder.parent) == ["model"]
    assert old_folder.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_was_not_there_is_made(tmp_path: Path) -> None:
    with replace_folder(tmp_path / "a" / "model") as fresh:
        (fresh / "weights").write_text("new")
    assert names_in(tmp_path / "a") == ["model"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_an_exception_while_writing_leaves_the_old_folder(old_folder: Path, error: type[BaseException]) -> None:
    def write_half() -> None:
        with replace_folder(old_folder) as fresh:
            (fresh / "weights").write_text("half")
            raise error

    with pytest.raises(error):
        write_half()
    assert (old_folder / "weights").read_text() == "old"
    assert names_in(old_folder.parent) == ["model"]


def test_a_full_disk_leaves_the_old_folder(old_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(DixtillError, match=r"No space left.*unchanged"), replace_folder(old_folder) as fresh:
        (fresh / "weights").write_text("new")
    assert (old_folder / "weights").read_text() == "old"
    assert names_in(old_folder.parent) == ["model"]


@pytest.mark.parametrize("failing_call", [1, 2])
def test_a_failed_rename_leaves_the_old_folder(old_folder: Path, monkeypatch: pytest.MonkeyPatch, failing_call: int) -> None:
    rename, calls = os.rename, []

    def failing(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == failing_call:
            raise PermissionError(errno.EACCES, "not now")
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(DixtillError, match="not now"), replace_folder(old_folder) as fresh:
        (fresh / "weights").write_text("new")
    assert (old_folder / "weights").read_text() == "old"
    assert names_in(old_folder.parent) == ["model"]


class _PowerCut(BaseException):
    """Nothing may handle it, as nothing handles a machine that stops."""


def test_a_crash_between_the_renames_loses_nothing(old_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, calls = os.rename, []

    def stops_before_the_second(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise _PowerCut
        rename(source, target)

    monkeypatch.setattr(os, "rename", stops_before_the_second)
    with pytest.raises(_PowerCut), replace_folder(old_folder) as fresh:
        (fresh / "weights").write_text("new")
    monkeypatch.undo()
    assert not old_folder.exists()
    recover_folder(old_folder)
    assert (old_folder / "weights").read_text() == "old"
    assert not previous_folder(old_folder).exists()


def test_recovery_never_touches_a_folder_that_is_there(old_folder: Path) -> None:
    previous_folder(old_folder).mkdir()
    recover_folder(old_folder)
    assert (old_folder / "weights").read_text() == "old"


def test_a_folder_is_written_again_after_a_crash(old_folder: Path) -> None:
    os.rename(old_folder, previous_folder(old_folder))
    with replace_folder(old_folder) as fresh:
        (fresh / "weights").write_text("new")
    assert (old_folder / "weights").read_text() == "new"
    assert names_in(old_folder.parent) == ["model"]


# Fingerprints and sizes


def test_fingerprints_are_sha_256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_fingerprint_of_data_ignores_the_order_of_keys_and_nothing_else() -> None:
    first = sha256_of_json({"a": 1, "b": [1, 2], "c": "é"})
    assert first == sha256_of_json({"c": "é", "b": [1, 2], "a": 1})
    assert len({first, sha256_of_json({"a": 1, "b": [2, 1], "c": "é"}), sha256_of_json({"a": "1", "b": [1, 2], "c": "é"})}) == 3


def test_bytes_on_disk_count_every_file_below(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_bytes(b"123")
    assert folder_bytes(tmp_path) == 8
    assert folder_bytes(tmp_path / "a") == 5
