from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from dixtill_core.config import DistillConfig, ExplainConfig, StudentConfig, TeachConfig
from dixtill_core.errors import ConfigError, DixtillError

CONFIGS = [ExplainConfig, TeachConfig, StudentConfig, DistillConfig]


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_configuration_survives_json(kind: Any) -> None:
    config = kind()
    assert kind.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_a_changed_configuration_survives_json() -> None:
    config = DistillConfig(method="kl", alpha=0.25, epochs=3, seed=7)
    assert DistillConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config != DistillConfig()


@pytest.mark.parametrize("kind", CONFIGS)
def test_unknown_settings_are_named_with_the_known_ones(kind: Any) -> None:
    known = next(iter(kind().to_dict()))
    with pytest.raises(ConfigError, match=rf"{kind.__name__} does not know colour, size\. It knows .*{known}"):
        kind.from_dict({"size": 1, "colour": 2})


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_configuration_cannot_be_changed(kind: Any) -> None:
    config = kind()
    with pytest.raises(FrozenInstanceError):
        setattr(config, next(iter(config.to_dict())), 1)


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        (ExplainConfig, "n_steps", 0),
        (ExplainConfig, "n_steps", 5001),
        (ExplainConfig, "baseline", "noise"),
        (ExplainConfig, "output", "loss"),
        (ExplainConfig, "merge", "max"),
        (ExplainConfig, "path", "curved"),
        (ExplainConfig, "tolerance", 0),
        (ExplainConfig, "tolerance", float("nan")),
        (ExplainConfig, "memory_budget_mb", 0),
        (TeachConfig, "epochs", 0),
        (TeachConfig, "batch_size", 0),
        (TeachConfig, "learning_rate", 0.0),
        (TeachConfig, "lora_rank", 0),
        (TeachConfig, "validation_share", 0.0),
        (TeachConfig, "validation_share", 1.0),
        (TeachConfig, "seed", -1),
        (TeachConfig, "split_seed", 2**32),
        (StudentConfig, "embedding_size", 0),
        (StudentConfig, "hidden_size", 0),
        (StudentConfig, "attention", "loud"),
        (StudentConfig, "dropout", 1.0),
        (StudentConfig, "dropout", -0.1),
        (StudentConfig, "max_vocabulary", 15),
        (DistillConfig, "method", "magic"),
        (DistillConfig, "alpha", 1.1),
        (DistillConfig, "alpha", -0.1),
        (DistillConfig, "temperature", 0.0),
        (DistillConfig, "alignment_weight", -1.0),
        (DistillConfig, "epochs", 0),
        (DistillConfig, "batch_size", 0),
        (DistillConfig, "optimizer", "adam"),
        (DistillConfig, "learning_rate", 0.0),
        (DistillConfig, "word_dropout", 1.0),
        (DistillConfig, "average_decay", 1.0),
        (DistillConfig, "augmented_texts", -1),
        (DistillConfig, "validation_share", 1.0),
        (DistillConfig, "max_words", 0),
        (DistillConfig, "seed", -1),
        (DistillConfig, "split_seed", -1),
    ],
)
def test_a_value_outside_its_range_is_named_and_shown(kind: Any, setting: str, value: object) -> None:
    with pytest.raises(ConfigError) as raised:
        kind(**{setting: value})
    assert setting in str(raised.value)
    assert str(value) in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        (ExplainConfig, "n_steps", 1),
        (ExplainConfig, "n_steps", 5000),
        (DistillConfig, "alpha", 0.0),
        (DistillConfig, "alpha", 1.0),
        (DistillConfig, "alignment_weight", 0.0),
        (DistillConfig, "augmented_texts", 0),
        (DistillConfig, "average_decay", 0.0),
        (StudentConfig, "dropout", 0.0),
        (StudentConfig, "max_vocabulary", 16),
    ],
)
def test_a_value_at_the_end_of_its_range_is_accepted(kind: Any, setting: str, value: object) -> None:
    assert kind(**{setting: value}).to_dict()[setting] == value


def test_the_defaults_of_the_paper_are_kept() -> None:
    student, distill = StudentConfig(), DistillConfig()
    assert (student.embedding_size, student.hidden_size) == (50, 50)
    assert (distill.alpha, distill.temperature, distill.max_words) == (0.9, 5.0, 150)


def test_every_error_for_the_user_has_one_base() -> None:
    assert issubclass(ConfigError, DixtillError)
