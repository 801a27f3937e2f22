"""Several processes that write at once, and one that is killed while it writes."""

import os
import signal
import subprocess
import sys

import pytest

from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
from tests.notes.conftest import PAIR

OWN_TEXTS = """
import sys
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
address, name, pair, count = sys.argv[1:]
with NoteStore(address) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for i in range(int(count)):
        store.write(f"{name} {i}", pair, NoteContent(f"{name} {i}", author=name), None)
"""
ONE_TEXT = """
import sys
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteConflict, NoteStore
address, name, pair, count = sys.argv[1:]
told = 0
with NoteStore(address) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for i in range(int(count)):
        current = store.note("shared", pair)
        try:
            store.write("shared", pair, NoteContent(f"{name} {i}", author=name), current and current.revision)
        except NoteConflict:
            told += 1
print(told, flush=True)
"""
ENDLESS = """
import sys
from dixtill_core.notes.note import NoteContent
from dixtill_core.notes.store import NoteStore
address, pair = sys.argv[1:]
with NoteStore(address) as store:
    i = 0
    while True:
        store.write(f"text {i}", pair, NoteContent("note " * 2000), None)
        print(i, flush=True)
        i += 1
"""
OPEN = """
import sys
from dixtill_core.notes.store import NoteStore
print("ready", flush=True)
sys.stdin.readline()
NoteStore(sys.argv[1]).close()
"""


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )  # fmt: skip


def run_at_once(processes):
    for process in processes:
        assert process.stdout.readline() == "ready\n", process.stderr.read()
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=120) for process in processes]
    for process, (_, error) in zip(processes, answers, strict=True):
        assert process.returncode == 0, error
    return [out for out, _ in answers]


def test_two_processes_that_write_on_different_texts_lose_nothing(address):
    run_at_once([start(OWN_TEXTS, address, name, PAIR, "60") for name in ("Ada", "Ben")])
    with NoteStore(address) as store:
        assert sorted(note.content.comment for note in store.notes()) == sorted(f"{name} {i}" for name in ("Ada", "Ben") for i in range(60))


def test_two_processes_that_write_on_one_text_keep_every_version_and_tell_every_conflict(address):
    told = run_at_once([start(ONE_TEXT, address, name, PAIR, "60") for name in ("Ada", "Ben")])
    with NoteStore(address) as store:
        versions = store.history("shared", PAIR)
        current = store.note("shared", PAIR)
    assert sorted(note.content.comment for note in versions) == sorted(f"{name} {i}" for name in ("Ada", "Ben") for i in range(60))
    beside = sum(note.is_beside for note in versions)
    assert beside == sum(map(int, told))
    line = [note for note in versions if not note.is_beside]
    assert [note.version for note in line] == list(range(1, 121 - beside))
    assert [note.based_on for note in line] == [None, *(note.revision for note in line[:-1])]
    assert current == line[-1]


def test_processes_that_open_an_empty_database_at_once_all_can(address):
    run_at_once([start(OPEN, address) for _ in range(4)])
    with NoteStore(address) as store:
        assert store.notes() == []


@pytest.mark.parametrize("confirmed", [1, 7, 20])
def test_a_writer_killed_at_any_moment_loses_nothing_that_was_confirmed(address, confirmed):
    process = start(ENDLESS, address, PAIR)
    for i in range(confirmed):
        assert process.stdout.readline() == f"{i}\n", process.stderr.read()
    os.kill(process.pid, signal.SIGKILL)
    last = [int(line) for line in process.stdout.read().split("\n")[:-1] if line] or [confirmed - 1]
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()
    with NoteStore(address) as store:
        found = {note.text: note.content.comment for note in store.notes()}
        assert {f"text {i}" for i in range(last[-1] + 1)} <= set(found)
        assert set(found.values()) == {"note " * 2000}
        store.write("after the kill", PAIR, NoteContent("x"), None)
