"""What texts and labels are like before anything is trained on them: classes, lengths, repeats, leaks, language.

Two texts are near repeats where their `duplicate_key` is the same: they differ in links, case, spaces, numbers or
the names of tickers and mentions only. Rows count from 1, the first below the header. What the numbers mean for training is in
`findings`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import regex

from dixtill_core.data.datasets import Dataset, MissingCells, different_texts
from dixtill_core.data.findings import STANDS_FOR_MISSING, Finding, find_problems
from dixtill_core.data.glove import load_glove
from dixtill_core.data.word_statistics import OTHER_SCRIPT, SCRIPTS, TextWords, WordFacts, WordTable
from dixtill_core.progress import Progress

WINDOW = 256
"""Pieces of a text that a teacher reads unless it says otherwise."""
BINS = 25
EXAMPLES = 10
MANY_LINES = 20
_WRONGLY_DECODED = regex.compile(r"\ufffd|Ã[\u0080-\u00bf©¨¼¶¤ŸŒ€™±³º¡]|â€[™œ\u009d“”¦\u0093\u0094]|ï»¿")
_MARKUP = regex.compile(r"&(?:amp|lt|gt|quot|nbsp|#\d+);|</?(?:br|p|div|span|a|b|i|li|ul)\b[^<>]*>", regex.IGNORECASE)


@dataclass(frozen=True)
class ClassShare:
    name: str
    texts: int
    share: float
    different: int
    """Texts that are no near repeats of each other."""


@dataclass(frozen=True)
class LengthBin:
    """Texts of `first` to `last` words, both included."""

    first: int
    last: int
    texts: int


@dataclass(frozen=True)
class Repeat:
    """A text that says the same as an earlier one, or as one of the training texts."""

    row: int
    text: str
    label: str | None
    other_row: int
    other_text: str
    other_label: str | None


@dataclass(frozen=True)
class TextsProfile:
    """Of one data set. Shares are of 1."""

    source: str
    n_texts: int
    label_names: tuple[str, ...]
    """Empty where there are no labels."""
    classes: tuple[ClassShare, ...]
    mean_words: float
    median_words: float
    percentile_95_words: float
    longest_words: int
    longest_row: int
    lengths: tuple[LengthBin, ...]
    """The last one holds all that are longer."""
    over_window: int
    """Texts of more pieces than the teacher reads, about."""
    exact_repeats: int
    """Texts that are an earlier one again, character by character."""
    near_repeats: int
    repeats: tuple[Repeat, ...]
    """The first `EXAMPLES` of both."""
    contradicted: int
    """Texts that occur with another label too, near repeats included."""
    contradictions: tuple[Repeat, ...]
    says_nothing: int
    """Texts of nothing but punctuation, links and mentions."""
    says_nothing_rows: tuple[int, ...]
    without_vector: float
    """Share of the words that GloVe does not have in any form; names, numbers and punctuation are not counted."""
    words_without_vector: tuple[tuple[str, int], ...]
    """The most frequent of them with their counts."""
    unknown: float
    """Share of the words that the student will not know: without a vector, and not twice in the training texts."""
    common_english: float
    """Share of the words among the thousand most frequent of English: about half in English news, a tenth elsewhere."""
    scripts: tuple[tuple[str, float], ...]
    """Shares of the letters, the largest first."""
    wrongly_decoded_rows: tuple[int, ...]
    """Texts that were saved or read in another encoding than theirs, as far as that shows."""
    wrongly_decoded: int
    stands_for_missing: int
    """Texts that are nothing but `STANDS_FOR_MISSING`."""
    stands_for_missing_rows: tuple[int, ...]
    with_markup: int
    """Texts with HTML tags or entities."""
    many_lines_rows: tuple[int, ...]
    """Texts of `MANY_LINES` lines or more."""
    missing: tuple[MissingCells, ...] = ()
    """Cells without a text or a label. Their rows are in none of the other numbers."""


@dataclass(frozen=True)
class Leaks:
    """Test texts that are training texts too."""

    exact: int
    near: int
    examples: tuple[Repeat, ...]


@dataclass(frozen=True)
class DataProfile:
    train: TextsProfile
    test: TextsProfile | None
    leaks: Leaks | None
    findings: tuple[Finding, ...]
    """The worst first."""

    def class_table(self) -> pd.DataFrame:
        """A row for each label: texts, share and different texts, of the test data too where there are any."""
        table = pd.DataFrame([asdict(share) for share in self.train.classes], columns=["name", "texts", "share", "different"])
        if self.test is None:
            return table
        test = pd.DataFrame([asdict(share) for share in self.test.classes], columns=["name", "texts", "share", "different"])
        return table.merge(test, how="outer", on="name", suffixes=("", " in test"), sort=False)

    def length_table(self) -> pd.DataFrame:
        return pd.DataFrame([asdict(part) for part in self.train.lengths], columns=["first", "last", "texts"])

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


def profile(dataset: Dataset, test: Dataset | None = None, window: int = WINDOW) -> DataProfile:
    """Look at all texts; some 20,000 in a second.

    Args:
        test: texts to be kept apart from the training texts; its labels are compared by name.
        window: pieces of a text that the teacher reads.
    """
    result = [step for step in profile_steps(dataset, test, window) if isinstance(step, DataProfile)]
    return result[0]


def profile_steps(dataset: Dataset, test: Dataset | None = None, window: int = WINDOW) -> Iterator[Progress | DataProfile]:
    """The same as `profile`, yielding progress, and last the profile itself."""
    table = WordTable()
    total = len(dataset) + (0 if test is None else len(test))
    train_words = yield from _read(table, dataset.texts, 0, total)
    test_words = None if test is None else (yield from _read(table, test.texts, len(dataset), total))
    yield Progress("looking up the words", total, total)
    facts = table.facts(load_glove())
    seen = _seen_twice(table, train_words)
    train = _profile_texts(dataset, train_words, table, facts, seen, window)
    test_profile = leaks = None
    if test is not None and test_words is not None:
        test_profile = _profile_texts(test, test_words, table, facts, seen, window)
        leaks = _leaks(dataset, train_words, test, test_words)
    yield DataProfile(train, test_profile, leaks, find_problems(train, test_profile, leaks, window))


def _read(table: WordTable, texts: Sequence[str], before: int, total: int) -> Generator[Progress, None, TextWords]:
    for step in table.read(texts):
        if isinstance(step, TextWords):
            return step
        yield Progress("reading the texts", before + step, total)
    raise AssertionError("The texts ended without their words.")


def _seen_twice(table: WordTable, words: TextWords) -> np.ndarray:
    """Whether the training texts hold each word twice or more, under its normalised form, (words,) bool."""
    forms = pd.factorize(np.array(table.normalized, dtype=object))[0]
    return (np.bincount(forms[words.words], minlength=int(forms.max(initial=0)) + 1) > 1)[forms]


def _profile_texts(dataset: Dataset, words: TextWords, table: WordTable, facts: WordFacts, seen: np.ndarray, window: int) -> TextsProfile:
    counts = np.bincount(words.words, minlength=len(table.number))
    n_words = max(1, int(counts[facts.is_word].sum()))
    no_vector = facts.is_word & ~facts.has_vector
    text_of_word = words.text
    pieces = np.bincount(text_of_word, facts.pieces[words.words], minlength=len(dataset))
    says = np.bincount(text_of_word, facts.says_something[words.words], minlength=len(dataset)) > 0
    exact, groups = (pd.factorize(np.array(values, dtype=object))[0] for values in (dataset.texts, words.keys))
    is_exact, is_near = (pd.Series(numbers).duplicated().to_numpy() for numbers in (exact, groups))
    contradicted, contradictions = _contradictions(dataset, groups)
    first_of_group = np.unique(groups, return_index=True)[1]
    repeated = np.flatnonzero(is_exact | is_near)[:EXAMPLES]
    typed = list(table.number)
    frequent = sorted(np.flatnonzero(no_vector & (counts > 0)), key=lambda i: (-counts[i], typed[i]))[:20]
    letters = (counts[:, None] * facts.letters).sum(axis=0)
    wrong = [i for i, text in enumerate(dataset.texts) if not text.isascii() and _WRONGLY_DECODED.search(text)]
    gaps = [i for i, text in enumerate(dataset.texts) if text.strip().lower() in STANDS_FOR_MISSING]
    longest = int(words.lengths.argmax()) if len(dataset) else 0
    return TextsProfile(
        source=dataset.source,
        n_texts=len(dataset),
        label_names=dataset.label_names if dataset.labels is not None else (),
        classes=_classes(dataset, groups),
        mean_words=float(words.lengths.mean()),
        median_words=float(np.median(words.lengths)),
        percentile_95_words=float(np.percentile(words.lengths, 95)),
        longest_words=int(words.lengths[longest]),
        longest_row=dataset.row(longest) if len(dataset) else 0,
        lengths=_length_bins(words.lengths),
        over_window=int((pieces + 2 > window).sum()),  # Two special ones.
        exact_repeats=int(is_exact.sum()),
        near_repeats=int((is_near & ~is_exact).sum()),
        repeats=tuple(_repeat(dataset, int(i), dataset, int(first_of_group[groups[i]])) for i in repeated),
        contradicted=contradicted,
        contradictions=contradictions,
        says_nothing=int((~says).sum()),
        says_nothing_rows=_rows(dataset, np.flatnonzero(~says)),
        without_vector=float(counts[no_vector].sum() / n_words),
        words_without_vector=tuple((typed[i], int(counts[i])) for i in frequent),
        unknown=float(counts[no_vector & ~seen].sum() / n_words),
        common_english=float(counts[facts.is_common].sum() / n_words),
        scripts=_shares(letters),
        wrongly_decoded=len(wrong),
        wrongly_decoded_rows=_rows(dataset, wrong),
        stands_for_missing=len(gaps),
        stands_for_missing_rows=_rows(dataset, gaps),
        with_markup=sum(1 for text in dataset.texts if ("&" in text or "<" in text) and _MARKUP.search(text)),
        many_lines_rows=_rows(dataset, [i for i, text in enumerate(dataset.texts) if text.count("\n") >= MANY_LINES - 1]),
        missing=dataset.missing,
    )


def _classes(dataset: Dataset, groups: np.ndarray) -> tuple[ClassShare, ...]:
    if dataset.labels is None:
        return ()
    counts = np.bincount(dataset.labels, minlength=len(dataset.label_names))
    different = different_texts(dataset.labels, groups, len(dataset.label_names))
    return tuple(
        ClassShare(name, int(count), float(count / len(dataset)), int(unlike))
        for name, count, unlike in zip(dataset.label_names, counts, different, strict=True)
    )


def _length_bins(lengths: np.ndarray) -> tuple[LengthBin, ...]:
    """Bins of equal width up to the 99th percentile; the rest falls into the last one."""
    usual, longest = int(np.ceil(np.percentile(lengths, 99))), int(lengths.max())
    width = max(1, -(-(usual + 1) // BINS))
    number = np.minimum(lengths // width, usual // width)
    counts = np.bincount(number)
    return tuple(
        LengthBin(i * width, longest if i == len(counts) - 1 else (i + 1) * width - 1, int(count)) for i, count in enumerate(counts)
    )


def _contradictions(dataset: Dataset, groups: np.ndarray) -> tuple[int, tuple[Repeat, ...]]:
    """How many texts occur with several labels, and of the first such texts one pair each."""
    if dataset.labels is None:
        return 0, ()
    pairs, first = np.unique(np.stack([groups, dataset.labels]), axis=1, return_index=True)
    several = np.bincount(pairs[0]) > 1
    shown = []
    for group in np.flatnonzero(several)[:EXAMPLES]:
        one, other = sorted(int(i) for i in first[pairs[0] == group])[:2]
        shown.append(_repeat(dataset, other, dataset, one))
    return int(several[groups].sum()), tuple(shown)


def _leaks(train: Dataset, train_words: TextWords, test: Dataset, test_words: TextWords) -> Leaks:
    texts: dict[str, int] = {}
    keys: dict[str, int] = {}
    for i, (text, key) in enumerate(zip(train.texts, train_words.keys, strict=True)):
        texts.setdefault(text, i)
        keys.setdefault(key, i)
    exact = [(i, texts[text]) for i, text in enumerate(test.texts) if text in texts]
    near = [(i, keys[key]) for i, key in enumerate(test_words.keys) if key in keys and test.texts[i] not in texts]
    examples = tuple(_repeat(test, i, train, at) for i, at in (exact + near)[:EXAMPLES])
    return Leaks(len(exact), len(near), examples)


def _repeat(dataset: Dataset, position: int, other: Dataset, other_position: int) -> Repeat:
    first, second = ((data, i) for data, i in ((dataset, position), (other, other_position)))
    return Repeat(*(value for data, i in (first, second) for value in (data.row(i), data.texts[i], _label(data, i))))  # type: ignore[arg-type]


def _label(dataset: Dataset, position: int) -> str | None:
    return None if dataset.labels is None else dataset.label_names[int(dataset.labels[position])]


def _shares(letters: np.ndarray) -> tuple[tuple[str, float], ...]:
    total = max(1, int(letters.sum()))
    shares = [(name, float(count / total)) for name, count in zip((*SCRIPTS, OTHER_SCRIPT), letters, strict=True) if count]
    return tuple(sorted(shares, key=lambda item: -item[1]))


def _rows(dataset: Dataset, positions: Sequence[int] | np.ndarray) -> tuple[int, ...]:
    """The first `EXAMPLES` as rows of the file."""
    return tuple(dataset.row(int(position)) for position in positions[:EXAMPLES])
