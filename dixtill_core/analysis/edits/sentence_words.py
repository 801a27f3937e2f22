"""Words by which the main verb of an English sentence is told: what may stand before it, behind it, and what begins another clause."""

from __future__ import annotations

import regex

from dixtill_core.analysis.edits.edit import words_of
from dixtill_core.data.words import MONEY, NUMBER, PERCENT, PERCENT_DOWN, PERCENT_UP

AUXILIARIES = words_of("is are was were will would can could should must may might am")
CONTRACTED = regex.compile(r"(?:it|that|he|she|they|we|you|i)['’](?:s|re|m|ll)", regex.IGNORECASE)
HAVE = {"has": "does not have", "have": "do not have", "had": "did not have"}
PASSED_OVER = words_of(
    "say says said think thinks thought believe believes believed tell tells told guess reckon suspect hear hears heard via seems appears"
)
"""Verbs of saying and thinking: what is said is negated, not that it was said."""
SAYS = words_of("say says said think thinks believes")
BLOCKING = words_of(
    """
    that which who whose whom where when while as if because although though since after before until unless how what whether once
    despite everything anything nothing something here's there's what's who's how's where's let's why's than so let
    """
)
DETERMINERS = words_of("a an the its their his her our your my this these those all some more most another any each both every two three")
PREPOSITIONS = words_of(
    "on to by in after as at from for with amid against below above over under into through off up down out ahead back near past despite "
    "during toward towards across about than before while when because since"
)
NO_SUBJECT = (
    DETERMINERS
    | PREPOSITIONS
    | words_of(
        """
    of and or but no not big small new recent further sharp strong weak early late best worst top first last next is are was were be
    been being has have had to will would can could should may might must do does did best biggest largest key major latest record
    """
    )
)
"""Words behind which no finite verb stands."""
NOUN_MAKERS = words_of(
    "price share stock job tax rate cost market profit sales earnings oil gas trade jobs rates rating dividend production output"
)
"""Nouns that make nouns of what follows: price cuts, job gains."""
ADVERBS = words_of(
    "further again higher lower sharply slightly modestly more less most nearly almost well about around just only back home fast quickly"
)
NO_SUBJECT_ADVERBS = words_of("already also still now never ever just finally again today")
"""Behind them a verb would be negated in another place."""
COUNTS = words_of("two three four five six seven eight nine ten top best")
NUMERIC = {NUMBER, MONEY, PERCENT, PERCENT_DOWN, PERCENT_UP}
BEHIND_AUXILIARY = words_of("also still now currently likely probably definitely certainly reportedly soon")
"""Adverbs that stand before "not": will likely not."""
TOO_CLOSE = words_of("less more all only both already just about once no even one some due")
"""Behind is, are, will: "not" would say something else."""
SINGULAR_IN_S = words_of(
    "news business loss process access virus gas plus this its us as is was has thus yes less boss across coronavirus always"
)
PRICES = words_of(
    "prices rates costs orders claims estimates yields stocks shares results plans price stock share trade rate market target"
)
"""Nouns of the market's that have the form of a verb."""
PLAN_NOUNS = words_of(
    """
    plan plans deal deals bid bids effort efforts move moves way ways order need needs time right rights ability pressure reason
    reasons thing things stock stocks likely ready due set going able decision chance chances failure attempt attempts agreement
    power place places willing eager shares names option options how what where when who it them him her us you me according up down
    close next back prior access want wants expected expects path guide boost response attention want permission refusal pledge
    proposal push race drive work works
    """
)
STOCKS_TO = words_of("watch know own hold see do avoid read consider")
"""Verbs in "3 stocks to watch" and "things to know": what the text has no statement about."""
TARGETS = words_of("target pt rating outlook forecast guidance dividend estimates estimate stock shares view")
CHANGED = words_of("raised lowered cut lifted upgraded downgraded hiked upped trimmed reduced increased boosted maintained reiterated")
OUTLOOK = words_of("set expected likely poised seen")
ABBREVIATIONS = words_of(
    "inc corp co ltd dec jan feb mar apr jun jul aug sep sept oct nov st mr mrs ms dr vs no plc etc jr sr est gov sen rep u.s"
)
ENDS = frozenset((".", "!", ";", "...", "…", "|", "!!", "!!!"))
BREAKS = frozenset((",", ";", "and", "but", "-", "–", "—", ":", "/"))
PRONOUNS = words_of("i we you they")
