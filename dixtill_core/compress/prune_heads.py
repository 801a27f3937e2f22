"""Attention-head pruning (AHP): score the heads of a teacher, keep the best of each layer and remove the others.

    importance(l, h) = F1(all heads) - F1(without head h of layer l) + 1e-6 * r / (1 + |r|)
    r = cross entropy(without the head) - cross entropy(all heads), mean over the texts, in nats

F1 is macro F1 on validation texts, which moves in steps: heads that change no prediction tie, and the last term, smaller than a step,
breaks the tie by the cross entropy. Higher is more important; a negative head harms. "Without" is what the head hands to the output
projection set to zero; each head is scored with all the others in place.

Masking makes a network neither smaller nor faster. `remove_heads` cuts the head's rows from query, key and value and its columns from
the output projection: the same logits as masking, from smaller matrices. Networks of the BERT family (`SUPPORTED`) can be cut.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from scipy.special import log_softmax
from torch import Tensor, nn

from dixtill_core.compress.folder import AGAIN, finish_folder, read_settings, read_tokenizer, read_validation_keys, tokenizer_bytes
from dixtill_core.compress.quantize import require_float
from dixtill_core.errors import CheckpointError, ConfigError, DataError, ModelError
from dixtill_core.files import folder_bytes, replace_folder, sha256_of_json, write_atomic
from dixtill_core.metrics.classification import classification_scores
from dixtill_core.models.teacher import Teacher, choose_device
from dixtill_core.progress import Progress

BERT_LIKE = ("bert", "roberta", "xlm-roberta", "camembert", "electra")
SUPPORTED = (*BERT_LIKE, "distilbert")
KIND, WEIGHTS = "pruned heads", "model.safetensors"
TIE_WEIGHT = 1e-6
"""Less than a step of macro F1 on any validation set of a usual size."""

KeptHeads = tuple[tuple[int, ...], ...]
"""Of each layer the heads that are left, by their number before any pruning."""


class PrunedTeacher(Teacher):
    """A teacher with heads removed; explains like any other."""

    def __init__(self, *arguments: Any, kept_heads: KeptHeads, **about: Any) -> None:
        super().__init__(*arguments, **about)
        self.kept_heads = kept_heads


@dataclass(frozen=True)
class _Attention:
    """The parts of one layer's attention that a head runs through."""

    module: nn.Module
    projections: tuple[nn.Linear, ...]  # query, key, value: (heads * head size, hidden)
    output: nn.Linear  # (hidden, heads * head size)

    @property
    def head_size(self) -> int:
        return int(self.module.attention_head_size)  # type: ignore[arg-type]

    @property
    def n_heads(self) -> int:
        return self.projections[0].out_features // self.head_size


def head_importance(
    teacher: Teacher, texts: Sequence[str], labels: Sequence[int] | np.ndarray, batch_size: int = 32
) -> Iterator[Progress | np.ndarray]:
    """Yield progress in texts, and last the importance (layers, heads) float64 of each head, higher is more important.

    Each batch runs once for each head, from the head's layer upwards: what lies below does not change. The work is done on a copy that
    shares the teacher's weights, so others may use the teacher meanwhile.

    Raises:
        ModelError: the architecture is not supported.
        DataError: no texts, or labels that do not fit.
    """
    labels = _checked_labels(teacher, texts, labels)
    network = _copy_sharing_weights(teacher.model)
    n_layers, n_heads = head_counts(teacher)
    whole = np.zeros((len(texts), len(teacher.label_names)))
    without = np.zeros((n_layers, n_heads, *whole.shape))  # (layers, heads, texts, classes)
    counts = teacher.piece_counts(texts)
    order = sorted(range(len(texts)), key=counts.__getitem__)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        inputs = teacher.encode([texts[i] for i in chosen]).inputs
        whole[chosen], without[:, :, chosen] = _batch_logits(network, inputs)
        yield Progress("masking heads", start + len(chosen), len(texts))
    f1, cross_entropy = _quality(labels, whole)
    importance = np.zeros((n_layers, n_heads))
    for layer, head in np.ndindex(importance.shape):
        masked_f1, masked_cross_entropy = _quality(labels, without[layer, head])
        rise = masked_cross_entropy - cross_entropy
        importance[layer, head] = f1 - masked_f1 + TIE_WEIGHT * rise / (1 + abs(rise))
    yield importance


def best_heads(importance: np.ndarray, n: int) -> np.ndarray:
    """Mask (layers, heads) bool of the n most important heads of each layer; ties go to the head with the lower number.

    Raises:
        ConfigError: n is not between 1 and the number of heads.
    """
    if not 1 <= n <= importance.shape[1]:
        raise ConfigError(f"{n} heads of each layer cannot be kept. Give a number between 1 and {importance.shape[1]}.")
    kept = np.zeros(importance.shape, dtype=bool)
    np.put_along_axis(kept, np.argsort(-importance, axis=1, kind="stable")[:, :n], True, axis=1)
    return kept


