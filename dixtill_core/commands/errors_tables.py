"""The tables of `dixtill errors`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dixtill_core.analysis.corpus import ROLES
from dixtill_core.analysis.global_reasons import GlobalReasons
from dixtill_core.analysis.outcomes import OUTCOMES
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.terminal import print_table, visible

MOST_LABELS = 8
"""A confusion matrix of more is left to the file."""
WORDS = 6


def print_overview(numbers: Mapping[str, Any], reasons: GlobalReasons, console: Console | None = None) -> None:
    """Quality, groups of outcomes, confusion matrices, tags, and reasons, a table each.

    Args:
        numbers: of `overview.overview`.
    """
    console = console or Console()
    _print_quality(numbers, console)
    groups = Table("outcome", "texts", "share", "agreement @3", "teacher's p", "student's p", "words")
    for row in numbers["outcomes"]:
        means = (_number(row[name]) for name in ("agreement", "teacher_confidence", "student_confidence"))
        groups.add_row(OUTCOMES[row["outcome"]].title, f"{row['texts']:,}", f"{row['share']:.1%}", *means, _number(row["length"], 1))
    print_table(groups, console)
    labels = numbers["labels"]
    if len(labels) <= MOST_LABELS:
        for role in ROLES:
            matrix = Table(f"gold \\ {role}", *(visible(name) for name in labels))
            for name, counts in zip(labels, numbers["confusion"][role], strict=True):
                matrix.add_row(visible(name), *(f"{count:,}" for count in counts))
            print_table(matrix, console)
    _print_foreign(numbers["foreign_reasons"], console)
    tags = Table("smart tag", "texts", "teacher right", "student right", "without it", "agreement @3")
    for row in numbers["tags"]:
        texts = "-" if row["texts"] is None else f"{int(row['texts']):,}"
        shares = (_number(row[name]) for name in ("teacher_right", "student_right", "student_right_without", "agreement"))
        tags.add_row(SMART_TAGS[row["tag"]].title, texts, *shares)
    print_table(tags, console)
    _print_reasons(reasons, labels, console)


def _print_quality(numbers: Mapping[str, Any], console: Console) -> None:
    table = Table("model", "accuracy", "macro F1", "MCC", "calibration error", "comprehensiveness ↑", "sufficiency ↓")
    for role in ROLES:
        scores, faithfulness = numbers["quality"][role], numbers["faithfulness"][role]
        shown = (scores["accuracy"], scores["macro_f1"], scores["mcc"], numbers["calibration_error"][role], *faithfulness.values())
        table.add_row(role, *map(_number, shown))
    print_table(table, console)
    console.print(
        f"{numbers['texts']:,} texts; the same label on {numbers['fidelity']:.1%}; mean agreement @3 {_number(numbers['agreement_at_3'])}, "
        f"with sign {_number(numbers['sign_agreement_at_3'])}",
        highlight=False,
    )


def _print_foreign(found: Mapping[str, Any], console: Console) -> None:
    if found["probability"] is None:
        return
    console.print(
        f"Agreement @3 is {found['right']:.3f} where the student is right and {found['wrong']:.3f} where it is wrong; "
        f"a right answer has the more agreement with a probability of {found['probability']:.2f} "
        f"(0.5 is chance, p = {found['p_value']:.2g}).",
        highlight=False,
    )


def _print_reasons(reasons: GlobalReasons, labels: Sequence[str], console: Console) -> None:
    table = Table("label", "model", "speaks for it", "speaks against it")
    for label in labels:
        for role in ROLES:
            sides = (reasons.strongest(role, label, WORDS, against=against) for against in (False, True))
            table.add_row(Text(visible(label)), role, *(Text(_listed(side["word"])) for side in sides))
    print_table(table, console)
    apart = Table("the models part on", "label", "texts", "teacher", "student")
    for _, row in reasons.most_apart(n=10).iterrows():
        shares = (f"{row[role]:+.3f}" for role in ROLES)
        apart.add_row(Text(visible(row["word"])), Text(visible(row["label"])), str(row["texts"]), *shares)
    print_table(apart, console)
    console.print("Shares of a text's reasons, in the mean over the texts with the word that the model predicts so.", style="dim")


def _listed(words: Any) -> str:
    return ", ".join(visible(word) for word in words) or "-"


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
