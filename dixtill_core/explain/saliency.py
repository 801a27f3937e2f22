"""Saliency (Simonyan et al. 2014; Li et al. 2016 for text): how fast F changes with a word's embedding, without a sign.

    S_i(x) = || dF/dx_i (x) ||_2

The norm runs over the embedding dimension of each piece; a word has the sum (or mean) of its pieces. Of the ways to
make one number of a gradient vector, the L2 norm ranks words better than the mean (Atanasova et al. 2020). It says
where F is sensitive, not which class a word speaks for: every score is 0 or more.
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


def saliency(
    model: Classifier, texts: Sequence[str], targets: Targets = None, config: ExplainConfig | None = None
) -> list[WordAttributions]:
    """Unsigned word attributions of each text; of `config` it reads output, merge and memory_budget_mb.

    Args:
        targets: class to explain for each text; the model's prediction where None.

    Raises:
        ConfigError: a target that the model does not have.
    """
    config = config or ExplainConfig()
    method = f"Saliency of the {config.output}, L2 norm of the gradient, {config.merge} of pieces"
    return explain_by_gradient(model, texts, targets, config, _norms, method, is_signed=False)


def _norms(embedded: EmbeddedTexts) -> Tensor:
    """Length of the gradient at each piece, (texts, pieces)."""
    gradients = captum.attr.Saliency(embedded.function).attribute(
        embedded.leaves(), target=embedded.target, abs=False, additional_forward_args=embedded.inputs
    )
    return gradients.norm(dim=-1)