def remove_heads(teacher: Teacher, kept: np.ndarray) -> PrunedTeacher:
    """A copy of `teacher` without the other heads; the teacher itself is unchanged.

    Args:
        kept: (layers, heads) bool, as from `best_heads`: as many True in each layer, at least one.

    `bytes_on_disk` is that of weights and tokenizer, exact once the teacher was saved and loaded.

    Raises:
        ModelError: the architecture is not supported.
        ConfigError: the mask does not fit.
    """
    kept = _checked_mask(kept, head_counts(teacher))
    with teacher.lock:
        network = copy.deepcopy(teacher.model)
    _cut(network, [np.flatnonzero(row).tolist() for row in kept])
    numbers = teacher.kept_heads if isinstance(teacher, PrunedTeacher) else tuple(tuple(range(len(row))) for row in kept)
    kept_heads = tuple(tuple(head for head, stays in zip(*row, strict=True) if stays) for row in zip(numbers, kept, strict=True))
    pruned = PrunedTeacher(
        network,
        teacher.tokenizer,
        teacher.label_names,
        name=f"{teacher.name}, AHP-{len(kept_heads[0])}",
        max_length=teacher.max_length,
        bytes_on_disk=sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values()) + tokenizer_bytes(teacher),
        fingerprint=sha256_of_json([teacher.fingerprint, kept_heads])[:16],
        kept_heads=kept_heads,
    )
    pruned.validation_keys = teacher.validation_keys
    return pruned


def save_pruned(teacher: PrunedTeacher, folder: Path) -> None:
    """Write a pruned teacher atomically: weights, configuration, tokenizer, and which heads it kept."""
    with replace_folder(Path(folder)) as fresh:
        with teacher.lock:
            weights = {name: tensor.detach().cpu().contiguous() for name, tensor in teacher.model.state_dict().items()}
            teacher.model.config.save_pretrained(fresh)  # type: ignore[union-attr, operator]
        write_atomic(fresh / WEIGHTS, save(weights))
        heads_before = int(teacher.model.config.num_attention_heads)  # type: ignore[union-attr, arg-type]
        finish_folder(fresh, teacher, KIND, heads_before=heads_before, heads=len(teacher.kept_heads[0]), kept_heads=teacher.kept_heads)


