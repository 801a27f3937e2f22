"""Post-training quantisation (PTQ) of a teacher: the weights of its linear layers as 8-bit integers.

Dynamic quantisation needs no calibration texts: weights are rounded once, activations at run time.

    w ~ s q,        s = max |w| / 64,                 q in -64..64    one scale for each output of a layer
    x ~ t (u - z),  t = (max(x, 0) - min(x, 0)) / 255,  u in 0..255   one scale for all of a batch, its padding included

So a text's logits move a little with the texts beside it. Quantised are the linear layers, as in the paper; embeddings, layer norms, biases
and the products of two activations inside attention stay float32. Weights use 7 of the 8 bits because processors without VNNI instructions
add two products in 16 bits, where 8-bit weights would overflow silently: the results would depend on the processor.

`quantize` goes through ONNX Runtime and is what a measurement should use: the result lies on disk, and `forward` takes batches of any size
and length. `export_float` is the same network unquantised. `quantize_with_torch` is PyTorch's own dynamic quantisation, which PyTorch has
deprecated: it has no form on disk without pickle, so it is made anew, in seconds, from the float teacher wherever it is needed.

A quantised teacher predicts and can be perturbed, but has no gradients, so no Integrated Gradients.
"""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from dixtill_core.compress.folder import AGAIN, finish_folder, read_settings, read_tokenizer, read_validation_keys, tokenizer_bytes
from dixtill_core.errors import CheckpointError, ConfigError, ModelError
from dixtill_core.files import folder_bytes, replace_folder, sha256_of_json
from dixtill_core.models.teacher import Teacher

Precision = Literal["int8", "float32"]
KIND, NETWORK = "onnx", "model.onnx"
NAMES: dict[Precision, str] = {"int8": "PTQ int8", "float32": "ONNX float32"}
OPSET = 20
"""The first ONNX operator set with GELU as one operator."""
LARGEST_NETWORK = 2**31 - 2**24
"""Bytes: one ONNX file is one protobuf message of less than 2 GiB."""
LARGE_HIDDEN, LARGE_HEADS = 1024, 16
EXAMPLE = ("profit rises and the shares follow", "loss")
"""Two texts of different lengths, so that the export sees a mask that matters."""


class ForwardTeacher(Teacher):
    """A teacher that predicts on the CPU and has no gradients."""

    has_gradients = False

    def __init__(self, model: nn.Module, tokenizer: Any, label_names: Sequence[str], *, parameters: int, **about: Any) -> None:
        super().__init__(model, tokenizer, label_names, **about)
        self._parameters = parameters

    @property
    def device(self) -> torch.device:
        return torch.device("cpu")

    @property
    def parameters(self) -> int:
        """Of the float teacher: quantisation changes their form, not their number."""
        return self._parameters

    @property
    def embedding_layer(self) -> nn.Module:
        raise ModelError(f"{self.name} has no gradients. Explain the teacher that it was made from, or choose occlusion, LIME or SHAP.")

    def activation_bytes(self, longest: int) -> int:
        """Of a forward pass, which holds one layer at a time. The network does not tell its shape: that of BERT-large, more than most."""
        return 4 * (20 * LARGE_HIDDEN + 3 * LARGE_HEADS * longest)


