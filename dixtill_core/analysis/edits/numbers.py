"""Amounts of a text changed by one factor, so that what was larger stays larger. Dates, counts of things, names stay."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import regex

from dixtill_core.analysis.edits.edit import Edit, edit_text, words_of
from dixtill_core.data.words import Word

SMALLEST_FACTOR, LARGEST_FACTOR = 1.1, 1.5
TRIES = 12
"""Factors that are tried until none of the figures changes its order or leaves its bounds."""
LARGEST_RATIO = 1.7
"""Of a figure after rounding to what it was."""
_HUNDRED_PERCENT = 100.0

_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:[a-z]*\.?)"
_DATED = regex.compile(
    rf"\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?![.,]?\d*\s?(?:%|percent))|\b\d{{1,2}}(?:st|nd|rd|th)?[ \-]{_MONTH}(?:[ \-]\d{{2,4}})?\b"
    r"|\b\d{1,2}[:.]\d{2}\s?(?:[ap]\.?m|gmt|et|cet|bst|est)\b|\b\d{1,2}:\d{2}\b|\b\d{1,4}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{1,2}\s?[ap]\.?m\b",
    regex.IGNORECASE,
)
_NAMED = regex.compile(
    r"\b(?:S&P|Nasdaq|FTSE|Russell|Dow|Nikkei|CAC|DAX|MDAX|ASX|CSI|KOSPI|Stoxx|Fortune|Topix"
    r"|OMX|IBEX|AEX|TSX|SMI|Hang Seng)[ \-]?(?:Composite )?\d+"
    r"|(?<![$€£\d.])[369]M\b"  # nine months
    r"|https?://\S+|www\.\S+|[@#]\w+|\b(?:No|Nr|Phase|Chapter|Article|Section|Level|Part|Type|Model|Version|iOS|Windows|Android|Web|Industry|Top|"
    r"Rule|Form|Flight|Episode|Vol|Series|Tier|Stage|Grade|Appendix|Exhibit|Schedule|Item|Annex|Basel|Euro|Fund)\.?\s?#?\d[\d.]*",
    regex.IGNORECASE,
)
_FIGURE = regex.compile(
    r"(?<![\p{L}\p{N}.,:/&#@_]|\p{L}[\-–])(?P<sign>[+\-−–])?(?P<currency>(?:C|A|US|NZ|HK|S)?\$|[€£¥₹]|Rs\.?\s|CAD\s|USD\s|EUR\s|GBP\s|INR\s)?"
    r"(?P<figure>\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+\.\d+|\.\d+|\d+)"
    r"(?P<unit>\s?(?:%|‰|percent\b|per\s?cent\b|(?:bn|mln|bln|tn|trln|mn|bps?|[kmbt])\b|(?:basis\s|percentage\s)?points?\b"
    r"|(?:hundred|thousand|million|billion|trillion|crore|lakh|cents?|pence|dollars|euros|yuan|rupees|barrels|tonnes|tons|ounces|bpd|bcf)\b))?"
    r"(?![\p{L}\p{N}_]|[.,:]\d|/[$€£]?\d|['’]\p{L}|\.\p{L})",
    regex.IGNORECASE,
)
_RANGE = regex.compile(r"\s?[\-–—]\s?|\s(?:to|and)\s(?:up\s)?")
_COUNTED = words_of(
    """
    jobs people shops stores employees workers staff houses homes units cars vehicles deaths cases barrels shares customers
    subscribers passengers flights aircraft planes restaurants branches factories deals trucks orders members users clients rooms
    deliveries tons tonnes investors companies rigs bitcoins positions layoffs
    """
)
_BEFORE_DECIMALS = words_of(
    "to at from of by was is were are vs vs. versus above below near around over under hit hits about than between and"
)
_INDEX_TEXT = regex.compile(r"\b(?:PMI|ISM|RSI|diffusion|index reading)\b", regex.IGNORECASE)
"""Numbers that mean good above 50 and bad below."""


@dataclass(frozen=True)
class _Figure:
    start: int
    end: int
    written: str
    value: float
    kind: str
    """"%", the unit of an amount, or "count": figures of one kind have an order."""
    is_changed: bool


def change_numbers(text: str, random: np.random.Generator) -> list[Edit]:
    """Amounts times one factor between 1.1 and 1.5: money, percentages, figures with a unit, counts of jobs, shops, people ...

    What was larger stays larger, both ends of a range change, a percentage stays below 100, and sign, currency, unit, commas and decimals
    stay. Dates, times, years, versions, names with digits and plain small numbers are left alone.
    """
    if _INDEX_TEXT.search(text):
        return []
    figures = _figures(text)
    if not any(figure.is_changed for figure in figures):
        return []
    for _ in range(TRIES):
        factor = SMALLEST_FACTOR + (LARGEST_FACTOR - SMALLEST_FACTOR) * float(random.random())
        scaled = [_scaled(figure, factor) if figure.is_changed else figure.written for figure in figures]
        if _is_in_order(figures, scaled):
            changes = [
                (Word(figure.written, figure.start, figure.end), other)
                for figure, other in zip(figures, scaled, strict=True)
                if other != figure.written
            ]
            return [edit_text(text, changes)] if changes else []
    return []


def _figures(text: str) -> list[_Figure]:
    left_alone = [match.span() for pattern in (_DATED, _NAMED) for match in pattern.finditer(text)]
    found: list[_Figure] = []
    matches = [
        match
        for match in _FIGURE.finditer(text)
        if not any(start < match.end("figure") and match.start("figure") < end for start, end in left_alone)
    ]
    units = [_unit(match) for match in matches]
    for i in range(len(matches) - 2, -1, -1):  # In 3-5% the first is a percentage too, in $600-650m the second an amount of money.
        if _RANGE.fullmatch(text[matches[i].end() : matches[i + 1].start()]):
            units[i], units[i + 1] = units[i] or units[i + 1], units[i + 1] or units[i]
    for match, unit in zip(matches, units, strict=True):
        written, value = match["figure"], float(match["figure"].replace(",", ""))
        is_year = not unit and regex.fullmatch(r"(?:19|20)\d\d", written) is not None
        if is_year:
            continue
        kind = unit or "count"
        is_changed = (bool(unit) or _is_amount(text, match)) and not (unit == "%" and value == _HUNDRED_PERCENT)
        found.append(_Figure(match.start("figure"), match.end("figure"), written, value, kind, is_changed))
    return found


def _unit(match: regex.Match[str]) -> str:
    """Of an amount: its currency and unit; "" for a plain number."""
    unit = (match["unit"] or "").strip().lower()
    if unit in ("percent", "per cent"):
        unit = "%"
    currency = (match["currency"] or "").strip()
    is_hyphenated = match.string[match.end() : match.end() + 1] == "-" and match.string[match.end() + 1 : match.end() + 2].isalpha()
    return "" if is_hyphenated and not currency and unit != "%" else currency + unit


def _is_amount(text: str, match: regex.Match[str]) -> bool:
    """Whether a plain number is an amount: by what is counted, by its commas, or decimals behind "to", "at", "from"."""
    behind, before = text[match.end() :], text[: match.start()]
    counted = regex.match(r"\s+(?:[a-z\-]+\s+)?([a-z]+)", behind)
    if behind[:1] == "-":
        return False
    if counted and (counted[1] in _COUNTED or behind.split()[0] in _COUNTED):
        is_named = before.split()[-1:] and before.split()[-1][:1].isupper() and len(before.split()) > 1  # 737 MAX 8 planes
        return match["figure"] not in ("0", "1") and not is_named
    last = before.split()[-1].lower() if before.split() else ""
    return ("." in match["figure"] and last in _BEFORE_DECIMALS) or ("," in match["figure"] and len(match["figure"]) > 5)


def _scaled(figure: _Figure, factor: float) -> str:
    decimals = len(figure.written.partition(".")[2])
    value = figure.value * factor
    written = f"{value:,.{decimals}f}" if "," in figure.written else f"{value:.{decimals}f}"
    return written.removeprefix("0") if figure.written.startswith(".") else written


def _is_in_order(figures: list[_Figure], scaled: list[str]) -> bool:
    values = [float(written.replace(",", "")) for written in scaled]
    for figure, value in zip(figures, values, strict=True):
        if figure.value and value / figure.value > LARGEST_RATIO:
            return False
        if figure.kind == "%" and (value >= _HUNDRED_PERCENT) != (figure.value >= _HUNDRED_PERCENT):
            return False
    for (one, first), (other, second) in combinations(zip(figures, values, strict=True), 2):
        if one.kind == other.kind and np.sign(one.value - other.value) != np.sign(first - second):
            return False
    return True
