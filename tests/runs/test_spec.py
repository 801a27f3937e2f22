import json
from dataclasses import replace

import pytest

from dixtill_core.config import DistillConfig, StudentConfig, TeachConfig
from dixtill_core.errors import ConfigError
from dixtill_core.runs.spec import PRESETS, RunSpec

FULL = RunSpec(
    data="upload/train-texts.csv", text_column="words", label_column="mood", label_names=("down", "up"),
    label_map={"down": "bearish", "up": None}, teacher="my/teacher", teach=TeachConfig(epochs=2),
    student=StudentConfig(hidden_size=7), distill=DistillConfig(method="kl", seed=3),
    watched="a sentence", test_data="test.csv", precision="auto",
)  # fmt: skip


@pytest.mark.parametrize("spec", [RunSpec(), FULL])
def test_a_specification_survives_json(spec):
    assert RunSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


def test_unknown_keys_are_refused_at_every_level():
    values = FULL.to_dict()
    with pytest.raises(ConfigError, match="colour"):
        RunSpec.from_dict(values | {"colour": "red"})
    for part in ("teach", "student", "distill"):
        with pytest.raises(ConfigError, match="colour"):
            RunSpec.from_dict(values | {part: values[part] | {"colour": "red"}})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("data", ""), ("data", 5), ("teacher", " "), ("watched", "x" * 2001), ("watched", ["a"]), ("label_map", {"a": None}),
        ("student", 3), ("distill", {"epochs": "three"}), ("distill", {"alpha": float("nan")}), ("label_names", 4), ("label_map", 4),
        ("precision", "float16"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_a_config_error(field, value):
    with pytest.raises(ConfigError):
        RunSpec.from_dict(RunSpec().to_dict() | {field: value})


def test_the_specification_does_not_change_with_the_map_it_was_made_of():
    mapping = {"down": "bearish"}
    spec = RunSpec(label_map=mapping)
    mapping["down"] = "bullish"
    assert spec.label_map == {"down": "bearish"}
    assert hash(spec) == hash(replace(spec))


def test_the_presets_are_what_they_say():
    paper, default, quick = (PRESETS[name].apply(RunSpec(data="mine.csv")) for name in ("paper", "default", "quick"))
    assert (paper.distill.method, paper.distill.alpha, paper.distill.temperature) == ("dixtill_paper", 0.9, 5.0)
    assert (paper.student.attention, paper.distill.augmented_texts, paper.distill.epochs) == ("signed", 0, 15)
    assert (default.student, default.distill) == (StudentConfig(), DistillConfig())
    assert quick.distill.augmented_texts * quick.distill.epochs < default.distill.augmented_texts * default.distill.epochs / 20
    assert {spec.data for spec in (paper, default, quick)} == {"mine.csv"}
