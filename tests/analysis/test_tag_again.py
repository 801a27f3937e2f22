"""Tags on disk are those of today's code."""

from __future__ import annotations

import ast

import pytest

import dixtill_core.analysis.tag_again
from dixtill_core.analysis.analyse import analyse
from dixtill_core.analysis.corpus import AnalysedCorpus
from dixtill_core.analysis.tag_again import DECIDING, tag_again, tag_code
from dixtill_core.config import AnalysisConfig
from dixtill_core.data.datasets import Dataset
from dixtill_core.data.vocabulary import Vocabulary
from dixtill_core.data.words import UNKNOWN
from dixtill_core.models.pair import ModelPair
from dixtill_core.paths import PROJECT
from dixtill_core.progress import Progress
from tests.analysis.made_corpus import made_corpus

CORE = PROJECT / "dixtill_core"
DECIDE_NOTHING = {"errors", "progress", "data/glove"}
"""What messages are raised as, how far something is, and vectors: imported, but no tag depends on them."""


def imported(name: str) -> set[str]:
    """Modules of the core that a module imports when it is loaded."""
    tree = ast.parse((CORE / f"{name}.py").read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dixtill_core.")]
    return {str(node.module).removeprefix("dixtill_core.").replace(".", "/") for node in nodes}


def test_every_module_that_decides_tags_is_in_the_fingerprint() -> None:
    found, left = set(), {"analysis/smart_tags"}
    while left:
        name = left.pop()
        found.add(name)
        left |= imported(name) - found - DECIDE_NOTHING
    assert found == set(DECIDING)


def test_a_change_of_the_code_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name in DECIDING:
        file = tmp_path / "dixtill_core" / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes((CORE / f"{name}.py").read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(dixtill_core.analysis.tag_again, "PROJECT", tmp_path)
    assert tag_code.__wrapped__() == tag_code()  # Ends of lines are no change.
    with file.open("a") as last:
        last.write("MORE = 1\n")
    assert tag_code.__wrapped__() != tag_code()


def test_tags_of_other_code_are_given_anew_and_those_of_this_code_stay() -> None:
    corpus = made_corpus(6)
    vocabulary = Vocabulary((UNKNOWN,))
    *steps, today = tag_again(corpus, vocabulary)
    assert steps
    assert isinstance(today, AnalysedCorpus)
    assert today.tag_code == tag_code()
    assert all("unknown_words" in tags for tags in today.table["tags"])  # Made at random before.
    assert today.table.drop(columns="tags").equals(corpus.table.drop(columns="tags"))
    assert list(tag_again(today, vocabulary)) == [today]


def test_an_analysis_on_disk_is_tagged_again_and_nothing_else_is_computed(pair: ModelPair, tmp_path, monkeypatch) -> None:
    texts = ("gold rises", "is oil not falling?")
    dataset = Dataset(texts, [0, 1], tuple(pair.teacher.label_names), "two")
    *_, before = analyse(pair, dataset, AnalysisConfig(faithfulness="none"), cache=tmp_path)
    monkeypatch.setattr(dixtill_core.analysis.tag_again, "tag_code", lambda: "another")

    def refuse(*_: object) -> None:
        raise AssertionError("something was computed again")

    monkeypatch.setattr("dixtill_core.analysis.analyse._make_table", refuse)
    *steps, today = analyse(pair, dataset, AnalysisConfig(faithfulness="none"), cache=tmp_path)
    assert all(isinstance(step, Progress) for step in steps)
    assert today.tag_code == "another"
    assert today.table["tags"].tolist() == before.table["tags"].tolist()
    *_, again = analyse(pair, dataset, AnalysisConfig(faithfulness="none"), cache=tmp_path)
    assert again.tag_code == "another"  # Kept, so that it is done once.
    assert again.key == before.key
