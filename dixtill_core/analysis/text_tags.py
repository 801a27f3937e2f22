"""What can be told from a text alone: negation, hedge, numbers, cashtags, questions, polarity, irony. For English.

Words and phrases are looked for, nothing is parsed: each function names what it looks for, and
tests/analysis/hand_labelled.csv says how often it is right on texts that a person has labelled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex

from dixtill_core.data.words import CASHTAG, MONEY, NUMBER, PERCENT, PERCENT_DOWN, PERCENT_UP, URL, USER, YEAR, Word, normalize_word


@dataclass(frozen=True)
class ReadText:
    """A text with its words, as the tags read it."""

    text: str
    words: Sequence[Word]

    @cached_property
    def normalized(self) -> list[str]:
        """The words as the student knows them: lower case, kinds for numbers, cashtags, links, mentions."""
        return [normalize_word(word.text) for word in self.words]

    @cached_property
    def plain(self) -> str:
        """The text without links and mentions, with straight quotation marks."""
        kept, end = [], 0
        for word, form in zip(self.words, self.normalized, strict=True):
            if form in (URL, USER):
                kept.append(self.text[end : word.start])
                end = word.end
        return "".join([*kept, self.text[end:]]).translate(_STRAIGHT)


_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})


def _any_of(*patterns: str) -> Callable[[str], bool]:
    compiled = regex.compile("|".join(patterns), regex.IGNORECASE | regex.VERSION1)
    return lambda text: compiled.search(text) is not None


_negates = _any_of(
    r"\b(?:not|no|never|none|nobody|nothing|nowhere|neither|nor|cannot|without|hardly|scarcely|ain't|aint)\b",
    r"\b\p{L}+n't\b",
    r"\b(?:dont|doesnt|didnt|cant|wont|isnt|wasnt|arent|werent|hasnt|havent|hadnt|couldnt|wouldnt|shouldnt)\b",
    r"\bfail(?:s|ed|ing)?\s+to\b",
    r"\bfar\s+from\b",
    r"\b(?:ha(?:s|ve|d)|is|are|was|were)\s+yet\s+to\b",
    r"\b(?:lack(?:s|ed|ing)?|absence)\b(?:\s+of)?",
    r"\bunable\s+to\b",
)


def is_negated(read: ReadText) -> bool:
    """Not, no, never, n't, without, neither, hardly, fails to, far from, has yet to."""
    return _negates(read.plain)


_hedges = _any_of(
    # May and might as verbs: "in May" and "the might of" are none. Months are written large.
    r"(?-i:\bmay\b)|(?-i:\bMay\b)(?=\s+(?:be|have|not|well|need|take|fall|rise|see|come|also|still|soon)\b)",
    r"(?<!\bthe\s)\bmight\b",
    r"\bcould\b(?!\s+(?:be\s+forgiven|possibly\s+go\s+wrong|have\s+(?:seen|guessed|known)))",
    r"(?<!as\s)\b(?:perhaps|maybe|possibly|probably|presumably|supposedly|allegedly|reportedly|apparently|seemingly|conceivably)\b"
    r"(?!\s+go\s+wrong)",
    r"\b(?:un)?likely\b",
    r"\b(?:seem|appear)(?:s|ed)?\s+(?:to|that|like|as|likely|poised|set|misplaced|overdone|over)\b|\bit\s+seems\b|\bseems\b|\blooks\s+like\b",
    r"\b(?:rumou?r(?:s|ed)?|speculation|speculated|unconfirmed|purported(?:ly)?)\b",
    r"\b(?:in|early|advanced|exploratory)\s+talks\b|\b(?:is|are)\s+said\s+to\b|\bsources?\s+sa(?:y|id)\b|\bpeople\s+familiar\b",
    r"\b(?:uncertain(?:ty)?|unclear|possib(?:le|ility)|potential(?:ly)?|tentative(?:ly)?|suggest(?:s|ed|ing)?|arguably)\b",
    r"\b(?:i\s+(?:think|guess|suspect|reckon)|imo|imho|in\s+my\s+opinion|not\s+sure|who\s+knows)\b",
    r"\bweigh(?:s|ing)?\b(?!\s+(?:on|heavily|down|against))|\b(?:mulls?|considers?|considering|eyes|eyeing)\b",
    r"\bmore\s+or\s+less\b|\bif\s+true\b|\bchances?\s+are\b|\bodds\b",
)


