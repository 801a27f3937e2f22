"""Faithfulness of one explanation for each of many texts, kept on disk in parts so that a killed measurement goes on.

Only the AOPC of `metrics.faithfulness` is asked for: the model reads the text without its rationale and the rationale
alone for each share of words, about a dozen variants, instead of every word taken out by itself.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np

from dixtill_core.config import AnalysisConfig, FaithfulnessConfig
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.files import write_json
from dixtill_core.metrics.faithfulness import faithfulness
from dixtill_core.models.classifier import Classifier
from dixtill_core.progress import Progress

PART_TEXTS = 64
MEASURES = ("aopc_comprehensiveness", "aopc_sufficiency")


def rationales_only(config: AnalysisConfig) -> FaithfulnessConfig:
    """Settings that give the same AOPC as the defaults, from nothing but the rationales."""
    return FaithfulnessConfig(perturbation=config.perturbation, exact_words=1, leave_one_out_words=0)


def measure_parts(
    model: Classifier, role: str, texts: Sequence[str], attributions: Sequence[WordAttributions], config: AnalysisConfig, folder: Path
) -> Generator[Progress, None, np.ndarray]:
    """Yield progress; comprehensiveness and sufficiency, (texts, 2) float64, are the generator's value.

    Args:
        attributions: one for each text, of the words that the model reads.
        folder: where the parts of this measurement are kept, and of no other.

    A text that repeats is measured once. One without words has NaN.
    """
    first = {text: i for i, text in reversed(list(enumerate(texts)))}
    different = list(dict.fromkeys(texts))
    settings, found = rationales_only(config), np.full((len(different), len(MEASURES)), np.nan)
    for start in range(0, len(different), PART_TEXTS):
        part = different[start : start + PART_TEXTS]
        path = folder / f"{role}-{start:08d}.json"
        values = _read_part(path, len(part))
        if values is None:
            values = np.full((len(part), len(MEASURES)), np.nan)
            for i, text in enumerate(part):
                measured = faithfulness(model, text, {role: attributions[first[text]]}, settings, with_references=False)[role]
                values[i] = [measured.values[name] for name in MEASURES]
                yield Progress(f"measuring faithfulness of the {role}", start + i, len(different))
            write_json(path, [[None if np.isnan(value) else float(value) for value in row] for row in values])
        found[start : start + len(part)] = values
        yield Progress(f"measuring faithfulness of the {role}", start + len(part), len(different))
    place = {text: i for i, text in enumerate(different)}
    return found[[place[text] for text in texts]]


def _read_part(path: Path, n_texts: int) -> np.ndarray | None:
    """A part as it was written; None where it is not there or damaged."""
    try:
        values = np.array(json.loads(path.read_text(encoding="utf-8")), dtype=np.float64)
    except (OSError, ValueError, TypeError):
        return None
    return values if values.shape == (n_texts, len(MEASURES)) else None
