"""Labels of the data that are called otherwise than the teacher's: a guess which is which, and the user's word on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import regex

from dixtill_core.data.datasets import Dataset
from dixtill_core.errors import DataError

LabelMap = Mapping[str, str | None]
"""Label of the data -> label of the teacher; None leaves its texts out."""

SAME_MEANING: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "positive pos bullish bull good up buy optimistic favorable favourable",
        "negative neg bearish bear bad down sell pessimistic unfavorable unfavourable",
        "neutral neu hold flat unchanged",
        "verypositive strongpositive strongbuy",
        "verynegative strongnegative strongsell",
        "yes true y",
        "no false n",
        "spam junk",
        "ham notspam nospam legitimate",
        "toxic abusive",
        "nontoxic nottoxic clean",
        "hate hateful hatespeech",
        "nothate nonhate nohate",
        "joy happiness happy",
        "sadness sad",
        "anger angry",
        "fear afraid fearful",
        "surprise surprised",
        "disgust disgusted",
        "love loving",
        "sports sport",
        "science scitech sciencetechnology tech technology",
        "politics political",
        "world international",
        "business economy economics",
    )
)
"""Names that stand for each other, in lower case without anything between the words."""


def suggest_label_map(data_names: Sequence[str], teacher_names: Sequence[str]) -> dict[str, str | None]:
    """For each label of the data the teacher's that it most likely means; None where there is none, to be looked at.

    In this order: the same name; the same but for case, spaces and punctuation; names that mean the same (positive and
    bullish); one in the plural; numbers: -1, 0, 1 as negative, neutral, positive, numbers in the teacher's own names (5 and "5 stars"), and
    else, where all labels without a counterpart by name are numbers or LABEL_0, LABEL_1 .., positions.
    """
    suggested = {name: _by_name(name, teacher_names) for name in data_names}
    left = [name for name, to in suggested.items() if to is None]
    return suggested | _by_number(left, teacher_names)


def match_labels(dataset: Dataset, teacher_names: Sequence[str], label_map: LabelMap | None = None, *, is_shared: bool = False) -> Dataset:
    """The data with the teacher's labels: by `label_map` where there is one, else by their names or numbers.

    Args:
        is_shared: the map is for training and test data alike, so it may name labels that these data do not have.

    Raises:
        DataError: a label has no counterpart; without a map, it says how to give one.
    """
    if label_map is not None:
        return apply_label_map(dataset, _relevant(label_map, dataset) if is_shared else label_map, teacher_names)
    try:
        return dataset.with_label_names(teacher_names)
    except DataError as error:
        if error.setting is not None:
            raise
        raise DataError(f"{error.problem}{_guess(dataset.label_names, teacher_names)}", "label_map") from error


def apply_label_map(dataset: Dataset, label_map: LabelMap, teacher_names: Sequence[str]) -> Dataset:
    """The texts whose labels the teacher knows, numbered as in `teacher_names`; map and errors as in `complete_label_map`.

    Raises:
        DataError: also if no text is left.
    """
    complete = complete_label_map(dataset, label_map, teacher_names)
    position = {name: i for i, name in enumerate(teacher_names)}
    table = np.array([-1 if (to := complete[name]) is None else position[to] for name in dataset.label_names], dtype=np.int64)
    labels = table[dataset.require_labels()]
    kept = np.flatnonzero(labels >= 0)
    if not len(kept):
        raise DataError(f"The label map leaves every label of {dataset.source} out, so no text is left.", "label_map")
    return replace(dataset.subset(kept), labels=labels[kept], label_names=tuple(teacher_names))


def complete_label_map(dataset: Dataset, label_map: LabelMap, teacher_names: Sequence[str]) -> dict[str, str | None]:
    """The map for every label of the data, with all names as they are spelt there and by the teacher.

    Names match whatever their case. A label that the map does not mention keeps its name, where the teacher has it.

    Raises:
        DataError: a label of the texts is not mapped, or the map names one that the data or the teacher does not have.
    """
    teacher = {name.lower(): name for name in teacher_names}
    data = {name.lower() for name in dataset.label_names}
    if unknown := [name for name in label_map if name.lower() not in data]:
        raise DataError(
            f"{dataset.source} has no label {_listed(unknown)}, which the label map names. It has {_listed(dataset.label_names)}."
        )
    if unknown := [to for to in label_map.values() if to is not None and to.lower() not in teacher]:
        raise DataError(f"The teacher has no label {_listed(unknown)}, which the label map names. It has {_listed(teacher_names)}.")
    given = {name.lower(): None if to is None else teacher[to.lower()] for name, to in label_map.items()}
    known = teacher | given
    is_used = np.bincount(dataset.require_labels(), minlength=len(dataset.label_names)) > 0
    lacking = [name for name, used in zip(dataset.label_names, is_used, strict=True) if used and name.lower() not in known]
    if lacking:
        raise DataError(
            f"{dataset.source} has the label {_listed(lacking)}, which is not mapped to a label of the teacher "
            f"({_listed(teacher_names)}).{_guess(lacking, teacher_names)}",
            "label_map",
        )
    return {name: known.get(name.lower()) for name in dataset.label_names}


def parse_label_map(text: str) -> dict[str, str | None]:
    """A label map as typed: `pos=bullish,neg=bearish,other=`; a label with a comma, = or " in it stands in double quotes.

    Raises:
        DataError: it is none.
    """
    form = "It has to be like 'pos=bullish,neg=bearish,other='; nothing after = leaves a label out."
    found: dict[str, str | None] = {}
    start = 0
    while start < len(text):
        part = _PAIR.match(text, start)
        name = _unquoted(part, "name") if part else ""
        if part is None or not name:
            raise DataError(f"The label map {text!r} cannot be read from {text[start : start + 30]!r} on. {form}")
        if name in found:
            raise DataError(f"The label map {text!r} maps {name!r} twice. {form}")
        found[name] = _unquoted(part, "to") or None
        start = part.end()
    if not found:
        raise DataError(f"The label map is empty. {form}")
    return found


def write_label_map(label_map: LabelMap) -> str:
    """The map as `parse_label_map` reads it."""
    return ",".join(f"{_quoted(name)}={_quoted(to or '')}" for name, to in label_map.items())


_NAME = r'\s*(?:"(?P<{0}_quoted>(?:[^"]|"")*)"|(?P<{0}>[^,="]*?))\s*'
_PAIR = regex.compile(f"{_NAME.format('name')}={_NAME.format('to')}(?:,|$)")


def _relevant(label_map: LabelMap, dataset: Dataset) -> dict[str, str | None]:
    names = {name.lower() for name in dataset.label_names}
    return {name: to for name, to in label_map.items() if name.lower() in names}


def _unquoted(part: regex.Match[str], group: str) -> str:
    quoted = part[f"{group}_quoted"]
    return part[group].strip() if quoted is None else quoted.replace('""', '"').strip()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if regex.search(r'[,="]', name) else name


def _by_name(name: str, teacher_names: Sequence[str]) -> str | None:
    if name in teacher_names:
        return name
    for simplify in (_plain, _meaning, _singular):
        if found := [to for to in teacher_names if simplify(to) and simplify(to) == simplify(name)]:
            return found[0] if len(found) == 1 else None
    return None


def _by_number(data_names: Sequence[str], teacher_names: Sequence[str]) -> dict[str, str | None]:
    numbers = [_number(name) for name in data_names]
    none: dict[str, str | None] = dict.fromkeys(data_names)
    if any(number is None for number in numbers):
        return none
    named = {meaning: to for to in teacher_names if (meaning := _meaning(to)) in _SENTIMENT_KEYS}
    if set(numbers) <= {-1, 0, 1} and -1 in numbers:
        keys = dict(zip((-1, 0, 1), _SENTIMENT_KEYS, strict=True))
        return {name: named.get(keys[number]) for name, number in zip(data_names, numbers, strict=True) if number is not None}
    own = {number: to for to in teacher_names if (number := _first_number(to)) is not None and not _is_numbered(to)}
    if len(own) == len(teacher_names) and set(numbers) <= own.keys():
        return {name: own[number] for name, number in zip(data_names, numbers, strict=True) if number is not None}
    if all(number is not None and 0 <= number < len(teacher_names) for number in numbers):
        return {name: teacher_names[number] for name, number in zip(data_names, numbers, strict=True) if number is not None}
    return none


def _number(name: str) -> int | None:
    """Of a label that is nothing but a number, or LABEL_ and a number."""
    found = regex.fullmatch(r"(?:label[_ ]?)?([+-]?[0-9]{1,6})(?:\.0+)?", name.strip(), regex.IGNORECASE)
    return int(found[1]) if found else None


def _is_numbered(name: str) -> bool:
    return _number(name) is not None


def _first_number(name: str) -> int | None:
    found = regex.search(r"[0-9]+", name)
    return int(found[0]) if found else None


def _plain(name: str) -> str:
    """Lower case letters and digits, of any script."""
    return regex.sub(r"[^\p{L}\p{M}\p{N}]+", "", name.lower())


def _singular(name: str) -> str:
    return _plain(name).removesuffix("s")


def _meaning(name: str) -> str:
    """One name for all that mean the same; itself where nothing else does."""
    plain = _plain(name)
    return next((min(names) for names in SAME_MEANING if plain in names), plain)


_SENTIMENT_KEYS = tuple(_meaning(name) for name in ("negative", "neutral", "positive"))


def _guess(data_names: Sequence[str], teacher_names: Sequence[str]) -> str:
    """A sentence with the suggested map, where there is anything to suggest."""
    suggested = [(name, to) for name, to in suggest_label_map(data_names, teacher_names).items() if to is not None]
    if not suggested:
        return ""
    return f" Most likely {', '.join(f'{name} means {to}' for name, to in suggested[:10])}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
