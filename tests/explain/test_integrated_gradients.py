from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from torch import Tensor

from dixtill_core.config import Baseline, ExplainConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import ConfigError, ModelError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.integrated_gradients import integrated_gradients, merge_pieces
from dixtill_core.models.classifier import NO_WORD
from dixtill_core.models.teacher import Teacher, load_teacher

TEXTS = [
    "the stock falls as the bank cuts its outlook and warns of losses",
    "gold",
    "  profit beat estimates, $TSLA +4.5% 👍🏽!!",
    "shares of the company rose",
]
KINDS = ["bert", "gpt2", "roberta"]
FIXED = {"tolerance": 1e9}  # never repeated with more steps


def ends_of_path(teacher: Teacher, text: str, baseline: str) -> tuple[Tensor, Tensor]:
    """Embeddings of a text and of its baseline, (1, pieces, size), made without the code under test."""
    ids = teacher.tokenizer(text, return_tensors="pt")["input_ids"]
    layer = teacher.model.get_input_embeddings()
    special = torch.tensor(teacher.tokenizer(text, return_special_tokens_mask=True)["special_tokens_mask"], dtype=torch.bool)
    if baseline == "zero":
        filling = torch.zeros(layer.embedding_dim)
    else:
        filling = layer.weight[teacher.tokenizer.pad_token_id if baseline == "pad" else teacher.tokenizer.mask_token_id]
    embeddings = layer(ids)
    return embeddings, torch.where(special[None, :, None], embeddings, filling)


def output_of(teacher: Teacher, embeddings: Tensor, target: int, output: str = "probability") -> Tensor:
    """F without hooks: the model run on embeddings."""
    logits = teacher.model(inputs_embeds=embeddings, attention_mask=torch.ones(embeddings.shape[:2], dtype=torch.long)).logits
    return (logits.softmax(dim=-1) if output == "probability" else logits)[:, target]


def by_hand(teacher: Teacher, text: str, target: int, baseline: str = "pad", nodes: int = 400, output: str = "probability") -> np.ndarray:
    """Gauss-Legendre quadrature of the integral, one number a piece."""
    embeddings, start = (end.detach() for end in ends_of_path(teacher, text, baseline))
    positions, weights = (torch.tensor(values / 2, dtype=torch.float32) for values in np.polynomial.legendre.leggauss(nodes))
    points = (start + (positions[:, None, None] + 0.5) * (embeddings - start)).requires_grad_(True)  # (nodes, pieces, size)
    (gradients,) = torch.autograd.grad(output_of(teacher, points, target, output).sum(), points)
    mean = (weights[:, None, None].double() * gradients).sum(dim=0)
    return (mean * (embeddings - start)[0]).sum(dim=-1).numpy()


def words_from(teacher: Teacher, text: str, per_piece: np.ndarray) -> np.ndarray:
    scores = np.zeros(len(split_words(text)))
    for word, score in zip(teacher.encode([text]).piece_words[0], per_piece, strict=True):
        if word != NO_WORD:
            scores[word] += score
    return scores


def targets_of(teacher: Teacher, texts: Sequence[str]) -> list[int]:
    return teacher.predict(texts).argmax(axis=1).tolist()


def assert_same(found: list[WordAttributions], expected: list[WordAttributions], atol: float) -> None:
    for a, b in zip(found, expected, strict=True):
        assert (a.words, a.target) == (b.words, b.target)
        np.testing.assert_allclose(a.scores, b.scores, atol=atol)


# The numbers


