from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.config import ExplainConfig, PerturbationConfig
from dixtill_core.data.words import split_words
from dixtill_core.errors import ModelError
from dixtill_core.explain.occlusion import occlusion
from dixtill_core.models.teacher import Teacher, load_teacher
from tests.explain.linear_model import bag_of_words
from tests.small_models import SENTENCES, save_gpt2, small_student

TEXT = "the stock falls as the bank cuts its outlook"
VOCABULARY = sorted({word.text for sentence in SENTENCES for word in split_words(sentence)})


def probabilities(logits: torch.Tensor | np.ndarray) -> np.ndarray:
    return torch.as_tensor(logits).double().softmax(dim=-1).numpy()


def teacher_output(teacher: Teacher, removed: int | None, perturbation: str, target: int) -> float:
    """F of the text's pieces without those of one word, one text at a time."""
    encoded = teacher.encode([TEXT])
    ids, gone = encoded.inputs["input_ids"][0], torch.from_numpy(encoded.piece_words[0] == removed)
    if removed is not None:
        ids = torch.where(gone, teacher.tokenizer.mask_token_id, ids) if perturbation == "mask" else ids[~gone]
    with torch.no_grad():
        return float(probabilities(teacher.model(ids[None]).logits)[0, target])


@pytest.mark.parametrize("removal", ["delete", "mask"])
def test_teachers_scores_equal_a_slow_loop_over_the_words(bert: Teacher, removal: str) -> None:
    for target in range(3):
        whole = teacher_output(bert, None, removal, target)
        expected = [whole - teacher_output(bert, i, removal, target) for i in range(9)]
        (found,) = occlusion(bert, [TEXT], [target], None, PerturbationConfig(removal=removal))  # type: ignore[arg-type]
        np.testing.assert_allclose(found.scores, expected, atol=1e-5)
        assert np.ptp(expected) > 0.01


@given(words=st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=8), target=st.integers(0, 2))
@settings(max_examples=30, deadline=None)
def test_students_scores_are_the_change_of_the_text_without_each_word(words: list[str], target: int) -> None:
    student, text = small_student(), " ".join(words)
    whole = probabilities(student.predict([text]))[0, target]
    shorter = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
    (found,) = occlusion(student, [text], [target])
    np.testing.assert_allclose(found.scores, whole - probabilities(student.predict(shorter))[:, target], atol=1e-6)


def test_scores_equal_captums_feature_ablation_over_word_masks(bert: Teacher) -> None:
    """Masking as captum does it: each word's pieces are one feature of the ids, the mask token is the baseline."""
    encoded = bert.encode([TEXT])
    ids, piece_words = encoded.inputs["input_ids"], torch.from_numpy(encoded.piece_words)
    features = torch.where(piece_words < 0, 9, piece_words)
    baseline = torch.where(piece_words < 0, ids, bert.tokenizer.mask_token_id)
    explainer = FeatureAblation(lambda ids: bert.model(ids).logits.double())
    for target in range(3):
        per_piece = explainer.attribute(ids, baseline, target=target, feature_mask=features)[0]
        expected = [float(per_piece[(features[0] == word).nonzero()[0, 0]]) for word in range(9)]
        (found,) = occlusion(bert, [TEXT], [target], ExplainConfig(output="logit"), PerturbationConfig(removal="mask"))
        np.testing.assert_allclose(found.scores, expected, atol=1e-4)


def test_where_the_logit_is_linear_a_word_has_what_it_adds() -> None:
    model = bag_of_words()
    for target in range(3):
        (found,) = occlusion(model, [TEXT], [target], ExplainConfig(output="logit"))
        np.testing.assert_allclose(found.scores, model.contributions(TEXT, target), atol=1e-5)


def test_a_text_longer_than_the_limit_is_explained_in_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dixtill_core.explain.occlusion.MOST_UNITS", 4)
    model = bag_of_words()
    (found,) = occlusion(model, [TEXT], [0], ExplainConfig(output="logit"))
    added = model.contributions(TEXT, 0)  # 9 words in runs of 3, 2, 2, 2
    expected = np.concatenate([[run.mean()] * len(run) for run in (added[:3], added[3:5], added[5:7], added[7:])])
    np.testing.assert_allclose(found.scores, expected, atol=1e-5)
    assert found.method.endswith("one at a time, 4 runs of words")


def test_masking_needs_a_mask_token(tmp_path: object) -> None:
    teacher = load_teacher(save_gpt2(tmp_path / "gpt2"), device="cpu")  # type: ignore[operator]
    with pytest.raises(ModelError, match="mask"):
        occlusion(teacher, ["gold"], [0], None, PerturbationConfig(removal="mask"))


@pytest.mark.parametrize(("removal", "word"), [("delete", "deleted"), ("mask", "masked")])
def test_the_method_names_every_setting_that_changes_its_numbers(bert: Teacher, removal: str, word: str) -> None:
    (found,) = occlusion(bert, ["gold"], None, ExplainConfig(output="logit"), PerturbationConfig(removal=removal))  # type: ignore[arg-type]
    assert found.method == f"Occlusion of the logit, words {word} one at a time"
