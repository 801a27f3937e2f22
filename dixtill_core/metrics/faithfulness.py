"""Does a model decide by the words that an explanation names? Words are taken out, or put in alone, and the model asked.

p_j is the probability of the class j that the model itself predicts on the whole text x, whichever class the
explanation is about. Words are taken in the order of their scores, ties by position. A share of the n words is the
rationale of its k = max(1, ceil(share * n)) first words.

    comprehensiveness@share    p_j(x) - p_j(x without the rationale)                  higher is better
    sufficiency@share          p_j(x) - p_j(the rationale alone), may be negative     lower is better
    aopc_*                     their means over the shares: ERASER, DeYoung et al. 2020
    deletion_area              under p_j against the share of words removed           lower is better
    insertion_area             under p_j against the share of words added             higher is better
    leave_one_out_correlation  Kendall's tau-b of the scores (signed, whichever ranking is chosen) with
                               p_j(x) - p_j(x without word i)                         higher is better
    decision_flip_share        smallest share of words removed that changes the predicted class; 1 where
                               nothing does, so that a ranking never gains by it      lower is better
    decision_flipped           1 where the predicted class changed, else 0            higher is better

Areas are trapezoids over 0..n words. Each number stands between two others: `random`, the mean over random rankings,
is the floor; `greedy` searches the model itself, one word at a time. Greedy is a reference and no ceiling: a search
over all subsets can beat it, which only short texts allow.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import softmax
from scipy.stats import kendalltau

from dixtill_core.config import FaithfulnessConfig, Ranking
from dixtill_core.errors import ModelError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.models.classifier import Classifier

RANDOM, GREEDY = "random", "greedy"
REFERENCES = (RANDOM, GREEDY)
NOISE = 1e-6
"""Probabilities closer than this are equal: the same variant differs by as much from one batch to another."""
PASS_WORDS = 2**18
"""Words that one call may hold, so that a text of 10,000 words fits into memory."""


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """Every metric of one ranking of one text, and the curves behind the areas.

    A text without words has NaN everywhere and empty curves, and so has `greedy` on a text of more than
    `exact_words` words.
    """

    values: dict[str, float]
    shares: np.ndarray  # (points,) share of the words removed or added, 0 to 1; n + 1 points up to `exact_words` words
    deletion: np.ndarray  # (points,) p_j with that share removed, the strongest words first
    insertion: np.ndarray  # (points,) p_j of that share alone


class GreedySearch(NamedTuple):
    """One word at a time by what the model answers; ties by position."""

    removal_order: np.ndarray  # (words,) each step removes the word whose removal lowers p_j most
    insertion_order: np.ndarray  # (words,) each step adds the word that raises p_j most
    removal_logits: np.ndarray  # (words + 1, classes) with 0..n words removed
    insertion_logits: np.ndarray  # (words + 1, classes) with 0..n words added


def metric_directions(config: FaithfulnessConfig | None = None) -> dict[str, int]:
    """The metrics in the order of `Faithfulness.values`: 1 where higher is better, -1 where lower is."""
    shares = (config or FaithfulnessConfig()).shares
    return {
        **{f"comprehensiveness@{share}": 1 for share in shares},
        **{f"sufficiency@{share}": -1 for share in shares},
        "aopc_comprehensiveness": 1,
        "aopc_sufficiency": -1,
        "deletion_area": -1,
        "insertion_area": 1,
        "leave_one_out_correlation": 1,
        "decision_flip_share": -1,
        "decision_flipped": 1,
    }


def faithfulness(
    model: Classifier,
    text: str,
    attributions: Mapping[str, WordAttributions],
    config: FaithfulnessConfig | None = None,
    *,
    with_references: bool = True,
) -> dict[str, Faithfulness]:
    """Faithfulness to `model` of each explanation of `text`, by the name of its explainer.

    Args:
        attributions: of the same words, those that the model reads. An explanation of another class than the model
            predicts is measured on the predicted class all the same.
        with_references: adds "random" and "greedy".

    `random` has the same rankings for a text in every run and whichever texts come with it; they come in pairs, a
    ranking and its reverse, so its leave-one-out correlation is 0 or close to it. `greedy` has no scores and NaN
    there. It removes in one order (comprehensiveness, deletion, decision flip) and adds in another (sufficiency,
    insertion).

    Raises:
        ModelError: "mask" with a tokenizer that has no mask token.
    """
    config = config or FaithfulnessConfig()
    n_words = _count_words(attributions)
    names = [*attributions, *(REFERENCES if with_references else ())]
    if n_words == 0:
        return {name: _unmeasured(config) for name in names}
    if config.perturbation == "mask":
        _require_mask(model)

    scores = [attributions[name].scores for name in attributions]
    orders = [rank_words(values, config.ranking) for values in scores]
    if with_references:
        random_scores = _random_scores(text, n_words, config)
        scores += list(random_scores)
        orders += [rank_words(values, config.ranking) for values in random_scores]
    sizes = _sizes(n_words, config)
    removal, insertion, without_one = _ask(model, text, np.array(orders), sizes, config)
    target = int(removal[0, 0].argmax())
    drops = _probabilities(removal[0, :1], target) - _probabilities(without_one, target)  # (words,)

    measured = [
        _measure(removal[i], insertion[i], sizes, target, config, leave_one_out_correlation(scores[i], drops)) for i in range(len(orders))
    ]
    found = dict(zip(attributions, measured, strict=False))
    if with_references:
        found[RANDOM] = _mean(measured[len(attributions) :])
        found[GREEDY] = _unmeasured(config) if n_words > config.exact_words else _measure_greedy(model, text, n_words, target, config)
    return found


def rank_words(scores: np.ndarray, ranking: Ranking = "signed") -> np.ndarray:
    """Positions of the words (words,), the strongest first, ties by position."""
    return np.argsort(-(np.abs(scores) if ranking == "absolute" else scores), kind="stable")


def rationale_size(share: int, n_words: int) -> int:
    """Words of a rationale of `share` percent: max(1, ceil(share * n / 100))."""
    return max(1, -(-share * n_words // 100))


def leave_one_out_correlation(scores: np.ndarray, drops: np.ndarray) -> float:
    """Kendall's tau-b of scores (words,) with the drops of p_j (words,); NaN for fewer than 2 words or constant values."""
    if len(drops) < 2:
        return float("nan")
    rounded = np.round(drops / NOISE)  # Ties have to stay ties.
    if np.ptp(rounded) == 0 or np.ptp(scores) == 0:
        return float("nan")
    return float(kendalltau(scores, rounded).statistic)


