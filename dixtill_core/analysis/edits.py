"""Small edits of a text for behavioural tests (Ribeiro et al. 2020, CheckList): what was changed, and what should follow.

Each function takes a text and a random generator and gives the edited texts, none where the edit does not apply. English
only. Nothing is parsed: what an edit looks for is said in its docstring, and it leaves alone what it is not sure of.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import regex

from dixtill_core.analysis.similar_words import synonyms
from dixtill_core.analysis.text_tags import ReadText, is_negated
from dixtill_core.data.glove import load_glove
from dixtill_core.data.words import CASHTAG, URL, USER, YEAR, Word, normalize_word, split_words

Expected = Literal["same", "falls"]
"""Of the prediction: "same", its label does not change; "falls", its label changes or loses probability."""


@dataclass(frozen=True)
class Edit:
    text: str
    changed: tuple[tuple[str, str], ...]
    """What stood there, and what stands there now."""
    expected: Expected = "same"


EditFunction = Callable[[str, np.random.Generator], list[Edit]]


def generator_for(text: str, seed: int) -> np.random.Generator:
    """The same for a text and a seed, whichever texts come with it."""
    return np.random.default_rng((seed, zlib.crc32(text.encode("utf-8", "surrogatepass"))))


def _words_of(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_VERBS = {
    "beat": "beats", "miss": "misses missed", "raise": "raises", "win": "wins won", "rise": "rises rose", "climb": "climbs climbed",
    "soar": "soars soared", "plunge": "plunges plunged", "slump": "slumps slumped", "jump": "jumps jumped", "drop": "drops dropped",
    "slip": "slips slipped", "slide": "slides slid", "tumble": "tumbles tumbled", "surge": "surges surged", "sink": "sinks sank",
    "warn": "warns warned", "expect": "expects", "downgrade": "downgrades", "upgrade": "upgrades", "lower": "lowers",
    "boost": "boosts boosted", "lose": "loses", "gain": "gained", "fall": "falls fell", "grow": "grows grew",
    "improve": "improves", "recover": "recovers", "cut": "cuts", "report": "reports", "launch": "launches", "announce": "announces",
}  # fmt: skip
_FINITE = {form: ("did" if place else "does", base) for base, forms in _VERBS.items() for place, form in enumerate(forms.split())} | {
    "gained": ("did", "gain")
}
_AUXILIARIES = _words_of(
    """
    is are was were will can could should would does did must
    """
)
_BEFORE_NOUNS = _words_of(
    """
    the a an of on by in for after as with its his her their to from and or big small new price share stock profit rate job tax is
    are was were be been being has have had more further sharp recent all no that who which
    """
)


_BEFORE_PARTICIPLES = _words_of("the a an is are was were be been being has have had its his her their to by of that")


def negate(text: str, random: np.random.Generator) -> list[Edit]:
    """Puts "not" behind the first is, are, was, will, can ..., or "does not" or "did not" before a verb of the market's.

    Not in a text that is negated already, nor in a question. A form that may be a noun (gains, cuts) counts as a verb
    where no word before it says otherwise.
    """
    words = split_words(text)
    if "?" in text or is_negated(ReadText(text, words)):
        return []
    for i, word in enumerate(words[:-1]):
        form = word.text.lower()
        if form in _AUXILIARIES and i:
            return [_edited(text, [(word, f"{word.text} not")], "falls")]
        if (
            form in _FINITE
            and i
            and words[i - 1].text.lower() not in (_BEFORE_NOUNS if _FINITE[form][0] == "does" else _BEFORE_PARTICIPLES)
            and any(c.isalpha() for c in words[i - 1].text)
        ):
            auxiliary, base = _FINITE[form]
            return [_edited(text, [(word, f"{auxiliary} not {base}")], "falls")]
    return []


_TICKERS = ("$AAPL", "$MSFT", "$JPM", "$XOM", "$KO", "$PFE", "$CAT", "$NKE", "$DIS", "$INTC", "$WMT", "$GE")
_NAMES = ("Northbridge Systems", "Halden Energy", "Corvane Industries", "Pellworth Group", "Aldmere Foods", "Tarsin Logistics")
_CALENDAR = _words_of(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august september october
    november december
    """
)
_PLACES = _words_of(
    """
    new york wall street federal reserve white house united states kingdom hong kong north south east west european union central
    bank china japan germany france india russia america britain asia europe
    """
)


def swap_names(text: str, random: np.random.Generator) -> list[Edit]:
    """Other cashtags, and another made-up company for each run of two or three capitalised words inside a sentence.

    A text in which most words are capitalised has no names that could be told; months, days and places stay.
    """
    words = split_words(text)
    replaced: dict[str, str] = {}
    for word in words:
        if normalize_word(word.text) == CASHTAG and word.text.upper() not in replaced:
            choices = [ticker for ticker in _TICKERS if ticker != word.text.upper() and ticker not in replaced.values()]
            replaced[word.text.upper()] = choices[int(random.integers(len(choices)))] if choices else word.text
    changes = [(word, replaced[word.text.upper()]) for word in words if word.text.upper() in replaced]
    for first, last in _name_runs(text, words):
        start, end = words[first].start, words[last].end
        changes.append((Word(text[start:end], start, end), _NAMES[int(random.integers(len(_NAMES)))]))
    return [_edited(text, changes)] if changes else []


