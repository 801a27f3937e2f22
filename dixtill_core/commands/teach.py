"""`dixtill teach`: a teacher of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dixtill_core.commands.options import (
    DataOption,
    LabelColumnOption,
    LabelsOption,
    OverwriteOption,
    SeedOption,
    TextColumnOption,
    split_names,
)
from dixtill_core.commands.output import follow, say
from dixtill_core.errors import DixtillError


def teach(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the adapter.")],
    labels: LabelsOption = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    name: Annotated[str, typer.Option("--name", help="How the teacher is called on screen.")] = "MiniLM with LoRA",
    epochs: Annotated[int, typer.Option("--epochs")] = 5,
    learning_rate: Annotated[float, typer.Option("--learning-rate")] = 6e-4,
    seed: SeedOption = 0,
    overwrite: OverwriteOption = False,
) -> None:
    """Fine-tune a teacher: a LoRA adapter on all-MiniLM-L6-v2, the best epoch by validation macro F1."""
    from dixtill_core.config import TeachConfig
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.distill.teach import teach as run

    if out.exists() and not overwrite:
        raise DixtillError(f"{out} already exists. Choose another folder, or say --overwrite to replace it.")
    dataset = load_dataset(data, text_column=text_column, label_column=label_column, label_names=split_names(labels))
    follow(run(dataset, TeachConfig(epochs=epochs, learning_rate=learning_rate, seed=seed), out, name=name))
    say(f"The teacher is in {out}.")
