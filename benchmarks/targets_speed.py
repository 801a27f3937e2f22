"""What the teacher targets of a million texts cost: texts a second of one core, or of one GPU.

Run: python -m benchmarks.targets_speed --data train.csv [--teacher bundled] [--texts 256] [--rounds 5] [--device cpu]

Times the function that every engine of `dixtill targets` runs, on texts drawn from the data, after a warm-up: logits
only (8 times as many texts, because they take a small part of the time) and with attributions. Prints the median of the
rounds and their extremes, and what a million such texts would take.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import numpy as np
import torch

from dixtill_core.benchmark import is_busy
from dixtill_core.config import ExplainConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.distill.target_engines import WORKER_THREADS
from dixtill_core.distill.target_missing import EXPLAINED_SHARD_TEXTS, SHARD_TEXTS
from dixtill_core.distill.target_rows import compute_rows, finish
from dixtill_core.distill.targets import TARGET_CONFIG
from dixtill_core.models.teacher import Teacher, load_teacher

LOGITS_TEXTS = 8
WARM_UP_TEXTS = 32


def texts_a_second(teacher: Teacher, explain: ExplainConfig | None, texts: list[str]) -> float:
    """Speed of one worker, a shard at a time as everywhere."""
    started = time.perf_counter()
    size = SHARD_TEXTS if explain is None else EXPLAINED_SHARD_TEXTS
    for start in range(0, len(texts), size):
        finish(compute_rows(teacher, explain, texts[start : start + size], WORKER_THREADS))
    return len(texts) / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--teacher", default="bundled")
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps")
    arguments = parser.parse_args()
    texts = load_dataset(arguments.data).texts
    teacher = load_teacher(arguments.teacher, device=arguments.device)
    is_cpu = teacher.device.type == "cpu"
    device = f"{WORKER_THREADS} thread of a CPU" if is_cpu else torch.cuda.get_device_name() if arguments.device == "cuda" else "MPS"
    print(f"{teacher.name} on {device}, {np.mean(teacher.piece_counts(texts[:2000])):.0f} pieces a text")
    if is_busy():
        print("Other processes keep this machine busy: these numbers are too low.")
    unit = "core hours" if is_cpu else "GPU hours"
    print(f"targets        texts/s  (extremes)        {unit} for a million")
    for name, explain, count in (("logits", None, LOGITS_TEXTS * arguments.texts), ("attributions", TARGET_CONFIG, arguments.texts)):
        chosen = [texts[i] for i in np.random.default_rng(0).choice(len(texts), min(count, len(texts)), replace=False)]
        texts_a_second(teacher, explain, chosen[:WARM_UP_TEXTS])
        speeds = [texts_a_second(teacher, explain, chosen) for _ in range(arguments.rounds)]
        extremes = f"({min(speeds):.1f} to {max(speeds):.1f})"
        print(f"{name:13} {median(speeds):8.1f}  {extremes:16}  {1e6 / median(speeds) / 3600:8.1f}", flush=True)


if __name__ == "__main__":
    main()
