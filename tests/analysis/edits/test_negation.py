from __future__ import annotations

import numpy as np
import pytest

from dixtill_core.analysis.edits.negation import negate
from dixtill_core.analysis.edits.verbs import MAYBE_NOUNS, PAST, PRESENT, SURE_PAST

ANY = np.random.default_rng(0)
ODD = ("", " \u200b", "👍🏽", "שלום עולם", "<b>is</b>", "is", "$A", "gold " * 3000)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The outlook is strong", "The outlook is not strong"),
        ("Shares will recover soon", "Shares will not recover soon"),
        ("Shares will likely recover", "Shares will likely not recover"),
        ("The bank can lend more", "The bank cannot lend more"),
        ("The Fed could cut rates", "The Fed could not cut rates"),
        ("Honda may keep its plants closed", "Honda may not keep its plants closed"),
        ("Profits have risen for years", "Profits have not risen for years"),
        ("Acme has a strong start", "Acme does not have a strong start"),
        ("It's rate day in Israel", "It's not rate day in Israel"),
        ("They'll buy the bank", "They will not buy the bank"),
        ("Acme beats estimates", "Acme does not beat estimates"),
        ("Acme declares $0.31 dividend", "Acme does not declare $0.31 dividend"),
        ("Profit rose 5% in May", "Profit did not rise 5% in May"),
        ("Stocks rally on trade hopes", "Stocks do not rally on trade hopes"),
        ("The company raised its outlook", "The company did not raise its outlook"),
        ("I love this stock", "I do not love this stock"),
    ],
)
def test_negation_is_put_where_the_verb_is(text: str, expected: str) -> None:
    (edit,) = negate(text, ANY)
    assert (edit.text, edit.expected) == (expected, "falls")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dana to buy Bolt Foods", "Dana not to buy Bolt Foods"),
        ("Acme stock price target raised to $12 from $10", "Acme stock price target not raised to $12 from $10"),
        ("Acme set to launch a phone", "Acme not set to launch a phone"),
        ("Uber Loses License In London", "Uber Does Not Lose License In London"),
        ("UBER LOSES LICENSE IN LONDON", "UBER DOES NOT LOSE LICENSE IN LONDON"),
    ],
)
def test_headlines_are_negated_in_their_own_style(text: str, expected: str) -> None:
    assert [edit.text for edit in negate(text, ANY)] == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chief says the outlook is strong", "Chief says the outlook is not strong"),
        ("The bank said that profit will rise", "The bank said that profit will not rise"),
        ("Exclusive: Acme cuts its outlook", "Exclusive: Acme does not cut its outlook"),
        ("Oil falls as supplies rise", "Oil does not fall as supplies rise"),
        ("Acme beats by $0.02, beats on revenue", "Acme does not beat by $0.02, does not beat on revenue"),
        ("$ACME - Acme misses by 2 cents and misses on revenue", "$ACME - Acme does not miss by 2 cents and does not miss on revenue"),
    ],
)
def test_what_is_said_and_every_verb_of_the_subject_are_negated(text: str, expected: str) -> None:
    assert [edit.text for edit in negate(text, ANY)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "The outlook is not strong",  # negated already
        "The bank never lost money",
        "Acme isn't selling",
        "Acme fails to beat estimates",
        "Is the outlook strong?",  # a question
        "Why is gold falling",
        "Gold, oil",  # no verb
        "Brent +4%",
        "Q4 sales up 36%",
        "The falls of last week",
        "Price cuts hurt",  # nouns in the form of verbs
        "3 stocks to watch",
        "Acme's plan to cut jobs",
        "If oil falls, airlines win",  # a clause that depends on another
        "Companies that cut jobs rise",
        "When the bank is strong, buy",
        "Profit beats estimates but revenue falls",  # good and bad
        "Acme rises, Bolt Foods falls 3%",  # a second statement
        "The chain is closing shops and has stopped paying",
        "The bank is strong. The insurer is strong too.",
        "Everything you need to know",
        "The two are both strong",  # "not" would say something else
        *ODD[:4],
    ],
)
def test_negation_leaves_alone_what_it_does_not_fit(text: str) -> None:
    assert negate(text, ANY) == []


def test_forms_of_verbs_are_spelled_right() -> None:
    assert {PRESENT[form] for form in ("carries", "misses", "launches", "beats", "goes")} == {"carry", "miss", "launch", "beat", "go"}
    assert {PAST[form] for form in ("carried", "dropped", "raised", "planned", "rose")} == {"carry", "drop", "raise", "plan", "rise"}
    assert MAYBE_NOUNS.isdisjoint(("raises", "announces", "soars"))
    assert SURE_PAST.isdisjoint(("raised", "awarded", "cut"))
