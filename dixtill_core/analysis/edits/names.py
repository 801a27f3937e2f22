"""Companies of a text become others: cashtags, and names that something beside them shows to be a company's. For English."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import regex

from dixtill_core.analysis.edits.edit import Edit, edit_text, is_title_case, words_of
from dixtill_core.data.words import CASHTAG, Word, normalize_word, split_words

TICKERS = ("$AAPL", "$MSFT", "$JPM", "$XOM", "$KO", "$PFE", "$CAT", "$NKE", "$DIS", "$INTC", "$WMT", "$GE")
NAMES = ("Northbridge Software", "Halden Energy", "Corvane Holding", "Pellworth Group", "Aldmere Capital", "Tarsin Media")
"""Made up."""
_NO_COMPANY_TAGS = words_of(
    """
    SPY SPX QQQ DIA IWM VTI VOO TLT HYG LQD EEM EFA FXI EWZ VIX VXX UVXY SVXY TVIX XIV GLD SLV GDX GDXJ NUGT DUST JNUG JDST USO USL
    UCO SCO BNO UNG UGAZ DGAZ BOIL KOLD OIL DBO UWT DWT UGA GUSH DRIP ERX ERY XLE XLF XLK XLV XLU XLI XLP XLY XLB XLRE XOP OIH KRE
    KBE SMH SOXX SOXL SOXS IBB XBI XRT JETS ARKK TQQQ SQQQ SPXL SPXS SPXU UPRO SH SDS SSO PSQ QID FAS FAZ TNA TZA LABU LABD YINN
    YANG UUP FXE FXY DXY SOYB MOO CORN WEAT DBA GASL GASX IYT COPX PALL PPLT URA BTC BTCUSD ETH XRP LTC DOGE GBTC ES ES_F NQ NQ_F CL
    CL_F NG NG_F GC GC_F RTY YM ZB EURUSD GBPUSD USDJPY AUDUSD NDX DJI DJIA RUT COMP COMDX USD EUR JPY
    """
)
"""Cashtags of funds, indices, currencies, crude: one that bets against the market cannot stand in for another."""
_KNOWN = words_of(
    """
    Tesla Netflix Facebook Google Microsoft Boeing Uber Lyft Disney Walmart Alibaba Intel Nvidia Starbucks Pfizer Twitter Airbus
    Toyota Honda Volkswagen Samsung Huawei Nokia Ericsson Siemens Nestle Novartis Sanofi Roche Merck Pinterest Spotify PayPal
    Salesforce Adobe Cisco Qualcomm Micron Broadcom Chevron ExxonMobil Tesco Vodafone Unilever Bayer Renault Nissan Tencent Baidu
    SoftBank WeWork Slack Airbnb TikTok Amazon Apple Mattel Hasbro Macy Kohl McDonald Wendy Domino Nordstrom Costco Kroger FedEx
    Verizon Comcast Biogen Gilead Moderna AstraZeneca BioNTech Zillow Etsy Shopify Dropbox Lululemon Nike Adidas Heineken Aramco
    Petrobras Equinor Maersk Lufthansa Ryanair EasyJet Qantas Chipotle Roku Luckin Peloton
    """
)
"""Companies whose name is one word and hardly ever anything else; compared as written."""
_WITH_S = words_of("Macy Kohl McDonald Wendy Domino Lowe")
"""Companies that have 's in their name."""
_MOTOR = words_of("Motor Music Store Co")
"""Behind a company's name, they belong to it or make a product of it."""
_SUFFIX = words_of(
    """
    Inc Corp Corporation Co Ltd Plc PLC Group Holdings Holding Technologies Technology Pharmaceuticals Pharma Therapeutics Biotech
    Biosciences Energy Petroleum Resources Mining Minerals Metals Bancorp Bancshares Bankshares Financial Airlines Airways Motors
    Systems Networks Software Semiconductor Semiconductors Electronics Industries Foods Brands Stores Logistics Partners Properties
    Realty REIT Trust Laboratories Medical Healthcare Communications Entertainment Interactive Materials Chemicals Chemical Gaming
    Retail Labs Robotics Devices Beauty Brewing Homes Cosmetics Insurance Shipping Marine Aerospace Automotive Solar Steel
    """
)
_ROLES = words_of("reports declares posts appoints acquires unveils prices beats misses launches announces names raises cuts lowers")
_BEHIND = words_of("EPS Q1 Q2 Q3 Q4 FFO NII GAAP shares stock upgraded downgraded initiated stockholders shareholders")
_NO_COMPANY = words_of(
    """
    the a an this that these those its their his her our my your new oil crude gold silver brent wti copper gas natural stocks stock
    shares futures bonds bond treasury treasuries dollar euro pound yen bitcoin fed ecb boe boj rba opec imf fda sec doj doc fomc
    treasury congress senate house government minister president ceo cfo chairman analyst analysts economists investors traders
    trader report market markets bank banks central federal reserve supreme court state department trump mnuchin powell biden
    johnson xi wall street economy sales profit profits revenue earnings company companies firm firms us usa uk eu un china chinese
    japan japanese germany german france french india indian russia russian america american britain british asia asian europe
    european italy italian spain spanish brazil canada canadian mexico korea korean iran israel turkey australia australian greece
    swiss dutch african africa hong kong new york london california texas florida north south east west northern southern monday
    tuesday wednesday thursday friday saturday sunday january february march april may june july august september october november
    december jan feb mar apr jun jul aug sep sept oct nov dec q1 q2 q3 q4 update exclusive breaking watch why how what when where
    who is are does will can if as and or but for in on at by with from to of no not it he she they we you i here there big small
    top best worst some many more most few all both each every such another other former prince king queen mr mrs ms united kingdom
    states white dow nasdaq nikkei dax ftse s&p index etf vix nyse imf who cdc nih nasa fbi covid coronavirus virus brexit
    shareholders stockholders lawmakers regulators regulator officials workers employees us-china people police
    """
)
_ABBREVIATED = words_of("Inc Corp Co Ltd")
_CONNECTED = frozenset(("&", "of", "and", "for", "de", "+", "/"))
MOST_WORDS = 4
"""In a name."""


