"""Behavioural tests of both models: texts are edited, and the predictions before and after are compared.

A test of invariance fails on a text where any of its edits changes the predicted label. Negation fails where the predicted
label stays and its probability does not fall by `LEAST_FALL`; it applies to a model only where that label takes a side,
because a neutral text stays neutral when it is negated. No gold label is read. Rates come with the 95 % interval of
Wilson (1927) over the texts that a test applies to.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import softmax

from dixtill_core.analysis.corpus import ROLES, Role
from dixtill_core.analysis.edits import EDITS, RIGHT, Edit, generator_for
from dixtill_core.errors import ConfigError, DataError
from dixtill_core.export.tables import safe_cell
from dixtill_core.files import make_folder, write_atomic
from dixtill_core.metrics.significance import wilson_interval
from dixtill_core.models.pair import ModelPair
from dixtill_core.progress import Progress

LEAST_FALL = 0.05
"""Of a probability, that a negation is expected to bring."""
TAKES_NO_SIDE = frozenset(("neutral", "none", "other", "mixed", "no opinion"))
BATCH_TEXTS = 64
PROGRESS_EVERY = 100


@dataclass(frozen=True)
class BehaviourRow:
    """One test of one model."""

    test: str
    role: Role
    expected: str
    texts: int
    """Texts that the test applies to."""
    failing: int
    rate: float
    """Share of failing texts; NaN where the test applies to none."""
    low: float
    high: float
    """95 % interval of Wilson."""
    edits_right: float
    """Share of edits of this kind that were right when read (see `edits.RIGHT`): a rate far above 1 - `edits_right` is the model's."""


@dataclass(frozen=True, eq=False)
class BehaviourReport:
    rows: tuple[BehaviourRow, ...]
    edits: pd.DataFrame
    """One row an edit: test, row (from 1), text, edited, changed, expected; of each model label and probability of the
    label predicted before, before and after (*_before, *_after, *_p_before, *_p_after), *_applies, *_fails."""
    seed: int

    def failing(self, test: str, role: Role) -> pd.DataFrame:
        """The edits on which a model fails a test."""
        return self.edits[(self.edits["test"] == test) & self.edits[f"{role}_fails"]]


def run_behaviour(
    pair: ModelPair, texts: Sequence[str], tests: Sequence[str] | None = None, seed: int = 0
) -> Iterator[Progress | BehaviourReport]:
    """Yield progress, and last the report; may be stopped at any yield.

    Args:
        tests: names of `EDITS`; all where None.

    Raises:
        ConfigError: a test that is not there.
        DataError: no texts.
    """
    names = tuple(tests or EDITS)
    if unknown := [name for name in names if name not in EDITS]:
        raise ConfigError(f"There is no test {unknown[0]!r}. There are {', '.join(EDITS)}.")
    if not texts:
        raise DataError("There are no texts to test on. Give a file with texts.")
    made: list[tuple[str, int, Edit]] = []
    for i, text in enumerate(texts):
        if i % PROGRESS_EVERY == 0:
            yield Progress("editing texts", i, len(texts))
        made += [(name, i, edit) for name in names for edit in EDITS[name](text, generator_for(text, seed)) if edit.text != text]
    needed = list(dict.fromkeys([texts[i] for _, i, _ in made] + [edit.text for _, _, edit in made]))
    needed.sort(key=len)
    table = pd.DataFrame(
        {
            "test": [name for name, _, _ in made],
            "row": [i + 1 for _, i, _ in made],
            "text": [texts[i] for _, i, _ in made],
            "edited": [edit.text for _, _, edit in made],
            "changed": [[list(change) for change in edit.changed] for _, _, edit in made],
            "expected": [edit.expected for _, _, edit in made],
        }
    )
    for role, model in ((ROLES[0], pair.teacher), (ROLES[1], pair.student)):
        shares: dict[str, np.ndarray] = {}
        for start in range(0, len(needed), BATCH_TEXTS):
            batch = needed[start : start + BATCH_TEXTS]
            shares |= zip(batch, softmax(model.predict(batch).astype(np.float64), axis=1), strict=True)
            yield Progress(f"asking the {role}", start + len(batch), len(needed))
        _judge(table, role, model.label_names, shares)
    rows = tuple(_count(table, name, role) for name in names for role in ROLES)
    yield BehaviourReport(rows, table, seed)


def _judge(table: pd.DataFrame, role: Role, names: Sequence[str], shares: dict[str, np.ndarray]) -> None:
    """Add what a model says before and after each edit, and whether it fails."""
    before = np.array([shares[text] for text in table["text"]]).reshape(len(table), len(names))
    after = np.array([shares[text] for text in table["edited"]]).reshape(len(table), len(names))
    labels, edited = before.argmax(axis=1), after.argmax(axis=1)
    places = np.arange(len(table))
    was, became = before[places, labels], after[places, labels]
    falls = (table["expected"] == "falls").to_numpy()
    takes_side = np.array([names[label].lower() not in TAKES_NO_SIDE for label in labels], dtype=bool)
    applies = ~falls | takes_side
    fails = np.where(falls, (labels == edited) & (was - became < LEAST_FALL), labels != edited) & applies
    table[f"{role}_before"] = [names[label] for label in labels]
    table[f"{role}_after"] = [names[label] for label in edited]
    table[f"{role}_p_before"], table[f"{role}_p_after"] = was, became
    table[f"{role}_applies"], table[f"{role}_fails"] = applies, fails


def _count(table: pd.DataFrame, name: str, role: Role) -> BehaviourRow:
    of_test = table[(table["test"] == name) & table[f"{role}_applies"]]
    texts = int(of_test["row"].nunique())
    failing = int(of_test.loc[of_test[f"{role}_fails"], "row"].nunique())
    low, high = wilson_interval(failing, texts)
    expected = "negation lowers the label" if name == "negation" else "label stays"
    return BehaviourRow(name, role, expected, texts, failing, failing / texts if texts else float("nan"), low, high, RIGHT[name])


def write_behaviour(folder: Path, report: BehaviourReport) -> None:
    """behaviour.csv (a line a test and model), edits.parquet and edits.csv (a line an edit; no cell runs as a formula)."""
    make_folder(folder)
    summary = pd.DataFrame([asdict(row) for row in report.rows])
    write_atomic(folder / "behaviour.csv", summary.to_csv(index=False).encode("utf-8-sig"))
    stored = report.edits.assign(changed=[json.dumps(changes, ensure_ascii=False) for changes in report.edits["changed"]])
    stream = io.BytesIO()
    stored.to_parquet(stream, index=False)
    write_atomic(folder / "edits.parquet", stream.getvalue())
    written = stored.copy()
    for column in written.columns:
        if any(isinstance(cell, str) for cell in written[column]):
            written[column] = [safe_cell(cell) for cell in written[column]]
    write_atomic(folder / "edits.csv", written.to_csv(index=False).encode("utf-8-sig", errors="replace"))
