from __future__ import annotations

import time

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.data import words
from dixtill_core.data.words import split_words
from dixtill_core.errors import DataError

FRAGMENTS = [
    "$TSLA", "$BRK.B", "+4.5%", "-3%", "€1,200.50", "https://t.co/a?b=c", "me@x.com", "#fed", "@you", "U.S.", "...", "!!!", "<b>", "&amp;",
    "better-than-feared", "don't", "it’s", "👨‍👩‍👧‍👦", "🇩🇪", "🇩", "👍🏽", "3️⃣", "e\u0301",
    "\u0301", "\u200b", "\u200d", "\ufe0f", "\x00", "\r\n", "שלום",
    "مرحبا", "\u202e", "我", "カ\u3099", "ไทย", "क्ष", "\u0600", "\U000e0067", "1", "a", "-", ".", "$", "%", "@", " ",
    "\u3000", "\ue000", "\U0010ffff",
]  # fmt: skip
any_text = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join),
)


def words_of(text: str) -> list[str]:
    return [word.text for word in split_words(text)]


@given(any_text)
@settings(max_examples=400, deadline=None)
def test_offsets_give_the_word_back_in_order_and_without_overlap(text: str) -> None:
    end = 0
    for word in split_words(text):
        assert text[word.start : word.end] == word.text
        assert end <= word.start < word.end
        end = word.end
    assert end <= len(text)


@given(any_text)
@settings(max_examples=400, deadline=None)
def test_every_visible_character_belongs_to_exactly_one_word(text: str) -> None:
    covered = [0] * len(text)
    for word in split_words(text):
        for i in range(word.start, word.end):
            covered[i] += 1
    for character, times in zip(text, covered, strict=True):
        invisible = regex.fullmatch(r"[\s\p{Cc}\p{Cf}\p{Z}]", character)
        assert times <= 1 if invisible else times == 1


@given(any_text)
@settings(max_examples=200, deadline=None)
def test_no_word_is_invisible(text: str) -> None:
    for word in words_of(text):
        assert regex.search(r"[^\s\p{Cc}\p{Cf}\p{Z}]", word)


@given(any_text)
@settings(max_examples=200, deadline=None)
def test_no_word_holds_white_space_between_visible_characters(text: str) -> None:
    for word in words_of(text):
        assert not regex.search(r"\S\s+\S", word)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Shares rose 3 points.", ["Shares", "rose", "3", "points", "."]),
        ("see https://t.co/AbC?x=1&y=2#z.", ["see", "https://t.co/AbC?x=1&y=2#z", "."]),
        ("(www.sec.gov/edgar)", ["(", "www.sec.gov/edgar", ")"]),
        ('<a href="http://x.y/z">', ["<", "a", "href", "=", '"', "http://x.y/z", '"', ">"]),
        ("ask ir@some-firm.co.uk now", ["ask", "ir@some-firm.co.uk", "now"]),
        ("$TSLA, $brk.b and $BF-B", ["$TSLA", ",", "$brk.b", "and", "$BF-B"]),
        ("$TOOLONGNAME", ["$", "TOOLONGNAME"]),
        ("up +4.5%, down -3% or −0.5%", ["up", "+4.5%", ",", "down", "-3%", "or", "−0.5%"]),
        ("(10%)", ["(", "10%", ")"]),
        ("up 1.5-2.5% or 5-10%", ["up", "1.5-2.5%", "or", "5-10%"]),
        ("$1.42-$1.44", ["$1.42", "-", "$1.44"]),
        ("$1,200.50 €5bn £3.2m ¥100 -$5", ["$1,200.50", "€5bn", "£3.2m", "¥100", "-$5"]),
        ("25bps 10x 100k 10:30", ["25bps", "10x", "100k", "10:30"]),
        ("4 -3", ["4", "-3"]),
        ("a)-3% €-$7", ["a", ")", "-3%", "€", "-$7"]),
        ("better-than-feared 10-K Q3-2020 5-year", ["better-than-feared", "10-K", "Q3-2020", "5-year"]),
        ("don't it’s company's AT&T", ["don't", "it’s", "company's", "AT&T"]),
        ("the U.S. and J.P. Morgan", ["the", "U.S.", "and", "J.P.", "Morgan"]),
        ("wait... what?! no!!! --", ["wait", "...", "what", "?", "!", "no", "!!!", "--"]),
        ("@Fed raises #rates_now", ["@Fed", "raises", "#rates_now"]),
        ("<b>hi</b>&amp;", ["<", "b", ">", "hi", "<", "/", "b", ">", "&", "amp", ";"]),
        ("a\tb\r\nc\u00a0d\u3000e", ["a", "b", "c", "d", "e"]),
        ("snake_case 50%", ["snake_case", "50%"]),
    ],
)
def test_financial_and_web_text_splits_as_a_reader_would(text: str, expected: list[str]) -> None:
    assert words_of(text) == expected


