from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from dixtill_core.config import ExplainConfig
from dixtill_core.explain import perturbed_text
from dixtill_core.explain.explainers import explain
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.explain.perturbed_text import PerturbedText
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher, load_teacher
from tests.small_models import small_student

TEXT = "the stock falls as the bank cuts"
STUDENT = small_student()


def of(model: StudentClassifier | Teacher, text: str = TEXT, **settings: object) -> PerturbedText:
    return PerturbedText(model, text, 1, ExplainConfig(**settings), "delete")  # type: ignore[arg-type]


def test_seven_words_make_three_runs_by_hand() -> None:
    perturbed = of(STUDENT)
    assert perturbed.n_units == 7
    perturbed.group(3)
    assert perturbed.unit_of_word.tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert perturbed.n_units == 3
    found = perturbed.attributions(np.array([3.0, -1.0, 0.5]), "Method")
    assert found.scores.tolist() == [1.0, 1.0, 1.0, -0.5, -0.5, 0.25, 0.25]
    assert found.method == "Method, 3 runs of words"


@given(n_words=st.integers(1, 200), most_units=st.integers(1, 250))
def test_runs_are_neighbours_as_equal_as_can_be(n_words: int, most_units: int) -> None:
    perturbed = of(STUDENT, "gold " * n_words)
    perturbed.group(most_units)
    sizes = np.bincount(perturbed.unit_of_word)
    assert len(sizes) == perturbed.n_units == min(n_words, most_units)
    assert sizes.max() - sizes.min() <= 1
    assert (np.diff(perturbed.unit_of_word) >= 0).all()
    scores = np.linspace(-1, 2, perturbed.n_units)
    assert perturbed.attributions(scores, "").scores.sum() == pytest.approx(scores.sum())


def test_a_text_with_room_for_all_its_words_is_not_cut_into_runs() -> None:
    perturbed = of(STUDENT)
    perturbed.group(7)
    assert perturbed.attributions(np.arange(7.0), "Method").method == "Method"
    assert perturbed.attributions(np.arange(7.0), "Method").scores.tolist() == list(range(7))


@pytest.mark.parametrize("output", ["probability", "logit"])
def test_outputs_are_those_of_the_target_with_whole_runs_taken_out(bert: Teacher, output: str) -> None:
    perturbed = of(bert, output=output)
    perturbed.group(3)
    kept = np.array([[True, False, True], [False, False, True], [True, True, True]])
    words = np.array([[1, 1, 1, 0, 0, 1, 1], [0, 0, 0, 0, 0, 1, 1], [1] * 7], dtype=bool)
    logits = perturbed_logits(bert, TEXT, words).astype(np.float64)
    expected = logits[:, 1] if output == "logit" else np.exp(logits[:, 1]) / np.exp(logits).sum(axis=1)
    np.testing.assert_allclose(perturbed.outputs(kept), expected, atol=1e-6)


def test_a_small_memory_budget_runs_few_variants_at_once_with_the_same_results(bert: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = np.random.default_rng(0).random((60, 7)) < 0.7
    expected = of(bert).outputs(kept)
    forward, rows = bert.forward, []

    def counted(inputs: dict[str, Tensor]) -> Tensor:
        rows.append(len(inputs["input_ids"]))
        return forward(inputs)

    monkeypatch.setattr(bert, "forward", counted)
    np.testing.assert_allclose(of(bert, memory_budget_mb=1).outputs(kept), expected, atol=1e-5)
    assert max(rows) == of(bert, memory_budget_mb=1).rows_at_once < 60


@pytest.mark.parametrize("name", ["occlusion", "lime", "kernel_shap"])
def test_all_variants_of_a_long_text_stay_within_the_words_allowed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model, words = small_student(), []
    forward = model.forward

    def counted(inputs: dict[str, Tensor]) -> Tensor:
        words.append(int(inputs["attention_mask"].sum()))
        return forward(inputs)

    monkeypatch.setattr(model, "forward", counted)
    monkeypatch.setattr(perturbed_text, "MOST_WORDS", 15_000)
    text = "gold prices slip " * 100  # 300 words, so 50 variants
    (found,) = explain(model, name, [text], [0])
    assert len(found.words) == len(found.scores) == 300
    assert "runs of words" in found.method
    assert 5_000 < sum(words) <= 15_000
    words.clear()
    monkeypatch.setattr(perturbed_text, "MOST_WORDS", 10)
    explain(model, name, [text], [0])
    assert 1_000 < sum(words) <= perturbed_text.FEWEST_VARIANTS * 300


@pytest.mark.parametrize("name", ["occlusion", "lime", "kernel_shap"])
def test_only_the_words_inside_the_window_are_explained(teacher_folder: Callable[[str], object], name: str) -> None:
    teacher = load_teacher(teacher_folder("bert"), device="cpu", max_length=12)  # type: ignore[arg-type]
    (found,) = explain(teacher, name, [TEXT * 500], [0])
    assert 1 <= len(found.words) <= 10
    assert "runs" not in found.method
