"""The analysis of the bundled sample under the bundled pair that comes with the project, so that a page opens at once.

`sources.json` beside it has the SHA-256 of the files that it was made from. Where one of them is another today, the
shipped analysis is of something else and is not read. Tags that the code gives otherwise today are given anew. No model has
to be loaded for either.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from dixtill_core.analysis.corpus import AnalysedCorpus, load_corpus, save_corpus
from dixtill_core.analysis.tag_again import tag_again
from dixtill_core.data.vocabulary import Vocabulary
from dixtill_core.errors import DixtillError
from dixtill_core.files import sha256_of_file, write_json
from dixtill_core.paths import BUNDLED_PAIR, PROJECT, SAMPLE_DATA, SHIPPED_ANALYSIS

SOURCES = "sources.json"
MADE_FROM = (
    SAMPLE_DATA,
    BUNDLED_PAIR / "teacher" / "adapter_model.safetensors",
    BUNDLED_PAIR / "teacher" / "teacher.json",
    BUNDLED_PAIR / "student" / "model.safetensors",
    BUNDLED_PAIR / "student" / "vocabulary.json",
)


def load_shipped(folder: Path = SHIPPED_ANALYSIS) -> AnalysedCorpus | None:
    """The shipped analysis; None where it is not there, damaged, or not of today's sample and pair."""
    try:
        recorded = json.loads((folder / SOURCES).read_text(encoding="utf-8"))
        if recorded != source_fingerprints():
            return None
        words = json.loads((BUNDLED_PAIR / "student" / "vocabulary.json").read_text(encoding="utf-8"))
        *_, corpus = tag_again(load_corpus(folder), Vocabulary(tuple(words)))
        return corpus if isinstance(corpus, AnalysedCorpus) else None
    except (OSError, ValueError, DixtillError):
        return None


def ship(corpus: AnalysedCorpus, folder: Path = SHIPPED_ANALYSIS) -> None:
    """Write an analysis of the sample under the bundled pair as the one that comes with the project."""
    save_corpus(folder, replace(corpus, data_name=SAMPLE_DATA.relative_to(PROJECT).as_posix()))  # No path of the machine that made it.
    write_json(folder / SOURCES, source_fingerprints())


def source_fingerprints() -> dict[str, str]:
    """SHA-256 of each of the files, by its path in the project."""
    try:
        return {str(path.relative_to(PROJECT).as_posix()): sha256_of_file(path) for path in MADE_FROM}
    except OSError as error:
        raise DixtillError(f"Cannot read {error.filename}: {error.strerror or error}.") from error
