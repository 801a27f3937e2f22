from __future__ import annotations

import csv
import io
import math

from dixtill_core.experiments.table import Cell, Table

TABLE = Table("t", "A title & more", "50 % of it", ("model", "macro_F1"), (("a_b", Cell(0.8125, 0.80, 0.82)), ("c", Cell(math.nan))))


def test_a_cell_shows_mean_and_half_of_its_interval() -> None:
    assert str(Cell(0.81249, 0.8, 0.82)) == "0.812 ± 0.010"
    assert str(Cell(1234.5, digits=1)) == "1,234.5"
    assert str(Cell(math.nan)) == ""


def test_markdown_has_a_row_for_each_model() -> None:
    assert TABLE.markdown().splitlines() == ["| model | macro_F1 |", "|---|---|", "| a_b | 0.812 ± 0.010 |", "| c |  |"]


def test_csv_has_numbers_in_full_and_the_ends_of_the_interval() -> None:
    rows = list(csv.reader(io.StringIO(TABLE.csv())))
    assert rows == [["model", "macro_F1", "macro_F1 low", "macro_F1 high"], ["a_b", "0.8125", "0.8", "0.82"], ["c", "", "", ""]]


def test_latex_escapes_what_has_a_meaning_there() -> None:
    latex = TABLE.latex()
    assert r"\caption{A title \& more. 50 \% of it}" in latex
    assert r"a\_b & 0.812 $\pm$ 0.010 \\" in latex
    assert r"\begin{tabular}{lr}" in latex
