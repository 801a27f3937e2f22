"""Integrated Gradients of the student: the same function as for a teacher, checked on its own network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients

from dixtill_core.config import Baseline, ExplainConfig, Output
from dixtill_core.data.words import UNKNOWN, split_words
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.student import StudentClassifier

TEXTS = [
    "the stock falls as the bank cuts its outlook and warns of losses",
    "gold",
    "  profit beat estimates, $TSLA +4.5% 👍🏽!!",
    "shares of the company rose",
]
STEPS = {"tolerance": 1e9, "max_steps": 5000}


def output_of(student: StudentClassifier, ids: torch.Tensor, output: str) -> torch.Tensor:
    logits = student.network(ids, torch.full((len(ids),), ids.shape[1])).logits
    return logits.softmax(dim=-1) if output == "probability" else logits


def baseline_ids(student: StudentClassifier, ids: torch.Tensor, baseline: str) -> torch.Tensor:
    return torch.full_like(ids, student.vocabulary.position[UNKNOWN] if baseline == "mask" else 0)


@pytest.mark.parametrize("baseline", ["pad", "mask"])
@pytest.mark.parametrize("output", ["probability", "logit"])
def test_scores_equal_captums_layer_method_with_many_steps(any_student: StudentClassifier, baseline: Baseline, output: Output) -> None:
    config = ExplainConfig(n_steps=200, baseline=baseline, output=output, **STEPS)  # type: ignore[arg-type]
    explainer = LayerIntegratedGradients(lambda ids: output_of(any_student, ids, output), any_student.network.embedding)
    for target in (0, 2):
        for text, found in zip(TEXTS, integrated_gradients(any_student, TEXTS, [target] * 4, config), strict=True):
            ids = any_student.encode([text]).inputs["input_ids"]
            per_word = explainer.attribute(ids, baseline_ids(any_student, ids, baseline), target=target, n_steps=400).sum(dim=-1)[0]
            np.testing.assert_allclose(found.scores, per_word.detach().numpy(), atol=2e-3, err_msg=text)


@pytest.mark.parametrize("baseline", ["pad", "mask", "zero"])
def test_words_add_up_to_the_change_of_the_output(any_student: StudentClassifier, baseline: Baseline) -> None:
    config = ExplainConfig(n_steps=100, baseline=baseline, **STEPS)  # type: ignore[arg-type]
    changes = []
    for text, found in zip(TEXTS, integrated_gradients(any_student, TEXTS, None, config), strict=True):
        ids = any_student.encode([text]).inputs["input_ids"]
        with torch.no_grad():
            ends = [output_of(any_student, end, "probability")[0, found.target] for end in (ids, baseline_ids(any_student, ids, baseline))]
        change = float(ends[0] - ends[1])  # The padding word has the zero vector, so "zero" ends where "pad" does.
        changes.append(abs(change))
        assert found.convergence_delta == pytest.approx(found.scores.sum() - change, abs=1e-5)
        assert abs(found.convergence_delta or 0) < 2e-3
    assert max(changes) > 0.02


def test_pad_and_mask_baselines_give_different_scores(student: StudentClassifier) -> None:
    pad, mask = (
        integrated_gradients(student, TEXTS[:1], [0], ExplainConfig(baseline=baseline))[0]  # type: ignore[arg-type]
        for baseline in ("pad", "mask")
    )
    assert not np.allclose(pad.scores, mask.scores, atol=1e-3)
    assert "pad baseline" in pad.method
    assert "mask baseline" in mask.method


def test_an_unknown_word_adds_nothing_from_the_mask_baseline(student: StudentClassifier) -> None:
    """The unknown word is the baseline itself."""
    text = "the zzzzqqq falls"
    assert student.vocabulary.word_id("zzzzqqq") == student.vocabulary.position[UNKNOWN]
    (found,) = integrated_gradients(student, [text], [0], ExplainConfig(baseline="mask"))
    assert found.scores[1] == 0
    assert np.abs(found.scores[[0, 2]]).min() > 0


@pytest.mark.parametrize("path", ["uniform", "adaptive"])
def test_texts_alone_equal_texts_in_a_ragged_batch(any_student: StudentClassifier, path: str) -> None:
    config = ExplainConfig(n_steps=40, path=path, **STEPS)  # type: ignore[arg-type]
    texts = [*TEXTS, ""]
    for text, found in zip(texts, integrated_gradients(any_student, texts, None, config), strict=True):
        (alone,) = integrated_gradients(any_student, [text], None, config)
        assert found.words == alone.words == tuple(split_words(text))
        assert found.target == alone.target
        np.testing.assert_allclose(found.scores, alone.scores, atol=1e-4)
