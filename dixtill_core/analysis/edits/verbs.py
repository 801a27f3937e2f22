"""Forms of the verbs that news and opinions about it use, and which of them may be nouns or participles. English."""

from __future__ import annotations

from dixtill_core.analysis.edits.edit import words_of

_REGULAR = words_of(
    """
    accelerate accept achieve acknowledge acquire add address adopt advance affect agree aim allow alter announce anticipate appear
    apply appoint approve ask assume attract avoid back ban bar believe benefit block bolster boost borrow bounce broaden buck
    cancel cap carry cease celebrate change charge cheer claim clear climb close collapse complete concede confirm consider contain
    continue contract convert cover crash create crush curb damage deal decide decline deepen defend defer delay deliver demand deny
    deploy depend deserve destroy develop dip disappoint discontinue divest dominate double drag drop dump earn ease edge eliminate
    embrace emerge enable encourage end enjoy enter erase escape exceed exclude exit expand expect expire explain explore express
    extend eye face fail favor fear file fill finalize finance finish fire fix follow force form fuel fund gain generate grant guide
    halt handle happen harm help hike hire hope hover idle ignore impact implement impose impress improve include increase initiate
    inject intend introduce invest join jump kick kill lack lag land last launch lay leap license lift like limit linger list live
    look loom love lower maintain manage mark match matter merge miss mount move mull name near need notch note obtain offer offset
    open operate oppose order oust outline outpace outperform outweigh own partner pass pause perform pick pin place plan play
    pledge plummet plunge poise pop post postpone predict prefer prepare present press prevent price proceed produce project promise
    promote propose protect prove pull purchase push question raise rally ramp rate reach react reaffirm rebound recall receive
    recommend recover reduce refuse regain reinstate reiterate reject release relaunch remain remove renew reopen repeat replace
    report represent require resign resolve respond restart restore resume retain retire retreat return reveal reverse review revise
    revive reward ride roll ruin rule sail save score seem select settle shift show shutter sign signal skip slash slip slow slump
    smash soar soften spark spike spur stabilize stall stand start stay steady step stop strengthen struggle submit succeed suffer
    suggest support surge surpass suspend tank target tap tease test threaten top total touch trade trail transfer trigger trim
    triple trust try tumble turn unveil update upgrade urge use validate value view vote vow wait walk want warn weaken weigh
    welcome widen withhold work worry worsen yield abandon authorize award bid boom bottom build burn climb cool crack cross dampen
    decrease declare discover dismiss downgrade drive evaluate falter file flag free freeze grab highlight hurt ink issue leave lure
    nab net overtake pare peak penalize plow pocket probe quit rescue rocket sack scrap seek serve settle shed shelve shrug sink
    snap snag sour split stem strike stumble sue challenge tour risk book visit host attend study race swing tighten tout unite upset
    vary wane win wipe wobble worry zoom cite suit lead
    """
)
_PAST_ONLY = {
    "rose": "rise", "fell": "fall", "grew": "grow", "began": "begin", "went": "go", "came": "come", "took": "take", "gave": "give",
    "saw": "see", "became": "become", "sank": "sink", "shrank": "shrink", "broke": "break", "wrote": "write", "drove": "drive",
    "chose": "choose", "threw": "throw", "knew": "know", "swung": "swing", "stood": "stand", "did": "do", "got": "get", "felt": "feel",
    "slid": "slide", "fled": "flee", "rode": "ride", "ate": "eat", "flew": "fly", "drew": "draw", "withdrew": "withdraw", "kept": "keep",
    "lost": "lose", "won": "win", "meant": "mean",
}  # fmt: skip
"""Past forms that stand as the verb of a sentence, and hardly ever as a participle in headlines."""
_IRREGULAR_PAST = {
    "made": "make", "sold": "sell", "bought": "buy", "paid": "pay", "held": "hold", "led": "lead", "left": "leave", "met": "meet",
    "built": "build", "lent": "lend", "spent": "spend", "sent": "send", "sought": "seek", "brought": "bring", "caught": "catch",
    "struck": "strike", "found": "find", "cut": "cut", "hit": "hit", "set": "set", "beat": "beat", "shut": "shut", "put": "put",
    "hurt": "hurt", "quit": "quit", "stuck": "stick",
}  # fmt: skip
_IRREGULAR_BASES = frozenset(_PAST_ONLY.values()) | frozenset(_IRREGULAR_PAST.values())
BASES = _REGULAR | _IRREGULAR_BASES

