"""The path step by step against captum's sum, a plain loop of gradients, and the change of the probability."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dixtill_core.config import ExplainConfig
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.lesson.path import path_integral
from dixtill_core.models.pair import ModelPair, load_pair
from dixtill_core.models.teacher import Teacher

TEXT = "Shares of $ACME slide 12% as profit beats forecasts but outlook is cut"
ODD = {
    "one word": "cut",
    "emoji": "Profit 🚀 falls 👩‍👩‍👧",
    "right to left": "הרווח ירד השנה",
    "HTML": "<b>Profit</b> & <script>loss</script>",
}


@pytest.fixture(scope="module")
def bundled() -> ModelPair:
    return load_pair(device="cpu")


@pytest.mark.parametrize("text", [TEXT, *ODD.values()], ids=["sentence", *ODD])
def test_the_words_add_up_to_the_attributions_of_captum_and_to_the_change_of_the_probability(bundled: ModelPair, text: str) -> None:
    (expected,) = integrated_gradients(bundled.teacher, [text])
    found = path_integral(bundled.teacher, text, expected.target)
    np.testing.assert_allclose(found.word_sums()[-1], expected.scores, atol=2e-4)
    assert found.gap == pytest.approx(expected.convergence_delta, abs=2e-4)
    assert found.is_complete
    assert found.word_sums()[-1].sum() == pytest.approx(found.output - found.baseline_output, abs=0.05)


def test_the_ends_are_the_probabilities_of_the_text_and_of_a_text_of_padding(bundled: ModelPair) -> None:
    found = path_integral(bundled.teacher, TEXT, 0)
    encoded = bundled.teacher.encode([TEXT])
    ids = encoded.inputs["input_ids"].clone()
    ids[~encoded.special_mask] = bundled.teacher.padding_id
    with torch.no_grad():
        whole, blank = (
            bundled.teacher.forward(encoded.inputs | {"input_ids": tokens}).softmax(-1)[0, 0].item()
            for tokens in (encoded.inputs["input_ids"], ids)
        )
    assert (found.output, found.baseline_output) == pytest.approx((whole, blank), abs=1e-5)


def test_the_integrand_is_the_slope_of_the_output_along_the_path(bundled: ModelPair) -> None:
    found = path_integral(bundled.teacher, TEXT, 0, ExplainConfig(n_steps=200))
    slope = np.gradient(found.outputs, found.positions)
    total = found.word_integrand.sum(axis=1)
    steep = np.abs(total) > 0.5 * np.abs(total).max()
    assert steep.sum() >= 5
    np.testing.assert_allclose(slope[steep], total[steep], rtol=0.1)


def test_weights_add_up_to_the_length_of_the_path_and_positions_rise(bert: Teacher) -> None:
    found = path_integral(bert, "profit beats forecasts", 1)
    assert found.weights.sum() == pytest.approx(1)
    assert (np.diff(found.positions) > 0).all()
    assert 0 < found.positions[0] < found.positions[-1] < 1


def test_special_pieces_add_nothing_and_the_mean_of_pieces_loses_completeness_only_where_a_word_has_several(bundled: ModelPair) -> None:
    found = path_integral(bundled.teacher, "Kurohane Precision wins", 1)
    assert found.pieces[0] == "[CLS]"
    assert np.abs(found.integrand[:, [0, -1]]).max() == 0
    counts = np.bincount(found.piece_words[1:-1])
    assert counts.max() > 1
    np.testing.assert_allclose(found.word_sums("mean")[-1] * counts, found.word_sums("sum")[-1])