def _name_runs(text: str, words: list[Word]) -> list[tuple[int, int]]:
    plain = [word for word in words if word.text.isalpha()]
    if sum(word.text[0].isupper() for word in plain) * 2 > len(plain):
        return []
    runs, i = [], 1
    while i < len(words):
        end = i
        while end < len(words) and _is_name(words[end].text) and (end == i or text[words[end - 1].end : words[end].start] == " "):
            end += 1
        begins_sentence = words[i - 1].text[-1] in ".!?:"
        if 2 <= end - i <= 3 and not begins_sentence:
            runs.append((i, end - 1))
        i = max(end, i + 1)
    return runs


def _is_name(word: str) -> bool:
    return word.isalpha() and word[0].isupper() and not word.isupper() and word.lower() not in _CALENDAR | _PLACES


_FIGURE = regex.compile(
    r"(?P<before>[+\-−–]?[$€£¥]?)(?P<figure>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+)(?P<after>[%‰]|bn|bps?|[kmbtx])?", regex.IGNORECASE
)
_INDICES = _words_of(
    """
    p nasdaq ftse russell dow nikkei cac dax fortune stoxx q fy covid s&p
    """
)


def change_numbers(text: str, random: np.random.Generator) -> list[Edit]:
    """All figures of a text times the same factor between 1.1 and 1.5, so that what was larger stays larger.

    Sign, currency, unit, commas and decimals stay. Years, dates, times and the 500 of S&P 500 are left alone, and so is a
    figure that is rounded to what it was.
    """
    factor = 1.1 + 0.4 * float(random.random())
    words, changes = split_words(text), []
    for i, word in enumerate(words):
        match = _FIGURE.fullmatch(word.text)
        if match is None or normalize_word(word.text) == YEAR or _is_dated(words, i):
            continue
        figure = match["figure"]
        decimals = len(figure.partition(".")[2])
        value = float(figure.replace(",", "")) * factor
        scaled = f"{value:,.{decimals}f}" if "," in figure else f"{value:.{decimals}f}"
        if scaled != figure:
            changes.append((word, match["before"] + scaled + (match["after"] or "")))
    return [_edited(text, changes)] if changes else []


def _is_dated(words: list[Word], i: int) -> bool:
    """Whether a figure belongs to a date or to a name such as S&P 500."""
    around = [words[j].text.lower() for j in (i - 1, i + 1) if 0 <= j < len(words)]
    return bool(_CALENDAR.intersection(around)) or (i > 0 and words[i - 1].text.lower() in _INDICES)


def add_typo(text: str, random: np.random.Generator) -> list[Edit]:
    """Two neighbouring inner letters of one plain word of five letters or more change places."""
    long_words = [word for word in split_words(text) if word.text.isascii() and word.text.isalpha() and len(word.text) >= 5]
    choices = [(word, i) for word in long_words for i in range(1, len(word.text) - 2) if word.text[i].lower() != word.text[i + 1].lower()]
    if not choices:
        return []
    word, i = choices[int(random.integers(len(choices)))]
    return [_edited(text, [(word, word.text[:i] + word.text[i + 1] + word.text[i] + word.text[i + 2 :])])]


def change_case(text: str, random: np.random.Generator) -> list[Edit]:
    """All in lower case, and all in upper case; links and mentions stay."""
    words = [word for word in split_words(text) if normalize_word(word.text) not in (URL, USER)]
    found = []
    for convert in (str.lower, str.upper):
        changes = [(word, convert(word.text)) for word in words if convert(word.text) != word.text]
        if changes:
            found.append(_edited(text, changes))
    return found


def use_synonyms(text: str, random: np.random.Generator) -> list[Edit]:
    """Up to two texts with one word replaced by a near GloVe neighbour that is no listed opposite (see `similar_words`).

    Not a word with a negation beside it, nor one that is written large inside the text, which may be a name. A neighbour is
    no synonym by proof: failures of this test want reading.
    """
    glove = load_glove()
    words = split_words(text)
    choices = []
    for i, word in enumerate(words):
        if len(word.text) < 4 or not word.text.islower():
            continue
        if i and words[i - 1].text.lower() in ("not", "no", "never", "without"):
            continue
        if found := synonyms(word.text, glove, 1):
            choices.append((word, found[0]))
    if not choices:
        return []
    chosen = sorted(random.choice(len(choices), min(2, len(choices)), replace=False).tolist())
    return [_edited(text, [choices[i]]) for i in chosen]


EDITS: Mapping[str, EditFunction] = {
    "negation": negate,
    "names": swap_names,
    "numbers": change_numbers,
    "typos": add_typo,
    "case": change_case,
    "synonyms": use_synonyms,
}


def _edited(text: str, changes: list[tuple[Word, str]], expected: Expected = "same") -> Edit:
    ordered = sorted(changes, key=lambda change: change[0].start)
    result = text
    for word, other in reversed(ordered):
        result = result[: word.start] + other + result[word.end :]
    return Edit(result, tuple((word.text, other) for word, other in ordered), expected)
