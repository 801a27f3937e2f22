"""What a flip search and an index of training texts cost here, with the bundled pair on one thread.

Run: OMP_NUM_THREADS=1 python -m benchmarks.error_analysis [--texts 10] [--index 10000]

Searches the smallest set of words to delete for sentences of 15 words of the sample, and embeds as many texts as asked
for, made from the sample by `augment`, into a folder that is thrown away.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median

import torch

from dixtill_core.analysis.flip import Flip, find_flip
from dixtill_core.analysis.neighbours import NeighbourIndex, build_index
from dixtill_core.benchmark import is_busy
from dixtill_core.data.augment import augment
from dixtill_core.data.datasets import Dataset, load_dataset
from dixtill_core.data.glove import load_glove
from dixtill_core.data.words import split_words
from dixtill_core.models.pair import load_pair

WORDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=10)
    parser.add_argument("--index", type=int, default=10_000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if is_busy():
        print("Other processes keep this machine busy: these numbers are too high.")
    pair = load_pair(device="cpu")
    texts = load_dataset("sample").texts
    sentences = [text for text in texts if len(split_words(text)) == WORDS][: arguments.texts]
    models = (("teacher", pair.teacher), ("student", pair.student))
    for role, model in models:
        found = [list(find_flip(model, text))[-1] for text in sentences]
        flips = [flip for flip in found if isinstance(flip, Flip)]
        seconds, evaluations = [flip.seconds for flip in flips], [flip.evaluations for flip in flips]
        proven, sizes = sum(flip.is_smallest for flip in flips), Counter(len(flip.words) for flip in flips)
        print(
            f"flip, {role}: median {median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), {median(evaluations):.0f} "
            f"evaluations; {proven} of {len(flips)} proven; words {dict(sorted(sizes.items()))}",
            flush=True,
        )
    made = tuple(augment(texts, arguments.index, 0, load_glove())) if arguments.index > len(texts) else texts[: arguments.index]
    for role, model in models:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            *_, index = build_index(model, Dataset(made, None, (), "made"), Path(folder))
            built = time.perf_counter() - started
            assert isinstance(index, NeighbourIndex)
            started = time.perf_counter()
            index.nearest(texts[0])
            query = 1000 * (time.perf_counter() - started)
            print(f"index of {len(made):,} texts, {role}: {built:.1f} s; one query {query:.1f} ms", flush=True)


if __name__ == "__main__":
    main()
