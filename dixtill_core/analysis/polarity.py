"""Good and bad news in a text, from words alone, and signs that the opposite is meant. For English, finance first.

A word of direction (rise, fall) counts by what moves: profits that fall are bad, costs that fall are good. A negation
up to three words before turns a word round. What is over counts for nothing (the strike ends, fears prove unfounded), and
so does what comes only as background (a rise after months of decline) and good news that is taken away (suspends its
buyback). Praise in a text with an irony marker is none.
"""

from __future__ import annotations

from functools import lru_cache

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
    beautiful strong stronger strength robust solid healthy resilient upbeat optimistic confident bullish positive
    profitable profitability win won winner winning victory success successful succeed breakthrough milestone outperform
    outperformed overweight upgrade upgraded beat beaten exceed exceeded surpass surpassed recover recovered recovery
    rebound rebounded improve improved improvement improving approval approved approve boost boosted buyback accelerate accelerated
    attractive undervalued bargain opportunity relief rewarding reward breakout booming boom thriving thrive
    innovative safe secure stable debt-free cheer cheered lucrative blockbuster expand expanded expansion
    """
)
_BAD = _words(
    """
    bad worse worst terrible awful horrible poor poorly disappoint disappointed disappointing disappointment hate hated annoying broken
    useless rude dirty crash crashes crashed sad angry unhappy worry worried worries worrying fear feared fears fragile ugly abysmal
    weak weaker weakness weaken weakened sluggish soft soften downbeat pessimistic bearish negative
    lose lost losing miss missed misses fail failed failing failure default defaulted bankrupt bankruptcy insolvency
    fraud lawsuit probe fined penalty recall recalled scandal investigation sue sued breach hack underperform underperformed
    underweight downgrade downgraded warn warned warning halt halted suspend suspended delay delayed
    layoff layoffs shutdown crisis recession slump slumped collapse collapsed plummet plummeted crater cratered sell-off selloff
    rout bloodbath overvalued overhyped trouble troubled struggle struggled struggling headwind headwinds hurt drag drags dragged
    weigh weighed reject rejected rejection dump dumped glut shortage writedown write-down impairment unsafe dangerous risky
    sour grim dire gloomy gloom stagnate stagnation toxic junk distress distressed dilution dilutive hammered battered unsold storm
    slowing slowdown strike strikes walkout derailments cracks walked
    """
)
_UP = _words(
    """
    up rise rises rose risen jump climb climbed gain gained grow grew grown growth increase increased soar soared surge surged rally
    rallied advance advanced leap leapt spike spiked higher raise raised lift lifted hike hiked double doubled triple tripled widen
    widened rocket ripped
    quadruple quadrupled treble trebled top topped
    """
) | {PERCENT_UP}
_DOWN = _words(
    """
    down fall fell fallen drop dropped slide slid slip slipped tumble tumbled plunge plunged sink sank sunk decline declined decrease
    decreased lower lowered cut cuts slash slashed shrink shrank shrunk narrow narrowed ease eased cool cooled halve halved dipped
    contracted sag sagged retreat retreated dived reduce reduced crumble crumbled
    """
) | {PERCENT_DOWN}
_BETTER_LOW = _words(
    """
    loss losses cost costs expense expenses debt debts inflation unemployment churn claims delinquencies bankruptcies defaults
    deficit risk risks fees tariff tariffs outflows crime complaints cancellations jobless fuel layoffs
    doubt doubts concern concerns fear fears questions worries times arrears vacancy vacancies provision glut shortage unsold
    """
)
_NO_NEWS = _words(
    "rate rates yield yields spread spreads euro dollar yen pound sterling bp bps fed ecb inventory inventories supply odds weight weights"
)
"""What is good news for one and bad news for another when it moves."""
_BAD_ALONE = _words("loss losses deficit")
_NEGATORS = _words(
    "not no never none nobody nothing neither nor cannot without hardly scarcely isn't wasn't aren't weren't don't doesn't didn't can't "
    "won't couldn't wouldn't shouldn't hasn't haven't hadn't ain't dont doesnt didnt cant wont isnt wasnt"
)
_REACH, _SUBJECT_REACH = 3, 6
"""Words between a word and what bears on it."""
_PARTICLE_AFTER = _words(
    "pick picked picking make made set give gave end ended sign signed come came open opened follow back backed start tied line run blow "
    "eat ate look looking sum stand show shows catch dry bump speed sped double doubling settle settled sit put write break broke "
    "breaking breaks call close"
)
"""Verbs whose up or down is no direction."""
_OVER = _words(
    "end ends ended ending avert averted unfounded misplaced overdone reversed reverses erased settled settles sparing spare spared "
    "shrugged freeing threw fade fades faded fading lifted off stopped gone overcome absent closed closes"
)
"""Beside bad news: it is none any more."""
_TAKEN = _words(
    "suspend suspends suspended shelve shelved cancel cancels cancelled scrap scrapped lose loses lost fail fails failed miss missed slash "
    "slashed cut cuts fade fades faded halt halted reject rejected wiping pull pulled end ends ended lower lowers lowered"
)
"""Before good news: it is taken away."""
_BACKGROUND = regex.compile(
    r"\b(?:from|since|ending|before\s+being)\b|\bafter\b(?=\s+(?:\S+\s+){0,2}(?:days?|sessions?|weeks?|months?|quarters?|years?|decades?)\b)",
    regex.IGNORECASE,
)
_PREPOSITIONS = _words("under on of in for to with at by as despite amid")
_BREAKS = _words(", ; . : but and while though although")
_GOOD_PHRASES = regex.compile(
    r"\binsiders?\s+(?:have\s+)?(?:buy|bought|buying)\b|\b(?:worst|crisis)\s+(?:is|may\s+be)\s+over\b|\bwell\s+ahead\b|\ball-time\s+high\b"
    r"|\brecord\s+(?:\w+\s+)?(?:sales|revenues?|profits?|earnings|orders|bookings|backlog|results?|quarter|year|high|growth|cash|demand)\b"
    r"|\bnet\s+cash\b|\bdebt-free\b|\bbuyback\s+stays\b|\bswings?\s+to\s+(?:a\s+)?profit\b",
    regex.IGNORECASE,
)
_BAD_PHRASES = regex.compile(
    r"\binsiders?\s+(?:have\s+)?(?:sell|sold|selling|dump|dumped)\b|\ball-time\s+low\b|\bgoing\s+concern\b|\bpenny\s+stock\b"
    r"|\bpulled\s+its\b|\bfar\s+too\b|\bwalk(?:s|ed)?\s+away\b",
    regex.IGNORECASE,
)

_OWNER = r"(?:another|your|their|his|her|its|our|so-called)"
"""Before scare quotes. Other quotation marks in news are mostly what somebody said."""
_INSIDE = r"(?-i:\p{Ll})[\w\-]*(?:\s+(?-i:\p{Ll})[\w\-]*)?"
_QUOTED = regex.compile(rf"\b{_OWNER}\s+[\"'](?<inside>{_INSIDE})[\"'](?!\w)", regex.IGNORECASE)
_RATINGS = _words("buy sell hold neutral overweight underweight outperform underperform equal-weight")
_IRONY = regex.compile(
    r"(?:^|\s)/s\b|\b(?:lol|lmao|rofl|lolz|haha+|hehe+)\b|[🙄🤡🙃😏🤣]|\#(?:sarcasm|irony|not)\b"
    r"|\byeah,?\s+right\b|\bso\s+much\s+for\s+(?:the|our|his|her|their|my|that|all)\b|\bslow\s+clap\b|\bthanks?\s+(?:you\s+)?for\s+nothing\b"
    r"|\bwhat\s+could\s+(?:possibly\s+)?go\s+wrong\b|\bwho\s+could\s+have\s+(?:guessed|known|seen)\b|\bwho\s+would\s+have\s+thought\b"
    r"|\b(?:oh|just|how|that's\s+just|well\s+isn't\s+that)\s+(?:great|lovely|wonderful|brilliant|perfect|fantastic)\b(?=[,.!\s]*(?:$|[,.!]))"
    r"|\b(?:shocker|shocking,?\s+i\s+know|surprise,?\s+surprise|colou?r\s+me\s+shocked)\b|\bgood\s+luck\s+with\s+that\b"
    r"|\b(?:love|gotta\s+love|adore)\s+(?:how|it\s+when|when)\b|(?:^|[.!]\s+)sure,|\bof\s+course\s+(?:it|they|he|she|we)\s+did\b"
    r"|\bwell\s+done,|\bnice\s+(?:one|job|work),|\bbravo\b|\bwhatever\s+will\s+we\s+do\b|\bmasterclass\s+in\s+(?:destroy|los|ruin|wast|burn)\w*"
    r"|\bthrilling\s+stuff\b|\breally\s+innovative\s+stuff\b|\bwhat\s+a\s+(?:surprise|shock)\b|\bbecause\b.{0,60}\balways\s+work(?:s|ed)\s+so\s+well\b",
    regex.IGNORECASE,
)


def is_ironic(read: ReadText) -> bool:
    """Signs that the opposite may be meant: lol, 🙄, yeah right, so much for, oh great, another “one-off” charge."""
    if _IRONY.search(read.plain):
        return True
    return any(match["inside"].lower() not in _RATINGS for match in _QUOTED.finditer(read.plain))


def is_mixed(read: ReadText) -> bool:
    """Good news and bad news, or praise and blame, in one text."""
    good, bad = count_polarity(read)
    return good > 0 and bad > 0 and not is_ironic(read)


def count_polarity(read: ReadText) -> tuple[int, int]:
    """How many words or phrases say something good, and how many something bad."""
    forms = [_known_form(form) for form in read.normalized]
    signs = [_sign(forms, i) for i in range(len(forms))]
    signs = [_in_context(forms, signs, i) for i in range(len(forms))]
    good = sum(sign > 0 for sign in signs) + len(_GOOD_PHRASES.findall(read.plain))
    return good, sum(sign < 0 for sign in signs) + len(_BAD_PHRASES.findall(read.plain))


_KNOWN = _GOOD | _BAD | _UP | _DOWN | _BETTER_LOW | _NO_NEWS


@lru_cache(maxsize=100_000)
def _known_form(word: str) -> str:
    """The word, or the form of it that one of the lists has; a hyphenated word is one by itself."""
    forms = (word,) if "-" in word else stand_ins(word)
    return next((form for form in forms if form in _KNOWN), word)


def _sign(forms: list[str], i: int) -> int:
    """1 where the word says something good, -1 for bad, else 0."""
    word = forms[i]
    if word in _UP or word in _DOWN:
        sign = _moved(forms, i, 1 if word in _UP else -1)
    elif word in _BAD_ALONE:
        sign = 0 if any(form in _UP or form in _DOWN for form in forms[i + 1 : i + 1 + _REACH]) else -1
    else:
        sign = (word in _GOOD) - (word in _BAD)
    before = _clause_before(forms, i, _REACH)
    if "neither" in before or "nor" in before:  # Neither better nor worse says nothing.
        return 0
    is_denied = any(form in _NEGATORS for form in before) or before[:2] == ["from", "far"]
    if before[:1] in (["this"], ["so"]) or "what's" in before:  # They haven't been this gloomy; what's not to like?
        is_denied = False
    return -sign if is_denied else sign


def _clause_before(forms: list[str], i: int, reach: int) -> list[str]:
    """Up to `reach` words just before, the nearest first, up to the next break."""
    clause = forms[max(0, i - reach) : i][::-1]
    return clause[: next((place for place, form in enumerate(clause) if form in _BREAKS), len(clause))]


def _moved(forms: list[str], i: int, direction: int) -> int:
    """What a word of direction says: by the nearest thing around it that is better low, or moves without news."""
    if forms[i] in ("up", "down") and i and forms[i - 1] in _PARTICLE_AFTER:
        return 0
    if forms[i : i + 2] == ["up", "to"]:
        return 0
    before = _clause_before(forms, i, _SUBJECT_REACH)
    # What stands behind a preposition is no subject, unless it is right beside the verb.
    subjects = [form for place, form in enumerate(before) if place < 2 or not _PREPOSITIONS & set(before[place + 1 : place + 4])]
    for form in [*subjects, *_object(forms, i)]:
        if form in _NO_NEWS:
            return 0
        if form in _BETTER_LOW:
            return -direction
    return direction


def _object(forms: list[str], i: int) -> list[str]:
    """The words just behind that may be what is moved: cuts its unit costs, a rise in costs."""
    behind = forms[i + 1 : i + 1 + _REACH]
    ends = (place for place, form in enumerate(behind) if form in _BREAKS or form in _PREPOSITIONS - {"in", "of"})
    return behind[: next(ends, len(behind))]


def _in_context(forms: list[str], signs: list[int], i: int) -> int:
    """The sign of a word after a look at its neighbours."""
    sign = signs[i]
    if not sign:
        return 0
    if sign < 0 and (
        any(form in _OVER for form in [*forms[max(0, i - _REACH) : i], *forms[i + 1 : i + 7]]) or "never" in forms[i + 1 : i + 8]
    ):
        return 0
    if sign > 0 and (any(form in _TAKEN for form in _clause_before(forms, i, _REACH)) or "fade" in forms[i + 1 : i + 7]):
        return 0
    if sign > 0 and i + 1 < len(signs) and signs[i + 1] < 0:  # A strong decline, a growth scare.
        return 0
    is_background = _BACKGROUND.search(" ".join(forms[max(0, i - 6) : i])) is not None
    return 0 if is_background and -sign in signs[:i] else sign
