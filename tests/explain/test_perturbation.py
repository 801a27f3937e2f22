from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModelForSequenceClassification

from dixtill_core.data.words import UNKNOWN, split_words
from dixtill_core.errors import ModelError
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.teacher import load_teacher
from tests.small_models import SAVE, small_student
from tests.small_tokenizers import roberta_bytes

TEXT = "shares of the company rose after better than expected earnings"


@pytest.fixture(scope="module", params=[*SAVE, "student"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    if request.param == "student":
        return small_student()
    return load_teacher(SAVE[request.param](tmp_path_factory.mktemp("teacher") / Path(request.param)), device="cpu")


def masks(*removed: int, n_words: int = 10) -> np.ndarray:
    kept = np.ones((1, n_words), dtype=bool)
    kept[0, list(removed)] = False
    return kept


@pytest.mark.parametrize("perturbation", ["delete", "mask"])
def test_a_text_with_all_its_words_keeps_its_logits(model: Classifier, perturbation: str) -> None:
    if perturbation == "mask" and "gpt2" in model.name:
        pytest.skip("GPT-2 has no mask token")
    found = perturbed_logits(model, TEXT, masks(), perturbation)
    np.testing.assert_allclose(found, model.predict([TEXT]), atol=1e-5)


def test_a_deleted_last_word_leaves_the_text_without_it(model: Classifier) -> None:
    found = perturbed_logits(model, TEXT, masks(9))
    np.testing.assert_allclose(found, model.predict([TEXT.rsplit(" ", 1)[0]]), atol=1e-5)


@given(removed=st.sets(st.integers(0, 9), max_size=9))
@settings(max_examples=40, deadline=None)
def test_deleting_words_of_a_student_is_the_text_without_them(removed: set[int]) -> None:
    student = small_student()
    rest = " ".join(word.text for i, word in enumerate(split_words(TEXT)) if i not in removed)
    np.testing.assert_allclose(perturbed_logits(student, TEXT, masks(*removed)), student.predict([rest]), atol=1e-5)


def test_masking_a_word_of_a_student_reads_the_unknown_word(tmp_path: Path) -> None:
    student = small_student()
    words = [word.text for word in split_words(TEXT)]
    words[4] = "zzzzqqq"  # not in the vocabulary
    assert student.vocabulary.word_id(words[4]) == student.vocabulary.position[UNKNOWN]
    np.testing.assert_allclose(perturbed_logits(student, TEXT, masks(4), "mask"), student.predict([" ".join(words)]), atol=1e-5)


def test_masking_a_word_of_a_teacher_puts_the_mask_token_in_its_place(tmp_path: Path) -> None:
    bert = load_teacher(SAVE["bert"](tmp_path / "bert"), device="cpu")
    encoded = bert.encode([TEXT])
    ids = encoded.inputs["input_ids"].clone()
    ids[0, encoded.piece_words[0] == 2] = bert.tokenizer.mask_token_id
    expected = bert.forward(encoded.inputs | {"input_ids": ids}).numpy()
    np.testing.assert_allclose(perturbed_logits(bert, TEXT, masks(2), "mask"), expected, atol=1e-5)


def test_variants_come_back_in_the_order_asked_for_and_repeats_are_equal(model: Classifier) -> None:
    kept = np.vstack([masks(), masks(0, 1, 2), masks(5), masks(0, 1, 2), masks(*range(10))])
    together = perturbed_logits(model, TEXT, kept)
    alone = np.vstack([perturbed_logits(model, TEXT, row[None]) for row in kept])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    np.testing.assert_array_equal(together[1], together[3])


def test_many_variants_run_in_several_batches(model: Classifier) -> None:
    kept = np.random.default_rng(0).random((150, 10)) < 0.5
    found = perturbed_logits(model, TEXT, kept)
    assert found.shape == (150, 3)
    np.testing.assert_allclose(found[140], perturbed_logits(model, TEXT, kept[140:141])[0], atol=1e-4)


def test_no_variants_give_no_logits(model: Classifier) -> None:
    assert perturbed_logits(model, TEXT, np.zeros((0, 10), dtype=bool)).shape == (0, 3)


def test_an_empty_text_has_one_variant(model: Classifier) -> None:
    assert np.isfinite(perturbed_logits(model, "", np.ones((1, 0), dtype=bool))).all()


def test_a_wrong_number_of_columns_is_refused(model: Classifier) -> None:
    with pytest.raises(ValueError, match="10 words"):
        perturbed_logits(model, TEXT, np.ones((1, 4), dtype=bool))


def test_a_network_that_pads_left_reads_short_variants_beside_long_ones_as_it_reads_them_alone(tmp_path: Path) -> None:
    """XLNet's head reads the last position, where padding on the right would stand."""
    tokenizer = roberta_bytes()
    special = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    config = AutoConfig.for_model("xlnet", vocab_size=len(tokenizer), num_labels=3, d_model=32, n_layer=2, n_head=4, d_inner=48, **special)
    torch.manual_seed(0)
    network = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(20 if parameter.dim() >= 2 else 1)  # so that the words matter
    network.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    teacher = load_teacher(tmp_path, device="cpu")
    assert teacher.pads_left
    kept = np.vstack([masks(), masks(1), masks(0, 3), masks(2, 5)])  # alike in length, so they share a batch
    alone = np.vstack([perturbed_logits(teacher, TEXT, row[None]) for row in kept])
    np.testing.assert_allclose(perturbed_logits(teacher, TEXT, kept), alone, atol=1e-4)
    np.testing.assert_allclose(perturbed_logits(teacher, TEXT, masks(9)), teacher.predict([TEXT.rsplit(" ", 1)[0]]), atol=1e-4)
    assert np.ptp(alone, axis=0).max() > 1e-2


def test_a_teacher_without_a_mask_token_refuses_to_mask(tmp_path: Path) -> None:
    teacher = load_teacher(SAVE["gpt2"](tmp_path / "gpt2"), device="cpu")
    with pytest.raises(ModelError, match="mask"):
        perturbed_logits(teacher, TEXT, masks(1), "mask")
