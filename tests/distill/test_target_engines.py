"""Whoever computes the targets, the bytes are the same, and whatever happens to a worker is said."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dixtill_core.distill import target_engines
from dixtill_core.distill.target_engines import Engine, InProcess, Processes, TeacherSource, choose_engine
from dixtill_core.distill.targets import TargetStore
from dixtill_core.errors import DixtillError
from dixtill_core.progress import Progress
from tests.distill.conftest import EXPLAIN
from tests.distill.made_shards import bytes_of

SECONDS = 120


@pytest.fixture
def source(bert, teacher_folder) -> TeacherSource:
    return TeacherSource.of(bert, teacher_folder("bert"), "cpu")


def store_in(folder: Path, bert) -> TargetStore:
    store = TargetStore(bert, EXPLAIN, folder)
    store.shard_texts = 8
    return store


def compute(store: TargetStore, texts, engine: Engine | None) -> list[Progress]:
    return list(store.compute(texts, engine))


def test_two_processes_give_the_same_bytes_as_one(bert, source, corpus, tmp_path):
    texts = corpus.texts[:30]
    here, there = store_in(tmp_path / "here", bert), store_in(tmp_path / "there", bert)
    alone, together = compute(here, texts, None), compute(there, texts, Processes(source, 2))
    assert bytes_of(there.folder) == bytes_of(here.folder)
    assert len(bytes_of(here.folder)) == 5
    for steps in (alone, together):
        assert [step.done for step in steps] == sorted({step.done for step in steps})
        assert {step.total for step in steps} == {30}
        assert steps[-1].done == 30
    assert multiprocessing.active_children() == []


def test_a_fixed_number_of_threads_gives_the_same_bytes_whatever_pytorch_is_set_to(bert, corpus, tmp_path):
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            store = store_in(tmp_path / str(threads), bert)
            compute(store, corpus.texts[:16], InProcess(1))
            found.append(bytes_of(store.folder))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0] == found[1] == found[2]


def test_a_shard_that_another_process_has_written_meanwhile_is_not_computed_again(bert, corpus, tmp_path, monkeypatch):
    texts = corpus.texts[:24]
    first, second = store_in(tmp_path, bert), store_in(tmp_path, bert)
    steps = first.compute(texts)
    next(steps)
    next(step for step in second.compute(texts) if step.detail)  # It has written all but the first shard, which it waits for.

    def fail(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(target_engines, "compute_rows", fail)
    assert [step.done for step in steps] == [16, 24]


def test_a_worker_that_finds_another_teacher_says_so(bert, source, corpus, tmp_path):
    engine = Processes(replace(source, fingerprint="another"), 2)
    with pytest.raises(DixtillError, match="another teacher"):
        compute(store_in(tmp_path, bert), corpus.texts[:16], engine)
    assert multiprocessing.active_children() == []


def test_a_worker_that_was_killed_is_said_and_what_is_finished_is_kept(bert, source, corpus, tmp_path):
    store = store_in(tmp_path, bert)
    texts = corpus.texts[:90]
    steps = store.compute(texts, Processes(source, 2))
    for step in steps:
        if step.done >= 24:
            break
    finished = [name for name in bytes_of(store.folder) if name.endswith(".parquet")]
    assert finished
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    with pytest.raises(DixtillError, match=r"worker process ended with status -9.*--workers"):
        list(steps)
    assert multiprocessing.active_children() == []
    assert compute(store, texts, None)[-1].total <= 90 - 8 * len(finished)
    assert len(store.load(texts).scores) == 90


PARENT = """
import sys, multiprocessing
from pathlib import Path
from dixtill_core.data.datasets import load_dataset
from dixtill_core.distill.target_engines import Processes, TeacherSource
from dixtill_core.distill.targets import TargetStore
from dixtill_core.models.teacher import load_teacher
from tests.distill.conftest import EXPLAIN

if __name__ == "__main__":
    folder, root = sys.argv[1:]
    teacher = load_teacher(folder, device="cpu")
    store = TargetStore(teacher, EXPLAIN, Path(root))
    store.shard_texts = 8
    steps = store.compute(load_dataset("sample").texts, Processes(TeacherSource.of(teacher, folder, "cpu"), 2))
    next(steps)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    list(steps)
"""


def test_workers_end_when_their_parent_is_killed(teacher_folder, tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    parent = subprocess.Popen(
        [sys.executable, script, teacher_folder("bert"), tmp_path / "store"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=os.environ | {"PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert parent.stdout is not None
    workers = [int(number) for number in parent.stdout.readline().split()]
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + SECONDS
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def test_without_ray_the_engine_ray_says_how_to_install_it(bert, teacher_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DixtillError, match=r"pip install 'dixtill\[ray\]'"):
        choose_engine("ray", bert, teacher_folder("bert"), 2)
