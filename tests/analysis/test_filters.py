from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.analysis.distributions import select
from dixtill_core.analysis.filters import RANGES, Filters, Range, compile_pattern, search
from dixtill_core.analysis.outcomes import OUTCOMES
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.errors import ConfigError
from dixtill_core.notes.note import STATUSES, Note, NoteContent, text_key
from tests.analysis.made_corpus import LABELS, made_corpus

CORPUS = made_corpus(120, seed=3)


def note(text, **content):
    return Note(text, "pair", NoteContent(**content), 1, "revision", None, "2026-01-01T00:00:00.000000+00:00")


NOTES = [
    note(CORPUS.table["text"][0], comment="odd", tags=("irony", "to do")),
    note(CORPUS.table["text"][1], comment="gold is wrong", status="data error", tags=("to do",)),
    note(CORPUS.table["text"][2]),  # taken back
    note("a text of another corpus", comment="elsewhere", tags=("elsewhere",)),
]


def some(values):
    return st.lists(st.sampled_from(list(values)), max_size=3).map(tuple)


def ranges(most):
    bounds = st.none() | st.floats(0, most)
    pairs = st.tuples(bounds, bounds).filter(lambda pair: None in pair or pair[0] <= pair[1])
    return st.none() | pairs.map(lambda pair: Range(*pair))


filters = st.builds(
    Filters,
    gold=some(LABELS), teacher=some(LABELS), student=some(LABELS), outcome=some(OUTCOMES),
    teacher_confidence=ranges(1), student_confidence=ranges(1), teacher_margin=ranges(1), student_margin=ranges(1),
    agreement=ranges(1), length=ranges(15),
    word=st.sampled_from(["", "bank", "$KRVN", "the bank", "🙄", "=1+1", "%"]), pattern=st.sampled_from(["", "ris|fal", r"^\S+$", "\\$"]),
    tags=some(SMART_TAGS).map(lambda tags: tags[:1]), note_tags=some(["irony", "to do", "other"]),
    has_note=st.sampled_from([None, True, False]), status=some(STATUSES),
)  # fmt: skip


def passes(row, wanted: Filters) -> bool:
    """What the filters mean, text by text and without a table."""
    of_text = next((n for n in NOTES if n.text == row["text"] and not n.content.is_empty), None)
    for name in ("gold", "teacher", "student", "outcome"):
        if getattr(wanted, name) and row[name] not in getattr(wanted, name):
            return False
    for name, column in RANGES.items():
        bounds, value = getattr(wanted, name), row[column]
        if bounds is not None:
            if math.isnan(value):
                return False
            if bounds.low is not None and value < bounds.low - 1e-9:
                return False
            if bounds.high is not None and value > bounds.high + 1e-9:
                return False
    if wanted.word:
        spaced = " " + " ".join(row["text"].lower().split()) + " "
        if wanted.word == "%":
            if "%" not in spaced:
                return False
        elif f" {wanted.word.lower()} " not in spaced:
            return False
    if wanted.pattern and not re.search(wanted.pattern, row["text"], re.IGNORECASE):
        return False
    if not set(wanted.tags) <= set(row["tags"]):
        return False
    if wanted.has_note is not None and (of_text is not None) != wanted.has_note:
        return False
    if wanted.status and (of_text is None or of_text.content.status not in wanted.status):
        return False
    return not wanted.note_tags or (of_text is not None and bool(set(wanted.note_tags) & set(of_text.content.tags)))


@given(filters)
@settings(max_examples=150, deadline=None)
def test_filters_leave_what_each_text_says_for_itself(wanted):
    expected = [passes(row, wanted) for _, row in CORPUS.table.iterrows()]
    assert wanted.apply(CORPUS.table, NOTES).tolist() == expected


@given(filters)
@settings(max_examples=150, deadline=None)
def test_a_link_carries_every_filter(wanted):
    read, problems = Filters.from_query(wanted.to_query(), LABELS)
    assert read == wanted
    assert problems == []
    assert set(wanted.to_query()) == set(wanted.names)


def test_nothing_set_leaves_everything_and_makes_no_link():
    assert Filters().apply(CORPUS.table).all()
    assert Filters(length=Range(), word="  ").to_query() == {}


def test_two_filters_that_ask_the_same_have_the_same_link():
    first, second = (
        Filters(gold=("neutral", "bearish", "neutral"), word=" the   bank"),
        Filters(gold=("bearish", "neutral"), word="the bank"),
    )
    assert first == second
    assert first.to_query() == second.to_query() == {"gold": ["bearish", "neutral"], "word": ["the bank"]}


@given(
    st.dictionaries(
        st.sampled_from([*RANGES, "gold", "outcome", "tags", "pattern", "has_note", "word", "x"]), st.text() | st.lists(st.text())
    )
)
@settings(max_examples=300, deadline=None)
def test_no_link_whatever_stands_in_it_is_an_error(query):
    read, problems = Filters.from_query(query, LABELS)
    again, none = Filters.from_query(read.to_query(), LABELS)
    assert again == read
    assert not none
    assert all(isinstance(problem, str) and len(problem) < 400 for problem in problems)


