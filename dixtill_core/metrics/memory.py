"""Peak memory of a computation in PyTorch, counted tensor by tensor instead of read off the process.

What an operating system says of a process holds the interpreter, the libraries and whatever the allocator keeps for
later, and is another number in every run. Here every operation is watched, and the storages of its results are
counted for as long as they live.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def peak_memory_bytes(run: Callable[[], object]) -> int:
    """Most bytes that the tensors made by `run` hold at one time.

    Counted: activations and every intermediate result that an operation hands back. Not counted: what was there
    before (weights, inputs), scratch memory inside one operation, and arrays outside PyTorch.
    """
    with _StorageWatch() as watch:
        run()
    return watch.peak


class _StorageWatch(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.peak = 0
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}
        self._from_outside: set[int] = set()

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for storage in _storages((args, kwargs)):
            if storage._cdata not in self._alive:  # Read before it was made in here: a weight or an input, or a view of one.
                self._from_outside.add(storage._cdata)
        results = operation(*args, **(kwargs or {}))
        self._alive = {key: held for key, held in self._alive.items() if not held[0].expired()}
        for storage in _storages(results):
            if storage._cdata not in self._from_outside:
                self._alive[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))
        return results


def _storages(values: Any) -> list[torch.UntypedStorage]:
    tensors = [value for value in tree_leaves(values) if isinstance(value, torch.Tensor) and value.layout == torch.strided]
    return [tensor.untyped_storage() for tensor in tensors]
