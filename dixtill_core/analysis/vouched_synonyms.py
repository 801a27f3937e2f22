"""Reviewed pairs of words: the second may stand for the first in most texts about companies and markets.

A pair has a direction: "begins" may stand for "starts", while "starting" says too much to be replaced. Inflection and part of
speech agree. Left out on purpose are words of many senses (gains, cuts, order) and terms of trade (call, buy, margin). One entry is
`word:replacement/replacement`; that each is a GloVe neighbour from both sides is tested.
"""

from __future__ import annotations

_PAIRS = """
    declares:announces unveils:announces company:firm companies:firms firms:companies businesses:companies/firms
    employees:workers workers:employees nearly:almost almost:nearly roughly:approximately approximately:roughly biggest:largest
    largest:biggest massive:huge huge:massive/enormous enormous:huge/tremendous tremendous:enormous gigantic:enormous/huge
    bigger:larger larger:bigger rise:increase decrease:decline plunge:tumble tumble:plunge soar:surge soars:surges surges:soars
    soared:surged surged:soared soaring:surging surging:soaring tumbled:plunged/slumped plunged:tumbled
    plummeted:plunged/tumbled slumped:tumbled jumped:surged/climbed climbed:rose rose:climbed fell:dropped/slid slid:fell
    slipped:dipped dipped:slipped slips:dips rises:climbs climbs:rises sinks:plunges falls:drops falling:dropping
    dropping:falling rising:increasing lowers:reduces reduces:lowers reducing:lowering slashed:lowered bolster:strengthen/boost
    bolstering:strengthening/boosting boosting:bolstering/strengthening boosted:bolstered begins:starts starts:begins
    began:started begin:start buys:acquires acquires:buys bought:purchased/acquired purchased:bought/acquired
    acquired:purchased/bought buying:purchasing purchasing:buying showed:indicated accord:agreement agreement:deal/accord
    pact:agreement/accord takeover:acquisition acquisition:takeover buyout:takeover/acquisition investigation:inquiry
    probe:investigation/inquiry inquiry:investigation lawsuit:suit worries:concerns/fears fears:worries/concerns
    concerns:worries/fears worried:concerned concerned:worried optimistic:upbeat upbeat:optimistic sluggish:weak
    significant:substantial substantial:significant/considerable considerable:substantial crucial:critical/vital vital:crucial
    essential:vital faster:quicker quicker:faster sharply:dramatically/significantly dramatically:sharply/significantly
    significantly:substantially substantially:significantly mostly:largely/mainly largely:mostly/mainly mainly:primarily/mostly
    primarily:mainly completely:entirely/totally entirely:completely totally:completely frequently:often often:frequently
    rarely:seldom seldom:rarely eventually:ultimately ultimately:eventually nevertheless:nonetheless nonetheless:nevertheless
    moreover:furthermore furthermore:moreover effort:attempt attempt:effort attempts:efforts trying:attempting attempting:trying
    difficulties:problems troubles:problems/difficulties woes:troubles disaster:catastrophe catastrophe:disaster errors:mistakes
    mistakes:errors expenses:costs funding:financing financing:funding shareholders:stockholders stockholders:shareholders
    executives:managers customers:clients clients:customers manufacturers:makers maker:manufacturer manufacturer:maker
    automaker:carmaker carmaker:automaker automakers:carmakers carmakers:automakers factory:plant factories:plants stores:shops
    shops:stores car:vehicle cars:vehicles automobiles:cars petrol:gasoline gasoline:petrol country:nation nation:country
    countries:nations nations:countries region:area regions:areas kids:children children:kids film:movie movie:film films:movies
    movies:films outbreak:epidemic epidemic:outbreak illness:disease illnesses:diseases doctors:physicians physicians:doctors
    yearly:annual annual:yearly forecast:estimate estimate:forecast forecasts:estimates/projections estimates:forecasts
    projections:forecasts/estimates predictions:forecasts/projections expectations:forecasts predicts:forecasts
    anticipate:expect stocks:shares dividends:payouts buyback:repurchase recession:downturn downturn:slowdown slowdown:downturn
    turmoil:upheaval upheaval:turmoil growing:increasing halted:suspended suspended:halted suspends:halts postponed:delayed
    delayed:postponed postpone:delay cancelled:canceled canceled:cancelled rejects:dismisses pledged:promised/vowed
    promised:pledged/vowed vowed:pledged/promised vows:pledges warned:cautioned revealed:disclosed disclosed:revealed
    approves:authorizes founded:established constructed:built tiny:small rich:wealthy wealthy:rich richest:wealthiest
    wealthiest:richest terrible:horrible/awful horrible:terrible/awful awful:terrible/horrible excellent:superb superb:excellent
    wonderful:fantastic/marvelous fantastic:wonderful/terrific terrific:fantastic/wonderful amazing:incredible
    incredible:amazing awesome:amazing/incredible glad:happy angry:furious furious:angry stupid:dumb dumb:stupid
    weird:strange/bizarre strange:weird/odd bizarre:strange/weird scary:frightening frightening:scary cheap:inexpensive
    inexpensive:cheap expensive:costly costly:expensive pricey:expensive clever:smart ill:sick afraid:scared scared:afraid
    shocked:stunned stunned:shocked eager:keen keen:eager reluctant:unwilling unclear:uncertain entire:whole current:present
    additional:extra extra:additional sufficient:adequate adequate:sufficient accurate:precise assist:help assistance:aid
    allow:permit allows:enables allowed:permitted permitted:allowed allowing:permitting/enabling enables:allows
    enabling:allowing enable:allow requires:needs obtained:received provides:offers providing:offering provide:offer
    negotiations:talks/discussions discussions:talks/negotiations percentage:proportion figures:numbers numbers:figures
    proposal:plan proposals:plans measures:steps regulations:rules rules:regulations restrictions:limits/curbs
    curbs:restrictions regulator:watchdog watchdog:regulator protesters:demonstrators demonstrators:protesters
    protests:demonstrations demonstrations:protests deaths:fatalities fatalities:deaths wounded:injured quake:earthquake
    earthquake:quake blast:explosion explosion:blast airplane:plane airplanes:planes airline:carrier airlines:carriers
    vessels:ships phones:handsets handsets:phones website:site websites:sites internet:web homes:houses houses:homes
    gloomy:bleak bleak:gloomy grim:bleak tepid:lackluster lackluster:tepid impressive:remarkable
    remarkable:impressive/extraordinary outcomes:results opinions:views skills:abilities wages:salaries salaries:wages
    salary:wage competitors:rivals rivals:competitors competitor:rival penalties:fines fines:penalties bankruptcy:insolvency
    insolvency:bankruptcy victory:triumph triumph:victory walkout:strike shortage:scarcity delicious:tasty tasty:delicious
    dirty:filthy filthy:dirty funny:hilarious hilarious:funny beautiful:gorgeous gorgeous:beautiful lovely:beautiful/wonderful
    useless:worthless worthless:useless annoying:irritating irritating:annoying ideal:perfect
"""


def _read(pairs: str) -> dict[str, frozenset[str]]:
    found = {}
    for entry in pairs.split():
        word, _, others = entry.partition(":")
        found[word] = frozenset(others.split("/"))
    return found


VOUCHED = _read(_PAIRS)
