"""Make the error analysis of the bundled sample that the page Errors opens with.

Run: python -m scripts.analyse_sample [--tags]

With --tags nothing is worked out but smart tags, after a change to their rules.
"""

from __future__ import annotations

import argparse

from dixtill_core.analysis.analyse import analyse
from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.shipped import ship
from dixtill_core.config import AnalysisConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.models.pair import load_pair
from dixtill_core.paths import SHIPPED_ANALYSIS
from dixtill_core.terminal import show_progress


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tags", action="store_true")
    again = not parser.parse_args().tags
    steps = analyse(load_pair(device="cpu"), load_dataset("sample"), AnalysisConfig(), again=again)
    corpus = show_progress(steps, AnalysedCorpus)
    ship(corpus)
    print(f"The analysis of {len(corpus)} texts is in {SHIPPED_ANALYSIS}.")


if __name__ == "__main__":
    main()
