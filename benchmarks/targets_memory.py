"""Peak memory of computing teacher targets: the same for a small corpus and for a large one.

Run: python -m benchmarks.targets_memory [--sizes 1000,100000] [--teacher small] [--engine here|local|ray] [--logits-only]

Writes a corpus of each size to a temporary CSV file and computes its targets in a fresh process, into an empty store.
Prints the peak resident memory of that process, after a warm-up on 10,000 texts for each size: libraries load
more of their code with each new length of a batch. The allocator of glibc is told to hand back at once what is
freed: by default it keeps some 10 MB, now more, now less. With --engine local or ray it is the process that reads and
writes, not its workers. The teacher "small" is a BERT of two layers with
random weights, so that the large corpus takes minutes; any other is loaded as by `dixtill targets --teacher`.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dixtill_core.paths import PROJECT

SHORTEST, LONGEST = 5, 30
"""Words of a made text."""
WARM_UP_TEXTS = 10_000
HAND_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}


def write_corpus(path: Path, texts: int, seed: int = 0) -> None:
    """A CSV file of different made texts, of the same lengths whatever their number; other ones for another seed."""
    made = random.Random(seed)
    words = ("shares", "rose", "fell", "profit", "of", "the", "bank", "company", "after", "strong", "weak", "earnings", "in", "europe")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("text\n")
        for i in range(texts):
            stream.write(f"{seed} {i} " + " ".join(made.choices(words, k=made.randint(SHORTEST, LONGEST))) + "\n")


def compute(corpus: Path, teacher: str, engine: str, logits_only: bool, store: Path) -> None:
    """Compute all targets here and print the peak in MB, seconds, and texts."""
    from dixtill_core.data.stream import stream_texts
    from dixtill_core.distill.target_engines import InProcess, choose_engine
    from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore
    from dixtill_core.models.teacher import load_teacher

    loaded = load_teacher(teacher)
    chosen = InProcess(1) if engine == "here" else choose_engine(engine, loaded, teacher)
    explain = None if logits_only else TARGET_CONFIG
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder) / "warm_up.csv", WARM_UP_TEXTS, seed=1)
        for _ in TargetStore(loaded, explain, Path(folder)).compute(stream_texts(Path(folder) / "warm_up.csv"), chosen):
            pass
    started, texts = time.perf_counter(), 0
    for step in TargetStore(loaded, explain, store).compute(stream_texts(corpus), chosen):
        texts = step.done
    print(f"{peak_mb():.1f} {time.perf_counter() - started:.0f} {texts}")


def peak_mb() -> float:
    """Most memory that this process has had, in MB of 1,000,000 bytes. Linux and macOS."""
    status = Path("/proc/self/status")
    if status.exists():  # The other way counts what the parent had when it forked.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def measure(size: int, arguments: argparse.Namespace, teacher: str, folder: Path) -> tuple[float, float, int]:
    """Peak in MB, seconds, and texts computed, of a fresh process."""
    corpus = folder / f"{size}.csv"
    write_corpus(corpus, size)
    command = [sys.executable, "-m", "benchmarks.targets_memory", "--corpus", corpus, "--teacher", teacher, "--store", folder / str(size)]
    command += ["--engine", arguments.engine, *(["--logits-only"] if arguments.logits_only else [])]
    environment = os.environ | HAND_BACK
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, text=True, check=True, cwd=PROJECT, env=environment)
    peak, seconds, texts = done.stdout.split()
    return float(peak), float(seconds), int(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000")
    parser.add_argument("--teacher", default="small")
    parser.add_argument("--engine", choices=("here", "local", "ray"), default="here")
    parser.add_argument("--logits-only", action="store_true")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.corpus:
        compute(arguments.corpus, arguments.teacher, arguments.engine, arguments.logits_only, arguments.store)
        return
    print("   texts  peak MB  seconds")
    with tempfile.TemporaryDirectory() as folder:
        teacher = arguments.teacher
        if teacher == "small":
            from tests.small_models import save_bert

            teacher = str(save_bert(Path(folder) / "teacher"))
        for size in map(int, arguments.sizes.split(",")):
            peak, seconds, texts = measure(size, arguments, teacher, Path(folder))
            print(f"{texts:8,}  {peak:7.1f}  {seconds:7.0f}", flush=True)


if __name__ == "__main__":
    main()
