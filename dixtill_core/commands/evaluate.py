"""`dixtill evaluate`: quality of both models on labelled texts, fidelity and agreement."""

from __future__ import annotations

from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from dixtill_core.commands.options import (
    CacheOption,
    DataOption,
    JsonOption,
    LabelColumnOption,
    LabelMapOption,
    ModelsOption,
    TextColumnOption,
    chosen_pair,
    matched_labels,
    read_label_map,
)
from dixtill_core.commands.output import follow, print_json
from dixtill_core.terminal import print_table

if TYPE_CHECKING:
    from dixtill_core.evaluate import Evaluation


def evaluate(
    data: DataOption,
    models: ModelsOption = None,
    text_column: TextColumnOption = None,
    label_column: LabelColumnOption = None,
    label_map: LabelMapOption = None,
    cache: CacheOption = None,
    as_json: JsonOption = False,
) -> None:
    """Quality of both models on labelled texts, and how far their explanations agree."""
    from dixtill_core.data.datasets import load_dataset
    from dixtill_core.evaluate import Evaluation
    from dixtill_core.evaluate import evaluate as run

    mapping = read_label_map(label_map)
    dataset = load_dataset(data, text_column=text_column, label_column=label_column, split="test")
    dataset.require_labels()
    pair = chosen_pair(models)
    found = follow(run(pair, matched_labels(dataset, pair, mapping), cache=cache), Evaluation)
    if as_json:
        print_json(asdict(found) | {"accuracy_interval": accuracy_intervals(found)})
    else:
        print_evaluation(found)


def accuracy_intervals(evaluation: Evaluation) -> dict[str, tuple[float, float]]:
    """Of each model at 95 %: what so few texts leave open."""
    from dixtill_core.metrics.significance import wilson_interval

    models = {"teacher": evaluation.teacher, "student": evaluation.student}
    return {role: wilson_interval(round(scores["accuracy"] * scores["n"]), int(scores["n"])) for role, scores in models.items()}


def print_evaluation(evaluation: Evaluation, console: Console | None = None) -> None:
    """Quality of both models as a table with what so few texts leave open, then fidelity and agreement."""
    console = console or Console()
    table = Table("model", *(name.replace("_", " ") for name in evaluation.teacher))
    for role, scores in (("teacher", evaluation.teacher), ("student", evaluation.student)):
        table.add_row(role, *(f"{value:,}" if name == "n" else f"{value:.3f}" for name, value in scores.items()))
    print_table(table, console)
    shown = ", ".join(f"{role} {low:.3f} to {high:.3f}" for role, (low, high) in accuracy_intervals(evaluation).items())
    n = int(evaluation.teacher["n"])
    console.print(f"95 % interval of the accuracy on {n:,} {'text' if n == 1 else 'texts'}: {shown}", highlight=False)
    if isnan(evaluation.teacher["macro_auc"]):
        console.print("macro auc: not defined, since not every label has texts with it and without it", highlight=False)
    console.print(f"fidelity {evaluation.fidelity:.3f} (share of equal predictions)", highlight=False)
    agreement = Table("agreement @", *(str(k) for k in range(1, 6)))
    for kind in ("feature", "sign"):
        agreement.add_row(kind, *(f"{evaluation.agreement[f'{kind}_agreement@{k}']:.3f}" for k in range(1, 6)))
    print_table(agreement, console)
