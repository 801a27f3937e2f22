"""Which class each text is explained for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dixtill_core.errors import ConfigError
from dixtill_core.models.classifier import Classifier

Targets = Sequence[int] | np.ndarray | None


def target_classes(model: Classifier, texts: Sequence[str], targets: Targets) -> np.ndarray:
    """Index of the class to explain for each text, (texts,) int64: those given, or the model's predictions where None.

    Fixed before anything is computed, so that no explainer follows another class while it changes the text.

    Raises:
        ConfigError: a class that the model does not have, or not one for each text.
    """
    chosen = model.predict(texts).argmax(axis=1) if targets is None else np.asarray(targets, dtype=np.int64)
    if chosen.shape != (len(texts),):
        raise ConfigError(f"There are {len(texts)} texts, but classes to explain of shape {chosen.shape}. Give one for each text.")
    if chosen.size and not (chosen.min() >= 0 and chosen.max() < len(model.label_names)):
        raise ConfigError(f"The class to explain has to lie between 0 and {len(model.label_names) - 1}.")
    return chosen.astype(np.int64)
