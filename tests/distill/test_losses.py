"""Each loss against numbers worked out by hand."""

import math

import pytest
import torch

from dixtill_core.config import DistillConfig
from dixtill_core.distill.losses import (
    NO_LABEL,
    Targets,
    alignment,
    cross_entropy,
    distillation_loss,
    kl_divergence,
    normalized_kl,
    squared_error,
)
from dixtill_core.models.student import StudentOutput

# softmax of these is (1/4, 3/4) and (1/2, 1/2).
QUARTER, HALF = torch.tensor([[0.0, math.log(3)]]), torch.tensor([[0.0, 0.0]])
KL_HALF_TO_QUARTER = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)  # teacher HALF, student QUARTER


def test_cross_entropy_is_minus_log_of_the_labels_probability():
    loss = cross_entropy(QUARTER.repeat(2, 1), torch.tensor([0, 1]))
    assert loss.tolist() == pytest.approx([math.log(4), math.log(4 / 3)])


def test_a_text_without_label_has_no_cross_entropy():
    assert cross_entropy(QUARTER, torch.tensor([NO_LABEL])).tolist() == [0.0]


def test_kl_runs_from_the_teacher_to_the_student():
    assert kl_divergence(QUARTER, HALF, 1.0).item() == pytest.approx(KL_HALF_TO_QUARTER)
    reverse = 0.25 * math.log(0.25 / 0.5) + 0.75 * math.log(0.75 / 0.5)
    assert kl_divergence(HALF, QUARTER, 1.0).item() == pytest.approx(reverse)


def test_temperature_divides_the_logits_of_both():
    assert kl_divergence(5 * QUARTER, 5 * HALF, 5.0).item() == pytest.approx(KL_HALF_TO_QUARTER)


def test_kl_of_equal_logits_is_zero_whatever_is_added_to_them():
    assert kl_divergence(QUARTER + 7, QUARTER, 5.0).item() == pytest.approx(0, abs=1e-7)


def test_normalized_kl_is_one_minus_exp_of_minus_kl_and_stays_below_one():
    assert normalized_kl(QUARTER, HALF, 1.0).item() == pytest.approx(1 - math.exp(-KL_HALF_TO_QUARTER))
    assert normalized_kl(torch.tensor([[0.0, 9.0]]), torch.tensor([[9.0, 0.0]]), 1.0).item() < 1


def test_squared_error_is_the_mean_over_classes():
    assert squared_error(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[1.0, 0.0, 0.0]])).item() == pytest.approx(13 / 3)


@pytest.mark.parametrize(
    ("student", "teacher", "expected"),
    [
        ([1.0, 2.0], [2.0, 4.0], 0.0),  # same direction
        ([1.0, 2.0], [-1.0, -2.0], 1.0),  # opposite
        ([1.0, 0.0], [0.0, 3.0], 0.5),  # unrelated
        ([3.0, 4.0], [4.0, 3.0], (1 - 24 / 25) / 2),
        ([0.0, 0.0], [1.0, 1.0], 0.5),  # no scores at all: no direction, no gradient blow-up
    ],
)
def test_alignment_is_half_of_one_minus_the_cosine(student, teacher, expected):
    assert alignment(torch.tensor([student]), torch.tensor([teacher])).item() == pytest.approx(expected, abs=1e-6)


def test_padding_does_not_change_the_alignment():
    assert alignment(torch.tensor([[3.0, 4.0, 0.0]]), torch.tensor([[4.0, 3.0, 0.0]])).item() == pytest.approx(0.02)


OUTPUT = StudentOutput(QUARTER, torch.tensor([[3.0, 4.0]]), torch.tensor([[0.5, 0.5]]))
TARGETS = Targets(torch.tensor([0]), HALF, torch.tensor([[4.0, 3.0]]), torch.tensor([True]))
CE, KL, MSE, XAI = math.log(4), KL_HALF_TO_QUARTER, math.log(3) ** 2 / 2, 0.02


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("ce", CE),
        ("kl", 0.1 * CE + 0.9 * KL),
        ("mse", 0.1 * CE + 0.9 * MSE),
        ("dixtill_paper", 0.1 * CE + 0.9 * (1 - math.exp(-KL) + XAI)),
        ("dixtill", 0.1 * CE + 0.9 * (KL + 3 * XAI)),
    ],
)
def test_each_method_is_the_weighted_sum_of_its_terms(method, expected):
    config = DistillConfig(method=method, temperature=1.0, alignment_weight=3.0)
    assert distillation_loss(OUTPUT, TARGETS, config)[0].item() == pytest.approx(expected, rel=1e-5)


def test_the_default_scales_kl_by_the_squared_temperature_and_the_paper_does_not():
    at = {tau: kl_divergence(QUARTER, HALF, tau).item() for tau in (5.0,)}
    default = distillation_loss(OUTPUT, TARGETS, DistillConfig(method="dixtill"))[1]["kl"].item()
    paper = distillation_loss(OUTPUT, TARGETS, DistillConfig(method="dixtill_paper"))[1]["kl"].item()
    assert default == pytest.approx(25 * at[5.0], rel=1e-5)
    assert paper == pytest.approx(1 - math.exp(-at[5.0]), rel=1e-4)


def test_unlabelled_and_unexplained_texts_leave_the_other_terms_as_they_are():
    output = StudentOutput(QUARTER.repeat(2, 1), OUTPUT.scores.repeat(2, 1), OUTPUT.weights.repeat(2, 1))
    targets = Targets(torch.tensor([0, NO_LABEL]), HALF.repeat(2, 1), torch.tensor([[4.0, 3.0], [0.0, 0.0]]), torch.tensor([True, False]))
    _, terms = distillation_loss(output, targets, DistillConfig(temperature=1.0))
    assert terms["cross_entropy"].item() == pytest.approx(CE)
    assert terms["alignment"].item() == pytest.approx(XAI, abs=1e-6)
