"""Text to words. What is shown is the text as typed; what the student looks up is a normalised copy of each word.

Every character that is not white space or an invisible control belongs to exactly one word, so attributions of all
pieces of a teacher find a word. Punctuation is a word of its own. Languages written without spaces: Chinese and
Japanese are split by character; others (Thai, Lao, Khmer) stay in runs between spaces.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import regex

from dixtill_core.errors import DataError


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed: `text == source[start:end]`, offsets in characters."""

    text: str
    start: int
    end: int


_URL = r"(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?()\[\]{}'’]"
_CASHTAG = r"\$\p{L}{1,6}(?:[.\-]\p{L}{1,2})?(?![\p{L}\p{N}])"
_NUMBER = (
    r"(?:(?<![\p{L}\p{N}])[+\-−–])?[$€£¥]?(?:(?<![\p{L}\p{N}])\.)?\p{Nd}++(?:[.,:]\p{Nd}++)*+"
    r"(?:[%‰]|(?:bn|bps?|[kmbtx])(?![\p{L}\p{N}]))?(?![\p{L}\p{N}]|-[\p{L}\p{N}]|\uFE0F|\u20E3)"
)
_JOINED = r"[\p{L}\p{M}\p{N}_]+(?:[\-‐‑'’.&][\p{L}\p{M}\p{N}_]+)*%?"

_WORD = regex.compile(
    rf"""
      [a-zA-Z]++(?=\s|\Z)                       # a plain word before a space: all that follows would find the same, later
    | {_URL}
    | [\w.+\-]{{1,64}}@[\w\-]+\.[\w.\-]*\w     # e-mail address; the bound keeps the search linear
    | [@\#][\p{{L}}\p{{M}}\p{{N}}_]+           # mention, hashtag
    | {_CASHTAG}
    | {_NUMBER}
    | (?:\p{{L}}\.){{2,}}                       # U.S., J.P.
    | [\p{{Han}}\p{{Hiragana}}\p{{Katakana}}]
    | {_JOINED}
    | (\p{{P}})\1+                              # ..., !!!
    | \p{{Regional_Indicator}}{{2}}             # a flag; \X would count back over a whole row of them
    | \X                                        # one visible symbol: an emoji with its modifiers, a punctuation mark
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_INVISIBLE = regex.compile(r"[\s\p{Cc}\p{Cf}\p{Cs}\p{Zs}\p{Zl}\p{Zp}]*")


def require_words(text: str) -> list[Word]:
    """The words of a text that somebody typed. Raises DataError where it has none."""
    words = split_words(text)
    if not words:
        raise DataError("The text has no words. Type a sentence.")
    return words


def split_words(text: str) -> list[Word]:
    """The words of `text` with their character offsets; empty for a text without a visible character.

    URLs, cashtags, numbers with their sign, currency and percent, emoji and hyphenated words stay whole.

    Raises:
        DataError: `text` is not a string, or holds half of a surrogate pair, which no encoding can carry.
    """
    if not isinstance(text, str):
        raise DataError(f"A text has to be a string, but this one is {type(text).__name__}.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"Character {error.start + 1} of the text is half of a surrogate pair. Remove it.") from error
    words = []
    for match in _WORD.finditer(text):
        word = match.group()
        if word.isalnum() or not _INVISIBLE.fullmatch(word):
            words.append(Word(word, match.start(), match.end()))
    return words


UNKNOWN = "<unk>"
URL, USER, CASHTAG = "<url>", "<user>", "<cashtag>"
NUMBER, YEAR, MONEY, PERCENT, PERCENT_UP, PERCENT_DOWN = (
    "<number>",
    "<year>",
    "<money>",
    "<percent>",
    "<percent-up>",
    "<percent-down>",
)
SPECIAL_WORDS = (UNKNOWN, URL, USER, CASHTAG, NUMBER, YEAR, MONEY, PERCENT, PERCENT_UP, PERCENT_DOWN)

_IS_URL = regex.compile(_URL, regex.IGNORECASE)
_IS_CASHTAG = regex.compile(_CASHTAG, regex.IGNORECASE)
_IS_YEAR = regex.compile(r"(?:19|20)\d\d")
_IS_NUMERIC = regex.compile(r"([+\-]?)([$€£¥]?)\.?\p{Nd}+(?:[.,:]\p{Nd}+)*(%|‰|bn|bps?|[kmbtx])?")


def normalize_word(word: str) -> str:
    """The form under which the student knows a word.

    Lower case, compatibility forms folded (NFKC); URLs, mentions and cashtags by kind, so that no company's name is a
    reason; numbers by kind, with the sign of a percentage kept, since it is what the market reads.
    """
    if word.isascii() and word.isalpha():  # Most words: none of the cases below.
        return word.lower()
    if _IS_URL.fullmatch(word):
        return URL
    if _IS_CASHTAG.fullmatch(word):
        return CASHTAG
    if len(word) > 1 and word[0] == "@":
        return USER
    folded = unicodedata.normalize("NFKC", word).lower().replace("’", "'").replace("−", "-").replace("–", "-")
    folded = folded.replace("‐", "-").replace("‑", "-")
    if len(folded) > 1 and folded[0] == "#":
        folded = folded[1:]
    if _IS_YEAR.fullmatch(folded):
        return YEAR
    if numeric := _IS_NUMERIC.fullmatch(folded):
        sign, currency, unit = numeric.groups()
        if unit in ("%", "‰"):
            return {"+": PERCENT_UP, "-": PERCENT_DOWN}.get(sign, PERCENT)
        return MONEY if currency else NUMBER
    return folded
