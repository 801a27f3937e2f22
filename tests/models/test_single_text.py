"""One short text in NumPy gives what the network gives in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.config import Attention, StudentConfig
from dixtill_core.models.single_text import SHORT_TEXT, SingleTextNetwork
from dixtill_core.models.student import Student, StudentClassifier, pad_word_ids
from tests.small_models import SENTENCES


@settings(max_examples=60, deadline=None)
@given(
    attention=st.sampled_from(["magnitude", "signed"]),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    ids=st.lists(st.integers(0, 29), min_size=0, max_size=SHORT_TEXT),
    seed=st.integers(0, 999),
)
def test_it_equals_the_network_in_pytorch(attention: Attention, shape: tuple[int, int], ids: list[int], seed: int) -> None:
    torch.manual_seed(seed)
    network = Student(StudentConfig(embedding_size=shape[0], hidden_size=shape[1], attention=attention), 30, 3).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2)
        expected = network(*pad_word_ids([ids]))
    found = SingleTextNetwork(network)(ids)
    assert found.scores.shape == found.weights.shape == (len(ids),)
    np.testing.assert_allclose(found.logits, expected.logits[0].numpy(), atol=1e-5)
    if ids:
        np.testing.assert_allclose(found.scores, expected.scores[0].numpy(), atol=1e-5)
        np.testing.assert_allclose(found.weights, expected.weights[0].numpy(), atol=1e-5)
        assert found.weights.sum() == pytest.approx(1, abs=1e-5)


def test_a_text_past_the_limit_is_read_like_one_below_it(any_student: StudentClassifier) -> None:
    words = " ".join(SENTENCES * 3).replace(",", "").split()
    for n_words in (SHORT_TEXT, SHORT_TEXT + 1):
        text = " ".join(words[:n_words])
        alone, batch = any_student.run([text])[0], any_student.run([text, text])[0]
        assert len(alone.words) == n_words
        np.testing.assert_allclose(alone.logits, batch.logits, atol=1e-5)
        np.testing.assert_allclose(alone.scores, batch.scores, atol=1e-5)


def test_types_are_those_of_a_batch(student: StudentClassifier) -> None:
    alone, batch = student.run(SENTENCES[:1])[0], student.run(SENTENCES[:2])[0]
    for name in ("logits", "scores", "weights"):
        assert getattr(alone, name).dtype == getattr(batch, name).dtype
        assert getattr(alone, name).shape[1:] == getattr(batch, name).shape[1:]


@pytest.mark.parametrize("change", ["in place", "loaded", "replaced data"])
def test_a_changed_parameter_changes_the_answer(student: StudentClassifier, change: str) -> None:
    before = student.predict(SENTENCES[:1])
    weight = student.network.forward_lstm.weight_hh_l0
    with torch.no_grad():
        if change == "in place":
            weight.mul_(-3)
        elif change == "loaded":
            student.network.load_state_dict({name: -2 * value for name, value in student.network.state_dict().items()})
        else:
            weight.data = -3 * weight.data
        expected = student.forward(student.encode(SENTENCES[:1]).inputs)
    found = student.predict(SENTENCES[:1])
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
    assert np.abs(found - before).max() > 1e-3


def test_a_network_in_training_or_in_double_precision_runs_in_pytorch(student: StudentClassifier) -> None:
    expected = student.predict(SENTENCES[:1])
    student.network.train()
    assert len({student.predict(SENTENCES[:1]).tobytes() for _ in range(5)}) > 1  # Dropout acts.
    student.network.eval().double()
    found = student.predict(SENTENCES[:1])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_reading_a_text_changes_no_weight(student: StudentClassifier) -> None:
    before = {name: value.clone() for name, value in student.network.state_dict().items()}
    student.run(SENTENCES[:1])
    assert all(torch.equal(value, before[name]) for name, value in student.network.state_dict().items())
