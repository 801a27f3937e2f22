"""What a student is trained to minimise. Each loss is a mean over texts.

| method        | loss                                                      |
|---------------|-----------------------------------------------------------|
| ce            | L_CE                                                      |
| kl            | (1 - a) L_CE + a tau^2 KL                                 |
| mse           | (1 - a) L_CE + a L_MSE                                    |
| dixtill_paper | (1 - a) L_CE + a (L_KD + L_XAI), Cantini et al. 2024      |
| dixtill       | (1 - a) L_CE + a (tau^2 KL + w L_XAI), our default        |

Why the default is not the paper's form: L_KD = 1 - exp(-KL) is flat where KL is large and shrinks with 1 / tau^2
where it is small, so next to L_XAI it hardly moves the weights. tau^2 KL (Hinton et al. 2015) keeps the gradient of
the soft labels at the size of that of the hard ones at every temperature.

A text without a gold label (augmented) has no L_CE; one without attributions has no L_XAI.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from dixtill_core.config import DistillConfig
from dixtill_core.models.student import StudentOutput

NO_LABEL = -100


class Targets(NamedTuple):
    """What is known of a batch of texts beside the texts."""

    labels: Tensor  # (batch,) int64, NO_LABEL where there is none
    logits: Tensor  # (batch, classes) the teacher's
    scores: Tensor  # (batch, words) the teacher's attributions, 0 on padding and where there are none
    has_scores: Tensor  # (batch,) bool


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """L_CE = -log p_S(label), (batch,); 0 where the label is NO_LABEL."""
    return functional.cross_entropy(logits, labels, ignore_index=NO_LABEL, reduction="none")


def kl_divergence(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """KL(p_T(tau) || p_S(tau)) = sum p_T (log p_T - log p_S), (batch,), with p(tau) = softmax(logits / tau)."""
    log_student = functional.log_softmax(student / temperature, dim=-1)
    log_teacher = functional.log_softmax(teacher / temperature, dim=-1)
    return (log_teacher.exp() * (log_teacher - log_student)).sum(dim=-1)


def normalized_kl(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """L_KD = 1 - exp(-KL), in [0, 1), (batch,)."""
    return 1 - torch.exp(-kl_divergence(student, teacher, temperature))


def squared_error(student: Tensor, teacher: Tensor) -> Tensor:
    """L_MSE = mean over classes of (z_S - z_T)^2, (batch,)."""
    return (student - teacher).square().mean(dim=-1)


def alignment(student: Tensor, teacher: Tensor) -> Tensor:
    """L_XAI = (1 - cos(sigma_T, sigma_S)) / 2, in [0, 1], (batch,); scores are (batch, words) with 0 on padding."""
    return (1 - functional.cosine_similarity(student, teacher, dim=-1, eps=1e-8)) / 2


def distillation_loss(output: StudentOutput, targets: Targets, config: DistillConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of `config.method` and its terms, unweighted, for the record."""
    labelled = targets.labels != NO_LABEL
    hard = _mean(cross_entropy(output.logits, targets.labels), labelled)
    if config.method == "ce":
        return hard, {"cross_entropy": hard}
    if config.method == "mse":
        soft = squared_error(output.logits, targets.logits).mean()
        return (1 - config.alpha) * hard + config.alpha * soft, {"cross_entropy": hard, "squared_error": soft}
    kl = kl_divergence(output.logits, targets.logits, config.temperature)
    scaled = config.temperature**2 * kl.mean()
    if config.method == "kl":
        return (1 - config.alpha) * hard + config.alpha * scaled, {"cross_entropy": hard, "kl": scaled}
    aligned = _mean(alignment(output.scores, targets.scores), targets.has_scores)
    if config.method == "dixtill_paper":
        soft = (1 - torch.exp(-kl)).mean()
        return (1 - config.alpha) * hard + config.alpha * (soft + aligned), {"cross_entropy": hard, "kl": soft, "alignment": aligned}
    loss = (1 - config.alpha) * hard + config.alpha * (scaled + config.alignment_weight * aligned)
    return loss, {"cross_entropy": hard, "kl": scaled, "alignment": aligned}


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean over the chosen texts, 0 where there are none."""
    return (values * chosen).sum() / chosen.sum().clamp_min(1)
