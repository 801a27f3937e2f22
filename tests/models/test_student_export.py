"""The network exports as it is: a second runtime gives the same logits and scores, whatever the batch looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dixtill_core.config import Attention
from dixtill_core.models.student import StudentOutput, pad_word_ids
from tests.small_models import small_student

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytest.importorskip("onnxscript")

BATCHES = {
    "ragged": [[5, 6, 7, 8], [9], [10, 11]],
    "batch of one": [[12, 13, 14]],
    "one word": [[15]],
    "an empty text": [[], [16, 17]],
    "longer than the example": [list(range(11, 60)), list(range(20, 30))],
    "a larger batch": [[i] * (i % 5 + 1) for i in range(11, 40)],
}


@pytest.fixture(scope="module", params=["magnitude", "signed"])
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[torch.nn.Module, object]:
    attention: Attention = request.param
    network = small_student(attention=attention).network
    path: Path = tmp_path_factory.mktemp("onnx") / "student.onnx"
    # PyTorch 2.13 keeps what it dispatched for an LSTM before, and a second export in one process would silently
    # fix the number of words to the example's.
    torch.ops.aten.lstm.input._dispatch_cache.clear()
    batch, words = torch.export.Dim("batch"), torch.export.Dim("words")
    torch.onnx.export(
        network, pad_word_ids([[5, 6, 7], [8, 9]]), path, dynamo=True, verbose=False, input_names=["word_ids", "lengths"],
        output_names=list(StudentOutput._fields), dynamic_shapes=({0: batch, 1: words}, {0: batch}),
    )  # fmt: skip
    return network, onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("name", BATCHES)
def test_onnx_runtime_gives_the_same_logits_scores_and_weights(exported: tuple[torch.nn.Module, object], name: str) -> None:
    network, session = exported
    ids, lengths = pad_word_ids(BATCHES[name])
    with torch.no_grad():
        expected = network(ids, lengths)
    found = session.run(None, {"word_ids": ids.numpy(), "lengths": lengths.numpy()})  # type: ignore[attr-defined]
    for field, tensor, array in zip(StudentOutput._fields, expected, found, strict=True):
        np.testing.assert_allclose(array, tensor.numpy(), atol=1e-5, err_msg=field)
