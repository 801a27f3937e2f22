"""The main verb of a text negated. For English; without a parse.

A verb counts where a list of forms and the words beside it agree that it is one. Everything doubtful is left alone: several
sentences, questions, texts that are negated or say both good and bad, verbs behind "that", "when", "if", a second statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dixtill_core.analysis.edits.edit import Edit, edit_text, is_title_case, words_of
from dixtill_core.analysis.edits.sentence_words import (
    ABBREVIATIONS,
    ADVERBS,
    AUXILIARIES,
    BEHIND_AUXILIARY,
    BLOCKING,
    BREAKS,
    CHANGED,
    CONTRACTED,
    COUNTS,
    DETERMINERS,
    ENDS,
    HAVE,
    NO_SUBJECT,
    NO_SUBJECT_ADVERBS,
    NOUN_MAKERS,
    NUMERIC,
    OUTLOOK,
    PASSED_OVER,
    PLAN_NOUNS,
    PREPOSITIONS,
    PRICES,
    PRONOUNS,
    SAYS,
    SINGULAR_IN_S,
    STOCKS_TO,
    TARGETS,
    TOO_CLOSE,
)
from dixtill_core.analysis.edits.verbs import BASES, GIVEN_TO, MAYBE_NOUNS, PARTICIPLES, PAST, PRESENT, SURE_PAST
from dixtill_core.analysis.polarity import is_mixed
from dixtill_core.analysis.text_tags import ReadText, is_negated, is_question
from dixtill_core.data.words import CASHTAG, URL, USER, YEAR, Word, split_words

LEAST_WORDS = 3
"""Plain words that make a piece of a text a sentence of its own."""


@dataclass(frozen=True)
class _Negated:
    """A finite verb and what stands in its place when it is negated."""

    place: int
    other: str
    form: str
    """Verbs of the same form may share a subject: beats by a cent, misses on revenue."""


def negate(text: str, random: np.random.Generator) -> list[Edit]:
    """Negates the main verb of a text of one sentence: is not, will not, does not rise, not to buy, target not raised to.

    What is said or thought is negated, not the saying. A second verb of the same subject is negated too. No edit without a clear main
    verb, in questions, in negated texts and in those that say both good and bad.
    """
    words = split_words(text)
    read = ReadText(text, words)
    if is_question(read) or is_negated(read) or is_mixed(read):
        return []
    sentence = _only_sentence(words, read.normalized)
    if sentence is None:
        return []
    forms = ["" if form in (URL, USER) else form.replace("’", "'") for form in read.normalized]
    found = _Sentence(words, forms, *sentence).negated_verbs()
    changes = [(words[verb.place], _written_like(words, verb.place, verb.other)) for verb in found]
    return [edit_text(text, changes, "falls")] if changes else []


def _only_sentence(words: Sequence[Word], forms: Sequence[str]) -> tuple[int, int] | None:
    """First and last place + 1 of the one sentence of the text, without a short beginning such as "Exclusive:"; else None."""
    pieces, start = [], 0
    for i, word in enumerate(words):
        is_last = i + 1 == len(words)
        ends = (
            word.text in ENDS
            and not (word.text == "." and i and forms[i - 1].rstrip(".") in ABBREVIATIONS)
            and (is_last or word.text != "." or not words[i + 1].text[:1].islower())
        )
        if ends or forms[i] == URL or is_last:
            pieces.append((start, i if ends or forms[i] == URL else i + 1))
            start = i + 1
    said = [(first, end) for first, end in pieces if _plain_words(words, first, end) >= LEAST_WORDS]
    if len(said) != 1:
        return None
    first, end = said[0]
    colons = [i for i in range(first, end) if words[i].text == ":"]
    if colons and _plain_words(words, colons[0] + 1, end) >= LEAST_WORDS:
        if colons[0] - first > 5 or len(colons) > 1:
            return None
        first = colons[0] + 1
    return first, end


def _plain_words(words: Sequence[Word], first: int, end: int) -> int:
    return sum(word.text[0] not in "#@$" and word.text[:1].isalpha() for word in words[first:end])


class _Sentence:
    """The words `first` to `end` of a text, and where their finite verbs are."""

    def __init__(self, words: Sequence[Word], forms: Sequence[str], first: int, end: int) -> None:
        self.words, self.forms, self.first, self.end = words, forms, first, end
        self.begin = first
        while self.begin < end and (forms[self.begin] in ("", CASHTAG) or not words[self.begin].text[0].isalnum()):
            self.begin += 1

    def form(self, place: int) -> str:
        return self.forms[place] if self.first <= place < self.end else ""

    def negated_verbs(self) -> list[_Negated]:
        """The main verb and those that share its subject; none where it is not clear or another statement follows."""
        main, may_be_verbs = None, 0
        if self.form(self.begin) in NUMERIC | COUNTS:  # 3 funds picked for you: a list of things has no statement.
            return []
        for i in range(self.begin, self.end):
            form = self.form(i)
            if form in BLOCKING and not (form == "that" and self.form(i - 1) in PASSED_OVER):
                return []
            if main := self._negated(i):
                break
            if form.endswith("n't") or (may_be_verbs and form in BREAKS):
                return []
            may_be_verbs += i > self.begin and (form in PRESENT or form in PAST or form in BASES) and form not in PRICES | PASSED_OVER
        if main is None or (may_be_verbs and main.form != "auxiliary"):
            return []
        return self._with_conjuncts(main)

    def _with_conjuncts(self, main: _Negated) -> list[_Negated]:
        """The main verb and those that share its subject; none where another statement follows, which would stay."""
        found, is_new_clause, depends = [main], False, False
        for i in range(main.place + 1, self.end):
            form = self.form(i)
            if form in BREAKS:
                is_new_clause, depends = True, False
            elif form in SAYS:  # ", a report says" at the end is no statement of the text's.
                is_last = i + 1 >= self.end or self.form(i + 1) in BREAKS
                return found if is_last or not is_new_clause else []
            elif form in BLOCKING or (form == "to" and self.form(i + 1) in BASES):
                depends = True
            elif not depends:
                other = self._shared(i, main.form) if self.form(i - 1) in BREAKS else None
                if other:
                    found.append(other)
                    is_new_clause = False
                elif self.form(i - 1) in BREAKS and (form in AUXILIARIES or form in HAVE or form in SURE_PAST):
                    return []  # Of the same subject, but in another form: is rising and has doubled.
                elif is_new_clause and (self._negated(i) or (main.form == "infinitive" and form in BASES)):
                    return []
        return found

    def _is_title_case(self) -> bool:
        return is_title_case(self.words[self.begin : self.end])

    def _shared(self, i: int, form: str) -> _Negated | None:
        """A verb just behind "," or "and" in the form of the main verb."""
        if form == "present" and self.form(i) in PRESENT and not self._is_noun_behind(i):
            return _Negated(i, f"does not {PRESENT[self.form(i)]}", form)
        if form == "past" and self.form(i) in SURE_PAST:
            return _Negated(i, f"did not {PAST[self.form(i)]}", form)
        return None

    def _negated(self, i: int) -> _Negated | None:
        """The verb at a place, where it is finite."""
        form, before = self.form(i), self.form(i - 1)
        if i == self.begin:
            if CONTRACTED.fullmatch(form):
                return self._auxiliary(i, _spelled_out(self.words[i].text))
            return None
        if CONTRACTED.fullmatch(form):
            return self._auxiliary(i, _spelled_out(self.words[i].text))
        if form in AUXILIARIES or (form in HAVE and self._is_participle(i + 1)):
            is_month = self.words[i].text == "May" and self.form(i + 1) not in BASES | {"be", "have"}
            if before in NO_SUBJECT - words_of("all this these those more most some") or is_month or self.words[i].text in ("US", "CAN"):
                return None
            return self._auxiliary(i, self.words[i].text)
        if form in HAVE:
            follows = self.form(i + 1) in DETERMINERS - {"some", "more", "most"} or self._is_number(i + 1)
            return _Negated(i, HAVE[form], "have") if follows and before not in NO_SUBJECT else None
        if before == "to":
            return self._infinitive(i)
        if before in PRONOUNS and form in BASES | {"think"} and form not in PASSED_OVER:
            return _Negated(i, f"do not {form}", "base")
        if form in OUTLOOK and self.form(i + 1) == "to" and self._is_subject(i - 1):
            return _Negated(i, f"not {form}", "outlook")
        if form in CHANGED and before in TARGETS and self.form(i + 1) in ("to", "by", "at", "from"):
            if any(self.form(j).endswith("ing") for j in range(self.begin, i)):
                return None
            return _Negated(i, f"not {form}", "participle")
        if form in PRESENT and form not in PASSED_OVER and self._is_subject(i - 1) and not self._is_noun(i):
            return _Negated(i, f"does not {PRESENT[form]}", "present")
        if form in PAST and self._is_subject(i - 1) and self._is_finite_past(i):
            return _Negated(i, f"did not {PAST[form]}", "past")
        if form in BASES - {"like"} and self._is_plural(i - 1) and self._is_strictly_followed(i):
            return _Negated(i, f"do not {form}", "base")
        return None

    def _auxiliary(self, i: int, written: str) -> _Negated | None:
        follows = self.form(i + 1)
        if follows in TOO_CLOSE or i + 1 >= self.end:
            return None
        if follows in BEHIND_AUXILIARY and i + 2 < self.end:
            return _Negated(i + 1, f"{self.words[i + 1].text} not", "auxiliary")
        if self.form(i - 1) in ("here", "there"):
            return None
        return _Negated(i, f"{written}not" if written.lower() == "can" else f"{written} not", "auxiliary")

    def _infinitive(self, i: int) -> _Negated | None:
        """Of a headline: Acme to buy Bolt."""
        subject = self.form(i - 2)
        earlier = range(self.begin, i - 1)
        fits = (
            self.form(i) in BASES - {"near", "name", "last", "price", "force"}
            and self.form(i) not in STOCKS_TO
            and i - 2 >= self.begin
            and self._is_subject(i - 2)
            and subject not in PLAN_NOUNS
            and subject not in BASES
            and not any(self.form(j).endswith("ed") or self.form(j) in PARTICIPLES | PREPOSITIONS | {",", "tells", "tell"} for j in earlier)
        )
        # "not" goes before "to".
        return _Negated(i - 1, f"not {self.words[i - 1].text}", "infinitive") if fits else None

    def _is_participle(self, i: int) -> bool:
        form = self.form(i)
        return form in PARTICIPLES or (form in BEHIND_AUXILIARY | {"already", "recently", "just"} and self.form(i + 1) in PARTICIPLES)

    def _is_number(self, i: int) -> bool:
        return self.form(i) in NUMERIC

    def _is_subject(self, i: int) -> bool:
        """Whether a word can end what a finite verb speaks of."""
        form = self.form(i)
        if (
            i < self.begin
            or form in NO_SUBJECT
            or form in BLOCKING
            or form.endswith(("'s", "ly"))
            or form in NO_SUBJECT_ADVERBS
            or form in (YEAR, CASHTAG)
        ):
            return form == CASHTAG and i >= self.first
        return (form[:1].isalpha() and form not in PARTICIPLES) or form in (")",)

    def _is_plural(self, i: int) -> bool:
        form = self.form(i)
        if form in ("people", "they", "we", "you", "i", "men", "women"):
            return True
        return (
            self._is_subject(i) and form not in PRESENT and form.isalpha() and form.endswith("s") and not form.endswith(("ss", "us", "is"))
            and form not in SINGULAR_IN_S | {"earnings", "jobs", "sales"} and not (self.words[i].text[0].isupper() and i > self.begin)
        )  # fmt: skip

    def _is_noun(self, i: int) -> bool:
        """Whether a form in -s is more likely a plural: price cuts, the gains of ..."""
        form, before = self.form(i), self.form(i - 1)
        if self._is_noun_behind(i):
            return True
        if form not in MAYBE_NOUNS:
            return False
        if before in NOUN_MAKERS:
            return not (self._is_number(i + 1) or self.form(i + 1) in DETERMINERS | {"as", "after", "by", "amid", "on"})
        is_name = self.words[i - 1].text[0].isupper() and not self.words[i].text[0].isupper()
        if self.words[i].text[0].isupper() and i > self.begin + 2 and self._is_title_case():
            return not (self._is_number(i + 1) or self.form(i + 1) in DETERMINERS)
        return not (is_name or self._is_strictly_followed(i))

    def _is_noun_behind(self, i: int) -> bool:
        """What follows says that this is no verb."""
        follows = self.form(i + 1)
        if follows == "of" or follows in AUXILIARIES or follows in HAVE or follows in SURE_PAST:
            return True
        return follows in PRESENT and follows not in MAYBE_NOUNS

    def _is_finite_past(self, i: int) -> bool:
        form, follows = self.form(i), self.form(i + 1)
        if form in SURE_PAST:
            return follows != "by" or form not in ("lost", "won")
        if form in GIVEN_TO or form in ("set", "put", "cut"):
            return follows in ("its", "their", "his", "her") and form not in GIVEN_TO
        return follows in ("a", "an", "the", "its", "their", "his", "her", "our", "my", "this")

    def _is_strictly_followed(self, i: int) -> bool:
        """Whether what follows stands behind verbs: a number, an article, a preposition, an adverb, the end."""
        follows = self.form(i + 1)
        return (
            self._is_number(i + 1) or follows in DETERMINERS or follows in PREPOSITIONS or follows in ADVERBS
            or i + 1 >= self.end or (follows.endswith("ly") and len(follows) > 4) or (follows[:1] == "q" and follows[1:2].isdigit())
        )  # fmt: skip


def _spelled_out(contraction: str) -> str:
    """we'll → we will, so that "not" can follow; it's stays."""
    return contraction[:-3] + " will" if contraction[-3:].lower() in ("'ll", "’ll") else contraction


def _written_like(words: Sequence[Word], place: int, other: str) -> str:
    """In capitals in a headline of capitals, capitalised in one of capitalised words."""
    word = words[place].text
    plain = word.split("'")[0].split("’")[0]
    if plain.isupper() and len(plain) > 2:
        return other.upper()
    if word[:1].isupper() and place and not CONTRACTED.fullmatch(word):
        return " ".join(part[:1].upper() + part[1:] for part in other.split(" "))
    return other
