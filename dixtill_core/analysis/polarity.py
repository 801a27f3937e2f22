"""Good and bad news in a text, from words alone, and signs that the opposite is meant. For English, finance first.

A word of direction (rise, fall) counts by what moves: profits that fall are bad, costs that fall are good. A negation
up to three words before turns a word round. Praise in a text with an irony marker counts for nothing.
"""

from __future__ import annotations

import regex

from dixtill_core.analysis.text_tags import ReadText
from dixtill_core.data.vocabulary import stand_ins
from dixtill_core.data.words import PERCENT_DOWN, PERCENT_UP


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_GOOD = _words(
    """
    good great best better excellent amazing awesome fantastic fabulous superb wonderful outstanding brilliant terrific
    impressive nice happy glad pleased delighted love loved enjoy enjoyed perfect clean cleaner friendly helpful comfortable recommend
    beautiful strong stronger strength robust solid healthy resilient upbeat optimistic confident bullish bull positive
    profit profitable profitability win won winner winning victory success successful succeed breakthrough milestone record outperform
    outperformed overweight upgrade upgraded beat beaten exceed exceeded surpass surpassed top topped tops recover recovered recovery
    rebound rebounded improve improved improvement improving approval approved approve boost boosted buyback accelerate accelerated
    momentum attractive undervalued bargain opportunity relief rewarding reward breakout booming boom thriving thrive
    innovative safe secure stable debt-free cheer cheered hope hopeful lucrative blockbuster expand expanded expansion
    """
)
_BAD = _words(
    """
    bad worse worst terrible awful horrible poor poorly disappoint disappointed disappointing disappointment hate hated annoying broken
    useless rude dirty slow crash crashes crashed sad angry unhappy worry worried worries worrying fear feared fears fragile ugly abysmal
    weak weaker weakness weaken weakened sluggish soft soften downbeat pessimistic bearish bear negative
    lose lost losing miss missed misses fail failed failing failure default defaulted bankrupt bankruptcy insolvency
    fraud lawsuit probe fine fined penalty recall recalled scandal investigation sue sued breach hack underperform underperformed
    underweight downgrade downgraded warn warned warning halt halted suspend suspended delay delayed
    layoff layoffs strike shutdown crisis recession slump slumped collapse collapsed plummet plummeted crater cratered sell-off selloff
    rout bloodbath overvalued overhyped trouble troubled struggle struggled struggling headwind headwinds hurt hit drag drags dragged
    weigh weighed reject rejected rejection dump dumped glut shortage writedown write-down impairment unsafe dangerous risky
    sour grim dire gloomy gloom stagnate stagnation toxic junk distress distressed dilution dilutive hammered battered unsold storm
    """
)
_UP = _words(
    """
    up rise rises rose risen jump climb climbed gain gained grow grew grown growth increase increased soar soared surge surged rally
    rallied advance advanced leap leapt spike spiked higher raise raised lift lifted hike hiked double doubled triple tripled widen
    widened rocket rip ripped
    """
) | {PERCENT_UP}
_DOWN = _words(
    """
    down fall fell fallen drop dropped slide slid slip slipped tumble tumbled plunge plunged sink sank sunk decline declined decrease
    decreased lower lowered cut cuts slash slashed shrink shrank shrunk narrow narrowed ease eased cool cooled halve halved dip dipped
    contract contracted sag sagged retreat retreated dive dived reduce reduced crumble crumbled
    """
) | {PERCENT_DOWN}
_BETTER_LOW = _words(
    """
    loss losses cost costs expense expenses debt debts inflation unemployment churn claims delinquencies bankruptcies defaults
    deficit risk risks fees tariff tariffs outflows crime complaints cancellations jobless fuel layoffs
    """
)
_NO_NEWS = _words("rate rates yield yields euro dollar yen pound sterling")
"""What is good news for one and bad news for another when it moves."""
_BAD_ALONE = _words("loss losses deficit")
_NEGATORS = _words(
    "not no never none nobody nothing neither nor cannot without hardly scarcely isn't wasn't aren't weren't don't doesn't didn't can't "
    "won't couldn't wouldn't shouldn't hasn't haven't hadn't ain't dont doesnt didnt cant wont isnt wasnt"
)
_REACH = 3
_GOOD_PHRASES = regex.compile(
    r"\binsiders?\s+(?:have\s+)?(?:buy|bought|buying)\b|\b(?:worst|crisis)\s+(?:is|may\s+be)\s+over\b|\bwell\s+ahead\b|\ball-time\s+high\b"
    r"|\bnet\s+cash\b|\bdebt-free\b|\bbuyback\s+stays\b|\bswings?\s+to\s+(?:a\s+)?profit\b",
    regex.IGNORECASE,
)
_BAD_PHRASES = regex.compile(
    r"\binsiders?\s+(?:have\s+)?(?:sell|sold|selling|dump|dumped)\b|\ball-time\s+low\b|\bgoing\s+concern\b|\bpenny\s+stock\b"
    r"|\bpulled\s+its\b|\bfar\s+too\b|\bwalk(?:s|ed)?\s+away\b",
    regex.IGNORECASE,
)

