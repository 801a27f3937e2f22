from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixtill_core.data.words import SPECIAL_WORDS, normalize_word, split_words


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Shares", "shares"),
        ("Don’t", "don't"),
        ("Ａ", "a"),
        ("ﬁnance", "finance"),
        ("better‐than‑feared", "better-than-feared"),
        ("ÉCOLE", "école"),
        ("https://t.co/x", "<url>"),
        ("WWW.SEC.GOV", "<url>"),
        ("@Fed", "<user>"),
        ("@", "@"),
        ("$TSLA", "<cashtag>"),
        ("$brk.b", "<cashtag>"),
        ("$", "$"),
        ("#Earnings", "earnings"),
        ("#", "#"),
        ("1999", "<year>"),
        ("2020", "<year>"),
        ("#2020", "<year>"),
        ("1776", "<number>"),
        ("20200", "<number>"),
        ("3", "<number>"),
        ("1,200.50", "<number>"),
        (".5", "<number>"),
        ("10:30", "<number>"),
        ("25bps", "<number>"),
        ("٣", "<number>"),
        ("-3", "<number>"),
        ("$5", "<money>"),
        ("-$5bn", "<money>"),
        ("€1,200.50", "<money>"),
        ("£2020", "<money>"),
        ("4.5%", "<percent>"),
        ("+4.5%", "<percent-up>"),
        ("-3%", "<percent-down>"),
        ("−3%", "<percent-down>"),
        ("–3%", "<percent-down>"),
        ("5‰", "<percent>"),
        ("10-K", "10-k"),
        ("Q3-2020", "q3-2020"),
        ("...", "..."),
        ("👍🏽", "👍🏽"),
    ],
)
def test_a_word_is_known_by_its_kind_or_its_folded_form(word: str, expected: str) -> None:
    assert normalize_word(word) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_every_word_of_a_text_has_a_form_and_none_is_the_padding(text: str) -> None:
    for word in split_words(text):
        form = normalize_word(word.text)
        assert form
        assert form != "<pad>"
        assert form in SPECIAL_WORDS or not (form.startswith("<") and form.endswith(">") and len(form) > 2)
