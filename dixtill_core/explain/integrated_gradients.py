"""Integrated Gradients (Sundararajan, Taly, Yan 2017) of a teacher or a student, through captum, on words.

    IG_i(x) = (x_i - x'_i) * integral over a in [0, 1] of dF/dx_i (x' + a (x - x')) da

F is the probability or the logit of a class fixed before integrating. x are the word embeddings; the baseline x' has
the PAD, MASK or zero embedding in place of every piece but the special ones; a student has its unknown word for MASK.
Summed over the embedding, then over the pieces of each word, the scores add up to F(x) - F(x'): the convergence delta
says by how much they miss.

F of a fine-tuned classifier changes almost all at one place of the path, and uniform steps mostly miss it. The
"adaptive" path measures F at a few points first (forward passes only), cuts [0, 1] into segments of equal change and
gives each the same number of Gauss-Legendre steps. On a straight path the integral is the sum over its segments, each
itself an Integrated Gradients from one point of the path to the next, so captum computes it as it is.

A network that normalises its embeddings before anything else (DeBERTa-v2, Llama, ModernBERT) looks at their direction
alone: from a baseline of zeros, which padding often is, all of F changes within a thousandth of the path. There, and
for every retry, F is measured again where it changed most, before the path is cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from captum.attr import IntegratedGradients
from torch import Tensor

from dixtill_core.config import ExplainConfig
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.gradients import EmbeddedTexts, length_batches, merge_pieces, pieces_of_budget
from dixtill_core.explain.target_classes import Targets, target_classes
from dixtill_core.models.classifier import Classifier, EncodedTexts

SCAN_POINTS = 11
STEPS_PER_SEGMENT = (4, 5, 3, 6, 7)
"""Gauss-Legendre steps of one segment, the best first; the first that divides the number of steps is taken."""
UNIFORM_SHARE = 0.1
"""Part of the segment density that ignores the scan, so that no stretch of the path goes unvisited."""
STEEP_SHARE, STEEP_ZOOMS = 0.98, 2
"""Where one stretch between two points of the scan holds more than this share of the change, it is scanned twice more."""


def integrated_gradients(
    model: Classifier, texts: Sequence[str], targets: Targets = None, config: ExplainConfig | None = None
) -> list[WordAttributions]:
    """Word attributions of each text.

    Args:
        targets: class to explain for each text; the model's prediction where None.

    Texts whose delta stays above `config.tolerance` are explained again with twice the steps, up to `max_steps`, and
    a closer look at where the output changes.
    A text without words gets empty attributions.

    Raises:
        ConfigError: a target that the model does not have.
        ModelError: the baseline needs a token that the tokenizer does not have.
    """
    config = config or ExplainConfig()
    classes = target_classes(model, texts, targets)
    results: list[WordAttributions | None] = [None] * len(texts)
    pending, n_steps, zooms = list(range(len(texts))), config.n_steps, 0
    while pending:
        step_config = replace(config, n_steps=n_steps)
        for batch in length_batches(model, texts, pending, config.memory_budget_mb):
            for i, found in zip(batch, _explain_batch(model, [texts[i] for i in batch], classes[batch], step_config, zooms), strict=True):
                earlier = results[i]
                if earlier is None or abs(found.convergence_delta or 0) < abs(earlier.convergence_delta or 0):
                    results[i] = found
        pending = [i for i in pending if not results[i].converged] if 2 * n_steps <= config.max_steps else []  # type: ignore[union-attr]
        n_steps, zooms = 2 * n_steps, zooms + 1
    return [result for result in results if result is not None]


def _explain_batch(
    model: Classifier, texts: Sequence[str], targets: np.ndarray, config: ExplainConfig, zooms: int
) -> list[WordAttributions]:
    with model.lock:
        encoded = model.encode(texts)
        path = StraightPath(model, encoded, targets, config)
        per_piece, changes, n_steps = _integrate(path, config, zooms)
    method = (
        f"Integrated Gradients of the {config.output}, {config.baseline} baseline, {config.merge} of pieces, {n_steps} {config.path} steps"
    )
    results = []
    for i in range(len(texts)):
        words = encoded.words[i][: encoded.n_read[i]]
        delta = float(per_piece[i].sum() - changes[i])
        converged = abs(delta) <= config.tolerance * max(1.0, abs(float(changes[i])))
        scores = merge_pieces(per_piece[i], encoded.piece_words[i], len(words), config.merge)
        results.append(WordAttributions(words, scores, int(targets[i]), method, delta, converged, n_steps))
    return results


class StraightPath(EmbeddedTexts):
    """The straight path of a batch from its baselines to its texts in embedding space, and F along it."""

    def __init__(self, model: Classifier, encoded: EncodedTexts, targets: np.ndarray, config: ExplainConfig) -> None:
        super().__init__(model, encoded, targets, config)
        ids = encoded.inputs["input_ids"]
        with torch.no_grad():
            if config.baseline == "zero":
                filling = torch.zeros_like(self.embeddings)
            else:
                filling = self.layer(torch.full_like(ids, model.baseline_id(config.baseline)))
            self.start = torch.where(encoded.special_mask[..., None], self.embeddings, filling)  # (texts, pieces, size)
            self.difference = self.embeddings - self.start
        self.budget = pieces_of_budget(model, config.memory_budget_mb, ids.shape[1]) // ids.shape[1]
        """Texts of one step that a pass may hold."""

    def at(self, rows: Tensor, positions: Tensor) -> Tensor:
        """Points of the path, (points, pieces, size), for texts `rows` (points,) at `positions` (points,) in [0, 1]."""
        return self.start[rows] + positions[:, None, None] * self.difference[rows]

    def tensor(self, positions: np.ndarray) -> Tensor:
        """Positions as the type and on the device of the embeddings; MPS has no float64, so the type comes first."""
        return torch.from_numpy(positions).to(self.start.dtype).to(self.start.device)

    @torch.no_grad()
    def scan(self, rows: np.ndarray, positions: np.ndarray) -> np.ndarray:
        """F of the target of texts `rows` (texts,) at `positions` (texts, points) of their paths, (texts, points) float64."""
        chosen = torch.from_numpy(rows).to(self.target.device)
        inputs, target = [values[chosen] for values in self.inputs], self.target[chosen, None]
        columns = [self.function(self.at(chosen, column), *inputs).gather(1, target) for column in self.tensor(positions).unbind(dim=1)]
        return torch.cat(columns, dim=1).cpu().double().numpy()


def cut_path(path: StraightPath, n_segments: int, zooms: int) -> tuple[np.ndarray, np.ndarray]:
    """Ends of segments of equal change (texts, segments + 1), and F(text) - F(baseline) (texts,)."""
    everyone = np.arange(len(path.target))
    positions, scan = _look(path, everyone, zooms)
    cuts = segment_cuts(scan, n_segments, positions)
    change = np.abs(np.diff(scan, axis=1))
    steep = everyone[change.max(axis=1) > STEEP_SHARE * change.sum(axis=1)]
    if len(steep) and zooms < STEEP_ZOOMS:
        positions, closer = _look(path, steep, STEEP_ZOOMS)
        cuts[steep] = segment_cuts(closer, n_segments, positions)
    return cuts, scan[:, -1] - scan[:, 0]


def _look(path: StraightPath, rows: np.ndarray, zooms: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and F at them, each (texts, points): equal distances, then `zooms` times more where F changes most."""
    positions = np.tile(np.linspace(0, 1, SCAN_POINTS), (len(rows), 1))
    values = path.scan(rows, positions)
    for _ in range(zooms):
        between = segment_cuts(values, SCAN_POINTS - 1, positions)[:, 1:-1]
        positions, values = np.hstack([positions, between]), np.hstack([values, path.scan(rows, between)])
        order = np.argsort(positions, axis=1, kind="stable")
        positions, values = np.take_along_axis(positions, order, axis=1), np.take_along_axis(values, order, axis=1)
    return positions, values