@pytest.mark.parametrize(
    ("kind", "baseline"), [(kind, baseline) for kind in KINDS for baseline in ("pad", "mask") if (kind, baseline) != ("gpt2", "mask")]
)
def test_uniform_path_equals_captums_layer_method_with_token_baselines(
    small_teacher: Callable[[str], Teacher], kind: str, baseline: Baseline
) -> None:
    teacher = small_teacher(kind)
    targets = targets_of(teacher, TEXTS)
    found = integrated_gradients(teacher, TEXTS, targets, ExplainConfig(n_steps=20, path="uniform", baseline=baseline, **FIXED))
    explainer = LayerIntegratedGradients(
        lambda ids, mask: teacher.model(ids, attention_mask=mask).logits.softmax(-1), teacher.model.get_input_embeddings()
    )
    token = teacher.tokenizer.pad_token_id if baseline == "pad" else teacher.tokenizer.mask_token_id
    for text, target, attributions in zip(TEXTS, targets, found, strict=True):
        encoding = teacher.tokenizer(text, return_tensors="pt", return_special_tokens_mask=True)
        special = encoding["special_tokens_mask"].bool()
        ids = encoding["input_ids"]
        per_piece = explainer.attribute(
            ids, torch.where(special, ids, token), target=target, additional_forward_args=(encoding["attention_mask"],), n_steps=20
        ).sum(dim=-1)[0]
        np.testing.assert_allclose(attributions.scores, words_from(teacher, text, per_piece.detach().numpy()), atol=2e-4, err_msg=text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("baseline", ["pad", "zero"])
def test_uniform_path_equals_quadrature_by_hand(small_teacher: Callable[[str], Teacher], kind: str, baseline: Baseline) -> None:
    teacher = small_teacher(kind)
    targets = targets_of(teacher, TEXTS)
    found = integrated_gradients(teacher, TEXTS, targets, ExplainConfig(n_steps=16, path="uniform", baseline=baseline, **FIXED))
    for text, target, attributions in zip(TEXTS, targets, found, strict=True):
        expected = words_from(teacher, text, by_hand(teacher, text, target, baseline, nodes=16))
        np.testing.assert_allclose(attributions.scores, expected, atol=2e-4, err_msg=text)
        assert np.abs(expected).max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_adaptive_path_converges_to_four_hundred_uniform_nodes(small_teacher: Callable[[str], Teacher], kind: str) -> None:
    teacher = small_teacher(kind)
    texts = TEXTS[1:]
    targets = targets_of(teacher, texts)
    found = integrated_gradients(teacher, texts, targets, ExplainConfig(n_steps=80))
    for text, target, attributions in zip(texts, targets, found, strict=True):
        expected = words_from(teacher, text, by_hand(teacher, text, target))
        np.testing.assert_allclose(attributions.scores, expected, atol=0.01, err_msg=text)
        cosine = attributions.scores @ expected / np.linalg.norm(attributions.scores) / np.linalg.norm(expected)
        assert cosine > 0.9995


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("output", ["probability", "logit"])
@pytest.mark.parametrize("path", ["uniform", "adaptive"])
def test_words_add_up_to_the_change_of_the_output_but_for_the_reported_delta(
    small_teacher: Callable[[str], Teacher], kind: str, output: str, path: str
) -> None:
    teacher = small_teacher(kind)
    config = ExplainConfig(n_steps=8, path=path, output=output, **FIXED)  # type: ignore[arg-type]
    largest = 0.0
    for text, found in zip(TEXTS, integrated_gradients(teacher, TEXTS, None, config), strict=True):
        embeddings, start = ends_of_path(teacher, text, "pad")
        with torch.no_grad():
            change = float(output_of(teacher, embeddings, found.target, output) - output_of(teacher, start, found.target, output))
        assert found.convergence_delta is not None
        assert found.scores.sum() - change == pytest.approx(found.convergence_delta, abs=5e-4)
        largest = max(largest, abs(found.convergence_delta))
    assert largest > 0.003  # eight steps are few, so there is a delta to report


def test_attributions_of_all_classes_add_up_to_nothing(bert: Teacher) -> None:
    """Probabilities sum to one, so what speaks for one class speaks against the others."""
    config = ExplainConfig(n_steps=16, path="uniform", **FIXED)
    for text in TEXTS:
        of_classes = [integrated_gradients(bert, [text], [target], config)[0] for target in range(3)]
        assert [found.target for found in of_classes] == [0, 1, 2]
        np.testing.assert_allclose(np.sum([found.scores for found in of_classes], axis=0), 0, atol=1e-4)
        assert not np.allclose(of_classes[0].scores, of_classes[1].scores, atol=0.01)


def test_the_predicted_class_is_explained_unless_one_is_chosen(any_teacher: Teacher) -> None:
    assert [found.target for found in integrated_gradients(any_teacher, TEXTS)] == targets_of(any_teacher, TEXTS)


def test_each_text_has_its_own_target(bert: Teacher) -> None:
    config = ExplainConfig(n_steps=16, path="uniform", **FIXED)
    together = integrated_gradients(bert, TEXTS, [2, 0, 1, 0], config)
    alone = [integrated_gradients(bert, [text], [target], config)[0] for text, target in zip(TEXTS, [2, 0, 1, 0], strict=True)]
    assert_same(together, alone, atol=2e-4)


# Batches, memory, threads


@pytest.mark.parametrize("path", ["uniform", "adaptive"])
def test_texts_alone_equal_texts_in_a_ragged_batch(any_teacher: Teacher, path: str) -> None:
    config = ExplainConfig(n_steps=40, path=path, **FIXED)  # type: ignore[arg-type]
    alone = [integrated_gradients(any_teacher, [text], None, config)[0] for text in TEXTS]
    assert_same(integrated_gradients(any_teacher, TEXTS, None, config), alone, atol=2e-3)


@pytest.mark.parametrize("path", ["uniform", "adaptive"])
def test_a_small_memory_budget_gives_the_same_results(any_teacher: Teacher, path: str) -> None:
    large, small = (ExplainConfig(n_steps=40, path=path, memory_budget_mb=budget, **FIXED) for budget in (512, 1))  # type: ignore[arg-type]
    expected = integrated_gradients(any_teacher, TEXTS, None, large)
    assert_same(integrated_gradients(any_teacher, TEXTS, None, small), expected, atol=2e-3)


def test_a_small_memory_budget_runs_few_texts_at_once(bert: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    forward, sizes = bert.forward, []

    def counted(inputs: dict[str, Tensor]) -> Tensor:
        sizes.append(inputs["input_ids"].numel())
        return forward(inputs)

    monkeypatch.setattr(bert, "forward", counted)
    largest = []
    for budget in (1, 512):
        sizes.clear()
        integrated_gradients(bert, TEXTS * 4, [0] * 16, ExplainConfig(n_steps=40, memory_budget_mb=budget, **FIXED))
        largest.append(max(sizes))
    assert largest[0] <= 2**20 / (4 * 2 * 20 * 32)  # bytes of a piece: 4 a float, 2 layers, 20 vectors of 32
    assert largest[1] > 4 * largest[0]


def test_threads_that_share_a_teacher_do_not_disturb_each_other(bert: Teacher) -> None:
    config = ExplainConfig(n_steps=16, **FIXED)
    expected = [integrated_gradients(bert, [text], [0], config)[0] for text in TEXTS]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda text: integrated_gradients(bert, [text], [0], config)[0], TEXTS))
    assert_same(found, expected, atol=1e-6)


