"""How near is the estimate of a run to what the run takes?

Run: python -m benchmarks.run_estimate [--preset quick] [--data sample] [--teach]

Estimates once from the stored constants and once by measuring the models on a few texts, then trains the run with an
empty cache of targets in a temporary folder. Prints the seconds of each stage, and the estimates as a share of them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from dixtill_core.config import TeachConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.words import split_words
from dixtill_core.models.teacher import load_teacher
from dixtill_core.runs.estimate import TEACHING, TRAINING, calibrate, estimate
from dixtill_core.runs.spec import PRESETS, RunSpec
from dixtill_core.runs.store import RunStore
from dixtill_core.runs.training import train_run

SAME_STAGE = {"validating the student": TRAINING, "validating the teacher": TEACHING}


def stage_seconds(spec: RunSpec, folder: Path) -> dict[str, float]:
    """Train, and add up what each stage took."""
    run = RunStore(folder).create(spec, "estimate")
    spent: dict[str, float] = {}
    before = time.perf_counter()
    for step in train_run(run, cache=folder / "cache"):
        stage = SAME_STAGE.get(step.stage, step.stage)
        spent[stage] = spent.get(stage, 0.0) + time.perf_counter() - before
        before = time.perf_counter()
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--preset", default="quick", choices=sorted(PRESETS))
    parser.add_argument("--data", default="sample")
    parser.add_argument("--teach", action="store_true", help="fine-tune a teacher of two epochs first")
    arguments = parser.parse_args()
    spec = PRESETS[arguments.preset].apply(RunSpec(data=arguments.data, watched=""))
    spec = replace(spec, teach=TeachConfig(epochs=2)) if arguments.teach else spec
    dataset = load_dataset(arguments.data)
    words = float(np.mean([len(split_words(text)) for text in dataset.texts]))
    n_classes = len(dataset.label_names)
    stored = estimate(spec, len(dataset), words, n_classes)
    teacher = load_teacher()
    started = time.perf_counter()
    measured = estimate(spec, len(dataset), words, n_classes, calibration=calibrate(spec, teacher, dataset.texts))
    print(
        f"{len(dataset):,} texts of {words:.1f} words, {torch.get_num_threads()} threads; measured in {time.perf_counter() - started:.1f} s"
    )
    with tempfile.TemporaryDirectory() as folder:
        spent = stage_seconds(spec, Path(folder))
    print(f"{'stage':32} {'took':>8} {'stored':>15} {'measured':>15}")
    for stage, seconds in [*spent.items(), ("all", sum(spent.values()))]:
        guesses = (found.total_seconds if stage == "all" else found.seconds.get(stage, 0.0) for found in (stored, measured))
        shown = "".join(f"{guess:9.1f} {guess / seconds:5.2f}" for guess in guesses) if seconds >= 0.5 else ""
        print(f"{stage:32} {seconds:8.1f} {shown}")


if __name__ == "__main__":
    main()
