"""What the next epoch of a teacher's fine-tuning depends on, as one safetensors file that is replaced as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn
from torch.optim.lr_scheduler import OneCycleLR

from dixtill_core.errors import CheckpointError
from dixtill_core.files import write_atomic

RANDOM, CUDA_RANDOM = "random", "random.cuda"


def save_teaching(
    path: Path,
    key: str,
    trainable: Mapping[str, nn.Parameter],
    optimizer: torch.optim.Optimizer,
    schedule: OneCycleLR,
    epoch: int,
    best: float,
) -> None:
    """Write weights, optimiser, schedule and random numbers after an epoch; `key` says which training they belong to."""
    tensors = {f"weight.{name}": parameter.detach().cpu().contiguous() for name, parameter in trainable.items()}
    for i, values in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{i}.{name}": tensor.cpu().contiguous() for name, tensor in values.items()}
    tensors[RANDOM] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors[CUDA_RANDOM] = torch.cuda.get_rng_state()
    settings = {"schedule": schedule.state_dict(), "groups": optimizer.state_dict()["param_groups"], "epoch": epoch, "best": best}
    write_atomic(path, save(tensors, {"key": key, "settings": json.dumps(settings)}))


def teaching_state_key(path: Path) -> str | None:
    """Key of the training that left its state at `path`; None where there is none that can be read."""
    try:
        with safe_open(path, "pt") as state:
            return (state.metadata() or {}).get("key")
    except (OSError, SafetensorError):
        return None


def restore_teaching(
    path: Path, trainable: Mapping[str, nn.Parameter], optimizer: torch.optim.Optimizer, schedule: OneCycleLR
) -> tuple[int, float]:
    """Put everything back and return the last finished epoch and the best macro F1 so far.

    Raises:
        CheckpointError: the file lacks something.
    """
    try:
        with safe_open(path, "pt") as state:
            settings = json.loads(state.metadata()["settings"])
            tensors = {name: state.get_tensor(name) for name in state.keys()}  # noqa: SIM118 - no mapping
        with torch.no_grad():
            for name, parameter in trainable.items():
                parameter.copy_(tensors[f"weight.{name}"])
        found: dict[int, dict[str, Any]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, i, field = name.split(".")
                found.setdefault(int(i), {})[field] = tensor
        groups = [group | {"betas": tuple(group["betas"])} for group in settings["groups"]]
        optimizer.load_state_dict({"state": found, "param_groups": groups})
        schedule.load_state_dict(settings["schedule"])
        torch.set_rng_state(tensors[RANDOM])
        if CUDA_RANDOM in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors[CUDA_RANDOM])
        return int(settings["epoch"]), float(settings["best"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path} cannot be resumed: {error}. Delete it to start again.") from error
