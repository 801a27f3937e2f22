"""The path of Integrated Gradients step by step: the integrand at each step, and what has been summed up so far.

With x' the baseline, x the text and d = x - x', the chain rule says what the words add together at a point of the path:

    dF/da (x' + a d) = sum over words i of d_i * dF/dx_i (x' + a d)

so that the integrals of the words, which are their attributions, add up to F(x) - F(x'). The steps and their weights are
those of `explain.integrated_gradients`, but each gradient is taken here and kept, where captum returns the sum alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from dixtill_core.config import ExplainConfig
from dixtill_core.data.words import Word
from dixtill_core.explain.gradients import merge_pieces
from dixtill_core.explain.integrated_gradients import StraightPath, cut_path, segment_steps
from dixtill_core.models.classifier import NO_WORD
from dixtill_core.models.teacher import Teacher


@dataclass(frozen=True, eq=False)
class PathIntegral:
    """One text on its way from the baseline, at every step."""

    words: tuple[Word, ...]
    target: int
    """Index of the class whose probability is followed."""
    positions: np.ndarray  # (steps,) a, rising within (0, 1)
    outputs: np.ndarray  # (steps,) F at them
    integrand: np.ndarray  # (steps, pieces) d_i * dF/dx_i, summed over the embedding
    weights: np.ndarray  # (steps,) of the quadrature; they add up to 1
    baseline_output: float
    """F(x')"""
    output: float
    """F(x)"""
    pieces: tuple[str, ...]
    """As the tokenizer writes them, special ones among them."""
    piece_words: np.ndarray  # (pieces,) index of the word, NO_WORD on special pieces
    tolerance: float

    @property
    def change(self) -> float:
        """F(x) - F(x')"""
        return self.output - self.baseline_output

    def piece_sums(self) -> np.ndarray:
        """Attributions so far, (steps, pieces); the last row holds the attributions."""
        return (self.integrand * self.weights[:, None]).cumsum(axis=0)

    def word_sums(self, merge: str = "sum") -> np.ndarray:
        """Attributions so far, (steps, words), of pieces merged into words by their sum or their mean."""
        return np.stack([merge_pieces(row, self.piece_words, len(self.words), merge) for row in self.piece_sums()])

    @property
    def word_integrand(self) -> np.ndarray:
        """What each word adds for a step of length 1, (steps, words)."""
        return np.stack([merge_pieces(row, self.piece_words, len(self.words), "sum") for row in self.integrand])

    @property
    def gap(self) -> float:
        """By how much the sum of all attributions misses F(x) - F(x')."""
        return float(self.piece_sums()[-1].sum() - self.change)

    @property
    def is_complete(self) -> bool:
        return abs(self.gap) <= self.tolerance * max(1.0, abs(self.change))


def path_integral(teacher: Teacher, text: str, target: int, config: ExplainConfig | None = None) -> PathIntegral:
    """Follow a text with words along its path, with more steps where the sum misses, as `integrated_gradients` does.

    Raises:
        ModelError: the baseline needs a token that the tokenizer does not have, or the network has no gradients.
    """
    config = config or ExplainConfig()
    best = _follow(teacher, text, target, config, 0)
    n_steps, zooms = 2 * config.n_steps, 1
    while not best.is_complete and n_steps <= config.max_steps:
        found = _follow(teacher, text, target, replace(config, n_steps=n_steps), zooms)
        best = min(best, found, key=lambda integral: abs(integral.gap))
        n_steps, zooms = 2 * n_steps, zooms + 1
    return best


def _follow(teacher: Teacher, text: str, target: int, config: ExplainConfig, zooms: int) -> PathIntegral:
    with teacher.lock:
        encoded = teacher.encode([text])
        path = StraightPath(teacher, encoded, np.array([target]), config)
        steps = segment_steps(config.n_steps)
        cuts, _ = cut_path(path, max(1, config.n_steps // steps), zooms)
        ends = path.scan(np.array([0]), np.array([[0.0, 1.0]]))[0]
        positions, weights = _gauss_legendre(cuts[0], steps)
        outputs, integrand = _walk(path, positions)
        pieces = teacher.tokenizer.convert_ids_to_tokens(encoded.inputs["input_ids"][0].tolist())
    words = encoded.words[0][: encoded.n_read[0]]
    return PathIntegral(
        words, target, positions, outputs, integrand, weights, float(ends[0]), float(ends[1]), tuple(map(str, pieces)),
        encoded.piece_words[0], config.tolerance,
    )  # fmt: skip


def _gauss_legendre(cuts: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and weights of `steps` nodes in each segment between the cuts (segments + 1,)."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    lower, length = cuts[:-1, None], np.diff(cuts)[:, None]
    return (lower + length * (nodes + 1) / 2).reshape(-1), (length * weights / 2).reshape(-1)


def _walk(path: StraightPath, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F (steps,) and the integrand (steps, pieces) at the positions; so many at once as the memory budget allows."""
    outputs, integrand = [], []
    for chosen in path.tensor(positions).split(max(1, path.budget)):
        rows = torch.zeros(len(chosen), dtype=torch.int64, device=chosen.device)
        points = path.at(rows, chosen).detach().requires_grad_(True)
        output = path.function(points, *(values[rows] for values in path.inputs))[:, path.target[0]]
        (gradients,) = torch.autograd.grad(output.sum(), points)
        outputs.append(output.detach().cpu().double().numpy())
        integrand.append((gradients * path.difference).sum(dim=-1).cpu().double().numpy())
    return np.concatenate(outputs), np.concatenate(integrand)


def without_special(integral: PathIntegral) -> np.ndarray:
    """Positions of the pieces that belong to a word."""
    return np.flatnonzero(integral.piece_words != NO_WORD)
