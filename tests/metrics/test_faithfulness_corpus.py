from __future__ import annotations

import json
from io import StringIO
from math import isnan

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from dixtill_core.cli import app
from dixtill_core.commands.faithfulness import print_faithfulness
from dixtill_core.config import ExplainConfig, FaithfulnessConfig
from dixtill_core.explain.attention import attention
from dixtill_core.metrics.faithfulness import faithfulness, metric_directions
from dixtill_core.metrics.faithfulness_corpus import (
    CorpusFaithfulness,
    PairFaithfulness,
    corpus_faithfulness,
    pair_faithfulness,
    sample_texts,
)
from dixtill_core.progress import Progress
from tests.metrics.bag_of_words import BagOfWords, explanation
from tests.small_models import SENTENCES, small_student

FEW = FaithfulnessConfig(random_seeds=2)
TEXTS = (SENTENCES[0], " ", "shares rose", SENTENCES[1])


def last(steps):
    return list(steps)[-1]


def test_every_text_has_the_values_that_it_has_alone_and_means_leave_out_what_has_none():
    student = small_student()
    explained = {"attention": attention(student, TEXTS)}
    found = last(corpus_faithfulness(student, TEXTS, explained, FEW))
    alone = [faithfulness(student, text, {"attention": explained["attention"][i]}, FEW) for i, text in enumerate(TEXTS)]
    assert list(found.values) == list(found.means) == ["attention", "random", "greedy"]
    for name in found.values:
        for metric in metric_directions(FEW):
            expected = [one[name].values[metric] for one in alone]
            np.testing.assert_allclose(found.values[name][metric], expected, atol=1e-6)
            known = [value for value in expected if not isnan(value)]
            assert found.means[name][metric] == pytest.approx(np.mean(known) if known else np.nan, abs=1e-6, nan_ok=True)
        assert isnan(found.values[name]["deletion_area"][1])
        assert found.measured[name] == 3
    assert found.to_dict()["random"]["n"] == 3


def test_curves_of_different_lengths_meet_on_one_grid():
    model = BagOfWords({"a": 1.0, "b": 2.0})
    texts = ("b", "a b")
    explained = {"tested": [explanation("b", [1]), explanation("a b", [1, 2])]}
    found = last(corpus_faithfulness(model, texts, explained, FEW))
    assert found.shares.tolist() == pytest.approx([i / 20 for i in range(21)])
    one = np.interp(found.shares, [0, 1], [4 / 5, 1 / 2])
    other = np.interp(found.shares, [0, 0.5, 1], [8 / 9, 2 / 3, 1 / 2])  # b first, then a
    np.testing.assert_allclose(found.deletion["tested"], (one + other) / 2, atol=1e-6)
    added = np.interp(found.shares, [0, 0.5, 1], [1 / 2, 4 / 5, 8 / 9])
    np.testing.assert_allclose(found.insertion["tested"], (one[::-1] + added) / 2, atol=1e-6)


def test_long_texts_are_left_out_of_greedy_and_counted():
    student = small_student()
    texts = ("shares rose", SENTENCES[0])
    config = FaithfulnessConfig(random_seeds=1, exact_words=5)
    found = last(corpus_faithfulness(student, texts, {"attention": attention(student, texts)}, config))
    assert found.measured == {"attention": 2, "random": 2, "greedy": 1}
    assert found.means["greedy"]["deletion_area"] == found.values["greedy"]["deletion_area"][0]
    assert not np.isnan(found.deletion["greedy"]).any()


def test_progress_counts_the_texts_and_any_yield_can_be_the_last():
    student = small_student()
    explained = {"attention": attention(student, TEXTS)}
    items = list(corpus_faithfulness(student, TEXTS, explained, FEW))
    assert [(item.done, item.total) for item in items[:-1]] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert all(isinstance(item, Progress) for item in items[:-1])
    assert isinstance(items[-1], CorpusFaithfulness)
    for n in range(len(items)):
        steps = corpus_faithfulness(student, TEXTS, explained, FEW)
        for _ in range(n):
            next(steps)
        steps.close()
    assert student.lock.acquire(blocking=False)


