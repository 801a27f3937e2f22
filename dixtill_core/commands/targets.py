"""`dixtill targets`: the teacher's logits and attributions of many texts, on disk."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from dixtill_core.commands.options import CacheOption, DataOption, PrecisionName, PrecisionOption, TeacherOption, TextColumnOption
from dixtill_core.commands.output import follow, say


class EngineName(StrEnum):
    LOCAL = "local"
    RAY = "ray"


def targets(
    data: DataOption,
    teacher: TeacherOption = "bundled",
    logits_only: Annotated[bool, typer.Option("--logits-only", help="No attributions: a small part of the time.")] = False,
    engine: Annotated[EngineName, typer.Option("--engine", help="local: this machine. ray: Ray Data, on several.")] = EngineName.LOCAL,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="As many as there are cores, or GPUs, where left out.")] = None,
    precision: PrecisionOption = PrecisionName.FLOAT32,
    text_column: TextColumnOption = None,
    cache: CacheOption = None,
) -> None:
    """Compute the teacher's logits and attributions of all texts and keep them on disk; a killed run goes on.

    The texts are streamed, so there may be more of them than fit into memory.
    """
    from dixtill_core.data.stream import stream_texts
    from dixtill_core.distill.target_engines import choose_engine
    from dixtill_core.distill.targets import TARGET_CONFIG, TargetStore
    from dixtill_core.models.teacher import load_teacher
    from dixtill_core.models.teacher_precision import describe_device

    texts = stream_texts(data, text_column)
    loaded = load_teacher(teacher, precision=precision.value)
    say(f"{loaded.name} on {describe_device(loaded)}.")
    store = TargetStore(loaded, None if logits_only else TARGET_CONFIG, cache)
    follow(store.compute(texts, choose_engine(engine.value, loaded, teacher, workers)))
    say(f"The targets of all texts in {data} are in {store.folder}.")
