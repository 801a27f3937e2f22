"""A user's own file: read under its own name, measured with both models, shown as a result set."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dashboard import result_tables
from dashboard.file_evaluation import FileEvaluation, as_results, draw, evaluate_file, read_upload
from dashboard.speed_here import explanation_times, here_table
from dixtill_core.config import EfficiencyConfig
from dixtill_core.errors import DataError
from dixtill_core.evaluate import Evaluation, evaluate
from dixtill_core.experiments.results import read_results
from dixtill_core.metrics.efficiency import measure_efficiency
from dixtill_core.models.pair import ModelPair
from dixtill_core.progress import Progress
from tests.dashboard.made_results import write_made_results
from tests.small_models import LABELS, SENTENCES

CSV = "text,label\n" + "".join(f'"{sentence}",{LABELS[i % 3]}\n' for i, sentence in enumerate(SENTENCES))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DIXTILL_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_an_upload_is_read_under_its_own_name() -> None:
    dataset = read_upload("C:\\mine\\../news.csv", CSV.encode())
    assert dataset.source == "news.csv"
    assert dataset.texts == SENTENCES
    assert dataset.label_names == LABELS


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "news.csv is empty"),
        (b"a,b\n1,2\n", "“Text column”"),
        (b"text\na long enough sentence\n", "news.csv has no label column.*“Label column”"),
        (b"text,label\n\xff\xfe long sentence,1\n", "news.csv is not UTF-8"),
        (b"text,label\n,bullish\n", "news.csv, row 1"),
    ],
)
def test_a_bad_upload_is_explained_without_the_servers_paths(content: bytes, expected: str) -> None:
    with pytest.raises(DataError, match=expected) as caught:
        read_upload("news.csv", content)
    assert "/tmp" not in str(caught.value)
    assert "--" not in str(caught.value)


def test_columns_can_be_named() -> None:
    content = CSV.replace("text,label", "one,two").encode()
    assert read_upload("a.csv", content, "one", "two").texts == SENTENCES


def test_texts_are_drawn_with_their_labels_the_same_each_time() -> None:
    dataset = read_upload("a.csv", CSV.encode())
    drawn = draw(dataset, 4)
    assert drawn.texts == draw(dataset, 4).texts
    assert drawn.labels is not None
    assert dataset.labels is not None
    for text, label in zip(drawn.texts, drawn.labels, strict=True):
        assert dataset.labels[dataset.texts.index(text)] == label
    assert draw(dataset, 6) is dataset


def test_a_file_is_measured_as_by_the_command_line_and_shown_as_a_result_set(pair: ModelPair, cache: Path) -> None:
    dataset = read_upload("a.csv", CSV.encode())
    *steps, found = evaluate_file(pair, dataset, 2)
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(found, FileEvaluation)
    *_, alone = evaluate(pair, dataset, cache=cache / "other")
    assert isinstance(alone, Evaluation)
    assert found.evaluation.student == pytest.approx(alone.student)
    assert (found.n_texts, found.n_explained) == (6, 2)

    results = as_results(found)
    quality = result_tables.own_quality_table(results).set_index("model")
    assert quality["macro F1"]["student"] == pytest.approx(alone.student["macro_f1"])
    assert quality["fidelity"]["student"] == pytest.approx(alone.fidelity)
    line = result_tables.agreement_table(results, "feature_agreement").set_index("k")["value"]
    assert line[3] == pytest.approx(alone.agreement["feature_agreement@3"])
    assert result_tables.curve_models(results) == ["teacher", "student"]
    for model, explainers in (("teacher", 1), ("student", 2)):
        curves = result_tables.curve_table(results, model)
        assert len(curves) == (explainers + 2) * 2 * 21
    measured = result_tables.faithfulness_table(results, "student").set_index(["metric", "explainer"])["value"]
    assert measured["deletion_area", "attention"] == pytest.approx(found.faithfulness.student.means["attention"]["deletion_area"])


def test_times_here_stand_beside_the_stored_ones(pair: ModelPair, tmp_path: Path) -> None:
    config = EfficiencyConfig(batches=(1, 2), lengths=(None,), repetitions=1, seconds=0.01)
    *_, rows = measure_efficiency({"teacher": pair.teacher, "dixtill": pair.student}, SENTENCES, config)
    assert isinstance(rows, list)
    stored = read_results(write_made_results(tmp_path))
    table = here_table(rows, stored).set_index(["model", "batch"])
    assert table["ms stored"]["DiXtill", 1] == pytest.approx(10)
    assert pd.isna(table["ms stored"]["DiXtill", 2])  # No such batch was stored.
    assert table["speed-up stored"]["DiXtill", 1] == pytest.approx(10)
    assert (table["ms here"] > 0).all()
    assert table["speed-up here"]["teacher", 1] == 1
    assert set(table["texts"]) == {"own lengths"}
    assert explanation_times(rows).startswith("One text with its explanation: teacher ")
    alone = here_table(rows, None)
    assert set(alone.columns) == set(table.reset_index().columns)
    assert alone["ms stored"].isna().all()