def greedy_search(model: Classifier, text: str, n_words: int, target: int, config: FaithfulnessConfig | None = None) -> GreedySearch:
    """Search removal and insertion orders of the words on the model itself, n(n + 1) variants in 2n calls.

    Hill climbing: nothing promises that the first k words are the best k words. The two searches go one after the
    other, because variants of different lengths would be padded to the longest.
    """
    config = config or FaithfulnessConfig()
    removal_order, removal_logits = _climb(model, text, n_words, target, config, adds=False)
    insertion_order, insertion_logits = _climb(model, text, n_words, target, config, adds=True)
    whole, empty = insertion_logits[-1:], removal_logits[-1:]
    return GreedySearch(removal_order, insertion_order, np.concatenate([whole, removal_logits]), np.concatenate([empty, insertion_logits]))


def _climb(
    model: Classifier, text: str, n_words: int, target: int, config: FaithfulnessConfig, *, adds: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Order (words,) in which words are added to none or removed from all, and the logits (words, classes) after each."""
    kept = np.full(n_words, not adds)
    order, logits = [], []
    for _ in range(n_words):
        words = np.flatnonzero(kept != adds)  # candidates of this step
        variants = np.tile(kept, (len(words), 1))  # (candidates, words)
        variants[np.arange(len(words)), words] = adds
        answers = _logits(model, text, variants, config)
        probabilities = _probabilities(answers, target)
        best = _first_largest(probabilities if adds else -probabilities)
        kept[words[best]] = adds
        order.append(words[best])
        logits.append(answers[best])
    return np.array(order), np.array(logits)


def _count_words(attributions: Mapping[str, WordAttributions]) -> int:
    counts = {name: len(found.words) for name, found in attributions.items()}
    if not counts:
        raise ValueError("There is no explanation to measure.")
    if len(set(counts.values())) > 1:
        raise ValueError(f"The explanations are of different words: {counts}.")
    if reserved := sorted(set(counts) & set(REFERENCES)):
        raise ValueError(f"No explainer may be called {reserved[0]}, the name of a reference.")
    return next(iter(counts.values()))


def _require_mask(model: Classifier) -> None:
    try:
        model.baseline_id("mask")
    except ModelError as error:
        raise ModelError(f"{model.name} has no mask token to put in place of words. Use the perturbation delete.") from error


def _random_scores(text: str, n_words: int, config: FaithfulnessConfig) -> np.ndarray:
    """Positive, so that both rankings order them alike, (seeds, words). Other texts of as many words have others.

    Every second ranking is the reverse of the one before: each alone is as random as any, and together they ask for
    the same variants, because removing the first words of one leaves the last of the other. That halves the cost.
    """
    generator = np.random.default_rng((config.seed, zlib.crc32(text.encode("utf-8", "surrogatepass"))))
    drawn = generator.random(((config.random_seeds + 1) // 2, n_words))
    return np.stack([drawn, 1 - drawn], axis=1).reshape(-1, n_words)[: config.random_seeds]


def _sizes(n_words: int, config: FaithfulnessConfig) -> np.ndarray:
    """Numbers of words to remove or add, ascending from 0 to n: all, or equal steps and the rationales of a long text."""
    if n_words <= config.exact_words:
        return np.arange(n_words + 1)
    steps = np.linspace(0, n_words, config.exact_words + 1).round().astype(np.int64)
    return np.union1d(steps, [rationale_size(share, n_words) for share in config.shares])


def _ask(
    model: Classifier, text: str, orders: np.ndarray, sizes: np.ndarray, config: FaithfulnessConfig
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits with the first words of each order removed, and of those alone, each (orders, sizes, classes), and without
    each single word (words, classes), none of a text too long for that. Everything in one call."""
    n_orders, n_words = orders.shape
    places = np.argsort(orders, axis=1)  # (orders, words) place of each word in the order
    first = places[:, None, :] < sizes[None, :, None]  # (orders, sizes, words)
    first = first.reshape(-1, n_words)
    singles = ~np.eye(n_words, dtype=bool) if n_words <= config.leave_one_out_words else np.zeros((0, n_words), dtype=bool)
    logits = _logits(model, text, np.concatenate([~first, first, singles]), config)
    removal = logits[: len(first)].reshape(n_orders, len(sizes), -1)
    insertion = logits[len(first) : 2 * len(first)].reshape(n_orders, len(sizes), -1)
    return removal, insertion, logits[2 * len(first) :]


def _logits(model: Classifier, text: str, kept: np.ndarray, config: FaithfulnessConfig) -> np.ndarray:
    """Logits (variants, classes) of `kept` (variants, words); in one call unless the text is very long."""
    room = max(1, PASS_WORDS // kept.shape[1])
    if len(kept) <= room:
        return perturbed_logits(model, text, kept, config.perturbation)
    different, place = np.unique(kept, axis=0, return_inverse=True)
    found = np.zeros((len(different), len(model.label_names)), dtype=np.float32)
    order = np.argsort(different.sum(axis=1), kind="stable")
    for start in range(0, len(order), room):
        chosen = order[start : start + room]
        found[chosen] = perturbed_logits(model, text, different[chosen], config.perturbation)
    return found[place.reshape(-1)]


def _probabilities(logits: np.ndarray, target: int) -> np.ndarray:
    """Of the class `target`, (variants,) float64."""
    return softmax(logits.astype(np.float64), axis=1)[:, target]


def _measure(
    removal: np.ndarray, insertion: np.ndarray, sizes: np.ndarray, target: int, config: FaithfulnessConfig, correlation: float
) -> Faithfulness:
    """Metrics of one ranking from its logits (sizes, classes) with words removed and with words added."""
    n_words = int(sizes[-1])
    deletion, added = _probabilities(removal, target), _probabilities(insertion, target)  # (sizes,)
    whole = deletion[0]
    rationales = np.searchsorted(sizes, [rationale_size(share, n_words) for share in config.shares])
    comprehensiveness, sufficiency = whole - deletion[rationales], whole - added[rationales]
    changed = np.flatnonzero(removal.argmax(axis=1) != target)
    shares = sizes / n_words
    values = {
        **{f"comprehensiveness@{share}": float(value) for share, value in zip(config.shares, comprehensiveness, strict=True)},
        **{f"sufficiency@{share}": float(value) for share, value in zip(config.shares, sufficiency, strict=True)},
        "aopc_comprehensiveness": float(comprehensiveness.mean()),
        "aopc_sufficiency": float(sufficiency.mean()),
        "deletion_area": float(np.trapezoid(deletion, shares)),
        "insertion_area": float(np.trapezoid(added, shares)),
        "leave_one_out_correlation": correlation,
        "decision_flip_share": float(shares[changed[0]]) if len(changed) else 1.0,
        "decision_flipped": float(len(changed) > 0),
    }
    return Faithfulness(values, shares, deletion, added)


def _measure_greedy(model: Classifier, text: str, n_words: int, target: int, config: FaithfulnessConfig) -> Faithfulness:
    found = greedy_search(model, text, n_words, target, config)
    return _measure(found.removal_logits, found.insertion_logits, np.arange(n_words + 1), target, config, float("nan"))


def _mean(measured: Sequence[Faithfulness]) -> Faithfulness:
    """Mean of every value and curve; all have the same words, so NaN comes in all of them or none."""
    values = {name: float(np.mean([found.values[name] for found in measured])) for name in measured[0].values}
    deletion = np.mean([found.deletion for found in measured], axis=0)
    return Faithfulness(values, measured[0].shares, deletion, np.mean([found.insertion for found in measured], axis=0))


def _unmeasured(config: FaithfulnessConfig) -> Faithfulness:
    return Faithfulness(dict.fromkeys(metric_directions(config), float("nan")), np.zeros(0), np.zeros(0), np.zeros(0))


def _first_largest(values: np.ndarray) -> int:
    """Position of the first value that is as large as any, give or take noise."""
    return int(np.argmax(values >= values.max() - NOISE))