def test_no_texts_have_no_means():
    found = last(corpus_faithfulness(small_student(), [], {"attention": []}, FEW))
    assert found.means == found.values == found.measured == {}


def test_each_text_needs_an_explanation():
    student = small_student()
    with pytest.raises(ValueError, match="4 texts, but 1 explanations by attention"):
        next(corpus_faithfulness(student, TEXTS, {"attention": attention(student, TEXTS[:1])}, FEW))


def test_a_pair_is_explained_and_measured_by_its_own_explainers(pair):
    items = list(pair_faithfulness(pair, TEXTS, FEW, ExplainConfig(n_steps=4, tolerance=1, max_steps=4)))
    found = items[-1]
    assert isinstance(found, PairFaithfulness)
    assert list(found.teacher.means) == ["integrated_gradients", "random", "greedy"]
    assert list(found.student.means) == ["attention", "integrated_gradients", "random", "greedy"]
    assert len({item.stage for item in items[:-1]}) == 4
    expected = last(corpus_faithfulness(pair.student, TEXTS, {"attention": attention(pair.student, TEXTS)}, FEW))
    assert found.student.means["attention"] == pytest.approx(expected.means["attention"], abs=1e-6)


def test_a_sample_is_drawn_without_repetition_and_keeps_its_order():
    texts = [str(i) for i in range(50)]
    drawn = sample_texts(texts, 10, seed=1)
    assert len(set(drawn)) == 10
    assert list(drawn) == sorted(drawn, key=int)
    assert drawn == sample_texts(texts, 10, seed=1) != sample_texts(texts, 10, seed=2)
    assert sample_texts(texts, 0, seed=1) == sample_texts(texts, 50, seed=1) == tuple(texts)


@pytest.fixture
def texts_file(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text("text\n" + "\n".join(f'"{sentence}"' for sentence in ("shares rose", "gold falls today", "profit beats")) + "\n")
    return path


def test_the_command_prints_json_of_both_models(pair_folder, texts_file):
    options = ["faithfulness", "--data", str(texts_file), "--models", str(pair_folder), "--texts", "2", "--perturbation", "mask"]
    result = CliRunner().invoke(app, [*options, "--ranking", "absolute", "--seed", "3", "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["config"] == json.loads(json.dumps(FaithfulnessConfig("mask", "absolute", seed=3).to_dict()))
    assert found["texts"] == 2
    assert set(found["teacher"]) == {"integrated_gradients", "random", "greedy"}
    assert set(found["student"]) == {"attention", "integrated_gradients", "random", "greedy"}
    for of_explainer in (*found["teacher"].values(), *found["student"].values()):
        assert set(of_explainer) == {*metric_directions(), "n"}
        assert of_explainer["n"] == 2
    assert found["student"]["greedy"]["leave_one_out_correlation"] is None


def test_the_command_without_json_shows_each_model_with_directions(pair_folder, texts_file):
    result = CliRunner().invoke(app, ["faithfulness", "--data", str(texts_file), "--models", str(pair_folder)], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    assert result.stdout.index("teacher") < result.stdout.index("student")
    for shown in ("comprehensiveness@20 ↑", "sufficiency@20 ↓", "aopc sufficiency ↓", "attention", "random", "greedy"):
        assert shown in result.stdout


def test_what_is_not_known_is_a_dash(pair):
    config = FaithfulnessConfig(random_seeds=1, exact_words=1)
    found = last(pair_faithfulness(pair, ["shares rose"], config, ExplainConfig(n_steps=4, tolerance=1, max_steps=4)))
    shown = StringIO()
    print_faithfulness(found, Console(width=120, file=shown))
    lines = [line for line in shown.getvalue().splitlines() if "deletion area" in line]
    assert [line.split("│")[-2].strip() for line in lines] == ["-", "-"]
