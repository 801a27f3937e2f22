"""Smart tags of an analysis on disk are those of today's code: where that is another than the one that gave them, they are given anew.

What is kept beside an analysis is a fingerprint of the source files that decide tags, so no number has to be raised by
hand when a rule changes. Nothing but tags is worked out again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.smart_tags import tag_table
from dixtill_core.paths import PROJECT
from dixtill_core.progress import Progress

if TYPE_CHECKING:
    from dixtill_core.data.vocabulary import Vocabulary

DECIDING = (
    "analysis/near_duplicates", "analysis/polarity", "analysis/smart_tags", "analysis/text_tags", "data/vocabulary", "data/words",
    "metrics/agreement",
)  # fmt: skip
"""Modules whose code says which text has which tag."""


@cache
def tag_code() -> str:
    """The SHA-256 of their sources, whatever the ends of lines are."""
    sources = [(PROJECT / "dixtill_core" / f"{name}.py").read_text(encoding="utf-8") for name in DECIDING]
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def tag_again(corpus: AnalysedCorpus, vocabulary: Vocabulary, training: Sequence[str] | None = None) -> Iterator[Progress | AnalysedCorpus]:
    """Yield progress where tags are of other code, and last the corpus with those of today.

    Args:
        vocabulary: the student's.
        training: as in `tag_table`.
    """
    if corpus.tag_code != tag_code():
        tags = yield from tag_table(corpus.table, vocabulary, training)
        corpus = replace(corpus, table=corpus.table.assign(tags=pd.Series(tags, index=corpus.table.index)), tag_code=tag_code())
    yield corpus
