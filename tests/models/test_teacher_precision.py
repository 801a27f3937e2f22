"""Half precision is used only where asked for and where nothing that matters changes. The CPU's bfloat16 stands in for a GPU's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax

from dixtill_core.errors import ConfigError, ModelError
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.teacher import Teacher, load_teacher
from dixtill_core.models.teacher_precision import (
    TRIAL_TEXTS,
    PrecisionTrial,
    half_precision_of,
    set_precision,
    try_precision,
    use_where_it_holds,
)
from tests.small_models import SENTENCES, save_architecture


@pytest.fixture
def steady(tmp_path: Path) -> Teacher:
    """A network whose answers rounding hardly moves."""
    return load_teacher(save_architecture("electra", tmp_path / "electra"), device="cpu")


@pytest.fixture
def shaky(steady: Teacher) -> Teacher:
    """The same with a head so steep that it makes small differences large, and classes that balance."""
    head = steady.model.classifier.out_proj
    head.weight *= 50
    head.bias -= torch.from_numpy(steady.predict(TRIAL_TEXTS).mean(axis=0))
    return steady


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_a_cpu_stays_in_float32(steady: Teacher, precision: str) -> None:
    assert half_precision_of(torch.device("cpu")) is None
    before = steady.fingerprint
    assert set_precision(steady, precision) is None
    assert steady.autocast is None
    assert steady.fingerprint == before
    assert load_teacher(steady.name, device="cpu", precision=precision).autocast is None


def test_a_precision_that_is_not_there_is_a_message(steady: Teacher) -> None:
    with pytest.raises(ConfigError, match="'int4', but has to be one of float32, auto"):
        load_teacher(steady.name, device="cpu", precision="int4")


def test_half_precision_that_holds_is_used_and_named_in_the_fingerprint(steady: Teacher) -> None:
    exact, before = softmax(steady.predict(SENTENCES), axis=1), steady.fingerprint
    trial = use_where_it_holds(steady, torch.bfloat16)
    assert trial.holds
    assert 0 < trial.probability_change < 0.01
    assert steady.fingerprint == before + "-bfloat16"
    rough = steady.predict(SENTENCES)
    assert rough.dtype == np.float32
    np.testing.assert_allclose(softmax(rough, axis=1), exact, atol=0.02)
    assert np.abs(softmax(rough, axis=1) - exact).max() > 1e-5  # so that it was another precision
    assert all(found.converged for found in integrated_gradients(steady, SENTENCES))


def test_half_precision_that_changes_answers_is_not_used(shaky: Teacher) -> None:
    exact, before = shaky.predict(SENTENCES), shaky.fingerprint
    trial = use_where_it_holds(shaky, torch.bfloat16)
    assert not trial.holds
    assert trial.probability_change > 0.01
    assert (shaky.autocast, shaky.fingerprint) == (None, before)
    assert np.array_equal(shaky.predict(SENTENCES), exact)


@pytest.mark.parametrize(
    "changed",
    [{"same_classes": False}, {"probability_change": 0.011}, {"converged": False}, {"cosine": 0.98}, {"probability_change": float("nan")}],
)
def test_a_trial_holds_only_where_all_of_it_does(changed: dict) -> None:
    good = {"same_classes": True, "probability_change": 0.01, "convergence_delta": 0.04, "converged": True, "cosine": 0.99}
    assert PrecisionTrial(torch.bfloat16, **good).holds
    assert not PrecisionTrial(torch.bfloat16, **(good | changed)).holds


def test_a_trial_that_fails_leaves_the_teacher_as_it_was(steady: Teacher) -> None:
    steady.model.electra.embeddings.word_embeddings.weight = torch.nn.Parameter(torch.zeros(2, 16))
    with pytest.raises(ModelError):
        try_precision(steady, torch.bfloat16)
    assert steady.autocast is None
