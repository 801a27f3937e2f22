from __future__ import annotations

import csv
import io
import json

import pytest

from dixtill_core.export.tables import COLUMNS, comparison_csv, comparison_json, safe_cell, typed_cell
from tests.made_comparison import ODD_TEXTS, made_comparison


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_has_one_row_a_word_with_its_place_and_both_scores() -> None:
    rows = _rows(comparison_csv(made_comparison()))
    assert tuple(rows[0]) == COLUMNS
    assert [row["word"] for row in rows] == ["Shares", "slide", "as", "profit", "beats"]
    assert (rows[1]["start"], rows[1]["end"], rows[1]["teacher_score"], rows[1]["student_score"]) == ("7", "12", "0.9", "0.8")
    assert sum(float(row["student_attention"]) for row in rows) == pytest.approx(1)


def test_both_tables_name_what_made_the_scores() -> None:
    made = made_comparison(teacher_explainer="occlusion", student_explainer="lime")
    row, record = _rows(comparison_csv(made))[0], json.loads(comparison_json(made))
    assert (row["teacher_method"], row["student_method"], row["student_attention"]) == (
        "method of the teacher",
        "method of the student",
        "",
    )
    assert (record["teacher"]["explainer"], record["student"]["explainer"]) == ("occlusion", "lime")
    assert record["student"]["weights"] is None


def test_json_leaves_out_the_agreement_of_signs_that_do_not_exist() -> None:
    agreement = json.loads(comparison_json(made_comparison(teacher=(1, 2, 0, 0, 0), teacher_explainer="saliency")))["agreement"]
    assert {name for name, value in agreement.items() if value is None} == {
        name for name in agreement if "sign" in name or name in ("spearman", "cosine")
    }
    assert agreement["feature_agreement@3"] is not None


@pytest.mark.parametrize("word", ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_spreadsheet_reads_no_word_as_a_formula(word: str) -> None:
    assert _rows(comparison_csv(made_comparison([word, "b"], [1, 1], [1, 1])))[0]["word"] == "'" + word


def test_negative_scores_stay_numbers() -> None:
    assert float(_rows(comparison_csv(made_comparison()))[4]["teacher_score"]) == -0.5


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "'tis", "'", "", "profit", "-5%", "'-5%", "+", "\t", "'\n'", "''"])
def test_a_guarded_cell_comes_back_exactly(text: str) -> None:
    assert typed_cell(safe_cell(text)) == text


def test_ordinary_cells_stay_as_they_are() -> None:
    assert [safe_cell(text) for text in ("", "profit", "12%", 'say "no"')] == ["", "profit", "12%", 'say "no"']


@pytest.mark.parametrize("word", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_odd_words_survive_both_formats(word: str) -> None:
    made = made_comparison([word, "b"], [1, 1], [1, 1])
    carried = word.encode("utf-8", errors="replace").decode()  # Half a surrogate pair has no encoding.
    assert _rows(comparison_csv(made))[0]["word"].lstrip("'") == carried.lstrip("'")
    assert json.loads(comparison_json(made))["words"][0] == carried


def test_json_says_all_that_made_the_numbers() -> None:
    made = made_comparison(notes=["a note"])
    record = json.loads(comparison_json(made))
    assert record["text"] == made.text
    assert [record["text"][start:end] for start, end in record["offsets"]] == record["words"]
    assert record["agreement"] == made.agreement
    assert record["notes"] == ["a note"]
    teacher, student = record["teacher"], record["student"]
    assert teacher["attributions"] == [0.1, 0.9, 0.01, -0.2, -0.5]
    assert (teacher["method"], teacher["n_steps"]) == ("method of the teacher", 50)
    assert (teacher["convergence_delta"], teacher["converged"]) == (0.004, True)
    assert teacher["probabilities"] == {"bearish": 0.93, "bullish": 0.04, "neutral": 0.03}
    assert student["label"] == student["target"] == "bearish"
    assert len(student["weights"]) == 5
