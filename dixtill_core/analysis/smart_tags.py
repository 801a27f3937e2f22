"""Smart tags: what is remarkable about a text, worked out for every text of an analysed corpus.

Seven are about the text alone (`text_tags`, `polarity`), the others about what the two models make of it. A definition
is one sentence for people; the function beside it is what it means. A tag whose ground is missing (training texts,
faithfulness that was not measured) is given to no text.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from dixtill_core.analysis.near_duplicates import LEAST_SHARED, find_near_duplicates
from dixtill_core.analysis.polarity import is_ironic, is_mixed
from dixtill_core.analysis.text_tags import ReadText, has_cashtag, has_number, is_hedged, is_negated, is_question
from dixtill_core.data.vocabulary import Vocabulary
from dixtill_core.data.words import UNKNOWN, split_words
from dixtill_core.metrics.agreement import top_words
from dixtill_core.progress import Progress

CONFIDENT = 0.9
"""Probability from which a model counts as confident against a gold label."""
TOP = 3
PROGRESS_EVERY = 2000

Ground = Literal["text", "models", "faithfulness", "training"]


@dataclass(frozen=True)
class Facts:
    """One text with all that a tag may ask about it."""

    read: ReadText
    row: Any
    """A row of the table, by attributes."""
    vocabulary: Vocabulary
    """The student's."""
    near_duplicate: int
    """Position in the training texts, -1 for none."""


@dataclass(frozen=True)
class SmartTag:
    name: str
    title: str
    definition: str
    """One sentence for a tooltip."""
    ground: Ground
    """What has to be known for it."""
    applies: Callable[[Facts], bool]


def has_unknown_words(facts: Facts) -> bool:
    position = facts.vocabulary.position[UNKNOWN]
    return any(facts.vocabulary.word_id(word.text) == position for word in facts.read.words)


def has_near_duplicate(facts: Facts) -> bool:
    return facts.near_duplicate >= 0


def has_suspicious_label(facts: Facts) -> bool:
    row = facts.row
    sure = min(row.teacher_confidence, row.student_confidence) >= CONFIDENT
    return bool(sure and row.teacher == row.student and row.teacher != row.gold)


def has_other_top_word(facts: Facts) -> bool:
    teacher, student = facts.row.teacher_scores, facts.row.student_scores
    if len(teacher) < 2 or not np.any(teacher) or not np.any(student):
        return False
    return bool(top_words(teacher, 1)[0] != top_words(student, 1)[0])


def has_flipped_sign(facts: Facts) -> bool:
    row = facts.row
    if row.teacher != row.student:  # The words speak about different labels.
        return False
    teacher, student = np.asarray(row.teacher_scores), np.asarray(row.student_scores)
    shared = np.intersect1d(top_words(teacher, TOP), top_words(student, TOP))
    return bool(np.any(teacher[shared] * student[shared] < 0))


def has_low_faithfulness(facts: Facts) -> bool:
    """Comprehensiveness below sufficiency: p(without the rationale) > p(the rationale alone), in the mean over its sizes."""
    row = facts.row
    return bool(row.teacher_comprehensiveness < row.teacher_sufficiency or row.student_comprehensiveness < row.student_sufficiency)


def _of_text(function: Callable[[ReadText], bool]) -> Callable[[Facts], bool]:
    return lambda facts: function(facts.read)


_TAGS = (
    SmartTag(
        "negation", "Negation", "Something is denied: not, no, never, n't, without, neither, hardly, fails to, far from.", "text",
        _of_text(is_negated),
    ),
    SmartTag(
        "hedge", "Hedge", "Something is left open: may, could, likely, perhaps, seems, reportedly, in talks, sources say.", "text",
        _of_text(is_hedged),
    ),
    SmartTag(
        "number", "Number or percentage",
        "A number, amount, date or percentage in digits or words, or a multiple such as doubled.", "text", _of_text(has_number),
    ),
    SmartTag("cashtag", "Cashtag", "A stock's symbol behind a dollar sign, such as $TSLA.", "text", _of_text(has_cashtag)),
    SmartTag(
        "question", "Question", "A question mark, or a beginning that asks: does anyone, why is, how do.", "text", _of_text(is_question)
    ),
    SmartTag("mixed_polarity", "Mixed polarity", "Good news and bad news, or praise and blame, in one text.", "text", _of_text(is_mixed)),
    SmartTag(
        "irony", "Irony marker",
        "A sign that the opposite may be meant: lol, 🙄, yeah right, so much for, oh great, another “one-off” charge.", "text",
        _of_text(is_ironic),
    ),
    SmartTag(
        "unknown_words", "Unknown words",
        "The student reads at least one word as unknown: neither it nor a form of it is in its vocabulary.",
        "models", has_unknown_words,
    ),
    SmartTag(
        "near_duplicate", "Near-duplicate in training",
        f"A training text shares {LEAST_SHARED:.0%} or more of the pairs of neighbouring words; links, names of tickers and numbers are "
        "not compared.",
        "training", has_near_duplicate,
    ),
    SmartTag(
        "suspicious_label", "Gold label suspicious",
        f"Both models predict the same other label than the gold one, each with a probability of {CONFIDENT} or more.", "models",
        has_suspicious_label,
    ),
    SmartTag(
        "top_word_differs", "Top word differs",
        "The word that weighs most for the teacher is not the one that weighs most for the student.",
        "models", has_other_top_word,
    ),
    SmartTag(
        "sign_flips", "Sign flips",
        f"Both predict the same label, and a word among the {TOP} strongest of both speaks for it in one and against it in the other.",
        "models", has_flipped_sign,
    ),
    SmartTag(
        "low_faithfulness", "Low faithfulness",
        "Without the words that its own explanation names first, a model is surer of its label than with those words alone, in "
        "teacher or student: the heatmap does not show what decides.",
        "faithfulness", has_low_faithfulness,
    ),
)  # fmt: skip
SMART_TAGS: Mapping[str, SmartTag] = {tag.name: tag for tag in _TAGS}


def text_tags(text: str) -> list[str]:
    """Tags of a text that no model has read, in the order of `SMART_TAGS`."""
    facts = Facts(ReadText(text, split_words(text)), None, Vocabulary((UNKNOWN,)), -1)
    return [tag.name for tag in _TAGS if tag.ground == "text" and tag.applies(facts)]


def tag_table(
    table: pd.DataFrame, vocabulary: Vocabulary, training: Sequence[str] | None = None
) -> Generator[Progress, None, list[list[str]]]:
    """Yield progress; the tags of each row of an analysed table, in the order of `SMART_TAGS`, are the generator's value.

    Args:
        vocabulary: the student's.
        training: texts in which near-duplicates are looked for; nothing is one where None.
    """
    near = np.full(len(table), -1)
    if training is not None:
        near = yield from find_near_duplicates(table["text"].to_list(), training)
    found: list[list[str]] = []
    rows: Iterator[Any] = table.itertuples(index=False)
    for row, position in zip(rows, near.tolist(), strict=True):
        if len(found) % PROGRESS_EVERY == 0:
            yield Progress("tagging the texts", len(found), len(table))
        facts = Facts(ReadText(row.text, split_words(row.text)), row, vocabulary, position)
        found.append([tag.name for tag in _TAGS if tag.applies(facts)])
    return found