def is_hedged(read: ReadText) -> bool:
    """May, could, likely, perhaps, seems, reportedly, in talks, sources say."""
    return _hedges(read.plain)


_NUMBER_KINDS = {NUMBER, YEAR, MONEY, PERCENT, PERCENT_UP, PERCENT_DOWN}
_NAMES_WITH_NUMBERS = regex.compile(
    r"\b(?:S&P|Nasdaq|FTSE|Russell|Dow|Nikkei|CAC|DAX|MDAX|ASX|CSI|KOSPI|Stoxx|Fortune|Topix)[ -]?(?:Composite )?\d+"
    r"|(?-i:\b\p{Lu}{2,6}):\d{3,6}\b",  # a symbol at an exchange, such as HKG:8423
    regex.IGNORECASE,
)
_written_number = _any_of(
    r"(?<!\w)(?-i:(?<!\b\p{Lu}\w*-))(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)\b",
    r"\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:-\p{L}+)?\b",
    r"\b(?:hundred|thousand|million|billion|trillion|dozen)s?\b",
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|thirty)-\p{L}+",
    r"(?<!\b(?:on|a|one|per|every|each|split)[\s\-])\bsecond\b(?!\s+(?:hand|thought|guess))",
    r"\b(?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth)s?\b|\b(?:by|of|to|three|than)\s+(?:a\s+)?quarters?\b",
    r"\b(?:doubl|tripl|trebl|quadrupl|halv)(?:es|ed|ing)\b|\b(?:double|triple|treble)(?:\s+(?:the|its|their|his|her|our)\b|-digit)|\bhalve\b|\bhalf\s+(?:of|a|the)\b|\btwice\b|\bpercent(?:age)?\b|\bper\s+cent\b",
)
_figure_in_word = regex.compile(
    r"(?:[qh][1-4]|fy\d{2,4}|[+\-]?[$€£¥]?\d[\d.,]*(?:st|nd|rd|th|x|pp|mn|mln|am|pm|p|c)|\d+[-–/]\p{L}+(?:-\p{L}+)*|\d+(?:[-–/:.]\d+)+)",
    regex.IGNORECASE,
)


def has_number(read: ReadText) -> bool:
    """A number, amount, date or percentage in digits or in words, a multiple such as doubled; not the 500 of S&P 500."""
    names = [match.span() for match in _NAMES_WITH_NUMBERS.finditer(read.text)]
    for word, form in zip(read.words, read.normalized, strict=True):
        is_number = form in _NUMBER_KINDS or (word.text[:1] not in "@#" and _figure_in_word.fullmatch(word.text))
        if is_number and not any(start <= word.start and word.end <= end for start, end in names):
            return True
    return _written_number(read.plain)


def has_cashtag(read: ReadText) -> bool:
    """A stock's symbol behind a dollar sign, such as $TSLA."""
    return CASHTAG in read.normalized


_asks = _any_of(
    r"(?:^|[.!:;,]\s+)(?:does|do|did|has|have)\s+(?:any(?:one|body)|some(?:one|body)|you|we|they|it|he|she|this|that|the|i)\b(?!\s+(?:a\s+)?(?:great|good|nice))",
    r"(?:^|[.!:;]\s+)(?:is|are|was|were|can|could|should|will|would)\s+(?:any(?:one|body)|some(?:one|body)|you|we|they|it|he|she|this|that|there|these|the|i)\b",
    r"(?:^|[.!:;]\s+)any(?:one|body)\s+(?:know|else|here|have|has|got|still|using|buying|watching|tried)\b",
    r"(?:^|[.!:;]\s+)(?:what|why|how|who|where|when|which)(?:\s+(?:long|much|many|far|often|on\s+earth))?\s+(?:is|are|was|were|do|does|did|could|would|should|can|has|have|happens)\b",
)


def is_question(read: ReadText) -> bool:
    """A question mark, or a beginning that asks: does anyone, why is, how do."""
    return "?" in read.plain or _asks(read.plain)