def load_pruned(folder: Path, *, device: str | None = None) -> PrunedTeacher:
    """Read what `save_pruned` wrote, every byte checked.

    Raises:
        CheckpointError: missing, damaged or of another format.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    folder = Path(folder)
    settings = read_settings(folder, KIND)
    try:
        network = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(folder, local_files_only=True))
        kept_heads = tuple(tuple(map(int, row)) for row in settings["kept_heads"])
        _cut(network, kept_heads)
        network.load_state_dict(load((folder / WEIGHTS).read_bytes()), assign=True)
        teacher = PrunedTeacher(
            network.to(choose_device(device)),
            read_tokenizer(folder, settings),
            settings["label_names"],
            name=settings["name"],
            max_length=settings["max_length"],
            bytes_on_disk=folder_bytes(folder),
            fingerprint=settings["fingerprint"],
            kept_heads=kept_heads,
        )
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError, SafetensorError, OSError) as error:
        raise CheckpointError(f"{folder} does not fit together: {error}. {AGAIN}") from error
    teacher.validation_keys = read_validation_keys(folder)
    return teacher


def head_counts(teacher: Teacher) -> tuple[int, int]:
    """Layers, and heads of each layer.

    Raises:
        ModelError: the architecture is not supported.
    """
    require_float(teacher)
    attentions = [_attention(layer) for layer in _stack(teacher.model).layer]  # type: ignore[union-attr]
    return len(attentions), attentions[0].n_heads


def _stack(network: nn.Module) -> nn.Module:
    """The module that runs the layers, which are its `layer`."""
    kind = getattr(getattr(network, "config", None), "model_type", type(network).__name__)
    if kind not in SUPPORTED:
        raise ModelError(f"The heads of a {kind} network cannot be removed. Supported are {', '.join(SUPPORTED)}.")
    base: Any = network.base_model
    return base.transformer if kind == "distilbert" else base.encoder


def _attention(layer: Any) -> _Attention:
    if hasattr(layer.attention, "q_lin"):  # DistilBERT
        module = layer.attention
        return _Attention(module, (module.q_lin, module.k_lin, module.v_lin), module.out_lin)
    module = layer.attention.self
    return _Attention(module, (module.query, module.key, module.value), layer.attention.output.dense)


def _cut(network: nn.Module, kept_heads: Sequence[Sequence[int]]) -> None:
    """Leave only these heads in each layer of `network`, in place."""
    layers: Any = _stack(network).layer
    for layer, heads in zip(layers, kept_heads, strict=True):
        attention = _attention(layer)
        size = attention.head_size
        index = torch.cat([torch.arange(head * size, (head + 1) * size) for head in heads]).to(attention.output.weight.device)
        for projection in attention.projections:
            _keep(projection, index, dimension=0)
        _keep(attention.output, index, dimension=1)
        for name, value in (("num_attention_heads", len(heads)), ("n_heads", len(heads)), ("all_head_size", len(index))):
            if hasattr(attention.module, name):
                setattr(attention.module, name, value)


def _keep(linear: nn.Linear, index: Tensor, dimension: int) -> None:
    """Leave the outputs (dimension 0) or the inputs (dimension 1) `index` of a layer."""
    linear.weight = nn.Parameter(linear.weight.detach().index_select(dimension, index), requires_grad=False)
    if dimension == 0 and linear.bias is not None:
        linear.bias = nn.Parameter(linear.bias.detach().index_select(0, index), requires_grad=False)
    linear.out_features, linear.in_features = linear.weight.shape


def _copy_sharing_weights(network: nn.Module) -> Any:
    """Modules of their own, for hooks and changes, over the same weights."""
    shared = [*network.parameters(), *network.buffers()]
    return copy.deepcopy(network, {id(tensor): tensor for tensor in shared})


@torch.inference_mode()
def _batch_logits(network: nn.Module, inputs: dict[str, Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Logits with all heads (texts, classes), and without each in turn (layers, heads, texts, classes)."""
    stack: Any = _stack(network)
    layers = stack.layer
    whole, states = _layer_inputs(network, layers, inputs)
    without = []
    try:
        for i, layer in enumerate(layers):
            attention = _attention(layer)
            stack.layer = layers[i:]
            resume = layer.register_forward_pre_hook(lambda module, arguments, state=states[i]: (state, *arguments[1:]))
            for head in range(attention.n_heads):
                mask = attention.output.register_forward_pre_hook(_without_head(attention, head))
                without.append(_logits(network, inputs))
                mask.remove()
            resume.remove()
    finally:
        stack.layer = layers
    return whole, np.stack(without).reshape(len(layers), -1, *whole.shape)


def _layer_inputs(network: nn.Module, layers: nn.ModuleList, inputs: dict[str, Tensor]) -> tuple[np.ndarray, list[Tensor]]:
    """Logits, and the hidden states (texts, pieces, hidden) that enter each layer."""
    states: list[Tensor] = []
    hooks = [layer.register_forward_pre_hook(lambda module, arguments: states.append(arguments[0])) for layer in layers]
    logits = _logits(network, inputs)
    for hook in hooks:
        hook.remove()
    return logits, states


def _without_head(attention: _Attention, head: int) -> Any:
    stays = torch.ones(attention.output.in_features, device=attention.output.weight.device, dtype=attention.output.weight.dtype)
    stays[head * attention.head_size : (head + 1) * attention.head_size] = 0
    return lambda module, arguments: (arguments[0] * stays, *arguments[1:])


def _logits(network: nn.Module, inputs: dict[str, Tensor]) -> np.ndarray:
    return network(**inputs).logits.float().cpu().numpy()


def _quality(labels: np.ndarray, logits: np.ndarray) -> tuple[float, float]:
    """Macro F1, and mean cross entropy in nats."""
    cross_entropy = -log_softmax(logits, axis=1)[np.arange(len(labels)), labels].mean()
    return classification_scores(labels, logits)["macro_f1"], float(cross_entropy)


def _checked_labels(teacher: Teacher, texts: Sequence[str], labels: Sequence[int] | np.ndarray) -> np.ndarray:
    labels = np.asarray(labels, dtype=np.int64)
    if not len(texts) or len(labels) != len(texts):
        raise DataError(f"There are {len(texts)} texts and {len(labels)} labels. Give at least one text, and a label for each.")
    if labels.min() < 0 or labels.max() >= len(teacher.label_names):
        raise DataError(f"A label lies outside 0 to {len(teacher.label_names) - 1}, the classes of {teacher.name}.")
    return labels


def _checked_mask(kept: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    kept = np.asarray(kept)
    if kept.dtype != bool or kept.shape != shape:
        raise ConfigError(f"The mask of kept heads is {kept.dtype} {kept.shape}. It has to be bool {shape}, layers and heads.")
    counts = kept.sum(axis=1)
    if counts.min() < 1 or counts.min() != counts.max():
        raise ConfigError(f"The mask keeps {counts.tolist()} heads. It has to keep the same number in each layer, at least one.")
    return kept
