"""The bundled models on the real corpus, where it is there: the published figures belong to the shipped weights."""

import numpy as np
import pytest

from dixtill_core.comparison import compare
from dixtill_core.data.datasets import load_dataset
from dixtill_core.experiments.paper import QUALITY_METRICS
from dixtill_core.experiments.results import read_results
from dixtill_core.metrics.classification import classification_scores
from dixtill_core.models.pair import load_pair
from dixtill_core.paths import PROJECT

CORPUS = PROJECT.parent / "shared" / "data" / "twitter-financial-news" / "test.csv"


@pytest.fixture(scope="module")
def bundled():
    return load_pair(device="cpu", allow_download=False)


@pytest.mark.skipif(not CORPUS.exists(), reason=f"the real corpus is not at {CORPUS}")
@pytest.mark.parametrize(("role", "model"), [("teacher", "teacher"), ("student", "dixtill")])
def test_the_shipped_weights_reach_the_published_quality(bundled, role, model):
    dataset = load_dataset(CORPUS).with_label_names(bundled.teacher.label_names)
    found = classification_scores(dataset.labels, getattr(bundled, role).predict(dataset.texts))
    published = read_results().select("quality", model=model)
    published = published[published["seed"].fillna(0) == 0].set_index("metric")["value"]  # The shipped student has seed 0.
    for metric in QUALITY_METRICS:
        assert found[metric] == pytest.approx(published[metric], abs=2e-3)


def test_a_sentence_is_explained_with_a_small_gap_and_word_scores_that_add_up(bundled):
    found = compare(bundled, "Shares of $ACME slide 12% as profit beats forecasts but outlook is cut")
    teacher = found.teacher.attributions
    assert [word.text for word in found.words][2:5] == ["$ACME", "slide", "12%"]
    assert abs(teacher.convergence_delta) < 0.02
    assert len(teacher.scores) == len(found.student.attributions.scores) == 13
    # Whatever the words did not explain, the empty text predicts: with the gap the sum is p(text) - p(baseline).
    assert 0 < found.teacher.probabilities[found.teacher.label] - (np.sum(teacher.scores) - teacher.convergence_delta) < 1


def test_plain_news_is_read_as_people_read_it(bundled):
    texts = {
        "Retailer warns on profit and suspends its dividend after weak holiday sales": "bearish",
        "Company raises its full-year guidance after orders jump 40%": "bullish",
        "The central bank publishes the minutes of its March meeting on Thursday": "neutral",
    }
    for text, label in texts.items():
        found = compare(bundled, text)
        assert found.teacher.label == found.student.label == label