def test_what_is_damaged_in_a_link_is_said_and_the_rest_holds():
    query = {
        "gold": ["bearish", "sideways"],
        "agreement": "0.9..0.1", "length": "..x", "student_margin": "nan..1", "pattern": "(", "outcome": "both",
        "has_note": "maybe", "colour": "blue", "row": "7", "teacher_confidence": "0.5..",
    }  # fmt: skip
    read, problems = Filters.from_query(query, LABELS, others=("row",))
    assert read == Filters(gold=("bearish",), teacher_confidence=Range(0.5))
    text = "\n".join(problems)
    for part in ("'sideways'", "agreement", "length", "student_margin", "pattern", "'both'", "has_note", "'colour'"):
        assert part in text
    assert len(problems) == 8


def test_a_label_may_hold_anything_that_a_link_can():
    labels = ("a,b", "c..d", "ä & =?", "🙄")
    wanted = Filters(gold=labels, student=labels[:1])
    assert Filters.from_query(wanted.to_query(), labels)[0] == wanted


def test_bounds_are_included_and_a_third_is_a_third():
    table = pd.DataFrame({"agreement_at_3": [0.0, 1 / 3, 2 / 3, 1.0, np.nan]})
    assert Filters(agreement=Range(0.333333333333, 0.6666666666)).apply(table).tolist() == [False, True, True, False, False]
    assert Filters(agreement=Range(high=1)).apply(table).tolist() == [True] * 4 + [False]


@pytest.mark.parametrize(
    ("word", "text", "is_there"),
    [
        ("cut", "Dividend CUT again", True),
        ("cut", "an executive decision", False),
        ("rate cut", "a rate\n  cut", True),
        ("$TSLA", "buy $TSLA.", True),
        ("12", "up 12%", True),
        ("(", "a (b)", True),
        ("straße", "Die STRASSE", False),
        ("مرحبا", "مرحبا بالعالم", True),
    ],
)
def test_a_word_is_found_whole_whatever_its_case(word, text, is_there):
    assert Filters(word=word).apply(pd.DataFrame({"text": [text]})).tolist() == [is_there]


@pytest.mark.parametrize("pattern", ["(", "[a", "(?P<x>", "*", "(?<=a+"])
def test_a_pattern_that_is_none_is_explained(pattern):
    with pytest.raises(ConfigError, match=r"is no regular expression: .* needs a \\ before it"):
        Filters(pattern=pattern)


def test_a_catastrophic_pattern_ends_with_a_message():
    with pytest.raises(ConfigError, match=r"takes too long: after 0\.2 s it was at text 2 of 3"):
        search(["b", "a" * 40 + "!", "b"], compile_pattern(r"^(a|a)+$"), seconds=0.2)


@pytest.mark.parametrize(
    "values",
    [{"outcome": ("both",)}, {"tags": ("sarcasm",)}, {"word": "x" * 1001}, {"pattern": "x" * 1001}],
)
def test_what_cannot_be_asked_is_refused(values):
    with pytest.raises(ConfigError):
        Filters(**values)
    with pytest.raises(ConfigError):
        Range(1, 0)
    with pytest.raises(ConfigError):
        Range(math.nan, 1)


@given(filters)
@settings(max_examples=60, deadline=None)
def test_counts_are_those_of_applying_all_the_other_filters(wanted):
    found = select(CORPUS.table, wanted, LABELS, NOTES)
    table = CORPUS.table
    assert found.mask.tolist() == wanted.apply(table, NOTES).tolist()

    def without(name):
        values = {field: getattr(wanted, field) for field in wanted.names if field != name}
        return table[Filters(**values).apply(table, NOTES)]

    for name in ("gold", "teacher", "student", "outcome"):
        counts, rest = found.counts[name], without(name)
        assert counts.all.tolist() == [(table[name] == value).sum() for value in counts.values]
        assert counts.left.tolist() == [(rest[name] == value).sum() for value in counts.values]
    for name, column in RANGES.items():
        histogram, rest = found.histograms[name], without(name)
        assert histogram.all.sum() == table[column].notna().sum()
        assert histogram.left.tolist() == np.histogram(rest[column].dropna(), histogram.edges)[0].tolist()
    left = table[found.mask]
    tags = found.counts["tags"]
    assert tags.values == tuple(SMART_TAGS)
    assert tags.left.tolist() == [sum(tag in row for row in left["tags"]) for tag in SMART_TAGS]
    noted = {text_key(n.text): n.content for n in NOTES if not n.content.is_empty}
    for name, has in (
        ("has_note", lambda content, value: (content is not None) == (value == "yes")),
        ("status", lambda content, value: content is not None and content.status == value),
        ("note_tags", lambda content, value: content is not None and value in content.tags),
    ):
        counts, rest = found.counts[name], without(name)
        for rows, numbers in ((table, counts.all), (rest, counts.left)):
            assert numbers.tolist() == [sum(has(noted.get(key), value) for key in rows["text_key"]) for value in counts.values]
    assert found.counts["note_tags"].values == ("irony", "to do")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_corpus_of_few_texts_and_none_has_distributions(n):
    table = CORPUS.table.iloc[:n]
    found = select(table, Filters(gold=LABELS[:1], tags=("irony",)), LABELS)
    assert found.counts["gold"].all.sum() == n
    assert found.histograms["length"].all.sum() == n
    assert (np.diff(found.histograms["length"].edges) > 0).all()


def test_a_corpus_without_faithfulness_and_with_twenty_labels_is_filtered():
    labels = tuple(f"label {i}" for i in range(20))
    corpus = made_corpus(50, labels, faithfulness=False)
    found = select(corpus.table, Filters(gold=labels[:10]), labels)
    assert found.mask.sum() == found.counts["gold"].all[:10].sum()
    assert len(found.counts["teacher"].left) == 20