class OnnxTeacher(ForwardTeacher):
    """A teacher that runs in ONNX Runtime."""

    def __init__(self, session: Any, tokenizer: Any, label_names: Sequence[str], **about: Any) -> None:
        super().__init__(nn.Identity(), tokenizer, label_names, **about)
        self.session = session
        self.input_names = tuple(value.name for value in session.get_inputs())

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Logits (texts, classes) of encoded texts, or of `input_ids` and the like of any batch and length made for a timing."""
        (logits,) = self.session.run(None, {name: inputs[name].cpu().numpy() for name in self.input_names})
        return torch.from_numpy(logits)


def quantize(teacher: Teacher, folder: Path, *, threads: int | None = None) -> OnnxTeacher:
    """Write `teacher` with int8 linear layers as a folder, atomically, and return what `load_quantized` reads from it.

    Raises:
        ModelError: the network does not export, or is a quantised one already.
    """
    return _compress(teacher, Path(folder), "int8", threads)


def export_float(teacher: Teacher, folder: Path, *, threads: int | None = None) -> OnnxTeacher:
    """The same as `quantize` with float32 weights: tells the effect of quantisation from that of the runtime."""
    return _compress(teacher, Path(folder), "float32", threads)


def load_quantized(folder: Path, *, threads: int | None = None) -> OnnxTeacher:
    """Read what `quantize` or `export_float` wrote, every byte checked.

    Args:
        threads: that one call may use; as many as PyTorch uses where None, so that timings compare.

    Raises:
        CheckpointError: missing, damaged or of another format.
        ConfigError: less than one thread.
    """
    import onnxruntime

    folder = Path(folder)
    threads = torch.get_num_threads() if threads is None else threads
    if threads < 1:
        raise ConfigError(f"{threads} threads were asked for. Give 1 or more.")
    settings = read_settings(folder, KIND)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    try:
        session = onnxruntime.InferenceSession(folder / NETWORK, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no base of their own.
        raise CheckpointError(f"{folder / NETWORK} does not load: {error}. {AGAIN}") from error
    try:
        teacher = OnnxTeacher(
            session,
            read_tokenizer(folder, settings),
            settings["label_names"],
            name=settings["name"],
            max_length=settings["max_length"],
            bytes_on_disk=folder_bytes(folder),
            fingerprint=settings["fingerprint"],
            parameters=settings["parameters"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{folder} does not fit together: {error}. {AGAIN}") from error
    teacher.validation_keys = read_validation_keys(folder)
    return teacher


def quantize_with_torch(teacher: Teacher) -> ForwardTeacher:
    """A copy of `teacher` whose `nn.Linear` are PyTorch's dynamic int8 layers; nothing is written.

    `bytes_on_disk` is what the tensors and the tokenizer would take. PyTorch sets threads for all models at once: `torch.set_num_threads`.

    Raises:
        ModelError: this PyTorch or this processor has no dynamic quantisation.
    """
    require_float(teacher)
    quantize_dynamic = getattr(getattr(torch.ao, "quantization", None), "quantize_dynamic", None)
    if quantize_dynamic is None or torch.backends.quantized.engine == "none":
        raise ModelError("This PyTorch has no dynamic quantisation any more, or none for this processor. Use quantize (ONNX Runtime).")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = quantize_dynamic(_copy_to_cpu(teacher), {nn.Linear}, dtype=torch.qint8)
    return ForwardTeacher(
        network,
        teacher.tokenizer,
        teacher.label_names,
        name=f"{teacher.name}, {NAMES['int8']} (PyTorch)",
        max_length=teacher.max_length,
        bytes_on_disk=_tensor_bytes(network) + tokenizer_bytes(teacher),
        fingerprint=_fingerprint(teacher, "torch int8"),
        parameters=teacher.parameters,
    )


def _compress(teacher: Teacher, folder: Path, precision: Precision, threads: int | None) -> OnnxTeacher:
    require_float(teacher)
    with replace_folder(folder) as fresh:
        if precision == "int8":
            with tempfile.TemporaryDirectory() as scratch:
                _export(teacher, Path(scratch) / NETWORK)
                _quantize_file(Path(scratch) / NETWORK, fresh / NETWORK)
        else:
            _export(teacher, fresh / NETWORK)
        finish_folder(
            fresh,
            teacher,
            KIND,
            name=f"{teacher.name}, {NAMES[precision]}",
            fingerprint=_fingerprint(teacher, f"onnx {precision}"),
            precision=precision,
            parameters=teacher.parameters,
        )
    return load_quantized(folder, threads=threads)


class _LogitsOfTensors(nn.Module):
    """The network as an export needs it: tensors in, one tensor out."""

    def __init__(self, network: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.network = network
        self.names = tuple(names)

    def forward(self, *tensors: Tensor) -> Tensor:
        return self.network(**dict(zip(self.names, tensors, strict=True))).logits


def _export(teacher: Teacher, path: Path) -> None:
    """The network as ONNX with any number of texts and pieces."""
    network = _copy_to_cpu(teacher)
    if _tensor_bytes(network) > LARGEST_NETWORK:
        raise ModelError(f"{teacher.name} is larger than 2 GB, more than one ONNX file holds. Choose a smaller teacher.")
    inputs = {name: tensor.cpu() for name, tensor in teacher.encode(EXAMPLE).inputs.items()}
    any_size = torch.export.Dim.DYNAMIC
    try:
        with _quiet_export():
            torch.onnx.export(
                _LogitsOfTensors(network, list(inputs)).eval(), tuple(inputs.values()), path, dynamo=True, verbose=False,
                external_data=False, opset_version=OPSET, input_names=list(inputs), output_names=["logits"],
                dynamic_shapes=(tuple({0: any_size, 1: any_size} for _ in inputs),),
            )  # fmt: skip
    except Exception as error:  # The exporter raises almost any type for an architecture that it cannot follow.
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{teacher.name} cannot be written as ONNX: {first_line}. Choose a teacher of the BERT family.") from error


def _quantize_file(source: Path, target: Path) -> None:
    """Weights of each MatMul and Gemm as int8; a product of two activations is left alone."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = source.with_name("prepared.onnx")
    quant_pre_process(source, prepared, skip_optimization=True, skip_symbolic_shape=True)
    quantize_dynamic(
        prepared, target, op_types_to_quantize=["MatMul"], per_channel=True, reduce_range=True, weight_type=QuantType.QInt8
    )  # fmt: skip


@contextmanager
def _quiet_export() -> Iterator[None]:
    """Silence what PyTorch says of its own parts: deprecations, torchvision that is not installed."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _copy_to_cpu(teacher: Teacher) -> nn.Module:
    """A copy, so that nothing here touches the network that others use."""
    with teacher.lock:
        return copy.deepcopy(teacher.model).cpu().float()


def require_float(teacher: Teacher) -> None:
    """Raise a ModelError where `teacher` is the result of a quantisation or an export."""
    if isinstance(teacher, ForwardTeacher):
        raise ModelError(f"{teacher.name} has no float weights to start from. Compress the teacher that it was made from.")


def _tensor_bytes(network: nn.Module) -> int:
    """Bytes of all tensors, those packed inside PyTorch's quantised layers included."""
    total = 0
    for value in network.state_dict().values():
        for tensor in value if isinstance(value, tuple) else (value,):
            total += tensor.numel() * tensor.element_size() if isinstance(tensor, Tensor) else 0
    return total


def _fingerprint(teacher: Teacher, change: str) -> str:
    return sha256_of_json([teacher.fingerprint, change])[:16]
