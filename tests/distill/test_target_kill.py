"""What a computation of targets leaves when it is killed, and what another one at the same time does to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.distill.killed_targets import SHARD_TEXTS, TEXTS
from tests.distill.made_shards import bytes_of

COMPUTE = """
import sys, torch
from pathlib import Path
from dixtill_core.data.datasets import load_dataset
from dixtill_core.distill.targets import TargetStore
from dixtill_core.models.teacher import load_teacher
from tests.distill.conftest import EXPLAIN
torch.set_num_threads(1)
teacher, root, first, last = sys.argv[1:]
store = TargetStore(load_teacher(teacher, device="cpu"), EXPLAIN, Path(root))
store.shard_texts = 4
texts = load_dataset("sample").texts[int(first) : int(last)]
print("ready", flush=True)
sys.stdin.readline()
list(store.compute(texts))
assert len(store.load(texts).scores) == len(texts)
"""


def test_a_computation_killed_at_any_moment_ends_with_the_same_bytes(teacher_folder, tmp_path):
    command = [sys.executable, "-m", "tests.distill.killed_targets", teacher_folder("bert"), tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 3
    (whole,), (killed,) = (tmp_path / "whole").iterdir(), (tmp_path / "killed").iterdir()
    assert len(bytes_of(whole)) == TEXTS / SHARD_TEXTS + 1
    assert bytes_of(killed) == bytes_of(whole)


def test_two_processes_on_one_store_do_not_disturb_each_other(teacher_folder, tmp_path):
    """Two compute the same texts at the same moment, a third one some of them in other shards, while one of these is damaged."""
    arguments = [("0", "40"), ("0", "40"), ("30", "50")]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", COMPUTE, teacher_folder("bert"), tmp_path, *part],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for part in arguments
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, messages = process.communicate(timeout=300)
        assert process.returncode == 0, messages
    (folder,) = Path(tmp_path).iterdir()
    assert len([path for path in folder.iterdir() if path.name.startswith(".")]) == 0