_INTRANSITIVE_PAST = words_of(
    """
    soared jumped plunged slumped climbed dropped slipped tumbled surged declined rallied rebounded recovered improved remained stayed
    collapsed crashed plummeted bounced dipped retreated continued failed missed gained agreed decided refused outperformed
    underperformed seemed appeared looked happened succeeded struggled suffered resigned worsened peaked stalled
    """
)
"""Regular pasts that are no passive participles, so that they need no object to be the verb."""

_NOUNS_IN_S = words_of(
    """
    advances aims announces backs bans bars benefits bids blocks boosts bounces breaks builds calls caps changes charges claims
    climbs closes contracts costs covers crashes cuts damages deals declines delays delivers demands dips doubles drags drives drops
    ends estimates exits eyes faces falls fears files fires fixes follows forces forms fuels funds gains goes grants guides halts
    hedges helps highs hikes hires hits holds hopes impacts increases invests issues jumps kicks lands launches leads leaps lifts
    likes limits lists looks losses lows marks matches moves names needs nets notes offers opens orders pauses picks places plans
    plays pledges plunges posts prices probes produces projects promises pulls purchases pushes puts questions quits raises rallies
    rates rebounds recalls recovers reports requests rescues retreats returns reveals reverses reviews rewards rides rises rolls
    rules sacks sales scores sees sells sets shares shifts shows signals signs slides slips slumps splits spikes stands starts stays
    steps stocks stops strikes struggles supports surges swings takes talks tanks taps targets tests tops totals touches trades
    transfers trends tries trims turns updates upgrades downgrades uses values views visits votes walks wins works worries yields
    triggers tenders
    """
) - words_of("announces raises sees sells sets builds delivers fixes goes invests reveals recovers takes stays puts produces tries")
"""Forms in -s that are nouns as often as verbs."""


def _with_s(base: str) -> str:
    if base in ("go", "do"):
        return base + "es"
    if base.endswith(("s", "x", "z", "ch", "sh")):
        return base + "es"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ies"
    return base + "s"


_DOUBLED = words_of(
    "ban cap dip drag drop grab nab net pin plan plug pop shed shrug sag skip slip snag snap spur stem step stop submit tap top trim"
)
"""Bases that double their last letter before -ed."""


def _with_ed(base: str) -> str:
    if base.endswith("e"):
        return base + "d"
    if base.endswith("y") and base[-2] not in "aeiou":
        return base[:-1] + "ied"
    if base in _DOUBLED:
        return base + base[-1] + "ed"
    return base + "ed"


PRESENT = {_with_s(base): base for base in BASES}
"""Third person: beats → beat."""
_PAST_REGULAR = {_with_ed(base): base for base in _REGULAR}
PAST = _PAST_REGULAR | _IRREGULAR_PAST | _PAST_ONLY
"""Past, most of which may be a participle too: raised → raise."""
SURE_PAST = frozenset(_PAST_ONLY) | (_INTRANSITIVE_PAST & frozenset(_PAST_REGULAR))
"""Past forms that need no object to be told from participles."""
MAYBE_NOUNS = _NOUNS_IN_S | frozenset(("cuts", "hits"))
PARTICIPLES = frozenset(_PAST_REGULAR) | words_of(
    """
    been laid made sold bought paid held led left met built lent spent sent sought brought caught struck found cut hit set put shut hurt
    risen fallen grown begun gone come taken given seen become sunk shrunk broken written driven chosen thrown known swung done got
    felt slid fled ridden flown drawn withdrawn kept lost won said beaten beat
    """
)
GIVEN_TO = words_of("awarded granted offered sent given named called paid")
"""Participles that take an object in the passive, too: Acme awarded a contract."""