_SAID = r"(?:call(?:s|ed)?|sa(?:y|ys|id)|describ(?:e|es|ed)|nam(?:e|es|ed)|titled|dubbed|rat(?:e|es|ed)|wrote|told|as|to|from)"
_QUOTED = regex.compile(
    rf"(?:(?<said>\b{_SAID}\b)(?:\s+[\w']+){{0,3}}\s+)?(?<![\w])[\"'](?<inside>\p{{Ll}}[\w\-]*(?:\s+\p{{Ll}}[\w\-]*)?)[\"'](?!\w)"
)
_RATINGS = _words("buy sell hold neutral overweight underweight outperform underperform equal-weight")
_IRONY = regex.compile(
    r"(?:^|\s)/s\b|\b(?:lol|lmao|rofl|lolz|haha+|hehe+)\b|[🙄🤡🙃😏🤣]|\#(?:sarcasm|irony|not)\b"
    r"|\byeah,?\s+right\b|\bso\s+much\s+for\s+(?:the|our|his|her|their|my|that|all)\b|\bslow\s+clap\b|\bthanks?\s+(?:you\s+)?for\s+nothing\b"
    r"|\bwhat\s+could\s+(?:possibly\s+)?go\s+wrong\b|\bwho\s+could\s+have\s+(?:guessed|known|seen)\b|\bwho\s+would\s+have\s+thought\b"
    r"|\b(?:oh|just|how|that's\s+just|well\s+isn't\s+that)\s+(?:great|lovely|wonderful|brilliant|perfect|fantastic)\b(?=[,.!\s]*(?:$|[,.!]))"
    r"|\b(?:shocker|shocking,?\s+i\s+know|surprise,?\s+surprise|colou?r\s+me\s+shocked)\b|\bgood\s+luck\s+with\s+that\b"
    r"|\b(?:love|gotta\s+love|adore)\s+(?:how|it\s+when|that\s+they|when)\b|(?:^|[.!]\s+)sure,|\bof\s+course\s+(?:it|they|he|she|we)\s+did\b"
    r"|\bwell\s+done,|\bnice\s+(?:one|job|work),|\bbravo\b|\bwhatever\s+will\s+we\s+do\b|\bmasterclass\s+in\s+(?:destroy|los|ruin|wast|burn)\w*"
    r"|\bthrilling\s+stuff\b|\breally\s+innovative\s+stuff\b|\bwhat\s+a\s+(?:surprise|shock)\b|\bbecause\b.{0,60}\balways\s+work(?:s|ed)\s+so\s+well\b",
    regex.IGNORECASE,
)


def is_ironic(read: ReadText) -> bool:
    """Signs that the opposite may be meant: lol, 🙄, yeah right, so much for, oh great, a word or two in scare quotes."""
    if _IRONY.search(read.plain):
        return True
    return any(match["said"] is None and match["inside"].lower() not in _RATINGS for match in _QUOTED.finditer(read.plain))


def is_mixed(read: ReadText) -> bool:
    """Good news and bad news, or praise and blame, in one text."""
    good, bad = count_polarity(read)
    return good > 0 and bad > 0 and not is_ironic(read)


def count_polarity(read: ReadText) -> tuple[int, int]:
    """How many words or phrases say something good, and how many something bad."""
    forms = [_known_form(form) for form in read.normalized]
    signs = [_sign(forms, i) for i in range(len(forms))]
    for i in range(len(signs) - 1):
        if signs[i] > 0 and signs[i + 1] < 0 and forms[i] in ("strong", "great", "good", "nice", "solid"):
            signs[i] = 0  # A strong decline is no good news.
    good = sum(sign > 0 for sign in signs) + len(_GOOD_PHRASES.findall(read.plain))
    return good, sum(sign < 0 for sign in signs) + len(_BAD_PHRASES.findall(read.plain))


_KNOWN = _GOOD | _BAD | _UP | _DOWN | _BETTER_LOW | _NO_NEWS


def _known_form(word: str) -> str:
    """The word, or the form of it that one of the lists has."""
    return next((form for form in stand_ins(word) if form in _KNOWN), word)


def _sign(forms: list[str], i: int) -> int:
    """1 where the word says something good, -1 for bad, else 0."""
    word = forms[i]
    if word in _UP or word in _DOWN:
        sign = _moved(forms, i, 1 if word in _UP else -1)
    elif word in _BAD_ALONE:
        sign = 0 if any(form in _UP or form in _DOWN for form in forms[i + 1 : i + 1 + _REACH]) else -1
    else:
        sign = (word in _GOOD) - (word in _BAD)
    before = forms[max(0, i - _REACH) : i]
    if "neither" in before or "nor" in before:  # Neither better nor worse says nothing.
        return 0
    return -sign if any(form in _NEGATORS for form in before) else sign


def _moved(forms: list[str], i: int, direction: int) -> int:
    """What a word of direction says: by the nearest thing around it that is better low, or moves without news."""
    clause = forms[max(0, i - _REACH) : i][::-1]
    if any(mark in clause for mark in (",", ";", ".", "but", "and")):
        clause = clause[: min(clause.index(mark) for mark in (",", ";", ".", "but", "and") if mark in clause)]
    for form in [*clause, *forms[i + 1 : i + 3]]:
        if form in _NO_NEWS:
            return 0
        if form in _BETTER_LOW:
            return -direction
    return direction
