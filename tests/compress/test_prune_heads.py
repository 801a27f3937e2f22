"""Removing a head is the same as silencing it, only smaller; its importance is what a plain masked run measures."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score
from torch.nn.functional import cross_entropy
from transformers import DistilBertConfig, DistilBertForSequenceClassification, ElectraConfig, ElectraForSequenceClassification

from dixtill_core.compress.prune_heads import PrunedTeacher, best_heads, head_importance, load_pruned, remove_heads, save_pruned
from dixtill_core.config import ExplainConfig
from dixtill_core.errors import CheckpointError, ConfigError, DataError, ModelError
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.models.teacher import Teacher, load_teacher
from tests.small_models import LABELS, MAX_PIECES, SENTENCES, WEIGHT_SCALE, save_bert

HEADS, LAYERS, SIZE, HEAD_SIZE = 4, 2, 32, 8
TEXTS = [*SENTENCES, "gold", "profit rose", "the shares falls and the bank warns", "oil " * 40]
KEPT = np.array([[True, False, True, False], [False, False, True, True]])
SHAPE = {"max_position_embeddings": MAX_PIECES, "num_labels": 3, "id2label": dict(enumerate(LABELS))}


def _save_electra(folder: Path) -> Path:
    """Its embeddings are narrower than its layers, and a projection lies between."""
    config = ElectraConfig(
        vocab_size=_vocabulary_size(folder), embedding_size=16, hidden_size=SIZE, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        intermediate_size=48, **SHAPE,
    )  # fmt: skip
    return _save(folder, ElectraForSequenceClassification(config))


def _save_distilbert(folder: Path) -> Path:
    config = DistilBertConfig(vocab_size=_vocabulary_size(folder), dim=SIZE, n_layers=LAYERS, n_heads=HEADS, hidden_dim=48, **SHAPE)
    return _save(folder, DistilBertForSequenceClassification(config))


def _vocabulary_size(folder: Path) -> int:
    """Leaves a tokenizer in `folder`."""
    torch.manual_seed(0)
    return json.loads((save_bert(folder) / "config.json").read_text())["vocab_size"]


def _save(folder: Path, model: torch.nn.Module) -> Path:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and "embed" not in name:
                parameter.mul_(WEIGHT_SCALE)
    model.save_pretrained(folder)  # type: ignore[operator]
    return folder


@pytest.fixture(scope="module", params=["bert", "roberta", "xlm-roberta", "electra", "distilbert"])
def teacher(request: pytest.FixtureRequest, small_teacher: Callable[[str], Teacher], tmp_path_factory: pytest.TempPathFactory) -> Teacher:
    own = {"electra": _save_electra, "distilbert": _save_distilbert}
    if request.param in own:
        return load_teacher(own[request.param](tmp_path_factory.mktemp("teacher") / "model"), device="cpu")
    return small_teacher(request.param)


def _output_projections(teacher: Teacher) -> list[torch.nn.Linear]:
    names = ("attention.output.dense", "attention.out_lin")
    return [module for name, module in teacher.model.named_modules() if name.endswith(names)]  # type: ignore[misc]


def _silenced(teacher: Teacher, kept: np.ndarray) -> Teacher:
    """A copy in which the columns of the output projection that read the other heads are zero."""
    silent = copy.copy(teacher)
    silent.model = copy.deepcopy(teacher.model)
    with torch.no_grad():
        for projection, row in zip(_output_projections(silent), kept, strict=True):
            projection.weight[:, ~np.repeat(row, HEAD_SIZE)] = 0
    return silent


def _importance(teacher: Teacher, texts: list[str], labels: np.ndarray, batch_size: int = 4) -> np.ndarray:
    *progress, importance = head_importance(teacher, texts, labels, batch_size)
    assert [step.done for step in progress] == [*range(batch_size, len(texts), batch_size), len(texts)]  # type: ignore[union-attr]
    return importance  # type: ignore[return-value]


# Importance


def test_importance_is_what_silencing_one_head_at_a_time_measures(teacher: Teacher) -> None:
    labels = teacher.predict(TEXTS).argmax(axis=1)
    labels[::4] = (labels[::4] + 1) % 3  # some are wrong, so that a head can harm

    def quality(logits: np.ndarray) -> tuple[float, float]:
        f1 = f1_score(labels, logits.argmax(axis=1), average="macro", labels=np.unique(labels), zero_division=0)
        return f1, cross_entropy(torch.from_numpy(logits).double(), torch.from_numpy(labels)).item()

    f1, entropy = quality(teacher.predict(TEXTS))
    expected = np.zeros((LAYERS, HEADS))
    for layer, head in np.ndindex(LAYERS, HEADS):
        kept = np.ones((LAYERS, HEADS), dtype=bool)
        kept[layer, head] = False
        masked_f1, masked_entropy = quality(_silenced(teacher, kept).predict(TEXTS))
        rise = masked_entropy - entropy
        expected[layer, head] = f1 - masked_f1 + 1e-6 * rise / (1 + abs(rise))
    np.testing.assert_allclose(_importance(teacher, TEXTS, labels), expected, atol=1e-10)
    assert np.abs(expected).max() > 0.05  # so that some head changed a prediction


def test_heads_that_change_no_prediction_are_ordered_by_cross_entropy(bert: Teacher) -> None:
    text = [SENTENCES[0]]
    logits = bert.predict(text)
    importance = _importance(bert, text, logits.argmax(axis=1))
    right = importance[np.abs(importance) < 1e-6]
    assert len(right) > 1
    assert len(np.unique(right)) == len(right)
    flipped = importance[np.abs(importance) >= 1e-6]
    assert all(abs(value - 1) < 1e-6 for value in flipped)  # the only text, right before and wrong after


def test_importance_leaves_the_teacher_alone_and_free(teacher: Teacher, no_hooks_left: Callable[[Teacher], bool]) -> None:
    before = teacher.predict(TEXTS)
    steps = head_importance(teacher, TEXTS, [0] * len(TEXTS), batch_size=2)
    next(steps)
    assert no_hooks_left(teacher)
    np.testing.assert_array_equal(teacher.predict(TEXTS), before)
    steps.close()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(teacher.predict(TEXTS), before)


def test_importance_needs_a_label_of_the_teacher_for_each_text(bert: Teacher) -> None:
    for texts, labels in (([], []), (TEXTS, [0]), (["gold"], [3]), (["gold"], [-1])):
        with pytest.raises(DataError, match=r"label"):
            next(head_importance(bert, texts, labels))


@given(arrays(float, (3, 5), elements=st.sampled_from([-1.0, 0.0, 0.5, 2.0])), st.integers(1, 5))
def test_best_heads_are_the_most_important_of_each_layer_the_earlier_one_of_a_tie(importance: np.ndarray, n: int) -> None:
    kept = best_heads(importance, n)
    for scores, row in zip(importance.tolist(), kept.tolist(), strict=True):
        ranked = sorted(range(5), key=lambda head: (-scores[head], head))
        assert [head for head in range(5) if row[head]] == sorted(ranked[:n])


def test_a_layer_keeps_at_least_one_head_and_no_more_than_it_has() -> None:
    for n in (0, 5):
        with pytest.raises(ConfigError, match="between 1 and 4"):
            best_heads(np.zeros((2, 4)), n)


# Removal


def test_removing_heads_is_the_same_as_silencing_them(teacher: Teacher) -> None:
    before = teacher.predict(TEXTS)
    pruned = remove_heads(teacher, KEPT).predict(TEXTS)
    np.testing.assert_allclose(pruned, _silenced(teacher, KEPT).predict(TEXTS), atol=1e-4)
    np.testing.assert_array_equal(teacher.predict(TEXTS), before)
    assert np.abs(pruned - before).max() > 0.1  # so that the tolerance means something


def test_keeping_all_heads_changes_nothing(teacher: Teacher) -> None:
    whole = remove_heads(teacher, np.ones((LAYERS, HEADS), dtype=bool))
    np.testing.assert_allclose(whole.predict(TEXTS), teacher.predict(TEXTS), atol=1e-6)
    assert whole.parameters == teacher.parameters


def test_each_removed_head_takes_its_rows_and_columns_with_it(teacher: Teacher) -> None:
    pruned = remove_heads(teacher, KEPT)
    of_a_head = 3 * (HEAD_SIZE * SIZE + HEAD_SIZE) + SIZE * HEAD_SIZE  # query, key, value with biases; the output's columns
    assert teacher.parameters - pruned.parameters == 2 * 2 * of_a_head
    shapes = [tuple(module.weight.shape) for module in pruned.model.modules() if isinstance(module, torch.nn.Linear)]
    assert shapes.count((2 * HEAD_SIZE, SIZE)) == 3 * LAYERS
    assert [tuple(projection.weight.shape) for projection in _output_projections(pruned)] == [(SIZE, 2 * HEAD_SIZE)] * LAYERS
    assert [projection.in_features for projection in _output_projections(pruned)] == [2 * HEAD_SIZE] * LAYERS


def test_what_runs_in_a_layer_is_as_small_as_its_weights(bert: Teacher) -> None:
    pruned = remove_heads(bert, KEPT)
    seen: list[tuple[int, ...]] = []
    for projection in _output_projections(pruned):
        projection.register_forward_pre_hook(lambda module, arguments: seen.append(tuple(arguments[0].shape)))
    pieces = bert.piece_counts(["gold climbs"])[0]
    pruned.predict(["gold climbs"])
    assert seen == [(1, pieces, 2 * HEAD_SIZE)] * LAYERS


def test_pruning_twice_is_pruning_once(bert: Teacher) -> None:
    first = remove_heads(bert, np.array([[True, True, True, False], [True, False, True, True]]))
    second = remove_heads(first, np.array([[True, False, True], [False, True, True]]))
    once = remove_heads(bert, KEPT)
    assert second.kept_heads == once.kept_heads == ((0, 2), (2, 3))
    np.testing.assert_allclose(second.predict(TEXTS), once.predict(TEXTS), atol=1e-6)


def test_a_pruned_teacher_says_what_it_is(bert: Teacher) -> None:
    pruned, other = remove_heads(bert, KEPT), remove_heads(bert, ~KEPT)
    assert pruned.name == f"{bert.name}, AHP-2"
    assert pruned.label_names == bert.label_names
    assert len({bert.fingerprint, pruned.fingerprint, other.fingerprint}) == 3
    assert remove_heads(bert, KEPT).fingerprint == pruned.fingerprint


def test_a_pruned_teacher_explains_itself(bert: Teacher) -> None:
    pruned = remove_heads(bert, KEPT)
    (found,) = integrated_gradients(pruned, [SENTENCES[0]], config=ExplainConfig(merge="sum", n_steps=200, max_steps=200))
    assert found.converged
    assert np.abs(found.scores).max() > 1e-3


def test_a_mask_that_does_not_fit_is_refused(bert: Teacher) -> None:
    uneven = KEPT.copy()
    uneven[0, 1] = True
    for mask in (KEPT[:1], KEPT.astype(int), uneven, np.zeros((LAYERS, HEADS), dtype=bool)):
        with pytest.raises(ConfigError, match="has to"):
            remove_heads(bert, mask)


def test_an_architecture_that_cannot_be_cut_is_named(small_teacher: Callable[[str], Teacher]) -> None:
    gpt2 = small_teacher("gpt2")
    for attempt in (lambda: remove_heads(gpt2, KEPT), lambda: next(head_importance(gpt2, ["gold"], [0]))):
        with pytest.raises(ModelError, match=r"gpt2.*Supported are bert, roberta"):
            attempt()


# On disk


def test_a_pruned_teacher_comes_back_from_disk(teacher: Teacher, tmp_path: Path) -> None:
    pruned = remove_heads(teacher, KEPT)
    save_pruned(pruned, tmp_path / "pruned")
    loaded = load_pruned(tmp_path / "pruned", device="cpu")
    np.testing.assert_array_equal(loaded.predict(TEXTS), pruned.predict(TEXTS))
    for field in ("name", "label_names", "max_length", "fingerprint", "parameters", "kept_heads", "padding_id"):
        assert getattr(loaded, field) == getattr(pruned, field), field
    assert loaded.bytes_on_disk == sum(file.stat().st_size for file in (tmp_path / "pruned").iterdir())
    assert abs(loaded.bytes_on_disk - pruned.bytes_on_disk) < 20_000  # names of tensors, settings
    settings = json.loads((tmp_path / "pruned" / "compressed.json").read_text())
    assert (settings["heads_before"], settings["heads"], settings["kept_heads"]) == (4, 2, [[0, 2], [2, 3]])


def test_the_validation_texts_of_a_teacher_stay_known(bert: Teacher, tmp_path: Path) -> None:
    marked = copy.copy(bert)
    marked.validation_keys = frozenset({"ab12", "cd34"})
    save_pruned(remove_heads(marked, KEPT), tmp_path / "pruned")
    assert load_pruned(tmp_path / "pruned").validation_keys == {"ab12", "cd34"}


@pytest.fixture
def pruned_folder(bert: Teacher, tmp_path: Path) -> Path:
    save_pruned(remove_heads(bert, KEPT), tmp_path / "pruned")
    return tmp_path / "pruned"


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json", "compressed.json"])
def test_a_damaged_or_missing_file_is_named(pruned_folder: Path, name: str) -> None:
    content = (pruned_folder / name).read_bytes()
    (pruned_folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=rf"{name} is damaged.*again"):
        load_pruned(pruned_folder)
    (pruned_folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        load_pruned(pruned_folder)


def test_heads_that_do_not_fit_the_weights_are_an_error_that_says_what_to_do(pruned_folder: Path) -> None:
    settings = json.loads((pruned_folder / "compressed.json").read_text())
    for heads in ([[0], [1]], [[0, 1]], [[0, 9], [0, 1]], None):
        (pruned_folder / "compressed.json").write_text(json.dumps(settings | {"kept_heads": heads}))
        with pytest.raises(CheckpointError, match="does not fit together"):
            load_pruned(pruned_folder)


def test_a_folder_of_another_kind_is_refused(teacher_folder: Callable[[str], Path], pruned_folder: Path, tmp_path: Path) -> None:
    for folder in (teacher_folder("bert"), tmp_path / "nowhere"):
        with pytest.raises(CheckpointError, match=folder.name):
            load_pruned(folder)
    settings = json.loads((pruned_folder / "compressed.json").read_text())
    for change in ({"kind": "onnx"}, {"format": 99}):
        (pruned_folder / "compressed.json").write_text(json.dumps(settings | change))
        with pytest.raises(CheckpointError, match="Give another folder"):
            load_pruned(pruned_folder)


def test_a_save_that_fails_leaves_the_old_folder(pruned_folder: Path, bert: Teacher) -> None:
    before = {file.name: file.read_bytes() for file in pruned_folder.iterdir()}
    broken = remove_heads(bert, ~KEPT)
    broken.kept_heads = ()  # fails after the weights are written
    with pytest.raises(IndexError):
        save_pruned(broken, pruned_folder)
    assert {file.name: file.read_bytes() for file in pruned_folder.iterdir()} == before
    assert isinstance(load_pruned(pruned_folder), PrunedTeacher)
