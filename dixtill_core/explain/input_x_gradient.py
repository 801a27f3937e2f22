"""Input x gradient (Shrikumar et al. 2016): the first-order estimate of what a word's embedding adds to F, signed.

    A_i(x) = x_i . dF/dx_i (x)

The baseline is the zero embedding, as captum has it: x_i is the embedding itself, not its distance from PAD or MASK,
so `config.baseline` is not read. Where F is linear in the embeddings this is Integrated Gradients from zero; elsewhere
the scores do not add up to anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import captum.attr
from torch import Tensor

from dixtill_core.config import ExplainConfig
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.gradients import EmbeddedTexts, explain_by_gradient
from dixtill_core.explain.target_classes import Targets
from dixtill_core.models.classifier import Classifier


def input_x_gradient(
    model: Classifier, texts: Sequence[str], targets: Targets = None, config: ExplainConfig | None = None
) -> list[WordAttributions]:
    """Signed word attributions of each text; of `config` it reads output, merge and memory_budget_mb.

    Args:
        targets: class to explain for each text; the model's prediction where None.

    Raises:
        ConfigError: a target that the model does not have.
    """
    config = config or ExplainConfig()
    method = f"Input x gradient of the {config.output}, zero baseline, {config.merge} of pieces"
    return explain_by_gradient(model, texts, targets, config, _products, method, is_signed=True)


def _products(embedded: EmbeddedTexts) -> Tensor:
    """Embedding times gradient, summed over the embedding, (texts, pieces)."""
    products = captum.attr.InputXGradient(embedded.function).attribute(
        embedded.leaves(), target=embedded.target, additional_forward_args=embedded.inputs
    )
    return products.sum(dim=-1)
