"""A corpus small enough to distil in a second."""

import pytest

from dixtill_core.config import DistillConfig, ExplainConfig, StudentConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.glove import load_glove

EXPLAIN = ExplainConfig(n_steps=4, max_steps=4)
STUDENT = StudentConfig(hidden_size=4, max_vocabulary=400)
CONFIG = DistillConfig(epochs=3, batch_size=16, augmented_texts=40, average_decay=0.9)


@pytest.fixture(scope="session")
def corpus():
    """Ninety sentences of the sample, thirty of each label."""
    dataset = load_dataset("sample")
    chosen = [i for label in range(3) for i in (dataset.labels == label).nonzero()[0][:30]]
    return dataset.subset(sorted(chosen))


@pytest.fixture(scope="session", autouse=True)
def _glove_is_read_once():
    load_glove()
