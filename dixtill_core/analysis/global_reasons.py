"""The words that most often speak for and against each label, in teacher and student, and where the two part most.

A score of one text cannot be compared with that of another, and a long text has more words to share its reasons among.
So every score is taken as a share of its text's reasons, and a word that repeats has the sum of its places:

    r(w, t)        = sum over the places i of w in t of  score_i / sum_j |score_j|       in [-1, 1]
    mean(w, c)     = mean of r(w, t) over the n texts t with w that the model predicts as c
    strength(w, c) = n / (n + SUPPORT) mean(w, c)

Above 0 a word speaks for c, below 0 against it. Strength is the mean that the word would have if it also stood in
`SUPPORT` texts in which it says nothing: a word needs many texts or much to say to come first. Where the models part is
counted on the texts that both predict as c, by the mean of r of the teacher less r of the student, shrunk alike.

Words are taken as the student knows them: lower case; cashtags, links, mentions and numbers by kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dixtill_core.analysis.corpus import ROLES, Role
from dixtill_core.data.word_statistics import TextWords, WordTable
from dixtill_core.progress import Progress

SUPPORT = 5
"""Texts without a say that each word is thought to have beside its own."""
LEAST_TEXTS = 2
"""Words in fewer texts of a label are left out."""
REASONS = ("model", "label", "word", "texts", "mean", "strength", "share_for")
PARTING = ("label", "word", "texts", "teacher", "student", "difference", "strength")


@dataclass(frozen=True, eq=False)
class GlobalReasons:
    """Of an analysed table, or of any rows of it."""

    reasons: pd.DataFrame
    """A row for each model, label and word: n texts, mean, strength, and the share of the texts in which it speaks for the
    label. The strongest for the label first, those against it last."""
    parting: pd.DataFrame
    """A row for each label and word: n texts that both models predict so, the mean of r in each, difference (teacher less
    student) and its strength. The largest difference of either sign first."""
    words: tuple[str, ...]
    """Every word, by its number."""
    word_of_place: np.ndarray  # (different words of all texts,) int64
    text_of_place: np.ndarray  # (different words of all texts,) int64, position in the table
    predicted: dict[Role, np.ndarray]  # (texts,) labels

    def strongest(self, role: Role, label: str, n: int = 20, *, against: bool = False) -> pd.DataFrame:
        """The n words that speak most for a label, or most against it, the strongest first; fewer where fewer do."""
        chosen = self.reasons[(self.reasons["model"] == role) & (self.reasons["label"] == label)]
        if against:
            return chosen[chosen["strength"] < 0].iloc[::-1].head(n).reset_index(drop=True)
        return chosen[chosen["strength"] > 0].head(n).reset_index(drop=True)

    def most_apart(self, label: str | None = None, n: int = 20) -> pd.DataFrame:
        """The n words on which the models part most, for one label or any."""
        chosen = self.parting if label is None else self.parting[self.parting["label"] == label]
        return chosen.head(n).reset_index(drop=True)

    def rows(self, word: str, label: str | None = None, roles: Sequence[Role] = ()) -> np.ndarray:
        """Positions in the table of the texts with a word, ascending; where a label is given, those that every one of the
        roles predicts so."""
        numbers = np.flatnonzero(np.array(self.words, dtype=object) == word)
        found = np.unique(self.text_of_place[np.isin(self.word_of_place, numbers)])
        if label is not None:
            for role in roles:
                found = found[self.predicted[role][found] == label]
        return found


def global_reasons(table: pd.DataFrame, label_names: Sequence[str], least_texts: int = LEAST_TEXTS) -> Iterator[Progress | GlobalReasons]:
    """Yield progress while the words are read, some 20,000 texts a second, and last the `GlobalReasons`."""
    words, read = WordTable(), None
    for step in words.read(table["text"].to_list()):
        if isinstance(step, TextWords):
            read = step
        else:
            yield Progress("collecting reasons", step, len(table))
    assert read is not None
    yield collect(table, label_names, words.normalized, read, least_texts)


def collect(
    table: pd.DataFrame, label_names: Sequence[str], normalized: Sequence[str], read: TextWords, least_texts: int = LEAST_TEXTS
) -> GlobalReasons:
    """The same from words that were read already; `normalized` is by the number of a word as typed."""
    form_of_typed, forms = pd.factorize(np.array(normalized, dtype=object))
    form = form_of_typed[read.words] if len(read.words) else np.zeros(0, dtype=np.int64)
    text = read.text
    # A place is a word of a text, however often it stands there.
    places, place_of_word = np.unique(text * max(1, len(forms)) + form, return_inverse=True)
    text_of_place, word_of_place = np.divmod(places, max(1, len(forms)))
    said: dict[Role, np.ndarray] = {}
    for role in ROLES:
        shares = _shares(table[f"{role}_scores"].to_list(), read)
        said[role] = np.bincount(place_of_word, shares, minlength=len(places))
    position = {name: i for i, name in enumerate(label_names)}
    predicted = {role: table[role].to_numpy(dtype=object) for role in ROLES}
    codes = {role: np.array([position[label] for label in labels], dtype=np.int64) for role, labels in predicted.items()}
    is_same = (codes["teacher"] == codes["student"])[text_of_place]

    groups = [_Groups(codes[role][text_of_place], word_of_place, len(label_names), len(forms), least_texts) for role in ROLES]
    reasons = pd.concat(
        [_reasons(role, group, said[role], label_names, forms) for role, group in zip(ROLES, groups, strict=True)], ignore_index=True
    )
    both = _Groups(codes["teacher"][text_of_place][is_same], word_of_place[is_same], len(label_names), len(forms), least_texts)
    parting = _parting(both, {role: values[is_same] for role, values in said.items()}, label_names, forms)
    return GlobalReasons(reasons, parting, tuple(forms), word_of_place, text_of_place, predicted)


class _Groups:
    """Places put together by label and word; those of too few texts are dropped."""

    def __init__(self, label: np.ndarray, word: np.ndarray, n_labels: int, n_words: int, least_texts: int) -> None:
        self._number = label * n_words + word  # (places,)
        self._size = n_labels * n_words
        counts = np.bincount(self._number, minlength=self._size)
        self._kept = np.flatnonzero(counts >= max(1, least_texts))
        self.texts = counts[self._kept]
        self.label, self.word = np.divmod(self._kept, max(1, n_words))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Of values (places,) in each group."""
        return np.bincount(self._number, values, minlength=self._size)[self._kept] / self.texts

    @property
    def support(self) -> np.ndarray:
        return self.texts / (self.texts + SUPPORT)


