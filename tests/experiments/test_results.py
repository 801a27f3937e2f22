from __future__ import annotations

from pathlib import Path

import pytest

from dixtill_core.errors import DixtillError
from dixtill_core.experiments.results import RECORD, Row, read_results, read_rows, write_results
from dixtill_core.paths import RESULTS_TABLE

ROWS = [
    Row("quality", "kl", "macro_f1", 0.8, seed=1),
    Row("agreement", "dixtill", "feature_agreement", 0.55, "attention", 3, 0),
    Row("quality", "teacher", "macro_f1", 0.83),
]


def test_rows_survive_the_disk(tmp_path: Path) -> None:
    write_results(tmp_path, ROWS, {"settings": {"seeds": 2}})
    assert read_rows(tmp_path / RESULTS_TABLE) == ROWS
    assert read_results(tmp_path).record["settings"] == {"seeds": 2}


def test_rows_are_selected_by_table_and_columns(tmp_path: Path) -> None:
    write_results(tmp_path, ROWS, {})
    results = read_results(tmp_path)
    assert results.select("quality")["value"].tolist() == [0.8, 0.83]
    assert results.select("quality", model="kl", seed=1)["value"].tolist() == [0.8]
    assert results.select("agreement", k=4).empty


def test_what_does_not_apply_is_empty_not_zero(tmp_path: Path) -> None:
    write_results(tmp_path, ROWS, {})
    teacher = read_results(tmp_path).select("quality", model="teacher").iloc[0]
    assert teacher[["explainer", "k", "seed"]].isna().all()


def test_a_folder_without_results_says_how_to_make_them(tmp_path: Path) -> None:
    with pytest.raises(DixtillError, match="dixtill reproduce"):
        read_results(tmp_path)


@pytest.mark.parametrize("name", [RESULTS_TABLE, RECORD])
def test_a_damaged_file_is_said_to_be_damaged(tmp_path: Path, name: str) -> None:
    write_results(tmp_path, ROWS, {})
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:10])
    with pytest.raises(DixtillError, match="damaged"):
        read_results(tmp_path)
