"""`dixtill distill`: a student from a teacher, as a run in a folder."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dixtill_core.commands.options import (
    CacheOption,
    DataOption,
    LabelColumnOption,
    LabelMapOption,
    OverwriteOption,
    PrecisionName,
    PrecisionOption,
    SeedOption,
    TeacherOption,
    TextColumnOption,
    given,
    read_label_map,
)
from dixtill_core.commands.output import follow_run, say


class MethodName(StrEnum):
    DIXTILL = "dixtill"
    DIXTILL_PAPER = "dixtill_paper"
    KL = "kl"
    MSE = "mse"
    CE = "ce"


class AttentionName(StrEnum):
    MAGNITUDE = "magnitude"
    SIGNED = "signed"


class OptimizerName(StrEnum):
    ADAMW = "adamw"
    SGD = "sgd"


def distill(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", help="Folder for the pair of models.")],
    teacher: TeacherOption = "bundled",
    method: Annotated[MethodName, typer.Option("--method", help="Loss; see dixtill_core/distill/losses.py.")] = MethodName.DIXTILL,
    attention: Annotated[
        AttentionName | None, typer.Option("--attention", help="magnitude; signed, the paper's, with dixtill_paper.")
    ] = None,
    epochs: Annotated[int | None, typer.Option("--epochs")] = None,
    alpha: Annotated[float | None, typer.Option("--alpha", help="Weight of the teacher against the gold label.")] = None,
    temperature: Annotated[float | None, typer.Option("--temperature")] = None,
    alignment_weight: Annotated[float | None, typer.Option("--alignment-weight", help="Weight of L_XAI, method dixtill only.")] = None,
    optimizer: Annotated[
        OptimizerName | None, typer.Option("--optimizer", help="adamw, the default; sgd, the paper's, with --learning-rate 0.01.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option("--learning-rate", help="0.003 where left out.")] = None,
    augmented_texts: Annotated[
        int | None, typer.Option("--augmented-texts", help="Texts made for the teacher to label; 0 for none.")
    ] = None,
    hidden_size: Annotated[int | None, typer.Option("--hidden-size", help="LSTM units in each direction.")] = None,
    dropout: Annotated[float | None, typer.Option("--dropout")] = None,
    watch: Annotated[str | None, typer.Option("--watch", help="A sentence whose heatmap is kept after every epoch; '' for none.")] = None,
    precision: PrecisionOption = PrecisionName.FLOAT32,
    seed: SeedOption = 0,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Distil a teacher into a student. Ctrl-C keeps the best epoch; the same command goes on after a kill."""
    from dixtill_core.config import DistillConfig, StudentConfig
    from dixtill_core.data.label_map import complete_label_map, match_labels
    from dixtill_core.models.teacher import load_teacher
    from dixtill_core.models.teacher_precision import describe_device
    from dixtill_core.runs.claim import claim_run, place
    from dixtill_core.runs.spec import RunSpec
    from dixtill_core.runs.training import Materials, read_data, train_run

    mapping = read_label_map(label_map)

    if attention is None:
        attention = AttentionName.SIGNED if method is MethodName.DIXTILL_PAPER else AttentionName.MAGNITUDE
    student_config = StudentConfig.from_dict(given(attention=attention.value, hidden_size=hidden_size, dropout=dropout))
    config = DistillConfig.from_dict(
        given(
            method=method.value, epochs=epochs, alpha=alpha, temperature=temperature, alignment_weight=alignment_weight,
            augmented_texts=augmented_texts, seed=seed, optimizer=optimizer and optimizer.value, learning_rate=learning_rate,
        )
    )  # fmt: skip
    spec = RunSpec(
        place(data), text_column, label_column, teacher=place(teacher), precision=precision.value, student=student_config, distill=config,
        **given(watched=watch),
    )  # fmt: skip
    dataset = read_data(spec, data)
    loaded = load_teacher(teacher, precision=precision.value)
    say(f"{loaded.name} on {describe_device(loaded)}.")
    if mapping is not None:
        spec = replace(spec, label_map=complete_label_map(dataset, mapping, loaded.label_names))
    materials = Materials(match_labels(dataset, loaded.label_names, spec.label_map), loaded)
    run = claim_run(out, spec, out.resolve().name, overwrite=overwrite)
    follow_run(run, train_run(run, cache=cache, materials=materials))
    say(f"The pair is in {out}. Look at it with: dixtill explain TEXT --models {out}")
