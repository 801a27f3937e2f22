"""`dixtill faithfulness`: whether the models decide by the words that their explanations name."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from dixtill_core.commands.options import DataOption, JsonOption, ModelsOption, TextColumnOption, chosen_pair
from dixtill_core.commands.output import follow, print_json
from dixtill_core.terminal import print_table

if TYPE_CHECKING:
    from dixtill_core.metrics.faithfulness_corpus import PairFaithfulness

_DONE_TO_WORDS = {"delete": "deleted", "mask": "masked"}


class PerturbationName(StrEnum):
    DELETE = "delete"
    MASK = "mask"


class RankingName(StrEnum):
    SIGNED = "signed"
    ABSOLUTE = "absolute"


def faithfulness(
    data: DataOption,
    models: ModelsOption = None,
    texts: Annotated[int, typer.Option("--texts", min=0, help="Texts drawn from the data, the same for a seed; 0 for all.")] = 200,
    perturbation: Annotated[
        PerturbationName, typer.Option("--perturbation", help="Whether words are deleted or masked.")
    ] = PerturbationName.DELETE,
    ranking: Annotated[
        RankingName, typer.Option("--ranking", help="signed: words against the class come last; absolute: by magnitude.")
    ] = RankingName.SIGNED,
    seed: Annotated[int, typer.Option("--seed", help="The same seed draws the same texts and random rankings.")] = 0,
    text_column: TextColumnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do the models decide by the words that their explanations name? Between a random ranking and a greedy search."""
    from dixtill_core.config import FaithfulnessConfig
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.metrics.faithfulness_corpus import PairFaithfulness, pair_faithfulness, sample_texts

    config = FaithfulnessConfig(perturbation=perturbation.value, ranking=ranking.value, seed=seed)
    chosen = sample_texts(load_dataset(data, text_column=text_column, split="test").texts, texts, seed)
    found = follow(pair_faithfulness(chosen_pair(models), chosen, config), PairFaithfulness)
    if as_json:
        print_json(found.to_dict())
    else:
        print_faithfulness(found)


def print_faithfulness(found: PairFaithfulness, console: Console | None = None) -> None:
    """A table for each model: metrics with the direction that is better, explainers between the references."""
    from dixtill_core.metrics.faithfulness import metric_directions

    console = console or Console()
    for role, corpus in (("teacher", found.teacher), ("student", found.student)):
        table = Table(role, *(name.replace("_", " ") for name in corpus.means))
        for metric, direction in metric_directions(found.config).items():
            values = [of_name[metric] for of_name in corpus.means.values()]
            shown = ("-" if math.isnan(value) else f"{value:.3f}" for value in values)
            table.add_row(f"{metric.replace('_', ' ')} {'↑' if direction > 0 else '↓'}", *shown)
        table.add_row("texts", *(f"{n:,}" for n in corpus.measured.values()))
        print_table(table, console)
    console.print(
        f"↑ higher, ↓ lower is better; words are taken by {found.config.ranking} score and {_DONE_TO_WORDS[found.config.perturbation]}; "
        "@ is the share of words in percent. random is the floor, greedy a search on the model itself.",
        style="dim",
        highlight=False,
    )