def swap_names(text: str, random: np.random.Generator) -> list[Edit]:
    """Another company for each: known tickers for cashtags, made-up names for names, the same wherever the same stood.

    A name is told by what is beside it (Acme Foods, "Acme reports", "Acme EPS") or is one of a list of large companies. People, places,
    funds, currencies, the first word of a sentence and words in capitals are none by themselves.
    """
    words = split_words(text)
    tags = {word.text.upper() for word in words if normalize_word(word.text) == CASHTAG}
    if len(tags) >= len(TICKERS):  # A list of stocks: there are not enough others.
        return []
    tickers, names = _Replacements(TICKERS, random), _Replacements(NAMES, random)
    changes: list[tuple[Word, str]] = []
    for word in words:
        if normalize_word(word.text) == CASHTAG and word.text[1:].upper() not in _NO_COMPANY_TAGS:
            changes.append((word, tickers.instead_of(word.text.upper())))
    for first, last in company_names(text, words):
        belongs = _possessive(words[last].text) and _bare(words[last].text) not in _WITH_S
        start, end = words[first].start, words[last].end - (len(_possessive(words[last].text)) if belongs else 0)
        changes.append((Word(text[start:end], start, end), names.instead_of(text[start:end])))
    return [edit_text(text, changes)] if changes else []


class _Replacements:
    """One of the choices for each thing that is replaced, another for another while there are any."""

    def __init__(self, choices: Sequence[str], random: np.random.Generator) -> None:
        self._order = [choices[i] for i in random.permutation(len(choices))]
        self._given: dict[str, str] = {}

    def instead_of(self, name: str) -> str:
        if name not in self._given:
            free = [other for other in self._order if other != name and other not in self._given.values()]
            self._given[name] = (free or [other for other in self._order if other != name])[0]
        return self._given[name]


def company_names(text: str, words: Sequence[Word]) -> list[tuple[int, int]]:
    """First and last place of each name of a company, in order."""
    has_capitals = is_title_case(words)
    found, i = [], 0
    while i < len(words):
        end = i
        while end < len(words) and _may_be_in_name(words[end].text) and (end == i or _is_joined(text, words, end)):
            end += 1
            if _possessive(words[end - 1].text):
                break
        if end == i:
            i += 1
            continue
        found += _names_in_run(text, words, i, end, has_capitals)
        i = end
    return found


def _names_in_run(text: str, words: Sequence[Word], first: int, end: int, is_headline: bool) -> list[tuple[int, int]]:
    """Of a run of capitalised words: the whole run where it is a company's name, else the known companies that stand alone in it."""
    parts = [_bare(words[place].text) for place in range(first, end)]
    if not is_headline:
        touches = (_text(words, first - 1) in _CONNECTED and _text(words, first - 2)[:1].isupper()) or (
            _text(words, end) in _CONNECTED and _text(words, end + 1)[:1].isupper()
        )
        if not touches and len(parts) <= MOST_WORDS and _is_company(text, words, first, end, parts):
            has_stop = parts[-1] in _ABBREVIATED and _text(words, end) == "." and words[end].start == words[end - 1].end
            return [(first, end if has_stop else end - 1)]
        if len(parts) == 1 and parts[0] in _KNOWN and _text(words, end) != "&":
            return [(first, first)]
        return []
    found = []
    for place in range(first, end):
        is_part = (place + 1 < end and _bare(words[place + 1].text) in _SUFFIX | _MOTOR) or _text(words, place - 1) == "Saudi"
        if _bare(words[place].text) in _KNOWN and not is_part:
            found.append((place, place))
    return found


def _is_company(text: str, words: Sequence[Word], first: int, end: int, parts: list[str]) -> bool:
    lower = [part.lower() for part in parts]
    if any(part in _NO_COMPANY for part in lower):
        return False
    if len(parts) > 1 and parts[-1] in _SUFFIX:
        return True
    starts = first == 0 or (words[first - 1].text in ("-", "–", ":", ".", "!") and (first < 2 or len(words[first - 2].text) > 1))
    if not starts or _possessive(words[end - 1].text):
        return False
    return _text(words, end) in _ROLES or (_text(words, end) in _BEHIND and _text(words, end + 1) not in ("market", "markets"))


def _may_be_in_name(word: str) -> bool:
    bare = _bare(word)
    if bare in _BEHIND or regex.fullmatch(r"[QH]\d|FY\d*|EPS|FFO|NII|CEO|CFO", bare):
        return False
    return bool(regex.fullmatch(r"\p{Lu}[\p{L}\p{N}&\-.]*", bare)) and not bare.startswith("#") and len(bare) > 1


def _is_joined(text: str, words: Sequence[Word], place: int) -> bool:
    return text[words[place - 1].end : words[place].start] == " "


def _bare(word: str) -> str:
    return word.removesuffix(_possessive(word)) if _possessive(word) else word


def _possessive(word: str) -> str:
    return word[-2:] if word[-2:] in ("'s", "’s") else ""


def _text(words: Sequence[Word], place: int) -> str:
    return words[place].text if 0 <= place < len(words) else ""
