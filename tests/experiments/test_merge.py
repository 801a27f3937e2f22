from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from dixtill_core.errors import DixtillError
from dixtill_core.experiments.merge import add_results, differing_parts
from dixtill_core.experiments.results import RECORD, Row, read_results, read_rows, write_results
from dixtill_core.paths import RESULTS_TABLE

OLD = [
    Row("quality", "ptq", "macro_f1", 0.832),
    Row("faithfulness", "teacher", "leave_one_out_correlation", float("nan"), "greedy"),
    Row("efficiency", "ptq", "median_ms_150", 528.0, k=32),
]
NEW = [
    Row("faithfulness", "ptq", "deletion_area", 0.5, "lime"),
    Row("faithfulness", "ptq", "comprehensiveness", 0.25, "lime", 20),
    Row("curve", "ptq", "deletion", 0.75, "lime", 5),
]
ADDED_TO = {
    "settings": {"seeds": 5, "teacher_texts": 100},
    "explain": {"n_steps": 12},
    "directions": {"deletion_area": -1},
    "label_names": ["bearish", "bullish"],
    "fingerprints": {"train": "a", "test": "b", "teacher": "c"},
    "versions": {"torch": "1"},
    "machine": {"cores": 2},
    "examples": [{"text": "Shares slide"}],
}
ADDITION = {name: value for name, value in ADDED_TO.items() if name != "examples"} | {
    "versions": {"torch": "2"},
    "machine": {"cores": 4},
    "left_out": ["teacher"],
}
TODAY = "2026-01-31"

Make = Callable[[str, Sequence[Row], dict[str, Any]], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def write(name: str, rows: Sequence[Row], record: dict[str, Any]) -> Path:
        write_results(tmp_path / name, rows, record)
        return tmp_path / name

    return write


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_older_rows_stay_first_and_to_the_last_bit(make: Make) -> None:
    published = make("published", OLD, ADDED_TO)
    before = parquet.read_table(published / RESULTS_TABLE)
    add_results(published, make("out", NEW, ADDITION), TODAY)
    after = parquet.read_table(published / RESULTS_TABLE)
    older = after.slice(0, len(OLD))
    assert older["value"].to_numpy().tobytes() == before["value"].to_numpy().tobytes()  # NaN equals nothing, but its bytes do.
    assert older.drop_columns("value").equals(before.drop_columns("value"))
    assert read_rows(published / RESULTS_TABLE)[len(OLD) :] == NEW


def test_the_record_says_what_was_added_when_by_which_versions_on_which_machine(make: Make) -> None:
    published = make("published", OLD, ADDED_TO)
    add_results(published, make("out", [*NEW, OLD[0]], ADDITION), TODAY)
    record = read_results(published).record
    assert record.pop("added") == [
        {
            "date": TODAY,
            "rows": 3,
            "models": {"curve": ["ptq"], "faithfulness": ["ptq"]},
            "measured_again": {"rows": 1, "largest_difference": 0.0},
            "versions": {"torch": "2"},
            "machine": {"cores": 4},
        }
    ]
    assert record == {"format": 1} | ADDED_TO  # What it says of the older rows stays.


def test_a_second_addition_is_listed_behind_the_first(make: Make) -> None:
    published = make("published", OLD, ADDED_TO)
    add_results(published, make("out", NEW[:1], ADDITION), TODAY)
    add_results(published, make("out", NEW, ADDITION), "2026-02-01")
    assert [(entry["date"], entry["rows"]) for entry in read_results(published).record["added"]] == [(TODAY, 1), ("2026-02-01", 2)]


def test_a_record_without_a_setting_that_came_later_had_its_default() -> None:
    older, newer = ({"settings": {"seeds": 5, "distill": {"epochs": 6} | more}} for more in ({}, {"optimizer": "adamw"}))
    assert differing_parts(older, newer) == []
    assert differing_parts(older, {"settings": {"seeds": 5, "distill": {"epochs": 6, "optimizer": "sgd"}}}) == ["settings (distill)"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"settings": {"seeds": 2, "teacher_texts": 100}}, r"settings \(seeds\)"),
        ({"settings": {"seeds": 5}}, r"settings \(teacher_texts\)"),
        ({"explain": {"n_steps": 50}}, r"explain \(n_steps\)"),
        ({"directions": {"deletion_area": 1}}, r"directions \(deletion_area\)"),
        ({"label_names": ["bullish", "bearish"]}, "label_names"),
        ({"fingerprints": {"train": "a", "test": "x", "teacher": "y"}}, r"fingerprints \(test, teacher\)"),
    ],
)
def test_other_settings_data_or_teacher_are_refused_and_named(make: Make, changed: dict[str, Any], said: str) -> None:
    published, out = make("published", OLD, ADDED_TO), make("out", NEW, ADDITION | changed)
    before = content(published)
    with pytest.raises(DixtillError, match=said):
        add_results(published, out, TODAY)
    assert content(published) == before


def test_a_figure_measured_again_that_differs_shows_other_models(make: Make) -> None:
    published, out = make("published", OLD, ADDED_TO), make("out", [*NEW, OLD[0]._replace(value=0.80)], ADDITION)
    before = content(published)
    with pytest.raises(DixtillError, match=r"quality of ptq, macro_f1, is 0\.8000 there and 0\.8320 here"):
        add_results(published, out, TODAY)
    assert content(published) == before


def test_figures_measured_again_are_compared_not_taken_and_times_may_differ(make: Make) -> None:
    again = [OLD[0]._replace(value=0.833), OLD[1], OLD[2]._replace(value=9999.0)]
    published = make("published", OLD, ADDED_TO)
    entry = add_results(published, make("out", [*again, *NEW], ADDITION), TODAY)
    assert entry["measured_again"] == {"rows": 2, "largest_difference": pytest.approx(0.001)}
    values = read_results(published).table["value"].tolist()
    assert (values[0], values[2]) == (0.832, 528.0)


def test_nothing_new_is_said_and_changes_nothing(make: Make) -> None:
    published = make("published", OLD, ADDED_TO)
    before = content(published)
    with pytest.raises(DixtillError, match="no rows that"):
        add_results(published, make("out", OLD, ADDITION), TODAY)
    assert content(published) == before


def test_a_crash_while_adding_leaves_the_older_set_whole(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    published, out = make("published", OLD, ADDED_TO), make("out", NEW, ADDITION)
    before = content(published)
    monkeypatch.setattr(json, "dumps", lambda *_, **__: 1 / 0)  # The table is written by then, the record is not.
    with pytest.raises(ZeroDivisionError):
        add_results(published, out, TODAY)
    monkeypatch.undo()
    assert content(published) == before
    assert RECORD in before
