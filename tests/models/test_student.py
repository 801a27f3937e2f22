from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dixtill_core.config import StudentConfig
from dixtill_core.models.student import Student, StudentClassifier, StudentOutput, pad_word_ids

TEXTS = [
    "shares of the company rose after better than expected earnings",
    "gold",
    "the stock falls, unknownword $TSLA -3% 👍🏽",
    "oil prices slip while gold climbs to a record high and the bank cuts its outlook and warns of losses",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_student_alone_equals_student_in_a_ragged_batch(any_student: StudentClassifier, text: str) -> None:
    alone = any_student.run([text])[0]
    together = any_student.run(TEXTS)[TEXTS.index(text)]
    assert together.words == alone.words
    np.testing.assert_allclose(together.logits, alone.logits, atol=1e-6)
    np.testing.assert_allclose(together.scores, alone.scores, atol=1e-6)
    np.testing.assert_allclose(together.weights, alone.weights, atol=1e-6)


def test_the_order_and_size_of_batches_do_not_matter(any_student: StudentClassifier) -> None:
    expected = any_student.predict(TEXTS)
    np.testing.assert_allclose(any_student.predict(TEXTS[::-1])[::-1], expected, atol=1e-6)
    np.testing.assert_allclose(any_student.predict(TEXTS, batch_size=2), expected, atol=1e-6)
    assert expected.shape == (len(TEXTS), 3)
    assert expected.dtype == np.float32


def test_different_texts_have_different_answers(any_student: StudentClassifier) -> None:
    assert np.ptp(any_student.predict(TEXTS), axis=0).min() > 0.01


def test_weights_sum_to_one_and_are_zero_on_padding(any_student: StudentClassifier) -> None:
    encoded = any_student.encode(TEXTS)
    output = any_student.network(encoded.inputs["input_ids"], encoded.inputs["attention_mask"].sum(dim=1).clamp_min(1))
    np.testing.assert_allclose(output.weights.sum(dim=1).detach(), 1, atol=1e-6)
    assert output.weights.min() >= 0
    for row, length in enumerate(encoded.inputs["attention_mask"].sum(dim=1).clamp_min(1)):
        assert not output.weights[row, length:].any()


def test_scores_are_signed_and_zero_on_padding(any_student: StudentClassifier) -> None:
    encoded = any_student.encode(TEXTS)
    scores = any_student.network(encoded.inputs["input_ids"], encoded.inputs["attention_mask"].sum(dim=1).clamp_min(1)).scores
    for row, length in enumerate(encoded.inputs["attention_mask"].sum(dim=1).clamp_min(1)):
        assert not scores[row, length:].any()
        assert scores[row, :length].all()
    assert scores.min() < 0 < scores.max()


def test_padding_ids_never_reach_a_result(any_student: StudentClassifier) -> None:
    ids, lengths = pad_word_ids([[5, 6, 7], [8]])
    garbage = torch.where(torch.arange(3) < lengths[:, None], ids, 9)
    for clean, dirty in zip(any_student.network(ids, lengths), any_student.network(garbage, lengths), strict=True):
        torch.testing.assert_close(clean, dirty)


def test_attention_over_the_magnitude_treats_both_signs_alike(student: StudentClassifier) -> None:
    ids, lengths = pad_word_ids([[5, 6, 7, 8]])
    before = student.network(ids, lengths)
    with torch.no_grad():
        student.network.attention_vector.weight.neg_()
    after = student.network(ids, lengths)
    torch.testing.assert_close(after.scores, -before.scores)
    torch.testing.assert_close(after.weights, before.weights)
    torch.testing.assert_close(after.logits, before.logits)


def packed_student(student: Student, ids: Tensor, lengths: Tensor) -> StudentOutput:
    """The same equations with one packed bi-directional LSTM and the attention in numpy, text by text."""
    config = student.config
    lstm = nn.LSTM(config.embedding_size, config.hidden_size, batch_first=True, bidirectional=True)
    weights = dict(student.forward_lstm.state_dict())
    weights |= {f"{name}_reverse": value for name, value in student.backward_lstm.state_dict().items()}
    lstm.load_state_dict(weights)
    packed = nn.utils.rnn.pack_padded_sequence(student.embedding(ids), lengths, batch_first=True, enforce_sorted=False)
    hidden = nn.utils.rnn.pad_packed_sequence(lstm(packed)[0], batch_first=True)[0].detach().double().numpy()

    u, v = (layer.weight.detach().double().numpy() for layer in (student.attention, student.attention_vector))
    out, bias = student.classifier.weight.detach().double().numpy(), student.classifier.bias.detach().double().numpy()
    rows = []
    for h, n in zip(hidden, lengths.tolist(), strict=True):
        sigma = np.array([float(v[0] @ np.tanh(u @ h[i])) for i in range(n)])
        ranked = student.gain.item() * abs(sigma) if config.attention == "magnitude" else sigma
        alpha = np.exp(ranked) / np.exp(ranked).sum()
        rest = np.zeros(ids.shape[1] - n)
        rows.append((out @ (alpha @ h[:n]) + bias, np.r_[sigma, rest], np.r_[alpha, rest]))
    return StudentOutput(*(torch.tensor(np.stack(column)) for column in zip(*rows, strict=True)))


def test_the_student_equals_a_packed_bidirectional_lstm_with_attention_by_hand(any_student: StudentClassifier) -> None:
    network = any_student.network
    if network.config.attention == "magnitude":
        with torch.no_grad():
            network.gain.fill_(1.7)
    encoded = any_student.encode(TEXTS)
    expected = packed_student(network, encoded.inputs["input_ids"], encoded.inputs["attention_mask"].sum(dim=1).clamp_min(1))
    with torch.no_grad():
        found = network(encoded.inputs["input_ids"], encoded.inputs["attention_mask"].sum(dim=1).clamp_min(1))
    for name in StudentOutput._fields:
        np.testing.assert_allclose(getattr(found, name).numpy(), getattr(expected, name).numpy(), atol=2e-6, err_msg=name)


def test_a_text_without_words_is_read_as_one_padding(any_student: StudentClassifier) -> None:
    reading = any_student.run(["\u200b"])[0]
    assert reading.words == ()
    assert reading.scores.shape == reading.weights.shape == (0,)
    assert np.isfinite(reading.logits).all()


def test_no_texts_have_no_answers(any_student: StudentClassifier) -> None:
    assert any_student.run([]) == []
    assert any_student.predict([]).shape == (0, 3)


def test_word_ids_are_padded_with_zero_and_lengths_are_at_least_one() -> None:
    ids, lengths = pad_word_ids([[3, 4], [], [5]])
    assert ids.tolist() == [[3, 4], [0, 0], [5, 0]]
    assert lengths.tolist() == [2, 1, 1]
    assert ids.dtype == lengths.dtype == torch.int64


def test_every_parameter_learns(any_student: StudentClassifier) -> None:
    network = any_student.network.train()
    encoded = any_student.encode(TEXTS)
    output = network(encoded.inputs["input_ids"], encoded.inputs["attention_mask"].sum(dim=1).clamp_min(1))
    (output.logits.square().sum() + output.scores.square().sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name
    assert not network.embedding.weight.grad[0].any()  # padding stays zero


def test_dropout_acts_in_training_only(student: StudentClassifier) -> None:
    ids, lengths = pad_word_ids([[5, 6, 7]])
    network = student.network
    assert torch.equal(network(ids, lengths).logits, network(ids, lengths).logits)
    network.train()
    assert not torch.equal(network(ids, lengths).logits, network(ids, lengths).logits)


@pytest.mark.parametrize(("attention", "extra"), [("signed", 0), ("magnitude", 1)])
def test_parameters_are_those_of_the_equations(attention: str, extra: int) -> None:
    e, u, words, classes = 50, 50, 1000, 3
    network = Student(StudentConfig(attention=attention), words, classes)  # type: ignore[arg-type]
    lstm = 2 * 4 * (u * e + u * u + 2 * u)
    expected = words * e + lstm + (2 * u) ** 2 + 2 * u + classes * 2 * u + classes + extra
    assert sum(parameter.numel() for parameter in network.parameters()) == expected
