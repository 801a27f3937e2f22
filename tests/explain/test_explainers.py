"""What every explainer promises, on teachers and on the student; their numbers are checked in their own files."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import ConfigError, ModelError
from dixtill_core.explain.attention import attention
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.explain.explainers import EXPLAINERS, explain, find_explainer
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.teacher import Teacher
from tests.small_models import small_student

TEXTS = ["the stock falls as the bank cuts its outlook and warns", "", "gold", "  profit beat estimates, $TSLA +4.5% 👍🏽!!", "\u200b"]
QUICK = ExplainConfig(n_steps=8, path="uniform", tolerance=1e9)
FEW = PerturbationConfig(n_samples=60)
NAMES = sorted(EXPLAINERS)
SAMPLING = ["kernel_shap", "lime"]
CASES = [(name, kind) for name in NAMES for kind in ("bert", "gpt2", "student") if kind == "student" or "teacher" in EXPLAINERS[name].roles]


@pytest.fixture
def model_of(small_teacher: Callable[[str], Teacher]) -> Callable[[str], Classifier]:
    return lambda kind: small_student() if kind == "student" else small_teacher(kind)


def run(
    model: Classifier, name: str, texts: list[str], targets: list[int] | None = None, seed: int = 0, config: ExplainConfig = QUICK
) -> list[WordAttributions]:
    return explain(model, name, texts, targets, config, seed, FEW)


def assert_same(found: list[WordAttributions], expected: list[WordAttributions], atol: float) -> None:
    for a, b in zip(found, expected, strict=True):
        assert (a.words, a.target, a.method) == (b.words, b.target, b.method)
        np.testing.assert_allclose(a.scores, b.scores, atol=atol)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_each_text_has_its_words_in_order_and_its_predicted_class(model_of: Callable[[str], Classifier], name: str, kind: str) -> None:
    model = model_of(kind)
    found = run(model, name, TEXTS)
    assert [attributions.words for attributions in found] == [tuple(split_words(text)) for text in TEXTS]
    assert [attributions.target for attributions in found] == model.predict(TEXTS).argmax(axis=1).tolist()
    for attributions in found:
        assert attributions.scores.dtype == np.float64
        assert np.isfinite(attributions.scores).all()
        assert attributions.is_signed == EXPLAINERS[name].is_signed
    assert np.abs(found[0].scores).max() > 1e-4
    if not EXPLAINERS[name].is_signed:
        assert min(attributions.scores.min(initial=0) for attributions in found) == 0
    assert run(model, name, []) == []


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_text_alone_equals_the_text_in_a_ragged_batch(model_of: Callable[[str], Classifier], name: str, kind: str) -> None:
    model = model_of(kind)
    alone = [run(model, name, [text])[0] for text in TEXTS]
    assert_same(run(model, name, TEXTS), alone, atol=2e-3)


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kind in CASES if name != "attention"])
def test_the_chosen_class_of_each_text_is_explained(model_of: Callable[[str], Classifier], name: str, kind: str) -> None:
    model, targets = model_of(kind), [2, 1, 0, 1, 0]
    found = run(model, name, TEXTS, targets)
    assert [attributions.target for attributions in found] == targets
    other = run(model, name, TEXTS, [0, 1, 2, 2, 0])
    assert not np.allclose(found[0].scores, other[0].scores, atol=1e-5)
    assert_same([found[1]], [other[1]], atol=0)


@pytest.mark.parametrize(
    "name", [name for name in NAMES if EXPLAINERS[name].is_signed and name not in ("attention", "integrated_gradients")]
)
@pytest.mark.parametrize("kind", ["bert", "student"])
def test_scores_of_all_classes_cancel_since_probabilities_add_up_to_one(
    model_of: Callable[[str], Classifier], name: str, kind: str
) -> None:
    model, text = model_of(kind), TEXTS[0]
    scores = [run(model, name, [text], [target])[0].scores for target in range(3)]
    np.testing.assert_allclose(np.sum(scores, axis=0), 0, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "attention"])
@pytest.mark.parametrize("targets", [[0, 3], [-1, 0], [0]])
def test_a_class_that_cannot_be_explained_is_refused(bert: Teacher, name: str, targets: list[int]) -> None:
    with pytest.raises(ConfigError, match=r"between 0 and 2|2 texts"):
        run(bert, name, ["gold", "bank"], targets)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "attention"])
def test_hooks_are_gone_afterwards_and_the_model_answers_as_before(
    bert: Teacher, no_hooks_left: Callable[[Teacher], bool], name: str
) -> None:
    before = bert.predict(TEXTS)
    run(bert, name, TEXTS)
    assert no_hooks_left(bert)
    assert np.array_equal(bert.predict(TEXTS), before)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "attention"])
def test_hooks_and_lock_are_gone_after_an_error(
    bert: Teacher, no_hooks_left: Callable[[Teacher], bool], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def failing(*arguments: object, **inputs: object) -> object:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(bert.model, "forward", failing)
    with pytest.raises(ModelError, match="out of memory"):
        run(bert, name, ["gold rose"], [0])
    assert no_hooks_left(bert)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(bert.lock.acquire, timeout=1).result()
        other.submit(bert.lock.release).result()


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, kind in CASES if kind != "gpt2"])
def test_threads_that_share_a_model_do_not_disturb_each_other(model_of: Callable[[str], Classifier], name: str, kind: str) -> None:
    model, texts = model_of(kind), [TEXTS[0], TEXTS[3], TEXTS[2]]
    expected = [run(model, name, [text])[0] for text in texts]
    with ThreadPoolExecutor(3) as threads:
        found = list(threads.map(lambda text: run(model, name, [text])[0], texts))
    assert_same(found, expected, atol=1e-5)


# Chance


@pytest.mark.parametrize("name", NAMES)
def test_no_global_random_state_is_read_or_changed(name: str) -> None:
    model = small_student()
    torch.manual_seed(1)
    expected = run(model, name, TEXTS)
    torch.manual_seed(2)
    states = torch.random.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert_same(run(model, name, TEXTS), expected, atol=0)
    assert torch.equal(torch.random.get_rng_state(), states[0])
    assert (np.random.get_state()[1].tolist(), random.getstate()) == states[1:]


@pytest.mark.parametrize("name", SAMPLING)
def test_another_seed_gives_other_scores_and_is_named(bert: Teacher, name: str) -> None:
    first, second = (run(bert, name, TEXTS[:1], seed=seed)[0] for seed in (0, 1))
    assert not np.array_equal(first.scores, second.scores)
    assert first.method.replace("seed 0", "seed 1") == second.method


@pytest.mark.parametrize("name", [name for name in NAMES if name not in SAMPLING])
def test_what_does_not_sample_does_not_depend_on_the_seed(name: str) -> None:
    model = small_student()
    assert_same(run(model, name, TEXTS, seed=1), run(model, name, TEXTS, seed=0), atol=0)


@pytest.mark.parametrize("name", SAMPLING)
@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(bert: Teacher, name: str, seed: int) -> None:
    with pytest.raises(ConfigError, match="seed"):
        run(bert, name, ["gold"], seed=seed)


@pytest.mark.parametrize("n_samples", [0, 9, 100_001])
def test_a_number_of_samples_out_of_range_is_refused(n_samples: int) -> None:
    with pytest.raises(ConfigError, match="n_samples"):
        PerturbationConfig(n_samples=n_samples)


@pytest.mark.parametrize("name", ["kernel_shap", "lime", "occlusion"])
def test_deleting_and_masking_give_different_scores_and_are_named(bert: Teacher, name: str) -> None:
    deleted, masked = (explain(bert, name, TEXTS[:1], [0], QUICK, 0, replace(FEW, removal=removal))[0] for removal in ("delete", "mask"))  # type: ignore[arg-type]
    assert not np.allclose(deleted.scores, masked.scores, atol=1e-4)
    assert deleted.method.replace("words deleted", "words masked") == masked.method != deleted.method


# Names


@pytest.mark.parametrize("name", ["", "shap", "__init__", "perturbation"])
def test_an_unknown_explainer_is_refused_with_those_there_are(bert: Teacher, name: str) -> None:
    with pytest.raises(ConfigError, match="integrated_gradients, attention, saliency, input_x_gradient, occlusion, lime, kernel_shap"):
        explain(bert, name, ["gold"])


def test_attention_of_a_teacher_is_refused(bert: Teacher) -> None:
    with pytest.raises(ConfigError, match="cannot explain the teacher"):
        explain(bert, "attention", ["gold"])
    with pytest.raises(ConfigError, match="cannot explain the teacher"):
        find_explainer("attention", "teacher")


def test_attention_is_the_students_own_and_about_its_prediction_alone() -> None:
    student = small_student()
    own = attention(student, TEXTS)
    targets = [attributions.target for attributions in own]
    assert_same(explain(student, "attention", TEXTS), own, atol=0)
    assert_same(explain(student, "attention", TEXTS, targets), own, atol=0)
    with pytest.raises(ConfigError, match="no other"):
        explain(student, "attention", TEXTS[:1], [(targets[0] + 1) % 3])


def test_the_students_reasons_are_the_only_ones_that_a_teacher_lacks() -> None:
    assert [name for name in EXPLAINERS if "teacher" not in EXPLAINERS[name].roles] == ["attention"]
    assert all("student" in explainer.roles for explainer in EXPLAINERS.values())


def test_names_are_read_without_loading_a_heavy_library() -> None:
    program = (
        "import sys; from dixtill_core.explain.explainers import EXPLAINERS;"
        "print([name for name in ('torch', 'captum', 'sklearn', 'scipy', 'numpy', 'transformers') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"
