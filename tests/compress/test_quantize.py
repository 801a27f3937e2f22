"""The exported network is the teacher's, and its int8 form is what the formulas of dynamic quantisation say."""

from __future__ import annotations

import copy
import io
import json
import logging
import shutil
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from dixtill_core.compress.prune_heads import head_importance, remove_heads
from dixtill_core.compress.quantize import OnnxTeacher, export_float, load_quantized, quantize, quantize_with_torch
from dixtill_core.errors import CheckpointError, ConfigError, ModelError
from dixtill_core.explain.explainers import EXPLAINERS, explain
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.files import sha256_of_file
from dixtill_core.models.teacher import Teacher
from tests.small_models import MAX_PIECES, SENTENCES

TEXTS = [*SENTENCES, "gold", "profit rose", "", "the shares falls and the bank warns", "oil " * 200]
KEPT = np.array([[True, False, True, False], [False, False, True, True]])


@pytest.fixture(scope="module", params=["roberta", "xlm-roberta"])
def exported(
    request: pytest.FixtureRequest, small_teacher: Callable[[str], Teacher], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Teacher, OnnxTeacher]:
    teacher = small_teacher(request.param)
    return teacher, export_float(teacher, tmp_path_factory.mktemp("float") / "network", threads=1)


@pytest.fixture(scope="module")
def bert_export(small_teacher: Callable[[str], Teacher], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """BERT in int8, and what was said while it was made."""
    teacher, folder, said = small_teacher("bert"), tmp_path_factory.mktemp("int8") / "bert", io.StringIO()
    listener = logging.StreamHandler(said)
    logging.getLogger("torch.onnx").addHandler(listener)
    try:
        with warnings.catch_warnings(record=True) as caught, redirect_stdout(said), redirect_stderr(said):
            warnings.simplefilter("always")
            quantize(teacher, folder, threads=1)
    finally:
        logging.getLogger("torch.onnx").removeHandler(listener)
    return folder, [*said.getvalue().splitlines(), *(str(warning.message) for warning in caught)]


@pytest.fixture
def bert_folder(bert_export: tuple[Path, list[str]]) -> Path:
    """Copy before you change it."""
    return bert_export[0]


@pytest.fixture(scope="module", params=["bert", "pruned roberta"])
def quantized(
    request: pytest.FixtureRequest,
    small_teacher: Callable[[str], Teacher],
    bert_export: tuple[Path, list[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Teacher, OnnxTeacher]:
    if request.param == "bert":
        return small_teacher("bert"), load_quantized(bert_export[0], threads=1)
    teacher = remove_heads(small_teacher("roberta"), KEPT)
    return teacher, quantize(teacher, tmp_path_factory.mktemp("int8") / "pruned", threads=1)


# The network as ONNX


def test_the_export_gives_the_logits_of_the_teacher_whatever_the_batch(exported: tuple[Teacher, OnnxTeacher]) -> None:
    teacher, found = exported
    expected = teacher.predict(TEXTS)
    for batch_size in (1, 3, 32):
        np.testing.assert_allclose(found.predict(TEXTS, batch_size=batch_size), expected, atol=1e-4)
    assert np.ptp(expected, axis=0).min() > 0.5  # so that the tolerance means something
    assert found.predict([]).shape == (0, 3)


@pytest.mark.parametrize("shape", [(1, 2), (1, MAX_PIECES), (2, 9), (32, 17), (70, 3)])
def test_forward_takes_a_batch_of_exactly_the_size_asked_for(exported: tuple[Teacher, OnnxTeacher], shape: tuple[int, int]) -> None:
    teacher, found = exported
    ids = torch.randint(5, 60, shape, generator=torch.Generator().manual_seed(0))
    mask = torch.ones(shape, dtype=torch.int64)
    mask[::2, shape[1] // 2 + 1 :] = 0
    inputs = {"input_ids": torch.where(mask.bool(), ids, teacher.padding_id), "attention_mask": mask}
    with torch.inference_mode():
        np.testing.assert_allclose(found.forward(inputs), teacher.forward(inputs), atol=1e-4)


def test_the_export_says_nothing(bert_export: tuple[Path, list[str]]) -> None:
    assert bert_export[1] == []
    assert logging.getLogger("torch.onnx").level == logging.NOTSET


# Quantisation


def _rounded(linear: nn.Linear, x: Tensor) -> Tensor:
    """A linear layer with its inputs and weights on their integer grids: the formulas of `quantize`, in float64."""
    x, weight = x.double(), linear.weight.double()
    scale = weight.abs().amax(dim=1, keepdim=True) / 64
    weight = (weight / scale).round() * scale
    low, high = x.min().clamp(max=0), x.max().clamp(min=0)
    step = (high - low) / 255
    zero = (-low / step).round()
    x = (((x / step).round() + zero).clamp(0, 255) - zero) * step
    return (x @ weight.T + linear.bias.double()).float()


def test_int8_logits_are_those_of_the_formulas(quantized: tuple[Teacher, OnnxTeacher]) -> None:
    teacher, found = quantized
    plain = copy.copy(teacher)
    plain.model = copy.deepcopy(teacher.model)
    for module in plain.model.modules():
        if isinstance(module, nn.Linear):
            module.forward = lambda x, linear=module: _rounded(linear, x)  # type: ignore[method-assign, misc]
    exact, expected, logits = teacher.predict(TEXTS), plain.predict(TEXTS), found.predict(TEXTS)
    # A number that lies between two steps of a grid may be rounded up by one runtime and down by the other: rare, and small in the mean.
    assert np.abs(logits - expected).mean() < 1e-3
    assert 0.02 < np.abs(logits - exact).mean() < 0.1 * np.ptp(exact)


def test_all_linear_weights_and_nothing_else_lie_on_disk_as_int8(bert: Teacher, bert_folder: Path) -> None:
    stored = {"int8": 0, "float": 0}
    for tensor in onnx.load(bert_folder / "model.onnx").graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.INT8 and array.ndim == 2:
            assert np.abs(array.astype(int)).max() == 64
            stored["int8"] += array.size
        elif tensor.data_type == TensorProto.FLOAT:
            stored["float"] += array.size
    linear = [module for module in bert.model.modules() if isinstance(module, nn.Linear)]
    weights, outputs = sum(module.weight.numel() for module in linear), sum(module.out_features for module in linear)
    assert stored["int8"] == weights
    embeddings = sum(module.weight.numel() for module in bert.model.modules() if isinstance(module, nn.Embedding))
    others = bert.parameters - weights
    # The exporter stores equal tensors once: here all the biases that are zero. Added are a scale for each output and a few constants.
    assert embeddings < stored["float"] <= others + outputs + 20


def test_a_quantised_teacher_says_what_it_is(bert: Teacher, bert_folder: Path) -> None:
    found = load_quantized(bert_folder)
    assert found.name == f"{bert.name}, PTQ int8"
    assert (found.label_names, found.max_length, found.parameters) == (bert.label_names, bert.max_length, bert.parameters)
    assert found.fingerprint != bert.fingerprint
    assert found.piece_counts(TEXTS) == bert.piece_counts(TEXTS)
    assert found.bytes_on_disk == sum(file.stat().st_size for file in bert_folder.iterdir())
    assert sorted(file.name for file in bert_folder.iterdir()) == [
        "compressed.json",
        "model.onnx",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_threads_are_those_asked_for_or_those_of_pytorch(bert_folder: Path) -> None:
    for wanted, expected in ((1, 1), (2, 2), (None, torch.get_num_threads())):
        assert load_quantized(bert_folder, threads=wanted).session.get_session_options().intra_op_num_threads == expected
    with pytest.raises(ConfigError, match="1 or more"):
        load_quantized(bert_folder, threads=0)


def test_a_quantised_teacher_answers_without_a_word_nearly_as_the_teacher_does(bert_folder: Path, bert: Teacher) -> None:
    found, text = load_quantized(bert_folder), SENTENCES[0]
    kept = ~np.eye(len(text.split()), dtype=bool)
    assert np.corrcoef(perturbed_logits(found, text, kept).ravel(), perturbed_logits(bert, text, kept).ravel())[0, 1] > 0.9


@pytest.mark.parametrize("explainer", [name for name, known in EXPLAINERS.items() if "teacher" in known.roles])
def test_a_quantised_teacher_is_explained_by_what_takes_words_out_and_has_no_gradients(explainer: str, bert_folder: Path) -> None:
    found, text = load_quantized(bert_folder), SENTENCES[0]
    if EXPLAINERS[explainer].kind == "gradient":
        with pytest.raises(ModelError, match="no gradients"):
            explain(found, explainer, [text])
    else:
        (attributions,) = explain(found, explainer, [text])
        assert len(attributions.scores) == len(text.split())
        assert np.ptp(attributions.scores) > 0


def test_what_is_quantised_cannot_be_compressed_again(bert_folder: Path, bert: Teacher, tmp_path: Path) -> None:
    for teacher in (load_quantized(bert_folder), quantize_with_torch(bert)):
        for attempt in (
            lambda teacher=teacher: quantize(teacher, tmp_path / "again"),
            lambda teacher=teacher: quantize_with_torch(teacher),
            lambda teacher=teacher: remove_heads(teacher, KEPT),
            lambda teacher=teacher: next(head_importance(teacher, ["gold"], [0])),
        ):
            with pytest.raises(ModelError, match="no float weights"):
                attempt()
    assert not (tmp_path / "again").exists()


# A damaged folder


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "compressed.json"])
def test_a_damaged_or_missing_file_is_named(bert_folder: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(bert_folder, tmp_path / "int8")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=rf"{name} is damaged.*again"):
        load_quantized(folder)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        load_quantized(folder)


def test_a_network_that_onnx_runtime_cannot_read_is_an_error_that_says_what_to_do(bert_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bert_folder, tmp_path / "int8")
    (folder / "model.onnx").write_bytes(b"no network")
    settings = json.loads((folder / "compressed.json").read_text())
    settings["sha256"]["model.onnx"] = sha256_of_file(folder / "model.onnx")
    (folder / "compressed.json").write_text(json.dumps(settings))
    with pytest.raises(CheckpointError, match=r"does not load.*again"):
        load_quantized(folder)


def test_a_network_that_does_not_export_leaves_the_old_folder(bert_folder: Path, bert: Teacher, tmp_path: Path) -> None:
    folder = shutil.copytree(bert_folder, tmp_path / "int8")
    stubborn = copy.copy(bert)
    stubborn.model = _ReadsItsValues()
    with pytest.raises(ModelError, match="cannot be written as ONNX"):
        quantize(stubborn, folder)
    assert load_quantized(folder).name == f"{bert.name}, PTQ int8"
    assert [path.name for path in tmp_path.iterdir()] == ["int8"]


class _ReadsItsValues(nn.Module):
    """Asks for the numbers inside its tensors, where no exporter can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, input_ids: Tensor, **others: Tensor) -> object:
        return hash(input_ids.tolist()[0][0])


# PyTorch's own quantisation


def test_pytorch_quantises_each_linear_layer_and_predicts_nearly_the_same(bert: Teacher) -> None:
    found = quantize_with_torch(bert)
    linear = [module for module in bert.model.modules() if isinstance(module, nn.Linear)]
    packed = [module for module in found.model.modules() if type(module).__module__.startswith("torch.ao.nn.quantized.dynamic")]
    assert len(packed) == len(linear)
    assert all(module.weight().dtype == torch.qint8 for module in packed)
    exact, logits = bert.predict(TEXTS), found.predict(TEXTS)
    assert 0 < np.abs(logits - exact).mean() < 0.2 * np.ptp(exact)
    assert isinstance(bert.model.classifier, nn.Linear)  # the teacher itself is as it was
    assert type(bert.model.classifier) is nn.Linear
    assert found.parameters == bert.parameters
    saved = 3 * sum(module.weight.numel() for module in linear)  # one byte in place of four
    assert abs((bert.bytes_on_disk - found.bytes_on_disk) - saved) < 10_000  # configuration, names of tensors


def test_pytorch_quantises_without_a_word(bert: Teacher, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        quantize_with_torch(bert).predict(["gold"])
    assert not caught
    assert capfd.readouterr() == ("", "")


def test_a_pytorch_without_quantisation_is_named(bert: Teacher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.ao.quantization, "quantize_dynamic")
    with pytest.raises(ModelError, match="ONNX Runtime"):
        quantize_with_torch(bert)
