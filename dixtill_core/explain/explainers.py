"""All explainers by name: what they are called on screen, what they cost, and one function that runs any of them.

Light to import: nothing here loads PyTorch before `explain` is called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from dixtill_core.errors import ConfigError

if TYPE_CHECKING:
    from dixtill_core.config import ExplainConfig, PerturbationConfig
    from dixtill_core.explain.attributions import WordAttributions
    from dixtill_core.explain.target_classes import Targets
    from dixtill_core.models.classifier import Classifier

Role = Literal["teacher", "student"]
Kind = Literal["gradient", "removal", "sampling", "attention"]


@dataclass(frozen=True)
class Explainer:
    """What people choose from. The function of the same name lives in the module `dixtill_core.explain.<name>`."""

    title: str
    description: str
    kind: Kind
    """What its settings are: gradients read ExplainConfig, removal of words PerturbationConfig too, sampling also a seed."""
    cost: str
    """Work for one text, in words."""
    is_signed: bool = True
    roles: tuple[Role, ...] = ("teacher", "student")
    """Models that it can explain."""


EXPLAINERS: dict[str, Explainer] = {
    "integrated_gradients": Explainer(
        "Integrated Gradients",
        "What each word adds on the way from a text of blanks to this one; the scores add up to the change of the output.",
        "gradient",
        "about 50 backward passes",
    ),
    "attention": Explainer(
        "Attention scores",
        "The student's own reasons: its scores before the softmax, trained to follow the teacher's.",
        "attention",
        "nothing: part of the prediction",
        roles=("student",),
    ),
    "saliency": Explainer(
        "Saliency",
        "How strongly the output reacts to a small change of each word; says how much a word matters, not for which class.",
        "gradient",
        "one backward pass",
        is_signed=False,
    ),
    "input_x_gradient": Explainer(
        "Input × gradient",
        "The gradient times the word's vector: a quick first-order estimate of what each word adds.",
        "gradient",
        "one backward pass",
    ),
    "occlusion": Explainer(
        "Occlusion",
        "What the output loses when each word is taken out alone; words that say the same cover for each other.",
        "removal",
        "one forward pass a word",
    ),
    "lime": Explainer(
        "LIME",
        "The coefficients of a linear model of the output, fitted to many versions of the text with words taken out.",
        "sampling",
        "about 256 forward passes",
    ),
    "kernel_shap": Explainer(
        "Kernel SHAP",
        "Each word's fair share, its Shapley value; the scores add up to the change from an empty text.",
        "sampling",
        "about 256 forward passes, fewer for up to 8 words",
    ),
}


def explain(
    model: Classifier,
    name: str,
    texts: Sequence[str],
    targets: Targets = None,
    config: ExplainConfig | None = None,
    seed: int = 0,
    perturbation: PerturbationConfig | None = None,
) -> list[WordAttributions]:
    """Word attributions of each text by the explainer `name`, in the order of the texts; a text without words has none.

    Args:
        targets: class to explain for each text; the model's prediction where None. Attention has no reading for
            another class.

    Raises:
        ConfigError: no such explainer, a model that it cannot explain, or a target that it cannot explain.
        ModelError: a baseline or a mask that needs a token which the tokenizer does not have.
    """
    explainer = find_explainer(name)
    function = getattr(import_module(f"dixtill_core.explain.{name}"), name)
    if explainer.kind == "attention":
        return _own_reasons(function, model, texts, targets)
    settings: dict[str, Any] = {}
    if explainer.kind in ("removal", "sampling"):
        settings["perturbation"] = perturbation
    if explainer.kind == "sampling":
        settings["seed"] = seed
    return function(model, texts, targets, config, **settings)


def find_explainer(name: str, role: Role | None = None) -> Explainer:
    """The explainer of that name, if it can explain a model of that role.

    Raises:
        ConfigError: there is none, or it cannot.
    """
    if name not in EXPLAINERS:
        raise ConfigError(f"There is no explainer {name!r}. Choose one of {', '.join(EXPLAINERS)}.")
    explainer = EXPLAINERS[name]
    if role is not None and role not in explainer.roles:
        able = ", ".join(other for other, known in EXPLAINERS.items() if role in known.roles)
        raise ConfigError(f"{explainer.title} cannot explain the {role}. Choose one of {able}.")
    return explainer


def _own_reasons(attention: Any, model: Classifier, texts: Sequence[str], targets: Targets) -> list[WordAttributions]:
    from dixtill_core.explain.target_classes import target_classes
    from dixtill_core.models.student import StudentClassifier

    find_explainer("attention", "student" if isinstance(model, StudentClassifier) else "teacher")
    found = attention(model, texts)
    if targets is not None and [attributions.target for attributions in found] != target_classes(model, texts, targets).tolist():
        raise ConfigError("Attention explains the class that the student predicts and no other. Choose another explainer.")
    return found
