"""What looking at a large analysed corpus costs: filters, distributions, global reasons, tags, near-duplicates, saving.

Run: python -m benchmarks.analysed_corpus [--texts 100000] [--training 10000] [--rounds 5]

The corpus is the shipped analysis of the sample with its rows drawn again and again; every text gets a number of its own
in it, and the training texts are drawn likewise. No model is run. Prints the median of the rounds in seconds.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
import pandas as pd

from dixtill_core.analysis.corpus import table_bytes
from dixtill_core.analysis.distributions import select
from dixtill_core.analysis.filters import Filters, Range
from dixtill_core.analysis.global_reasons import global_reasons
from dixtill_core.analysis.near_duplicates import find_near_duplicates
from dixtill_core.analysis.outcomes import agreement_levels, calibration, foreign_reasons, outcome_table
from dixtill_core.analysis.shipped import load_shipped
from dixtill_core.analysis.smart_tags import tag_table
from dixtill_core.benchmark import is_busy
from dixtill_core.models.checkpoint import load_student
from dixtill_core.notes.note import text_key
from dixtill_core.paths import BUNDLED_PAIR

COMBINED = Filters(gold=("bearish",), outcome=("only_teacher", "both_wrong_alike"), student_confidence=Range(0.5), tags=("number",))
FILTERS = {
    "one label": Filters(gold=("bearish",)),
    "four filters": COMBINED,
    "a word": Filters(word="shares"),
    "a regular expression": Filters(pattern=r"\b(?:rise|fall)s?\b.*\d"),
    "a tag": Filters(tags=("negation",)),
}


def drawn(table: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    """Rows of a table drawn with repetition, with texts that differ."""
    rows = table.iloc[np.random.default_rng(seed).integers(0, len(table), n)].reset_index(drop=True)
    texts = [f"{text[:-1]}{i}" if text[-1:].isdecimal() else text for i, text in enumerate(rows["text"])]
    return rows.assign(text=texts, row=np.arange(1, n + 1), text_key=[text_key(text) for text in texts])


def seconds(run: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        taken.append(time.perf_counter() - started)
    return median(taken)


def exhaust(steps: Iterator[object]) -> None:
    deque(steps, maxlen=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--training", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    shipped = load_shipped()
    if shipped is None:
        raise SystemExit("The shipped analysis is not of today's pair. Run: python -m scripts.analyse_sample")
    table, labels = drawn(shipped.table, arguments.texts, 0), shipped.label_names
    training = drawn(shipped.table, arguments.training, 1)["text"].to_list()
    vocabulary = load_student(BUNDLED_PAIR / "student").vocabulary
    if is_busy():
        print("Other processes keep this machine busy: these numbers are too high.")
    print(f"{len(table):,} texts, {len(training):,} training texts; seconds")
    for name, filters in FILTERS.items():
        print(f"filter: {name:32} {seconds(lambda chosen=filters: chosen.apply(table), arguments.rounds):8.3f}", flush=True)
    looks: dict[str, Callable[[], object]] = {
        "four filters and all distributions": lambda: select(table, COMBINED, labels),
        "outcomes, agreement, calibration": lambda: (
            outcome_table(table), agreement_levels(table), foreign_reasons(table), calibration(table, "student")
        ),
    }  # fmt: skip
    works: dict[str, Callable[[], object]] = {
        "global reasons": lambda: exhaust(global_reasons(table, labels)),
        "all tags, no training texts": lambda: exhaust(tag_table(table, vocabulary)),
        "near-duplicates": lambda: exhaust(find_near_duplicates(table["text"].to_list(), training)),
        "written as Parquet": lambda: table_bytes(table),
    }
    for rounds, chosen in ((arguments.rounds, looks), (1, works)):
        for name, run in chosen.items():
            print(f"{name:40} {seconds(run, rounds):8.3f}", flush=True)


if __name__ == "__main__":
    main()
