"""The doctor finds what works for a model and what is wrong with it, says what to do, and never raises."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Regex, normalizers
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertModel,
    CanineConfig,
    CanineForSequenceClassification,
    CanineTokenizer,
)

from dixtill_core import doctor_checks
from dixtill_core.doctor import Check, Diagnosis, diagnose
from dixtill_core.progress import Progress
from tests.small_models import ARCHITECTURES, save_architecture
from tests.small_tokenizers import roberta_bytes, word_piece

NAMES = [
    "loading", "classifier", "fast tokenizer", "offsets", "window", "padding", "gradients", "completeness",
    "baselines", "speed", "memory", "precision",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "TIMED_SECONDS", 0.01)


def diagnosis_of(reference: str | Path, **options: Any) -> Diagnosis:
    *steps, last = diagnose(reference, **{"device": "cpu"} | options)
    assert all(isinstance(step, Progress) for step in steps)
    assert isinstance(last, Diagnosis)
    return last


def failed(reference: str | Path, **options: Any) -> dict[str, str]:
    """Details of the checks that are not ok."""
    return {check.name: check.detail for check in diagnosis_of(reference, **options).checks if not check.ok}


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


# What works


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_every_architecture_passes_every_check(tmp_path: Path, kind: str) -> None:
    found = diagnosis_of(save_architecture(kind, tmp_path / kind))
    assert [check.name for check in found.checks] == NAMES
    assert [check for check in found.checks if not check.ok] == []
    assert found.ok


def test_what_was_found_is_said(tmp_path: Path) -> None:
    details = {check.name: check.detail for check in diagnosis_of(save_architecture("bert", tmp_path / "bert")).checks}
    assert "BertForSequenceClassification" in details["loading"]
    assert "on cpu" in details["loading"]
    assert "bearish, bullish, neutral" in details["classifier"]
    assert "WordPiece" in details["fast tokenizer"]
    assert "128 pieces" in details["window"]
    assert "mask ([MASK])" in details["baselines"]
    assert "explanations (Integrated Gradients, 50 steps) a second" in details["speed"]
    assert f"cpu ({torch.get_num_threads()} thread" in details["speed"]


def test_progress_names_each_check_and_rises_to_the_end(tmp_path: Path) -> None:
    *steps, _ = diagnose(save_architecture("bert", tmp_path / "bert"), device="cpu")
    assert [step.detail for step in steps[:-1]] == ["loading", *NAMES[3:]]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total


def test_labels_without_names_of_their_own_are_pointed_out_and_no_failure(tmp_path: Path) -> None:
    found = diagnosis_of(save_architecture("bert", tmp_path / "bert", ("LABEL_0", "LABEL_1")))
    assert found.ok
    assert "Set id2label" in found.checks[1].detail


def test_words_in_one_piece_with_a_neighbour_are_named(tmp_path: Path) -> None:
    details = {check.name: check.detail for check in diagnosis_of(save_architecture("bert", tmp_path / "bert")).checks}
    assert details["offsets"].endswith("which gets the score of both: 🚀.")


# What is wrong


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "Give a folder" in failed(tmp_path / "nowhere")["loading"]


def test_a_hub_id_without_a_network() -> None:
    found = failed("nobody/nothing-here")
    assert list(found) == ["loading"]
    assert "the Hub cannot be reached" in found["loading"]
    assert "give a folder" in found["loading"]
    assert "downloading was not asked for" in failed("nobody/nothing-here", allow_download=False)["loading"]


def test_a_slow_tokenizer(tmp_path: Path) -> None:
    config = CanineConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, num_labels=3)
    CanineForSequenceClassification(config).save_pretrained(tmp_path)
    CanineTokenizer().save_pretrained(tmp_path)
    found = failed(tmp_path)
    assert list(found) == ["loading", "fast tokenizer"]
    assert "tokenizer.json" in found["fast tokenizer"]


def test_a_model_that_was_never_trained_to_classify(tmp_path: Path) -> None:
    folder = save_architecture("bert", tmp_path / "bert")
    BertModel.from_pretrained(folder).save_pretrained(folder)
    found = failed(folder)
    assert list(found) == ["loading", "classifier"]
    assert "fine-tuned on labels" in found["classifier"]


@pytest.mark.parametrize(
    ("labels", "changes", "advice"),
    [
        (("score",), {}, "two labels or more"),
        (("a", "a"), {}, "a name of its own"),
        (("a", "b"), {"problem_type": "multi_label_classification"}, "one label a text"),
    ],
)
def test_a_model_that_gives_no_single_label(tmp_path: Path, labels: tuple[str, ...], changes: dict, advice: str) -> None:
    assert advice in failed(save_architecture("bert", tmp_path / "bert", labels, **changes))["classifier"]


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    folder = save_architecture("bert", tmp_path / "bert")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    assert "pickled weights only" in failed(folder)["loading"]
    assert "save_pretrained" in failed(folder)["loading"]


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    assert "Use cpu" in failed(save_architecture("bert", tmp_path / "bert"), device="quantum")["loading"]


def test_a_tokenizer_that_drops_words(tmp_path: Path) -> None:
    folder = save_architecture("modernbert", tmp_path / "modernbert")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace(Regex("[🚀🇮🇹]"), "")
    tokenizer.save_pretrained(folder)
    found = failed(folder)
    assert list(found) == ["offsets"]
    assert "3 of 62 words have no piece" in found["offsets"]
    assert "🚀, 🚀, 🇮🇹" in found["offsets"]


def test_a_network_that_reads_its_padding(tmp_path: Path) -> None:
    tokenizer = word_piece()
    shape = {"hidden_size": 32, "embedding_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    config = AutoConfig.for_model("convbert", vocab_size=len(tokenizer), num_labels=3, pad_token_id=0, **shape)
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(8 if parameter.dim() == 2 else 1)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found = failed(tmp_path)
    assert "padding" in found
    assert "choose another model" in found["padding"]


def test_a_network_whose_gradients_do_not_reach_its_embeddings_can_still_be_explained_without(tmp_path: Path) -> None:
    """BART reads each text twice, by its encoder and its decoder."""
    tokenizer = roberta_bytes()
    halves = {f"{half}_{name}": value for half in ("encoder", "decoder") for name, value in (("layers", 1), ("attention_heads", 4))}
    config = AutoConfig.for_model(
        "bart", vocab_size=len(tokenizer), num_labels=3, d_model=32, encoder_ffn_dim=48, decoder_ffn_dim=48,
        pad_token_id=1, bos_token_id=0, eos_token_id=2, decoder_start_token_id=2, max_position_embeddings=130, **halves,
    )  # fmt: skip
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found = failed(tmp_path)
    assert list(found) == ["gradients", "completeness"]
    assert all("Choose occlusion, LIME or Kernel SHAP" in detail for detail in found.values())


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    folder = save_architecture("bert", tmp_path / "bert")
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.classifier.bias[0] = float("nan")
    model.save_pretrained(folder)
    assert "get them again" in failed(folder)["padding"]


def test_an_output_that_jumps_at_the_baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without anything around a text, a network that normalises first has no direction to see in a padding of zeros."""
    monkeypatch.setattr(doctor_checks, "EXPLAINED_TEXTS", doctor_checks.EXPLAINED_TEXTS[:1])
    folder = save_architecture("qwen2", tmp_path / "qwen2", rms_norm_eps=1e-20)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.get_input_embeddings().weight[model.config.pad_token_id] = 0
    model.save_pretrained(folder)
    found = failed(folder)
    assert list(found) == ["completeness"]
    assert "its output jumps" in found["completeness"]


def test_a_network_that_breaks_on_a_text_fails_that_check_and_the_others_go_on(tmp_path: Path) -> None:
    """Funnel Transformer pools neighbours, and finds none in a short text."""
    tokenizer = word_piece()
    shape = {"d_model": 32, "n_head": 4, "d_head": 8, "d_inner": 48, "block_sizes": [1, 1, 1], "num_decoder_layers": 1}
    config = AutoConfig.for_model("funnel", vocab_size=len(tokenizer), num_labels=3, pad_token_id=0, **shape)
    AutoModelForSequenceClassification.from_config(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    found = diagnosis_of(tmp_path)
    assert [check.name for check in found.checks] == NAMES
    details = {check.name: check.detail for check in found.checks if not check.ok}
    assert "failed on 1 texts" in details["padding"]
    assert "window" not in details


def test_a_diagnosis_is_ok_only_where_every_check_is() -> None:
    good, bad = Check("a", True, ""), Check("b", False, "do this")
    assert Diagnosis("x", (good, good)).ok
    assert not Diagnosis("x", (good, bad)).ok
    assert Diagnosis("x", (bad,)).to_dict() == {"ok": False, "checks": [{"name": "b", "ok": False, "detail": "do this"}]}
