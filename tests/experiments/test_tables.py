from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from dixtill_core.experiments.results import Results, Row, read_results, write_results
from dixtill_core.experiments.table import Cell
from dixtill_core.experiments.tables import (
    agreement_table,
    compression_table,
    difference_table,
    efficiency_table,
    faithfulness_table,
    make_tables,
    methods_table,
    pruning_table,
    temperature_table,
)  # fmt: skip

F1 = {"kl": (0.80, 0.81, 0.83), "dixtill": (0.82, 0.82, 0.85)}
RECORD = {"settings": {"distill": {"temperature": 5.0}}, "machine": {"cores": 2, "threads": 1}}


def quality(table: str, model: str, value: float, seed: int | None = None, k: int | None = None) -> list[Row]:
    return [Row(table, model, metric, value, k=k, seed=seed) for metric in ("accuracy", "macro_f1", "mcc", "macro_auc")]


@pytest.fixture
def results(tmp_path: Path) -> Results:
    rows = [row for model, values in F1.items() for seed, value in enumerate(values) for row in quality("quality", model, value, seed)]
    rows += quality("quality", "teacher", 0.84) + quality("quality", "ahp-6", 0.7) + quality("quality", "ahp-12", 0.84)
    rows += [row for seed in range(3) for row in quality("temperature", "dixtill", 0.7 + seed / 100, seed, 2)]
    rows += [Row("agreement", "dixtill", "feature_agreement", 0.5 + k / 100, "attention", k, 0) for k in (1, 2)]
    rows += [
        Row("efficiency", "teacher", "bytes", 94e6), Row("efficiency", "teacher", "median_ms_150", 1000.0, k=32),
        Row("efficiency", "ahp-6", "compression_over_teacher", 1.1), Row("efficiency", "ahp-6", "speedup_over_teacher_150", 1.5, k=32),
        Row("faithfulness", "dixtill", "aopc_sufficiency", 0.25, "attention", None, 0),
        Row("faithfulness", "dixtill", "comprehensiveness", 0.5, "attention", 20, 0),
        Row("difference", "dixtill-kl", "macro_f1", 0.017), Row("difference", "dixtill-kl", "macro_f1_low", 0.004),
        Row("difference", "dixtill-kl", "macro_f1_high", 0.03), Row("difference", "dixtill-kl", "macro_f1_p", 0.01),
        Row("difference", "dixtill-kl", "sign_agreement", 0.1, k=3), Row("difference", "dixtill-kl", "sign_agreement_p", 0.001, k=3),
    ]  # fmt: skip
    write_results(tmp_path, rows, RECORD)
    return read_results(tmp_path)


def test_a_method_has_its_mean_and_t_interval_over_seeds_and_the_papers_figure_below(results: Results) -> None:
    rows = {str(row[0]): row for row in methods_table(results).rows}
    cell = rows["KL"][2]
    assert isinstance(cell, Cell)
    low, high = stats.t.interval(0.95, 2, np.mean(F1["kl"]), stats.sem(F1["kl"]))
    assert (cell.value, cell.low, cell.high) == pytest.approx((np.mean(F1["kl"]), low, high))
    assert str(rows["KL, paper"][2]) == "0.762"
    assert next(iter(rows)) == "KL"
    assert not any("CE" in name for name in rows)  # not measured here


def test_the_default_temperature_comes_from_the_students_of_table_one(results: Results) -> None:
    rows = {str(row[0]): row for row in temperature_table(results).rows}
    assert list(rows) == ["2", "2, paper", "5", "5, paper"]
    assert str(rows["5"][2]).startswith("0.830")
    assert str(rows["2"][2]).startswith("0.710")


def test_what_was_not_measured_is_left_empty(results: Results) -> None:
    rows = {str(row[0]): [str(cell) for cell in row] for row in efficiency_table(results).rows}
    assert rows["teacher"] == ["teacher", "94.00", "", "1,000.0", "", "", ""]
    assert "BERT-base shape, random weights" not in rows


def test_heads_are_counted_as_pruned_from_the_whole(results: Results) -> None:
    assert [[str(cell) for cell in row] for row in pruning_table(results).rows] == [["0", "0.840", "", ""], ["6", "0.700", "1.10", "1.50"]]


def test_agreement_faithfulness_and_compression_name_model_and_explainer(results: Results) -> None:
    assert list(map(str, agreement_table(results).rows[0])) == [
        "feature agreement",
        "DiXtill",
        "Attention scores",
        "0.510",
        "0.520",
    ]
    table = faithfulness_table(results)
    assert table.rows[0][:2] == ("DiXtill", "Attention scores")
    assert str(table.rows[0][table.header.index("aopc sufficiency ↓")]) == "0.250"
    assert [row[0] for row in compression_table(results).rows][:2] == ["teacher, AHP-6", "teacher, AHP-6, paper"]


def test_the_faithfulness_table_has_every_measured_model_and_says_why_an_int8_one_has_fewer_explainers(tmp_path: Path) -> None:
    def write(*models: str) -> Results:
        write_results(tmp_path, [Row("faithfulness", model, "deletion_area", 0.5, "lime") for model in models], RECORD)
        return read_results(tmp_path)

    everything = faithfulness_table(write("dixtill", "ptq", "ahp-6", "teacher"))
    assert [row[0] for row in everything.rows] == ["teacher", "teacher, AHP-6", "teacher, PTQ int8", "DiXtill"]
    assert "no gradients" in everything.note
    assert "no gradients" not in faithfulness_table(write("dixtill", "teacher")).note


def test_a_difference_has_its_interval_and_p(results: Results) -> None:
    assert difference_table(results).rows == (
        ("DiXtill - KL", "macro F1", "+0.017", "+0.004", "+0.030", "0.0100"),
        ("DiXtill - KL", "sign agreement @3", "+0.100", "+nan", "+nan", "0.0010"),
    )


def test_tables_without_rows_are_left_out(tmp_path: Path) -> None:
    write_results(tmp_path, quality("quality", "teacher", 0.8), RECORD)
    assert [table.name for table in make_tables(read_results(tmp_path))] == ["table1", "table4"]
