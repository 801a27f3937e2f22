"""A batch that is dealt out to threads is read as it is alone."""

import threading

import numpy as np
import pytest
import torch

from dixtill_core.models import student as student_module
from dixtill_core.models.shared_rows import run_shared
from tests.small_models import SENTENCES, small_student


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("three_threads")
@pytest.mark.parametrize("batch", [3, 5, 8])
def test_rows_shared_by_threads_are_those_of_one_thread(batch):
    network = small_student().network
    source = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, 13, (batch,), generator=source)
    ids = torch.randint(2, network.embedding.num_embeddings, (batch, 12), generator=source)
    ids = ids.masked_fill(torch.arange(12)[None] >= lengths[:, None], 0)
    with torch.inference_mode():
        alone = network(ids, lengths)
        shared = run_shared(network, ids, lengths, 3)
    for expected, found in zip(alone, shared, strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
        assert found.is_inference()
    assert torch.get_num_threads() == 3  # The threads' own setting stays theirs.


@pytest.mark.usefixtures("three_threads")
def test_a_large_batch_is_shared_and_reads_as_its_texts_alone(monkeypatch):
    student = small_student()
    texts = [f"{sentence} {SENTENCES[0]}" for sentence in SENTENCES[:5]]
    alone = [student.run([text])[0] for text in texts]
    callers = set()
    real = student.network.forward

    def forward(*inputs):
        callers.add(threading.current_thread().name)
        return real(*inputs)

    monkeypatch.setattr(student.network, "forward", forward)
    monkeypatch.setattr(student_module, "SHARED_WORDS", 20)
    together = student.run(texts)
    assert len(callers) > 0
    assert threading.main_thread().name not in callers
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(other.logits, one.logits, atol=1e-5)
        np.testing.assert_allclose(other.scores, one.scores, atol=1e-5)


@pytest.mark.usefixtures("three_threads")
def test_a_batch_that_needs_gradients_is_not_shared(monkeypatch):
    student = small_student()
    monkeypatch.setattr(student_module, "SHARED_WORDS", 1)
    logits = student.forward(student.encode(SENTENCES[:4]).inputs)
    assert logits.requires_grad
