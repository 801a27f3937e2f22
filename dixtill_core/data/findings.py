"""What a profile of data means for training: problems in words, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from dixtill_core.data.datasets import folds, why_not_split
from dixtill_core.data.sources import TABLE_SUFFIXES
from dixtill_core.errors import COMMAND_LINE, Setting

if TYPE_CHECKING:
    from dixtill_core.data.profile import Leaks, TextsProfile

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")

FEW_TO_VALIDATE = 5
"""Validation texts of a class, below which its figures jump from run to run."""
IMBALANCE, STRONG_IMBALANCE = 3, 10
MANY_REPEATS, SOME_REPEATS = 0.10, 0.01
SHIFT = 0.15
"""Share of the texts that would have to change their class for test and training data to be alike."""
FOREIGN_LETTERS = 0.3
LITTLE_ENGLISH = 0.3
"""Share of the words among the most frequent of English: 0.5 and more in English texts, 0.15 at most in six other languages."""
MANY_UNKNOWN = 0.10
MANY_LONG = 0.05
FEW_TEXTS = 20
"""Too few to tell a language by."""
STANDS_FOR_MISSING = frozenset({"nan", "null", "none", "nil", "n/a", "#n/a", "na", "missing", "<na>", "nat"})
"""What programs write into a cell that is empty, in lower case; as a whole text or label it is hardly meant as one."""
NO_SPACES = ("Thai", "Lao", "Khmer")


@dataclass(frozen=True)
class Finding:
    severity: Severity
    """error: training will refuse the data; warning: results will suffer; note: good to know."""
    message: str
    """What it means and what to do."""
    setting: Setting | None = None
    """What mends it, where a setting does."""

    def worded(self, settings: Mapping[Setting, str] = COMMAND_LINE) -> str:
        """The message with the words that `settings` has for what the user can set."""
        return self.message if self.setting is None else f"{self.message} {settings[self.setting]}"


def find_problems(train: TextsProfile, test: TextsProfile | None, leaks: Leaks | None, window: int) -> tuple[Finding, ...]:
    """The problems of training and test data, the worst first."""
    found = [*_missing(train), *_labels(train), *_texts(train, window), *_language(train)]
    if test is not None and leaks is not None:
        found += [*_missing(test), *_leaked(train, test, leaks), *_test_labels(train, test), *_texts(test, window, is_test=True)]
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def _missing(data: TextsProfile) -> Iterator[Finding]:
    for lacking in data.missing:
        count = len(lacking.rows)
        are = f"{lacking.kind} is" if count == 1 else f"{lacking.kind}s are"
        yield Finding(
            "error",
            f"{count:,} {are} missing in column {lacking.column!r} of {called(data.source)} ({_rows(lacking.rows, count)}). "
            f"Fill {'it' if count == 1 else 'them'} in or delete the {'row' if count == 1 else 'rows'}. "
            f"Everything else here is about the other {data.n_texts:,} texts.",
        )


def _labels(data: TextsProfile) -> Iterator[Finding]:
    name = called(data.source)
    if not data.label_names:
        yield Finding("error", f"{name} has no labels, and training needs them.", "label_column")
        return
    n_folds = folds()
    different = np.array([share.different for share in data.classes])
    if problem := why_not_split(different, data.label_names, n_folds):
        yield Finding("error", f"{name} {problem}")
    elif rare := [share for share in data.classes if 0 < share.different < FEW_TO_VALIDATE * n_folds]:
        listed = ", ".join(f"{share.name!r} has {share.different}" for share in rare[:5])
        yield Finding(
            "warning",
            f"Some labels have few different texts: {listed}. One in {n_folds} of them validates, so the figures of these labels will jump "
            "from seed to seed. Add texts, or trust the figures of all labels together only.",
        )
    used = [share for share in data.classes if share.texts]
    most, least = max(used, key=lambda share: share.texts), min(used, key=lambda share: share.texts)
    if len(used) > 1 and (ratio := most.texts / least.texts) >= IMBALANCE:
        yield Finding(
            "warning" if ratio >= STRONG_IMBALANCE else "note",
            f"{most.name!r} has {ratio:.0f} times as many texts as {least.name!r} ({_percent(most.share)} and {_percent(least.share)}). "
            f"Saying always {most.name!r} would be right in {_percent(most.share)} of the cases, so compare macro F1, not accuracy.",
        )
    if all(label.lstrip("-").isdecimal() for label in data.label_names):
        yield Finding("note", f"The labels are the numbers {_listed(data.label_names)} without names.", "label_names")
    if empty := [share.name for share in data.classes if not share.texts]:
        yield Finding("note", f"No text has the label {_listed(empty)}. If that is a surprise, texts are missing from {name}.")
    lower = [label.lower() for label in data.label_names]
    if gaps := [share.name for share in used if share.name.strip().lower() in STANDS_FOR_MISSING]:
        yield Finding(
            "warning",
            f"The label {_listed(gaps)} looks like what a program writes where nothing is known, and would be learned as a class. "
            "Leave those rows out, unless it is a class.",
        )
    if alike := [label for label in data.label_names if lower.count(label.lower()) > 1]:
        yield Finding("warning", f"The labels {_listed(alike)} differ in capitals only. If they are one label, spell them alike.")
    if data.contradicted:
        first = data.contradictions[0]
        yield Finding(
            "warning",
            f"{_texts_of(data.contradicted, data, 'occurs', 'occur')} with another label too, "
            f"as row {first.other_row} with {first.other_label!r} and row {first.row} with {first.label!r}. "
            "One of the labels is wrong, or the text does not decide: keep one for each text.",
        )


def _texts(data: TextsProfile, window: int, *, is_test: bool = False) -> Iterator[Finding]:
    repeats = data.exact_repeats + data.near_repeats
    if repeats >= max(1, SOME_REPEATS * data.n_texts):
        first = data.repeats[0]
        yield Finding(
            "warning" if repeats >= MANY_REPEATS * data.n_texts else "note",
            f"{_texts_of(repeats, data, 'repeats', 'repeat', is_share=True)} an earlier one: {_how(data.exact_repeats, data.near_repeats)} "
            f"(row {first.row} is row {first.other_row}). "
            + ("They" if is_test else "They stay on one side of the validation split, but")
            + f" {'are counted' if is_test else 'weigh'} more than once: remove them unless that is meant.",
        )
    if data.says_nothing:
        yield Finding(
            "warning",
            f"{_texts_of(data.says_nothing, data, 'holds', 'hold')} nothing but links, mentions or punctuation "
            f"({_rows(data.says_nothing_rows, data.says_nothing)}). There is no reason to learn in them: leave them out.",
        )
    if data.over_window:
        yield Finding(
            "warning" if data.over_window >= MANY_LONG * data.n_texts else "note",
            f"About {_texts_of(data.over_window, data, 'is', 'are', is_share=True)} longer than the {window} pieces a teacher reads, "
            f"the longest of {data.longest_words:,} words in row {data.longest_row}. "
            "What comes after is not read: put what matters first, or split them.",
        )
    if data.many_lines_rows:
        yield Finding(
            "note",
            f"The text in row {data.many_lines_rows[0]} of {called(data.source)} has many lines. "
            "If it is several rows of the file, a double quote in it is never closed.",
        )
    if data.stands_for_missing:
        yield Finding(
            "warning",
            f"{_texts_of(data.stands_for_missing, data, 'is', 'are')} a word like NaN or null "
            f"({_rows(data.stands_for_missing_rows, data.stands_for_missing)}), as programs write where a text is missing. "
            "Leave those rows out.",
        )
    if data.wrongly_decoded:
        yield Finding(
            "warning",
            f"{_texts_of(data.wrongly_decoded, data, 'has', 'have')} signs like “Ã©” or “�” "
            f"({_rows(data.wrongly_decoded_rows, data.wrongly_decoded)}): letters were lost when it was saved in another encoding. "
            "Export it again as UTF-8.",
        )
    if data.with_markup >= max(1, SOME_REPEATS * data.n_texts):
        yield Finding(
            "note",
            f"{_texts_of(data.with_markup, data, 'has', 'have')} HTML in it, like <br> or &amp;. "
            "The models read it as words: take it out unless it belongs to the text.",
        )


def _language(data: TextsProfile) -> Iterator[Finding]:
    foreign = [(script, share) for script, share in data.scripts if script != "Latin"]
    if sum(share for _, share in foreign) >= FOREIGN_LETTERS:
        script, share = foreign[0]
        yield Finding(
            "warning",
            f"{_percent(share)} of the letters are {script}. The student's word vectors are English, so it learns these words from your "
            "texts alone: give it many, and a teacher that reads this language.",
        )
    elif data.common_english < LITTLE_ENGLISH and data.n_texts >= FEW_TEXTS:
        yield Finding(
            "warning",
            f"The texts do not look English: {_percent(data.common_english)} of their words are frequent English ones, half is usual. "
            "The student's word vectors are English, so give it many texts, and a teacher that reads this language.",
        )
    if without_spaces := [script for script, _ in data.scripts if script in NO_SPACES]:
        yield Finding(
            "warning", f"{without_spaces[0]} is written without spaces, so words cannot be told apart and explanations stay coarse."
        )
    if data.without_vector >= MANY_UNKNOWN:
        listed = ", ".join(word for word, _ in data.words_without_vector[:8])
        yield Finding(
            "note",
            f"{_percent(data.without_vector)} of the words have no word vector to start from, most often {listed}. "
            f"The student learns those that occur twice or more; {_percent(data.unknown)} stay unknown to it.",
        )


def _leaked(train: TextsProfile, test: TextsProfile, leaks: Leaks) -> Iterator[Finding]:
    count = leaks.exact + leaks.near
    if count:
        first = leaks.examples[0]
        yield Finding(
            "warning",
            f"{_texts_of(count, test, 'is', 'are', is_share=True)} in {called(train.source)} too: {_how(leaks.exact, leaks.near)} "
            f"(row {first.row} is row {first.other_row} there). "
            "What was learned by heart is no test: leave them out of one of the two.",
        )


def _test_labels(train: TextsProfile, test: TextsProfile) -> Iterator[Finding]:
    name, train_name = called(test.source), called(train.source)
    if not test.label_names:
        yield Finding("error", f"{name} has no labels, and a test needs them.", "label_column")
        return
    in_train = {share.name.lower(): share.share for share in train.classes if share.texts}
    in_test = {share.name.lower(): share.share for share in test.classes if share.texts}
    if new := [share.name for share in test.classes if share.texts and share.name.lower() not in in_train]:
        yield Finding(
            "warning",
            f"{name} has the label {_listed(new)}, which {train_name} does not have. Spell labels alike in both, or map them to the same "
            "label of the teacher.",
        )
        return
    if missing := [label for label in in_train if label not in in_test]:
        yield Finding("warning", f"No text of {name} has the label {_listed(missing)}, so nothing is measured on it.")
    moved = sum(abs(in_train.get(label, 0.0) - in_test.get(label, 0.0)) for label in in_train) / 2
    if moved >= SHIFT:
        yield Finding(
            "note",
            f"The labels are distributed otherwise in {name} than in {train_name}: {_percent(moved)} of the texts would have to change "
            "theirs. What is measured on the one does not carry over to the other.",
        )


def _texts_of(count: int, data: TextsProfile, one: str, many: str, is_share: bool = False) -> str:
    """`12 texts of a.csv (3%) repeat`"""
    share = f" ({_percent(count / data.n_texts)})" if is_share else ""
    return f"{count:,} {'text' if count == 1 else 'texts'} of {called(data.source)}{share} {one if count == 1 else many}"


def _how(exact: int, near: int) -> str:
    return f"{exact:,} exactly, {near:,} but for links, capitals, names or numbers"


def _rows(rows: tuple[int, ...], count: int) -> str:
    listed = ", ".join(str(row) for row in rows[:5])
    return f"{'row' if count == 1 else 'rows'} {listed}{' and others' if count > min(5, len(rows)) else ''}"


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def called(source: str) -> str:
    """The name of a file without its folder; the name of a dataset as it is."""
    return Path(source).name if Path(source).suffix.lower() in TABLE_SUFFIXES else source


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
