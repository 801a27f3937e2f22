"""The analysis that comes with the project is what the bundled pair says of the sample today."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dixtill_core.analysis.analyse import analyse, data_fingerprint
from dixtill_core.analysis.corpus import load_corpus, student_fingerprint
from dixtill_core.analysis.shipped import MADE_FROM, SOURCES, load_shipped, ship
from dixtill_core.analysis.smart_tags import tag_table
from dixtill_core.config import AnalysisConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.models.pair import load_pair
from dixtill_core.paths import SHIPPED_ANALYSIS
from tests.analysis.made_corpus import value_of

POSITIONS = (0, 4, 8, 99, 311, 679)
LISTS = ("teacher_probabilities", "student_probabilities", "teacher_scores", "student_scores")


@pytest.fixture(scope="module")
def bundled():
    return load_pair(device="cpu")


@pytest.fixture(scope="module")
def sample():
    return load_dataset("sample")


@pytest.fixture(scope="module")
def shipped():
    return load_shipped()


def test_it_is_of_the_sample_and_of_both_bundled_models(bundled, sample, shipped):
    assert shipped is not None, "The sample, the pair or the format has changed. Run: python -m scripts.analyse_sample"
    assert shipped.table["text"].tolist() == list(sample.texts)
    assert shipped.data_fingerprint == data_fingerprint(sample)
    assert shipped.teacher_fingerprint == bundled.teacher.fingerprint
    assert shipped.student_fingerprint == student_fingerprint(bundled.student)
    assert shipped.has_faithfulness


def test_its_rows_are_what_is_computed_today(bundled, sample, shipped, tmp_path):
    *_, today = analyse(bundled, sample.subset(POSITIONS), AnalysisConfig(faithfulness="all"), cache=tmp_path)
    before = shipped.table.iloc[list(POSITIONS)].reset_index(drop=True)
    for column in today.table:
        if column == "row":
            continue
        for old, new in zip(before[column], today.table[column], strict=True):
            if column in LISTS:
                np.testing.assert_allclose(old, new, atol=2e-3)
            else:
                assert old == (pytest.approx(new, abs=2e-3) if isinstance(new, float) else new)


def test_its_tags_are_those_of_today(bundled):
    on_disk = load_corpus(SHIPPED_ANALYSIS)  # As it lies there: whoever opens it has tags of today in any case.
    tags = value_of(tag_table(on_disk.table, bundled.student.vocabulary))
    assert tags == on_disk.table["tags"].tolist(), "Run: python -m scripts.analyse_sample --tags"


def test_it_opens_with_tags_of_today_where_its_own_are_of_other_code(shipped, tmp_path):
    old = shipped.with_table(shipped.table.assign(tags=[["irony"]] * len(shipped)))
    ship(replace(old, tag_code="of before"), tmp_path / "analysis")
    opened = load_shipped(tmp_path / "analysis")
    assert opened is not None
    assert opened.table["tags"].tolist() == shipped.table["tags"].tolist()


def test_the_analysis_of_the_sample_is_there_at_once(bundled, sample, shipped, tmp_path):
    steps = list(analyse(bundled, sample, cache=tmp_path))
    assert len(steps) == 2
    assert steps[-1].key == shipped.key
    assert not list(tmp_path.iterdir())


def test_it_is_not_read_where_it_is_of_something_else_or_damaged(tmp_path):
    folder = tmp_path / "analysis"
    shutil.copytree(SHIPPED_ANALYSIS, folder)
    assert load_shipped(folder) is not None
    recorded = json.loads((folder / SOURCES).read_text())
    assert len(recorded) == len(MADE_FROM)
    for name in recorded:
        (folder / SOURCES).write_text(json.dumps(recorded | {name: "0" * 64}))
        assert load_shipped(folder) is None
    (folder / SOURCES).write_text(json.dumps(recorded))
    (folder / "analysis.parquet").write_bytes(b"PAR1")
    assert load_shipped(folder) is None
    shutil.rmtree(folder)
    assert load_shipped(folder) is None


def test_it_is_read_without_loading_a_model():
    command = (
        "import sys; from dixtill_core.analysis.shipped import load_shipped; "
        "assert load_shipped() is not None; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=120)
    assert done.stdout == "False\n", done.stderr


def test_the_shipped_analysis_names_no_folder_of_the_machine_that_made_it() -> None:
    corpus = load_shipped()
    assert corpus is not None
    assert corpus.data_name == "data/sample.csv"
