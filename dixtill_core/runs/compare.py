"""Two runs side by side: what was asked of each, how each learned, what came of it, and the same sentence under both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dixtill_core.data.words import split_words
from dixtill_core.errors import CheckpointError, DataError
from dixtill_core.explain.attributions import WordAttributions
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair_folder import STUDENT
from dixtill_core.runs.folder import Run
from dixtill_core.runs.records import EpochRecord, RunCard


@dataclass(frozen=True)
class Difference:
    """One setting in which two runs differ, by its path in the specification: `distill.alpha`."""

    setting: str
    first: Any
    second: Any


@dataclass(frozen=True)
class RunComparison:
    first: RunCard
    second: RunCard
    differences: tuple[Difference, ...]
    epochs: tuple[tuple[EpochRecord, ...], tuple[EpochRecord, ...]]
    """Of the students, for the curves."""
    metrics: Mapping[str, tuple[float, float]]
    """Of the kept epochs on validation data; NaN where a run has none."""
    notes: tuple[str, ...] = ()
    """What to know before comparing the numbers: other data, other validation texts, runs that did not end."""


def compare_runs(first: Run, second: Run) -> RunComparison:
    """Everything but the models, which nothing here loads."""
    cards = first.card(), second.card()
    names = dict.fromkeys([*cards[0].metrics, *cards[1].metrics])
    metrics = {name: (cards[0].metrics.get(name, float("nan")), cards[1].metrics.get(name, float("nan"))) for name in names}
    return RunComparison(*cards, spec_differences(*cards), (first.epochs(), second.epochs()), metrics, tuple(_notes(first, second, cards)))


def spec_differences(first: RunCard, second: RunCard) -> tuple[Difference, ...]:
    """Settings in which two runs differ, in the order of the specification."""
    flat = [_flatten(card.spec.to_dict()) if card.spec is not None else {} for card in (first, second)]
    names = dict.fromkeys([*flat[0], *flat[1]])
    pairs = ((name, flat[0].get(name), flat[1].get(name)) for name in names)
    return tuple(Difference(name, one, other) for name, one, other in pairs if one != other)


def explain_with_both(first: Run, second: Run, text: str) -> tuple[WordAttributions, WordAttributions]:
    """The same sentence under both students, on the same words.

    Raises:
        DataError: the text has no words.
        CheckpointError: a run has no student yet, or a damaged one.
    """
    from dixtill_core.explain.attention import attention

    if not split_words(text):
        raise DataError("The text has no words. Type a sentence.")
    found = []
    for run in (first, second):
        if not (run.folder / STUDENT).is_dir():
            raise CheckpointError(f"{run.card().name} has no student yet. Wait for its first epoch.")
        found.append(attention(load_student(run.folder / STUDENT), [text])[0])
    return found[0], found[1]


def _notes(first: Run, second: Run, cards: tuple[RunCard, RunCard]) -> list[str]:
    notes = []
    prints = [
        run.read().get("fingerprints") or {} if card.spec is not None else {} for run, card in zip((first, second), cards, strict=True)
    ]
    for what, meaning in (("data", "their numbers are about different texts"), ("teacher", "agreement is with different teachers")):
        if what in prints[0] and what in prints[1] and prints[0][what] != prints[1][what]:  # Unknown until a run has begun.
            notes.append(f"The runs have different {what}: {meaning}.")
    return notes + [_of_unfinished(card) for card in cards if card.status != "finished"]


def _of_unfinished(card: RunCard) -> str:
    if card.status == "damaged":
        return f"{card.name} is damaged, so none of its numbers can be read."
    if card.has_student:
        return f"{card.name} is {card.status}, so its numbers are not final."
    if card.is_running:
        return f"{card.name} is running and has neither numbers nor a student before the end of its first epoch."
    how = {"queued": "has not begun", "failed": "failed before the end of its first epoch"}
    said = how.get(card.status, f"was {card.status} before the end of its first epoch")
    return (
        f"{card.name} {said}, so it has neither numbers nor a student. {'Start' if card.status == 'queued' else 'Resume'} it to get them."
    )


def _flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping) and name != "label_map":
            flat |= _flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
