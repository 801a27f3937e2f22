"""The engine ray on a local cluster of two workers: the same bytes as the local engine, nothing said to anyone, nothing left."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pytest

from dixtill_core.distill.target_engines import WORKER_THREADS, InProcess, TeacherSource
from dixtill_core.distill.target_missing import EXPLAINED_SHARD_TEXTS
from dixtill_core.distill.target_ray import RayData, _ShardActor, import_ray
from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore
from dixtill_core.errors import DixtillError
from tests.distill.conftest import EXPLAIN
from tests.distill.made_shards import bytes_of

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: pip install 'dixtill[ray]'"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what Ray's processes do is read from /proc"),
]

SECONDS = 300
RAY_PROCESSES = (b"raylet", b"gcs_server", b"ray::", b"dashboard", b"default_worker.py", b"log_monitor")


@pytest.fixture
def engine(bert, teacher_folder) -> RayData:
    return RayData(TeacherSource.of(bert, teacher_folder("bert"), "cpu"), 2)


@pytest.fixture
def session(tmp_path, monkeypatch) -> str:
    """Marks every process that a test starts, so that those of others are told apart."""
    monkeypatch.setenv("DIXTILL_TEST_SESSION", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return str(tmp_path)


def store_in(folder: Path, teacher) -> TargetStore:
    store = TargetStore(teacher, EXPLAIN, folder)
    store.shard_texts = 8
    return store


def processes_of(session: str) -> dict[int, bytes]:
    """Number and command of each process of Ray that this test started."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if f"DIXTILL_TEST_SESSION={session}\0".encode() in environment and any(name in command for name in RAY_PROCESSES):
            found[int(process.name)] = command
    return found


def listening_addresses(processes: dict[int, bytes]) -> set[str]:
    """Local IPv4 and IPv6 addresses, in the hexadecimal of /proc/net, that the processes accept connections at."""
    sockets = set()
    for process in processes:
        for descriptor in Path(f"/proc/{process}/fd").glob("*"):
            try:
                sockets.add(os.readlink(descriptor))
            except OSError:
                continue
    addresses = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                addresses.add(fields[1].split(":")[0])
    return addresses


def test_two_workers_of_ray_give_the_same_bytes_as_this_process_and_leave_nothing(bert, engine, corpus, tmp_path, session):
    ray = import_ray()
    texts = corpus.texts[:30]
    here, there = store_in(tmp_path / "here", bert), store_in(tmp_path / "there", bert)
    list(here.compute(texts))
    steps = there.compute(texts, engine)
    done = [next(steps).done]

    running = processes_of(session)
    assert any(b"raylet" in command for command in running.values())
    assert sum(b"ray::MapWorker" in command for command in running.values()) == 2
    assert all(b"--disable-frontend" in command for command in running.values() if b"dashboard.py" in command)
    loopback = {"0100007F", "0" * 24 + "01000000", "0000000000000000FFFF00000100007F"}
    assert listening_addresses(running)
    assert listening_addresses(running) <= loopback
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"

    done += [step.done for step in steps]
    assert done == sorted(done)
    assert (len(done), done[-1]) == (4, 30)
    assert bytes_of(there.folder) == bytes_of(here.folder)
    assert not ray.is_initialized()
    wait_until(lambda: not processes_of(session))


def wait_until(is_so) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_of_ray_that_finds_another_teacher_hands_that_back_instead_of_targets(engine):
    actor = _ShardActor(replace(engine.source, fingerprint="another"), EXPLAIN)
    (row,) = actor(pa.table({"texts": [["a text", "another"]]})).to_pylist()
    assert "another teacher" in row["error"]
    assert row["content"] == b""


def test_a_text_that_cannot_be_explained_is_handed_back_as_what_went_wrong(engine):
    actor = _ShardActor(engine.source, "no setting")
    (row,) = actor(pa.table({"texts": [["a text"]]})).to_pylist()
    assert row["error"].startswith("A worker failed: AttributeError")


def test_a_cluster_that_cannot_be_reached_is_named(bert, engine, corpus, tmp_path, session, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(DixtillError, match=r"reached at '127\.0\.0\.1:1'.*RAY_ADDRESS"):
        list(store_in(tmp_path, bert).compute(corpus.texts[:16], engine))


def test_the_command_killed_in_the_middle_goes_on_and_ends_with_the_bytes_of_this_process(teacher_folder, bert, tmp_path, session):
    texts = [f"shares of company {i} rose" for i in range(1100)]
    shards = math.ceil(len(texts) / EXPLAINED_SHARD_TEXTS)
    data, cache = tmp_path / "texts.csv", tmp_path / "killed"
    data.write_text("\n".join(["text", *texts]), encoding="utf-8")
    options = ["--teacher", teacher_folder("bert"), "--engine", "ray", "--workers", "2", "--cache", cache]
    command = [sys.executable, "-m", "dixtill_core", "targets", "--data", data, *options]

    killed = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_until(lambda: killed.poll() is not None or list(cache.glob("*/[!.]*.parquet")))
    killed.kill()
    killed.wait()
    finished = set(cache.glob("*/[!.]*.parquet"))
    assert 1 <= len(finished) < shards
    # The two agents of a raylet look for it every few seconds only.
    wait_until(lambda: not any(name in command for name in (b"raylet/raylet", b"MapWorker") for command in processes_of(session).values()))

    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    whole = TargetStore(bert, TARGET_CONFIG, tmp_path / "whole")
    list(whole.compute(texts, InProcess(WORKER_THREADS)))
    (folder,) = cache.iterdir()
    assert len(bytes_of(folder)) == shards + 1  # and settings.json
    assert bytes_of(folder) == bytes_of(whole.folder)
