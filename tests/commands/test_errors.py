"""`dixtill errors` as a user runs it."""

from __future__ import annotations

import json

import pytest

from dixtill_core.analysis.corpus import load_corpus
from dixtill_core.data.datasets import load_dataset


@pytest.fixture(scope="module")
def small_csv(tmp_path_factory):
    dataset = load_dataset("sample").subset(range(30))
    path = tmp_path_factory.mktemp("data") / "small.csv"
    rows = ['"' + text.replace('"', '""') + f'",{dataset.label_names[i]}' for text, i in zip(dataset.texts, dataset.labels, strict=True)]
    path.write_text("\n".join(["text,label", *rows, '"=1+1 shares rise",bullish']) + "\n", encoding="utf-8")
    return path


def test_files_and_an_overview_are_written_and_nothing_is_replaced_unasked(run, small_csv, pair_folder, tmp_path):
    out = tmp_path / "out"
    first = run("errors", "--data", small_csv, "--models", pair_folder, "--out", out, "--train", small_csv, "--json")
    assert first.returncode == 0, first.stderr
    numbers = json.loads(first.stdout)
    assert numbers["texts"] == 31
    assert numbers == json.loads((out / "overview.json").read_text())
    assert next(row for row in numbers["tags"] if row["tag"] == "near_duplicate")["texts"] == 31
    assert len(load_corpus(out)) == 31
    assert '"\'=1+1 shares rise"' in (out / "texts.csv").read_text("utf-8-sig") or "'=1+1 shares rise" in (out / "texts.csv").read_text(
        "utf-8-sig"
    )

    second = run("errors", "--data", small_csv, "--models", pair_folder, "--out", out)
    assert second.returncode == 1
    assert "--overwrite" in second.stderr
    assert "Traceback" not in second.stderr

    third = run("errors", "--data", small_csv, "--models", pair_folder, "--out", out, "--overwrite", "--faithfulness", "none")
    assert third.returncode == 0, third.stderr
    for part in ("accuracy", "Only teacher right", "gold \\ student", "Irony marker", "speaks for it", "the models part on"):
        assert part in third.stdout
    assert not load_corpus(out).has_faithfulness


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\n", ""),
        ("text,label\nshares rise,sideways\n", "sideways"),
        ("text\nshares rise today\n", "label column"),
        ("", "empty"),
    ],
)
def test_data_that_cannot_be_analysed_are_explained(run, pair_folder, tmp_path, content, message):
    path = tmp_path / "data.csv"
    path.write_text(content)
    result = run("errors", "--data", path, "--models", pair_folder, "--out", tmp_path / "out")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "Error: " in result.stderr
    assert message in result.stderr
    assert not (tmp_path / "out").exists()
