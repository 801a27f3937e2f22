"""What cannot be used as a teacher is refused with one message, never with a traceback of a library."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import (
    AutoModelForSequenceClassification,
    BertModel,
    CanineConfig,
    CanineForSequenceClassification,
    CanineTokenizer,
    GPT2LMHeadModel,
)

from dixtill_core.errors import ModelError
from dixtill_core.files import previous_folder
from dixtill_core.models.teacher import choose_device, load_teacher
from tests.small_models import LABELS, SENTENCES, save_bert


@pytest.fixture
def copy(teacher_folder: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a small teacher's folder, to be damaged."""
    return lambda kind: Path(shutil.copytree(teacher_folder(kind), tmp_path / kind))


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no teacher at .*nowhere"):
        load_teacher(tmp_path / "nowhere")


def test_a_file_is_no_teacher(copy: Callable[[str], Path]) -> None:
    with pytest.raises(ModelError, match="no teacher at"):
        load_teacher(copy("bert") / "model.safetensors")


def test_a_hub_id_that_is_not_in_the_cache_is_refused_without_the_network() -> None:
    with pytest.raises(ModelError, match="nobody/nothing-here cannot be loaded"):
        load_teacher("nobody/nothing-here", allow_download=False)


@pytest.mark.parametrize("keep", [0, 1_000, -100])
def test_weights_cut_short_are_refused(copy: Callable[[str], Path], keep: int) -> None:
    weights = copy("bert") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(weights.parent)


class _Harmful:
    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (os.environ["DIXTILL_TEST_UNPICKLED"],)


