from __future__ import annotations

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest

from dixtill_core.analysis.corpus import load_corpus, table_bytes
from dixtill_core.analysis.export import FILES, csv_bytes, require_room, strongest_words, text_rows, text_rows_csv, write_analysis
from dixtill_core.analysis.global_reasons import global_reasons
from dixtill_core.analysis.overview import overview, tag_outcomes
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.errors import DixtillError
from tests.analysis.made_corpus import made_corpus

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0")


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def parts_of(corpus):
    *_, reasons = global_reasons(corpus.table, corpus.label_names)
    return corpus, reasons, overview(corpus)


def test_no_cell_is_a_formula_whoever_wrote_it():
    corpus = made_corpus(len(FORMULAS), labels=("=bad", "@good"))
    table = corpus.table.assign(text=FORMULAS, teacher_scores=[np.array([])] * len(FORMULAS), student_scores=[np.array([])] * len(FORMULAS))
    content = csv_bytes(text_rows(corpus.with_table(table)))
    rows = read_csv(content)
    assert [row["text"] for row in rows] == ["'" + text for text in FORMULAS]
    assert {row["gold"] for row in rows} <= {"'=bad", "'@good"}
    for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        for cell in line:
            assert not cell.startswith(("=", "+", "@", "\t", "\r", "\n"))
            assert not cell.startswith("-") or float(cell) < 0


def test_words_that_are_formulas_are_none_among_the_reasons():
    reasons = pd.DataFrame({"word": ["=1+1", "fall"], "mean": [-0.5, 0.5]})
    assert read_csv(csv_bytes(reasons)) == [{"word": "'=1+1", "mean": "-0.5"}, {"word": "fall", "mean": "0.5"}]


def test_the_table_of_texts_has_every_number():
    corpus = made_corpus(20)
    rows = read_csv(csv_bytes(text_rows(corpus)))
    for i, row in enumerate(rows):
        of_table = corpus.table.iloc[i]
        assert row["row"] == str(i + 1)
        assert row["outcome"] == of_table["outcome"]
        assert float(row["teacher_confidence"]) == pytest.approx(of_table["teacher_confidence"])
        assert float(row["student p(neutral)"]) == pytest.approx(of_table["student_probabilities"][2])
        assert row["tags"] == ", ".join(of_table["tags"])
        assert (row["agreement_at_3"] == "") == np.isnan(of_table["agreement_at_3"])
    chosen = text_rows(corpus, np.array([3, 1]))
    assert chosen["row"].tolist() == [4, 2]


def test_the_strongest_words_come_with_their_signs():
    assert strongest_words(["Shares", "fall", "hard"], np.array([0.1, -0.9, 0.5]), 2) == "fall -0.900, hard +0.500"
    assert strongest_words([], np.array([])) == ""


def test_many_texts_are_written_in_steps_that_change_nothing(monkeypatch):
    monkeypatch.setattr("dixtill_core.analysis.export.ROWS_TOGETHER", 7)
    corpus = made_corpus(20)
    rows = np.arange(20)[::-1]
    *steps, content = text_rows_csv(corpus, rows)
    assert content == csv_bytes(text_rows(corpus, rows))
    assert [(step.done, step.total) for step in steps] == [(7, 20), (14, 20), (20, 20)]
    *steps, content = text_rows_csv(corpus, rows[:0])
    assert content == csv_bytes(text_rows(corpus, rows[:0]))
    assert steps == []


@pytest.mark.parametrize("faithfulness", [True, False])
def test_what_was_written_is_read_again(tmp_path, faithfulness):
    corpus, reasons, numbers = parts_of(made_corpus(30, faithfulness=faithfulness))
    write_analysis(tmp_path / "out", corpus, reasons, numbers)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(FILES)
    assert table_bytes(load_corpus(tmp_path / "out").table) == table_bytes(corpus.table)
    read = json.loads((tmp_path / "out" / "overview.json").read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert read == json.loads(json.dumps(numbers))
    assert (read["faithfulness"]["teacher"]["comprehensiveness"] is not None) == faithfulness
    assert len(read_csv((tmp_path / "out" / "reasons.csv").read_bytes())) == len(reasons.reasons)
    assert len(read_csv((tmp_path / "out" / "parting.csv").read_bytes())) == len(reasons.parting)


def test_nothing_is_lost_that_is_there(tmp_path):
    corpus, reasons, numbers = parts_of(made_corpus(5))
    out = tmp_path / "out"
    write_analysis(out, corpus, reasons, numbers)
    with pytest.raises(DixtillError, match="--overwrite"):
        write_analysis(out, corpus, reasons, numbers)
    other, other_reasons, other_numbers = parts_of(made_corpus(7))
    write_analysis(out, other, other_reasons, other_numbers, overwrite=True)
    assert len(load_corpus(out)) == 7
    (out / "thesis.docx").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(DixtillError, match=r"'thesis\.docx', which is no part"):
            write_analysis(out, corpus, reasons, numbers, overwrite=overwrite)
    assert (out / "thesis.docx").read_text() == "mine"
    with pytest.raises(DixtillError, match="is a file"):
        require_room(out / "thesis.docx", overwrite=True)
    (tmp_path / "empty").mkdir()
    write_analysis(tmp_path / "empty", corpus, reasons, numbers)


def test_tags_against_errors_by_hand():
    corpus = made_corpus(4)
    table = corpus.table.assign(
        gold="bearish", teacher="bearish", student=["bearish", "neutral", "neutral", "bearish"],
        tags=[["irony"], ["irony", "hedge"], [], []], agreement_at_3=[1.0, 0.0, 0.5, np.nan],
    )  # fmt: skip
    found = tag_outcomes(corpus.with_table(table))
    assert list(found.index) == list(SMART_TAGS)
    assert found.loc["irony"].tolist() == [2, 1, 0.5, 0.5, 0.5]
    assert found.loc["hedge"].tolist() == [1, 1, 0, pytest.approx(2 / 3), 0]
    assert found.loc["question", "texts"] == 0
    assert np.isnan(found.loc["question", "student_right"])
    assert np.isnan(found.loc["near_duplicate", "texts"])  # No training texts were looked through.


def test_the_overview_counts_every_text():
    corpus = made_corpus(80)
    numbers = overview(corpus)
    table = corpus.table
    assert numbers["texts"] == 80 == sum(row["texts"] for row in numbers["outcomes"])
    for role in ("teacher", "student"):
        right = float((table[role] == table["gold"]).mean())
        assert numbers["quality"][role]["accuracy"] == pytest.approx(right)
        assert np.trace(numbers["confusion"][role]) == pytest.approx(80 * right)
        assert sum(row["texts"] for row in numbers["calibration"][role]) == 80
    assert numbers["fidelity"] == pytest.approx((table["teacher"] == table["student"]).mean())
