"""The checks of `dixtill doctor` on a teacher that is loaded; those of `CHECKS` are functions that return what they found.

A check that finds something wrong raises `CheckFailed`, whose message also says what to do.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import get_args

import numpy as np
import torch

from dixtill_core.benchmark import is_busy
from dixtill_core.config import Baseline, ExplainConfig
from dixtill_core.data.words import split_words
from dixtill_core.doctor import Check, CheckFailed
from dixtill_core.errors import ModelError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.gradients import EmbeddedTexts
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.metrics.memory import peak_memory_bytes
from dixtill_core.models.teacher import Teacher
from dixtill_core.models.teacher_precision import describe_device, dtype_name, half_precision_of, try_precision

PLAIN_TEXT = "Shares of the company slide as profit beats forecasts but the outlook is cut"
ODD_TEXTS = (
    "Shares of $ACME slide 12% as profit beats forecasts but the outlook is cut",
    "🚀🚀 to the moon 👩‍👩‍👧 with a flag 🇮🇹 and a thumb 👍🏽",
    "שלום עולם, مرحبا بالعالم!",
    "state-of-the-art, don't, U.S. and rock'n'roll...",
    "我们 赢了 東京で",
    "naïve café: ½ price, 3.5bn €",
    "see https://example.com/a?b=1 @someone #winning",
    "yes",
)
EXPLAINED_TEXTS = (ODD_TEXTS[0], ODD_TEXTS[3], ODD_TEXTS[7])
LOGIT_TOLERANCE = 1e-3
"""Largest change of a logit, as a share of the largest logit with 1 as its least, that counts as rounding."""
TIMED_SECONDS = 2.0
SHOWN_WORDS = 6


def loaded_checks(teacher: Teacher) -> list[Check]:
    """What is known of a teacher once it is loaded."""
    return [_loading(teacher), _classifier(teacher), _tokenizer(teacher)]


def _loading(teacher: Teacher) -> Check:
    size = f"{teacher.parameters / 1e6:,.1f} million parameters, {megabytes(teacher.bytes_on_disk)}"
    kind = type(teacher.model).__name__
    return Check("loading", True, f"{kind}, {size}, on {teacher.device}, in float32; no code of its own was run, no pickle read.")


def _classifier(teacher: Teacher) -> Check:
    names = [label if len(label) <= 30 else f"{label[:29]}…" for label in teacher.label_names]
    detail = f"{len(names)} labels: {', '.join(names)}."
    if all(label == f"LABEL_{number}" for number, label in enumerate(teacher.label_names)):
        detail += " They have no names of their own: data with named labels will not match. Set id2label in config.json."
    kind = getattr(teacher.model.config, "problem_type", None)
    if kind in ("multi_label_classification", "regression"):
        detail += f" It was trained for {kind.replace('_', ' ')}, but DiXtill takes one label a text. Choose a model trained for that."
        return Check("classifier", False, detail)
    return Check("classifier", True, detail)


def _tokenizer(teacher: Teacher) -> Check:
    kind = type(teacher.tokenizer.backend_tokenizer.model).__name__
    return Check("fast tokenizer", True, f"{kind}; pads with {teacher.tokenizer.pad_token}; knows {len(teacher.tokenizer):,} pieces.")


def _offsets(teacher: Teacher) -> str:
    """Every word lies in pieces. A word without one of its own shares a piece with a neighbour, which gets its score."""
    count, bare, sharing = 0, [], []
    for text in ODD_TEXTS:
        encoded = teacher.encode([text])
        with teacher.lock:
            read = teacher.tokenizer(text, truncation=True, max_length=teacher.max_length, return_offsets_mapping=True)
        reached = [False] * len(text)
        for (start, end), special in zip(read["offset_mapping"], encoded.special_mask[0].tolist(), strict=True):
            if not special:
                reached[start:end] = [True] * (end - start)
        own = set(encoded.piece_words[0].tolist())
        for position, word in enumerate(encoded.words[0][: encoded.n_read[0]]):
            count += 1
            if not any(reached[word.start : word.end]):
                bare.append(word.text)
            elif position not in own:
                sharing.append(word.text)
    if bare:
        raise CheckFailed(
            f"{len(bare)} of {count} words have no piece, so they get no attribution: {_listed(bare)}. The tokenizer drops them, or its "
            "offsets are wrong: save it again with tokenizer.save_pretrained of a current transformers, or choose another model."
        )
    shared = f" In one piece with a neighbour, which gets the score of both: {_listed(sharing)}." if sharing else ""
    return f"All {count} words of {len(ODD_TEXTS)} odd sentences have pieces: emoji, right-to-left, cashtags, hyphens.{shared}"


def _window(teacher: Teacher) -> str:
    teacher.predict([PLAIN_TEXT + " word" * 2 * teacher.max_length])
    return f"It reads {teacher.max_length} pieces of a text, special ones counted; what is longer is cut."


def _padding(teacher: Teacher) -> str:
    """A text has the answer in a batch that it has alone."""
    alone = np.stack([teacher.predict([text])[0] for text in ODD_TEXTS])
    allowed = LOGIT_TOLERANCE * max(1.0, float(np.abs(alone).max()))
    _require_numbers(alone)
    if np.abs(alone - np.stack([teacher.predict([text])[0] for text in ODD_TEXTS])).max() > allowed:
        raise CheckFailed("It answers the same text differently each time, so no explanation holds. Choose a model without randomness.")
    change = float(np.abs(teacher.predict(ODD_TEXTS) - alone).max())
    if change > allowed:
        raise CheckFailed(
            f"The padding beside a text changes its logits by up to {change:.2g}, so answers hang on what else is in a batch. "
            "Such networks read padding as text: choose another model."
        )
    return f"Alone and in a ragged batch the logits of {len(ODD_TEXTS)} texts differ by {change:.1g} at most, which is rounding."


def _require_numbers(logits: np.ndarray) -> None:
    if not np.isfinite(logits).all():
        raise CheckFailed("Its answers are not numbers. The weights are damaged, or overflowed when they were saved: get them again.")


def _gradients(teacher: Teacher) -> str:
    """The network run on given embeddings answers as on the text, and its answer has gradients at them."""
    logits = teacher.predict(EXPLAINED_TEXTS)
    with teacher.lock:
        encoded = teacher.encode(EXPLAINED_TEXTS)
        embedded = EmbeddedTexts(teacher, encoded, logits.argmax(axis=1), ExplainConfig(output="logit"))
        leaves = embedded.leaves()
        found = embedded.function(leaves, *embedded.inputs)
        (gradients,) = torch.autograd.grad(found.gather(1, embedded.target[:, None]).sum(), leaves)
    change = float(np.abs(found.detach().cpu().numpy() - logits).max())
    if change > LOGIT_TOLERANCE * max(1.0, float(np.abs(logits).max())):
        raise CheckFailed(
            f"Run on its own embeddings it answers differently, by {change:.2g}, so it reads the words in another way too. "
            "Choose occlusion, LIME or Kernel SHAP."
        )
    sizes = gradients.norm(dim=-1).masked_fill(encoded.special_mask, 0).sum(dim=1)
    if not bool(torch.isfinite(sizes).all() and (sizes > 0).all()):
        raise CheckFailed("The gradients at its embeddings are zero or no numbers. Choose occlusion, LIME or Kernel SHAP.")
    return f"Gradients reach the embeddings of every text ({gradients.shape[-1]} numbers a piece)."


def _completeness(teacher: Teacher) -> str:
    """Integrated Gradients add up with the default settings."""
    _require_numbers(teacher.predict(EXPLAINED_TEXTS))
    explained = integrated_gradients(teacher, EXPLAINED_TEXTS)
    said = f"Attributions miss the change of the output by {_delta(explained):.4f} at most, after {_steps(explained)} steps"
    if all(found.converged for found in explained):
        return f"{said}; {ExplainConfig().tolerance} is allowed."
    able = [baseline for baseline in get_args(Baseline)[1:] if _converges(teacher, baseline)]
    advice = f"Choose the baseline {' or '.join(able)}, with which they add up" if able else "Choose occlusion, LIME or Kernel SHAP"
    raise CheckFailed(f"{said}, where {ExplainConfig().tolerance} is allowed: its output jumps on the way from blanks to words. {advice}.")


def _converges(teacher: Teacher, baseline: Baseline) -> bool:
    try:
        explained = integrated_gradients(teacher, EXPLAINED_TEXTS, None, ExplainConfig(baseline=baseline))
    except ModelError:
        return False
    return all(found.converged for found in explained)


def _baselines(teacher: Teacher) -> str:
    there = [f"pad ({teacher.tokenizer.pad_token})", "zero"]
    if teacher.tokenizer.mask_token_id is None:
        return f"{', '.join(there)}. Without a mask token, words can be deleted but not masked."
    return f"{', '.join([there[0], f'mask ({teacher.tokenizer.mask_token})', there[1]])}."


def _speed(teacher: Teacher) -> str:
    texts = [PLAIN_TEXT] * 32
    said = f"{_rate(len(texts) / _seconds(lambda: teacher.predict(texts)))} predictions"
    if _explains(teacher):
        once = ExplainConfig(max_steps=ExplainConfig().n_steps)
        taken = _seconds(lambda: integrated_gradients(teacher, [PLAIN_TEXT], [0], once))
        said += f" and {_rate(1 / taken)} explanations (Integrated Gradients, {once.n_steps} steps)"
    return f"{said} a second, of {len(split_words(PLAIN_TEXT))} words, on {_device(teacher)}."


def _memory(teacher: Teacher) -> str:
    weights = sum(parameter.numel() * parameter.element_size() for parameter in teacher.model.parameters())
    predicting = peak_memory_bytes(lambda: teacher.predict([PLAIN_TEXT]))
    said = f"{megabytes(weights)} of weights; on top, {megabytes(predicting)} to predict a text"
    if _explains(teacher):
        few = ExplainConfig(n_steps=12, max_steps=12)
        explaining = peak_memory_bytes(lambda: integrated_gradients(teacher, [PLAIN_TEXT], [0], few))
        said += f" and {megabytes(explaining)} to explain it in 12 steps"
    return f"{said}. More texts or steps at once take up to a budget of {ExplainConfig().memory_budget_mb} MB."


def _explains(teacher: Teacher) -> bool:
    """Whether there are gradients at all; what is wrong where there are none is said by their own check."""
    try:
        integrated_gradients(teacher, ["yes"], [0], ExplainConfig(n_steps=4, max_steps=4))
    except Exception:
        return False
    return True


def _device(teacher: Teacher) -> str:
    busy = teacher.device.type == "cpu" and is_busy()
    return describe_device(teacher) + (", while other programs kept it busy" if busy else "")


def _precision(teacher: Teacher) -> str:
    dtype = half_precision_of(teacher.device)
    if dtype is None:
        return f"float32: half precision is not tried on {teacher.device.type}."
    trial = try_precision(teacher, dtype)
    said = (
        f"{dtype_name(dtype)} changes probabilities by {trial.probability_change:.4f} at most, has deltas up to "
        f"{trial.convergence_delta:.4f}, and attributions of cosine {trial.cosine:.3f} or more"
    )
    return f"{said}: it holds, ask for it with --precision auto." if trial.holds else f"{said}: it does not hold, float32 is used."


CHECKS: dict[str, Callable[[Teacher], str]] = {
    "offsets": _offsets,
    "window": _window,
    "padding": _padding,
    "gradients": _gradients,
    "completeness": _completeness,
    "baselines": _baselines,
    "speed": _speed,
    "memory": _memory,
    "precision": _precision,
}


def _seconds(run: Callable[[], object]) -> float:
    """Median seconds of a call after one to warm up, over `TIMED_SECONDS` or one call, whichever is longer."""
    run()
    taken: list[float] = []
    while sum(taken) < TIMED_SECONDS:
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _delta(explained: Sequence[WordAttributions]) -> float:
    return max(abs(found.convergence_delta or 0.0) for found in explained)


def _steps(explained: Sequence[WordAttributions]) -> str:
    counts = [found.n_steps or 0 for found in explained]
    return str(counts[0]) if len(set(counts)) == 1 else f"{min(counts)} to {max(counts)}"


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:SHOWN_WORDS]) + (f" and {len(words) - SHOWN_WORDS} more" if len(words) > SHOWN_WORDS else "")
