"""A large batch of the student on several cores: its rows are dealt out to threads, each with the whole network.

The steps of an LSTM follow one another and each is too small to be shared: PyTorch's own threads make it slower. The
rows of a batch do not know each other. Below `SHARED_WORDS` handing out costs more than it saves.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier

import torch
from torch import Tensor

SHARED_WORDS = 2048
"""Words of a batch, padding counted, from which two cores gain: 32 x 150 takes about half the time, 8 x 150 more."""

Outputs = tuple[Tensor, ...]


def run_shared(network: Callable[[Tensor, Tensor], Outputs], word_ids: Tensor, lengths: Tensor, threads: int) -> list[Tensor]:
    """Outputs of `network` on a batch, rows in their order, without gradients.

    Args:
        word_ids: (batch, words); the network may only look along the words.
        lengths: (batch,).
        threads: how many parts the batch is cut into.
    """
    is_inference = torch.is_inference_mode_enabled()

    def run(part: tuple[Tensor, Tensor]) -> Outputs:
        with torch.inference_mode(is_inference), torch.no_grad():  # Both are switches of a thread.
            return network(*part)

    parts = zip(word_ids.tensor_split(threads), lengths.tensor_split(threads), strict=True)
    pool, before = _pool(threads), torch.get_num_threads()
    torch.set_num_threads(1)  # MKL has one setting for all threads: two in each part would be four on two cores.
    try:
        found = list(pool.map(run, parts))
    finally:
        torch.set_num_threads(before)
    return [torch.cat(outputs) for outputs in zip(*found, strict=True)]


@lru_cache(maxsize=4)
def _pool(threads: int) -> ThreadPoolExecutor:
    """Threads that each compute on one core."""
    before = torch.get_num_threads()
    everyone_is_there = Barrier(threads)

    def start() -> None:
        torch.set_num_threads(1)
        everyone_is_there.wait()

    pool = ThreadPoolExecutor(threads, thread_name_prefix="student rows", initializer=start)
    list(pool.map(lambda _: None, range(threads)))
    torch.set_num_threads(before)  # The setting is a thread's own, but threads of later begin with the latest.
    return pool