# Convergence


def test_steps_are_doubled_until_the_tolerance_is_met(any_teacher: Teacher) -> None:
    few = ExplainConfig(n_steps=4, path="uniform", tolerance=0.01, max_steps=4)
    many = ExplainConfig(n_steps=4, path="uniform", tolerance=0.01, max_steps=1024)
    before, after = (integrated_gradients(any_teacher, TEXTS, None, config) for config in (few, many))
    assert not all(found.converged for found in before)
    for first, last in zip(before, after, strict=True):
        assert first.n_steps == 4
        assert first.convergence_delta is not None
        assert last.convergence_delta is not None
        assert first.converged == (abs(first.convergence_delta) <= 0.01)
        assert last.converged
        assert abs(last.convergence_delta) <= 0.01
        assert last.n_steps == 4 if first.converged else last.n_steps in {8, 16, 32, 64, 128, 256, 512, 1024}


def test_what_has_not_converged_at_the_most_steps_says_so_and_keeps_its_best(bert: Teacher) -> None:
    config = ExplainConfig(n_steps=2, path="uniform", tolerance=1e-7, max_steps=8)
    attempts = [
        integrated_gradients(bert, TEXTS, None, ExplainConfig(n_steps=n, path="uniform", tolerance=1e-7, max_steps=n)) for n in (2, 4, 8)
    ]
    for i, found in enumerate(integrated_gradients(bert, TEXTS, None, config)):
        best = min((attempt[i] for attempt in attempts), key=lambda attempt: abs(attempt.convergence_delta or 0))
        assert not found.converged
        assert found.n_steps == best.n_steps
        np.testing.assert_allclose(found.scores, best.scores, atol=2e-4)


def test_the_tolerance_of_a_logit_grows_with_its_change(bert: Teacher) -> None:
    """A delta of a fiftieth of the change is within five hundredths, however large the logits are."""
    config = ExplainConfig(n_steps=8, path="uniform", output="logit", tolerance=0.05, max_steps=8)
    for text, found in zip(TEXTS, integrated_gradients(bert, TEXTS, None, config), strict=True):
        embeddings, start = ends_of_path(bert, text, "pad")
        change = abs(float(output_of(bert, embeddings, found.target, "logit") - output_of(bert, start, found.target, "logit")))
        assert found.converged == (abs(found.convergence_delta or 0) <= 0.05 * max(1, change))


@pytest.mark.parametrize("path", ["uniform", "adaptive"])
@pytest.mark.parametrize("n_steps", [1, 3, 8, 11, 50])
def test_the_gradients_that_were_taken_are_reported_and_never_more_than_asked(
    bert: Teacher, monkeypatch: pytest.MonkeyPatch, path: str, n_steps: int
) -> None:
    forward, with_gradient = bert.forward, []

    def counted(inputs: dict[str, Tensor]) -> Tensor:
        with_gradient.append(len(inputs["input_ids"]) if torch.is_grad_enabled() else 0)
        return forward(inputs)

    monkeypatch.setattr(bert, "forward", counted)
    found = integrated_gradients(bert, ["gold"], [0], ExplainConfig(n_steps=n_steps, path=path, **FIXED))[0]  # type: ignore[arg-type]
    assert found.n_steps == sum(with_gradient)
    assert 0.7 * n_steps < found.n_steps <= n_steps
    assert f"{found.n_steps} {path} steps" in found.method