@pytest.mark.parametrize(
    "symbol",
    ["👍", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪", "3️⃣", "❤️", "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "🧑🏿‍🚀"],
    ids=["plain", "skin tone", "family", "flag", "keycap", "variation selector", "tag flag", "profession"],
)
def test_an_emoji_with_its_modifiers_is_one_word(symbol: str) -> None:
    assert words_of(f"up {symbol} now") == ["up", symbol, "now"]


def test_emoji_without_a_space_between_them_are_words_of_their_own() -> None:
    assert words_of("👍🏽👨‍👩‍👧‍👦❤️🚀🚀up") == ["👍🏽", "👨‍👩‍👧‍👦", "❤️", "🚀", "🚀", "up"]


def test_a_dash_between_two_numbers_is_no_sign() -> None:
    assert words_of("$5-$7")[-2:] == ["-", "$7"]


def test_flags_in_a_row_pair_up_from_the_left() -> None:
    assert words_of("🇩🇪🇫🇷🇺") == ["🇩🇪", "🇫🇷", "🇺"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("שלום עולם", ["שלום", "עולם"]),
        ("مَرحبا، ٣٪", ["مَرحبا", "،", "٣", "٪"]),
        ("我喜欢カタ。", ["我", "喜", "欢", "カ", "タ", "。"]),
        ("cafe\u0301 na\u00efve", ["cafe\u0301", "na\u00efve"]),
        ("क्षमा करें", ["क्षमा", "करें"]),
        ("안녕하세요 세계", ["안녕하세요", "세계"]),
        ("Ελλάδα Россия", ["Ελλάδα", "Россия"]),
    ],
)
def test_other_scripts_keep_their_words(text: str, expected: list[str]) -> None:
    assert words_of(text) == expected


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u200b\u200d\ufeff", "\x00\x01", "\u2028\u2029"])
def test_a_text_without_a_visible_character_has_no_words(text: str) -> None:
    assert split_words(text) == []


def test_control_and_zero_width_characters_separate_words() -> None:
    assert words_of("a\x00b c\u200bd") == ["a", "b", "c", "d"]


@pytest.mark.parametrize("text", ["\ud83d", "good \udc4d", "\ud83d\udc4d"])
def test_half_a_surrogate_pair_is_refused_with_its_place(text: str) -> None:
    position = next(i for i, character in enumerate(text) if 0xD800 <= ord(character) <= 0xDFFF) + 1
    with pytest.raises(DataError, match=f"Character {position} "):
        split_words(text)


@pytest.mark.parametrize("value", [None, 3, b"bytes", float("nan")])
def test_what_is_not_a_string_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="has to be a string"):
        split_words(value)  # type: ignore[arg-type]


HOSTILE = [
    "a..", "-+", "_+", "..--", "1,", "1-", "1.1-", "1:", "$a", "$1", "a@", "a@b", "a@b.-", "www.", "http://!", "U.", "a-", "'a", "#", "@a",
    "w.!", "🇩", "👍\u200d", "\u0301", "\u0600", "\u1100", "क्", "\r\n", "\u200d", "<", "=a", "%",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_grows_with_the_length_of_a_hostile_text_and_not_with_its_square(unit: str) -> None:
    short, long = unit * 1_000, unit * 16_000
    seconds = min(_seconds(short) for _ in range(3)), min(_seconds(long) for _ in range(2))
    assert seconds[1] < 16 * 5 * seconds[0] + 0.05  # A square would be 256 times.


def _seconds(text: str) -> float:
    started = time.thread_time()  # other processes do not count
    split_words(text)
    return time.thread_time() - started


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("aZbhtpsw.:/@$#-'’&+3%  \n\t,U.S\u200b\u00adéſK\u0301😀漢_!"), max_size=25))
def test_the_shortcut_for_plain_words_finds_what_the_other_rules_find(text):
    pattern = words._WORD.pattern
    shortcut = next(line for line in pattern.splitlines() if "[a-zA-Z]++" in line)
    without = regex.compile(pattern.replace(shortcut, "").replace("|", "", 1), words._WORD.flags)
    expected = [match.span() for match in without.finditer(text) if not words._INVISIBLE.fullmatch(match.group())]
    assert [(word.start, word.end) for word in split_words(text)] == expected