def _shares(scores: Sequence[np.ndarray], read: TextWords) -> np.ndarray:
    """Each score as a share of its text's reasons, (words of all texts,) float64; 0 in a text whose scores are all 0."""
    lengths = np.array([len(row) for row in scores], dtype=np.int64)
    if not np.array_equal(lengths, read.lengths):
        wrong = int(np.flatnonzero(lengths != read.lengths)[0])
        raise ValueError(f"Text {wrong} has {read.lengths[wrong]} words, but {lengths[wrong]} scores.")
    flat = np.concatenate([np.asarray(row, dtype=np.float64) for row in scores] or [np.zeros(0)])
    totals = np.bincount(read.text, np.abs(flat), minlength=len(lengths))[read.text]
    return np.divide(flat, totals, out=np.zeros_like(flat), where=totals > 0)


def _reasons(role: Role, group: _Groups, said: np.ndarray, label_names: Sequence[str], forms: np.ndarray) -> pd.DataFrame:
    mean = group.mean(said)
    found = pd.DataFrame(
        {
            "model": role,
            "label": np.array(label_names, dtype=object)[group.label],
            "word": np.asarray(forms, dtype=object)[group.word],
            "texts": group.texts,
            "mean": mean,
            "strength": mean * group.support,
            "share_for": group.mean((said > 0).astype(np.float64)),
        },
        columns=list(REASONS),
    )
    order = np.lexsort((group.word, -found["strength"].to_numpy(), group.label))
    return found.iloc[order].reset_index(drop=True)


def _parting(group: _Groups, said: dict[Role, np.ndarray], label_names: Sequence[str], forms: np.ndarray) -> pd.DataFrame:
    teacher, student = (group.mean(said[role]) for role in ROLES)
    found = pd.DataFrame(
        {
            "label": np.array(label_names, dtype=object)[group.label],
            "word": np.asarray(forms, dtype=object)[group.word],
            "texts": group.texts,
            "teacher": teacher,
            "student": student,
            "difference": teacher - student,
            "strength": (teacher - student) * group.support,
        },
        columns=list(PARTING),
    )
    order = np.lexsort((group.word, group.label, -np.abs(found["strength"].to_numpy())))
    return found.iloc[order].reset_index(drop=True)