@pytest.fixture
def unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that a pickle would make if anything read it."""
    monkeypatch.setenv("DIXTILL_TEST_UNPICKLED", str(tmp_path / "unpickled"))
    return tmp_path / "unpickled"


def test_pickled_weights_are_never_read(copy: Callable[[str], Path], unpickled: Path) -> None:
    folder = copy("bert")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(_Harmful()))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(folder)
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(folder)
    assert not unpickled.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model_type": "no such model"}'])
def test_a_damaged_configuration_is_refused(copy: Callable[[str], Path], content: str) -> None:
    folder = copy("bert")
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"cannot be loaded|names no model_type"):
        load_teacher(folder)


def test_a_configuration_of_another_shape_is_refused(copy: Callable[[str], Path]) -> None:
    folder = copy("bert")
    edit(folder / "config.json", vocab_size=50)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(folder)


def test_labels_with_gaps_are_refused(copy: Callable[[str], Path]) -> None:
    folder = copy("bert")
    edit(folder / "config.json", id2label={"1": "a", "2": "b", "3": "c"})
    with pytest.raises(ModelError, match="does not name its labels 0 to 2"):
        load_teacher(folder)


@pytest.mark.parametrize(("kind", "model"), [("bert", BertModel), ("gpt2", GPT2LMHeadModel)])
def test_a_model_without_a_trained_classifier_is_refused(copy: Callable[[str], Path], kind: str, model: type) -> None:
    folder = copy(kind)
    model.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(ModelError, match="no trained classifier"):
        load_teacher(folder)


def test_a_regression_is_no_classifier(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="single output"):
        load_teacher(save_bert(tmp_path / "one", ("score",)))


def test_a_slow_tokenizer_is_refused(tmp_path: Path) -> None:
    config = CanineConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=3)
    CanineForSequenceClassification(config).save_pretrained(tmp_path)
    CanineTokenizer().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="no fast tokenizer"):
        load_teacher(tmp_path)


def test_a_model_without_a_tokenizer_is_refused(copy: Callable[[str], Path]) -> None:
    folder = copy("bert")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(ModelError, match="holds no tokenizer"):
        load_teacher(folder)


def test_weights_that_were_cut_off_are_said_to_be_with_what_to_do(copy: Callable[[str], Path]) -> None:
    folder = copy("bert")
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match=r"model.safetensors is damaged, or was copied only in part .* Copy it anew"):
        load_teacher(folder)


def test_a_damaged_tokenizer_is_refused(copy: Callable[[str], Path]) -> None:
    folder = copy("bert")
    (folder / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(folder)


def test_a_tokenizer_that_cannot_pad_is_refused(copy: Callable[[str], Path]) -> None:
    folder = copy("gpt2")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    kept = {name: value for name, value in config.items() if not name.endswith("_token")} | {"tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(kept))
    with pytest.raises(ModelError, match="no padding token"):
        load_teacher(folder)


def test_code_that_comes_with_a_model_is_never_run(copy: Callable[[str], Path], unpickled: Path) -> None:
    folder = copy("bert")
    (folder / "evil.py").write_text(f"import os\nos.mkdir({str(unpickled)!r})\n")
    for name in ("config.json", "tokenizer_config.json"):
        edit(
            folder / name,
            auto_map={"AutoModelForSequenceClassification": "evil.Evil", "AutoConfig": "evil.Evil", "AutoTokenizer": ["evil.Evil", None]},
        )
    edit(folder / "config.json", model_type="evil")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(folder)
    assert not unpickled.exists()


def test_a_folder_left_by_a_crash_is_recovered(copy: Callable[[str], Path]) -> None:
    folder = copy("bert")
    os.rename(folder, previous_folder(folder))
    assert load_teacher(folder, device="cpu").label_names == LABELS
    assert folder.is_dir()


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"device 'mps|xpu|cuda"):
        choose_device("mps" if not torch.backends.mps.is_available() else "xpu")
    with pytest.raises(ModelError, match="device 'quantum'"):
        choose_device("quantum")
    assert choose_device("cpu").type == "cpu"


# LoRA adapters


@pytest.fixture
def adapter(teacher_folder: Callable[[str], Path], tmp_path: Path) -> Path:
    """An adapter as `dixtill teach` writes it, over a small BERT in place of the bundled base model."""
    torch.manual_seed(1)
    base = AutoModelForSequenceClassification.from_pretrained(teacher_folder("bert"), num_labels=3)
    lora = get_peft_model(base, LoraConfig(task_type=TaskType.SEQ_CLS, r=4, target_modules=["query", "value"]))
    with torch.no_grad():
        for name, parameter in lora.named_parameters():
            if "lora_B" in name:
                parameter.normal_()
    lora.save_pretrained(tmp_path / "adapter")
    card = {"name": "small", "base_model": str(teacher_folder("bert")), "label_names": ["down", "up", "flat"]}
    (tmp_path / "adapter" / "teacher.json").write_text(json.dumps(card))
    return tmp_path / "adapter"


def test_an_adapter_merged_equals_the_adapter_beside_its_base(adapter: Path, teacher_folder: Callable[[str], Path]) -> None:
    teacher = load_teacher(adapter, device="cpu")
    base = AutoModelForSequenceClassification.from_pretrained(teacher_folder("bert"), num_labels=3)
    plain = load_teacher(teacher_folder("bert"), device="cpu")
    unmerged = PeftModel.from_pretrained(base, adapter).eval()
    with torch.no_grad():
        expected = [unmerged(**plain.tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in SENTENCES]
    np.testing.assert_allclose(teacher.predict(SENTENCES), expected, atol=1e-3)
    assert np.abs(teacher.predict(SENTENCES) - plain.predict(SENTENCES)).max() > 0.1
    assert (teacher.name, teacher.label_names) == ("small", ("down", "up", "flat"))
    assert teacher.fingerprint != plain.fingerprint


@pytest.mark.parametrize(
    "content", [None, "", "{", "{}", '{"label_names": "abc", "base_model": "x"}', '{"label_names": ["a"], "base_model": 3}']
)
def test_an_adapter_without_a_readable_card_is_refused(adapter: Path, content: str | None) -> None:
    (adapter / "teacher.json").unlink()
    if content is not None:
        (adapter / "teacher.json").write_text(content)
    with pytest.raises(ModelError, match=r"no readable teacher\.json"):
        load_teacher(adapter)


def test_an_adapter_with_pickled_weights_only_is_refused(adapter: Path, unpickled: Path) -> None:
    (adapter / "adapter_model.safetensors").unlink()
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(_Harmful()))
    with pytest.raises(ModelError, match=r"adapter_model\.safetensors is missing"):
        load_teacher(adapter)
    assert not unpickled.exists()


def test_adapter_weights_cut_short_are_refused(adapter: Path) -> None:
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-50])
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(adapter)


def test_an_adapter_whose_base_is_gone_is_refused(adapter: Path) -> None:
    edit(adapter / "teacher.json", base_model=str(adapter / "nowhere"))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_teacher(adapter)
