import dataclasses

import pytest
import torch
from safetensors.torch import load_file

from dixtill_core.config import TeachConfig
from dixtill_core.distill.teach import teach
from dixtill_core.errors import CheckpointError

CONFIG = TeachConfig(epochs=3, batch_size=32, lora_rank=2, max_length=32)


def _weights(folder):
    return load_file(folder / "adapter_model.safetensors")


def _assert_same_teacher(first, second):
    one, other = _weights(first), _weights(second)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def whole(corpus, tmp_path_factory):
    """A teacher of every epoch in one go, with the macro F1 of each."""
    out = tmp_path_factory.mktemp("whole") / "teacher"
    scores = [step.metrics["macro_f1"] for step in teach(corpus, CONFIG, out) if step.metrics]
    return out, scores


@pytest.mark.parametrize("at", ["the end of an epoch", "a step"])
def test_a_teacher_stopped_and_resumed_is_the_same(corpus, whole, tmp_path, at):
    out, state = tmp_path / "teacher", tmp_path / "state.safetensors"
    steps = teach(corpus, CONFIG, out, state=state)
    for step in steps:
        if step.metrics and at == "the end of an epoch":
            break
        if step.epoch == 2:
            break
    steps.close()
    rest = list(teach(corpus, CONFIG, out, state=state))
    assert "after epoch 1 of 3" in rest[0].note
    assert [step.metrics["macro_f1"] for step in rest if step.metrics] == whole[1][1:]
    _assert_same_teacher(out, whole[0])


def test_a_state_of_another_training_is_not_resumed(corpus, tmp_path):
    state = tmp_path / "state.safetensors"
    steps = teach(corpus, CONFIG, tmp_path / "teacher", state=state)
    next(step for step in steps if step.metrics)
    steps.close()
    other = teach(corpus, dataclasses.replace(CONFIG, seed=1), tmp_path / "other", state=state)
    assert next(other).epoch == 1
    other.close()


def test_a_state_that_lacks_tensors_is_refused_with_a_message(corpus, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import save_file

    state = tmp_path / "state.safetensors"
    steps = teach(corpus, CONFIG, tmp_path / "teacher", state=state)
    next(step for step in steps if step.metrics)
    steps.close()
    with safe_open(state, "pt") as file:
        metadata = file.metadata()
    save_file({"random": torch.zeros(3)}, state, metadata)
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        next(teach(corpus, CONFIG, tmp_path / "teacher", state=state))