def _integrate(path: StraightPath, config: ExplainConfig, zooms: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Attribution of each piece (texts, pieces), F(text) - F(baseline) (texts,), and steps taken for each text."""
    n_texts, longest = path.start.shape[:2]
    steps = segment_steps(config.n_steps)
    n_segments = 1 if config.path == "uniform" else max(1, config.n_steps // steps)
    if n_segments == 1:
        steps, cuts = config.n_steps, np.tile([0.0, 1.0], (n_texts, 1))
        changes = np.diff(path.scan(np.arange(n_texts), cuts), axis=1)[:, 0]
    else:
        cuts, changes = cut_path(path, n_segments, zooms)

    explainer = IntegratedGradients(path.function)
    rows = torch.arange(n_texts, device=path.start.device).repeat_interleave(n_segments)  # (texts * segments,)
    lower, upper = path.tensor(cuts[:, :-1].reshape(-1)), path.tensor(cuts[:, 1:].reshape(-1))
    pieces = []
    for chosen in torch.arange(len(rows), device=rows.device).split(max(1, path.budget)):
        row = rows[chosen]
        attributed = explainer.attribute(
            path.at(row, upper[chosen]),
            path.at(row, lower[chosen]),
            target=path.target[row],
            additional_forward_args=tuple(values[row] for values in path.inputs),
            n_steps=steps,
            internal_batch_size=max(len(chosen), path.budget),
        )
        pieces.append(attributed.detach().sum(dim=-1))
    per_piece = torch.cat(pieces).cpu().double().reshape(n_texts, n_segments, longest).sum(dim=1)
    return per_piece.numpy(), changes, steps * n_segments


def segment_steps(n_steps: int) -> int:
    """Gauss-Legendre steps of each segment of the adaptive path."""
    return next((steps for steps in STEPS_PER_SEGMENT if n_steps % steps == 0), STEPS_PER_SEGMENT[0])


def segment_cuts(scan: np.ndarray, n_segments: int, positions: np.ndarray | None = None) -> np.ndarray:
    """Ends of `n_segments` segments of [0, 1] with equal shares of the change of F, (texts, segments + 1).

    Args:
        scan: F at points of the path that rise from 0 to 1, (texts, points).
        positions: where these points are, (texts, points); at equal distances where None.
    """
    if positions is None:
        positions = np.tile(np.linspace(0, 1, scan.shape[1]), (len(scan), 1))
    change, length = np.abs(np.diff(scan, axis=1)), np.diff(positions, axis=1)  # (texts, points - 1)
    total = change.sum(axis=1, keepdims=True)
    share = np.divide(change, total, out=length.copy(), where=total > 0)
    density = (1 - UNIFORM_SHARE) * share + UNIFORM_SHARE * length
    cumulative = np.concatenate([np.zeros((len(density), 1)), density.cumsum(axis=1)], axis=1)
    wanted = np.linspace(0, 1, n_segments + 1)
    cuts = np.stack([np.interp(wanted, row / row[-1], where) for row, where in zip(cumulative, positions, strict=True)])
    cuts[:, 0], cuts[:, -1] = 0.0, 1.0
    return cuts
