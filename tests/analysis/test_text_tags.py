from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from dixtill_core.analysis.smart_tags import SMART_TAGS, text_tags

LABELLED = Path(__file__).with_name("hand_labelled.csv")
TEXT_TAGS = tuple(name for name, tag in SMART_TAGS.items() if tag.ground == "text")


def labelled_texts() -> Iterator[tuple[str, set[str]]]:
    """Texts with the tags that a person gave them."""
    with open(LABELLED, encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["text"], set(row["tags"].split())


def precision_and_recall() -> dict[str, tuple[float, float]]:
    counts = {name: [0, 0, 0] for name in TEXT_TAGS}  # right, given, wanted
    for text, wanted in labelled_texts():
        given = set(text_tags(text))
        for name, count in counts.items():
            count[0] += name in given and name in wanted
            count[1] += name in given
            count[2] += name in wanted
    return {name: (right / given, right / wanted) for name, (right, given, wanted) in counts.items()}


if __name__ == "__main__":  # python -m tests.analysis.test_text_tags prints the table and every text that differs.
    for tag, (precision, recall) in precision_and_recall().items():
        print(f"{tag:16} precision {precision:.2f}  recall {recall:.2f}")
    for text, wanted in labelled_texts():
        given = set(text_tags(text))
        if given != wanted:
            print(f"+{sorted(given - wanted)} -{sorted(wanted - given)}  {text}")