def test_the_method_names_every_setting_that_changes_its_numbers(bert: Teacher) -> None:
    config = ExplainConfig(n_steps=9, output="logit", baseline="mask", merge="mean", path="uniform", **FIXED)
    method = integrated_gradients(bert, ["gold"], [0], config)[0].method
    assert method == "Integrated Gradients of the logit, mask baseline, mean of pieces, 9 uniform steps"


# Pieces to words


@pytest.mark.parametrize(("merge", "expected"), [("sum", [3.0, 0.0, -0.5]), ("mean", [1.5, 0.0, -0.5])])
def test_pieces_merge_into_words_by_hand(merge: str, expected: list[float]) -> None:
    pieces = np.array([100.0, 1.0, 2.0, -0.5, 100.0])
    words = np.array([NO_WORD, 0, 0, 2, NO_WORD])
    assert merge_pieces(pieces, words, 3, merge).tolist() == expected


def test_a_text_of_special_pieces_only_has_no_scores() -> None:
    assert merge_pieces(np.array([1.0, 2.0]), np.array([NO_WORD, NO_WORD]), 0, "mean").tolist() == []


def test_the_mean_of_pieces_is_their_sum_divided_by_how_many_there_are(bert: Teacher) -> None:
    text = TEXTS[0]
    total, mean = (
        integrated_gradients(bert, [text], [0], ExplainConfig(n_steps=8, merge=merge, **FIXED))[0].scores for merge in ("sum", "mean")
    )
    counts = np.bincount([word for word in bert.encode([text]).piece_words[0] if word != NO_WORD])
    np.testing.assert_allclose(mean * counts, total, atol=1e-6)
    assert counts.max() > 1


# Odd texts


def test_texts_without_words_have_empty_attributions(any_teacher: Teacher) -> None:
    for texts in (["", "\u200b", " \n"], ["", "gold", "\u200b"]):
        found = integrated_gradients(any_teacher, texts, None, ExplainConfig(n_steps=8))
        assert [len(attributions.words) for attributions in found] == [len(split_words(text)) for text in texts]


def test_no_texts_have_no_attributions(bert: Teacher) -> None:
    assert integrated_gradients(bert, []) == []


def test_words_past_the_window_are_left_out(teacher_folder: Callable[[str], object]) -> None:
    for kind in KINDS:
        teacher = load_teacher(teacher_folder(kind), device="cpu", max_length=10)  # type: ignore[arg-type]
        long, short = integrated_gradients(teacher, [TEXTS[0], "gold"], None, ExplainConfig(n_steps=8))
        assert 1 <= len(long.words) < len(split_words(TEXTS[0]))
        assert long.words == tuple(split_words(TEXTS[0])[: len(long.words)])
        assert len(short.words) == 1


# Errors


@pytest.mark.parametrize("target", [-1, 3])
def test_a_class_that_the_teacher_does_not_have_is_refused(bert: Teacher, target: int) -> None:
    with pytest.raises(ConfigError, match="between 0 and 2"):
        integrated_gradients(bert, ["gold", "bank"], [0, target])


def test_a_baseline_without_a_piece_is_refused(small_teacher: Callable[[str], Teacher]) -> None:
    with pytest.raises(ModelError, match="no mask token"):
        integrated_gradients(small_teacher("gpt2"), ["gold"], [0], ExplainConfig(baseline="mask"))


def test_hooks_are_gone_afterwards(any_teacher: Teacher, no_hooks_left: Callable[[Teacher], bool]) -> None:
    before = any_teacher.predict(TEXTS)
    integrated_gradients(any_teacher, TEXTS, None, ExplainConfig(n_steps=8))
    assert no_hooks_left(any_teacher)
    assert np.array_equal(any_teacher.predict(TEXTS), before)


@pytest.mark.parametrize("failing_call", [1, 5, 11, 12])
def test_hooks_and_lock_are_gone_after_an_error(
    bert: Teacher, no_hooks_left: Callable[[Teacher], bool], monkeypatch: pytest.MonkeyPatch, failing_call: int
) -> None:
    forward, calls = bert.model.forward, []

    def failing(*arguments: object, **inputs: object) -> object:
        calls.append(1)
        if len(calls) == failing_call:
            raise RuntimeError("out of memory")
        return forward(*arguments, **inputs)

    monkeypatch.setattr(bert.model, "forward", failing)
    with pytest.raises(ModelError, match="out of memory"):
        integrated_gradients(bert, ["gold rose"], [0], ExplainConfig(n_steps=8))
    assert no_hooks_left(bert)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(bert.lock.acquire, timeout=1).result()
        other.submit(bert.lock.release).result()
