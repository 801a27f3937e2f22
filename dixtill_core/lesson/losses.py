"""The loss of one sentence with every number on the way to it. The losses themselves are those that training calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import softmax

from dixtill_core.config import DistillConfig
from dixtill_core.distill.losses import Targets, alignment, cross_entropy, distillation_loss, kl_divergence
from dixtill_core.models.student import StudentOutput


@dataclass(frozen=True, eq=False)
class LossesByHand:
    """L = (1 - alpha) L_CE + alpha (tau^2 KL + w L_XAI) of one text."""

    gold: int
    config: DistillConfig
    gold_probability: float
    """The student's, of the gold label."""
    cross_entropy: float
    teacher_soft: np.ndarray  # (classes,) p_T at the temperature
    student_soft: np.ndarray  # (classes,) p_S at the temperature
    kl_terms: np.ndarray  # (classes,) p_T ln(p_T / p_S), which add up to KL
    kl: float
    dot: float
    """sigma_T . sigma_S"""
    teacher_norm: float
    student_norm: float
    alignment: float
    """L_XAI"""
    loss: float

    @property
    def scaled_kl(self) -> float:
        return self.config.temperature**2 * self.kl

    @property
    def cosine(self) -> float:
        """0 where one of the two has no score at all, as the loss takes it."""
        return 1 - 2 * self.alignment


def losses_by_hand(
    teacher_logits: np.ndarray,
    student_logits: np.ndarray,
    teacher_scores: np.ndarray,
    student_scores: np.ndarray,
    gold: int,
    config: DistillConfig | None = None,
) -> LossesByHand:
    """One text: logits (classes,), scores (words,) of the same words."""
    config = config or DistillConfig()
    z_teacher, z_student = _row(teacher_logits), _row(student_logits)
    sigma_teacher, sigma_student = _row(teacher_scores), _row(student_scores)
    label = torch.tensor([gold])
    targets = Targets(label, z_teacher, sigma_teacher, torch.tensor([True]))
    loss, _ = distillation_loss(StudentOutput(z_student, sigma_student, torch.zeros_like(sigma_student)), targets, config)
    teacher_soft, student_soft = (softmax(np.asarray(z, dtype=np.float64) / config.temperature) for z in (teacher_logits, student_logits))
    return LossesByHand(
        gold,
        config,
        float(softmax(np.asarray(student_logits, dtype=np.float64))[gold]),
        cross_entropy(z_student, label).item(),
        teacher_soft,
        student_soft,
        teacher_soft * np.log(teacher_soft / student_soft),
        kl_divergence(z_student, z_teacher, config.temperature).item(),
        float(np.dot(teacher_scores, student_scores)),
        float(np.linalg.norm(teacher_scores)),
        float(np.linalg.norm(student_scores)),
        alignment(sigma_student, sigma_teacher).item(),
        loss.item(),
    )


def _row(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(values, dtype=np.float64))[None, :]
