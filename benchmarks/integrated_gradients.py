"""What a step of Integrated Gradients buys: error and time of uniform and adaptive steps on real texts.

Run: python -m benchmarks.integrated_gradients --data train.csv [--texts 40] [--teacher bundled]

The reference has 400 adaptive steps. Prints, for each choice, the cosine to it (mean and 5th percentile), the mean
|convergence delta| and its largest, and the median time of a text, with retries off.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from dixtill_core.config import ExplainConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.teacher import load_teacher

STEPS = (8, 12, 16, 24, 50)
NO_RETRY = 1e9


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    return float(first @ second / max(np.linalg.norm(first) * np.linalg.norm(second), 1e-30))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--teacher", default="bundled")
    parser.add_argument("--texts", type=int, default=40)
    arguments = parser.parse_args()
    dataset = load_dataset(arguments.data)
    chosen = np.random.default_rng(0).choice(len(dataset), min(arguments.texts, len(dataset)), replace=False)
    texts = [dataset.texts[i] for i in chosen]
    teacher = load_teacher(arguments.teacher)
    targets = teacher.predict(texts).argmax(axis=1)

    reference = integrated_gradients(teacher, texts, targets, ExplainConfig(n_steps=400, tolerance=NO_RETRY))
    print(f"{len(texts)} texts, {torch.get_num_threads()} threads")
    print("path      steps  cosine  5th pct.  gap     largest  ms a text")
    for path in ("adaptive", "uniform"):
        for n_steps in STEPS:
            config = ExplainConfig(n_steps=n_steps, path=path, tolerance=NO_RETRY)
            seconds, cosines, gaps = [], [], []
            for text, target, exact in zip(texts, targets, reference, strict=True):
                started = time.perf_counter()
                found = integrated_gradients(teacher, [text], [target], config)[0]
                seconds.append(time.perf_counter() - started)
                cosines.append(cosine(found.scores, exact.scores))
                gaps.append(abs(found.convergence_delta or 0.0))
            print(
                f"{path:9} {n_steps:5}  {np.mean(cosines):.4f}  {np.quantile(cosines, 0.05):.4f}    {np.mean(gaps):.4f}  {max(gaps):.4f}"
                f"   {1000 * np.median(seconds):.0f}"
            )


if __name__ == "__main__":
    main()
