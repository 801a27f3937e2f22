"""What the page Errors costs here, with the bundled pair on one thread: filters and pages, flip searches, an index of training texts.

Run: OMP_NUM_THREADS=1 python -m benchmarks.error_analysis [--rows 100000] [--rounds 5] [--texts 10] [--index 2000]

Filters and pages: on the shipped analysis of the sample, and on as many rows drawn from it as asked for. Flips: the smallest
set of words to delete, for sentences of 15 words of the sample. Index: as many texts as asked for, made from the sample by
`augment`, are read by both models into a folder that is thrown away. Every line is printed when it is known; times are
medians, with the fastest and the slowest.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch

from benchmarks.analysed_corpus import COMBINED, FILTERS, drawn
from dashboard.errors_state import FIRST_ORDER, ROWS
from dashboard.errors_texts import ordered, page_table, texts_csv
from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.distributions import select
from dixtill_core.analysis.flip import Flip, find_flip
from dixtill_core.analysis.neighbours import NeighbourIndex, build_index
from dixtill_core.analysis.shipped import load_shipped
from dixtill_core.benchmark import is_busy
from dixtill_core.data.augment import augment
from dixtill_core.data.datasets import Dataset, load_dataset
from dixtill_core.data.glove import load_glove
from dixtill_core.data.words import split_words
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.pair import load_pair

WORDS = 15
QUERIES = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="of the larger table")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=10, help="that are flipped")
    parser.add_argument("--index", type=int, default=2000, help="training texts")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    say(f"{torch.get_num_threads()} thread{' (other processes keep this machine busy: these numbers are too high)' if is_busy() else ''}")
    shipped = load_shipped()
    if shipped is None:
        say("The shipped analysis is not of today's pair, so tables are left out. Run: python -m scripts.analyse_sample")
    else:
        for corpus in (shipped, shipped.with_table(drawn(shipped.table, arguments.rows, 0))):
            measure_table(corpus, arguments.rounds)
    pair, texts = load_pair(device="cpu"), load_dataset("sample").texts
    models: Sequence[tuple[str, Classifier]] = (("student", pair.student), ("teacher", pair.teacher))
    sentences = [text for text in texts if len(split_words(text)) == WORDS][: arguments.texts]
    for role, model in models:
        measure_flips(role, model, sentences)
    made = tuple(augment(texts, arguments.index, 0, load_glove())) if arguments.index > len(texts) else texts[: arguments.index]
    for role, model in models:
        measure_index(role, model, made, texts[:QUERIES])


def measure_table(corpus: AnalysedCorpus, rounds: int) -> None:
    """From a click on a filter to the rows that are sent to the browser."""
    table = corpus.table
    everything = np.ones(len(table), dtype=bool)
    last = ordered(table, everything, FIRST_ORDER)[-ROWS:]
    works: dict[str, Callable[[], object]] = {f"filter, {name}": partial(wanted.apply, table) for name, wanted in FILTERS.items()}
    works |= {
        "four filters and all distributions": lambda: select(table, COMBINED, corpus.label_names),
        "an order of all rows": lambda: ordered(table, everything, "least_agreement"),
        f"a page of {len(last)} rows": lambda: page_table(corpus, last, ()),
    }
    for name, run in works.items():
        say(f"{len(table):,} rows: {name}: {spread_of([timed(run) for _ in range(rounds)], 1000)} ms")
    say(f"{len(table):,} rows: CSV of all: {timed(lambda: texts_csv(corpus, np.arange(len(table)))):.2f} s, once")


def measure_flips(role: str, model: Classifier, sentences: Sequence[str]) -> None:
    """Searches one after the other, and what came of them together."""
    flips: list[Flip] = []
    for i, text in enumerate(sentences):
        found = next(item for item in reversed(list(find_flip(model, text))) if isinstance(item, Flip))
        flips.append(found)
        what = f"{len(found.words)} words" if found.found else "none found"
        say(f"flip, {role}, text {i + 1} of {len(sentences)}: {what}, {found.evaluations:,} readings, {found.seconds:.2f} s")
    if not flips:
        say(f"flip, {role}: there is no sentence of {WORDS} words to flip")
        return
    sizes = Counter(len(flip.words) for flip in flips if flip.found)
    say(f"flip, {role}: {spread_of([flip.seconds for flip in flips])} s, median {median(flip.evaluations for flip in flips):,.0f} readings")
    proven = sum(flip.is_smallest for flip in flips)
    say(f"flip, {role}: {sizes.total()} of {len(flips)} found, {proven} proven; texts by number of words {dict(sorted(sizes.items()))}")


def measure_index(role: str, model: Classifier, made: tuple[str, ...], queries: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        started, shown = time.perf_counter(), time.perf_counter()
        for item in build_index(model, Dataset(made, None, (), "made"), Path(folder)):
            if isinstance(item, NeighbourIndex):
                say(f"index, {role}: {len(made):,} texts in {time.perf_counter() - started:.1f} s")
                taken = [timed(partial(item.nearest, text)) for text in queries]
                say(f"index, {role}: one query {spread_of(taken, 1000)} ms")
            elif time.perf_counter() - shown > 10:
                shown = time.perf_counter()
                say(f"index, {role}: {item.done:,} of {item.total:,} after {shown - started:.0f} s")


def timed(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def spread_of(seconds: Sequence[float], scale: float = 1) -> str:
    """Median, fastest and slowest."""
    return f"median {scale * median(seconds):.2f} ({scale * min(seconds):.2f} to {scale * max(seconds):.2f})"


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
