"""Reports on texts that have broken pages before, from an analysis made by hand."""

from __future__ import annotations

import numpy as np

from dixtill_core.analysis.corpus import ROLES, AnalysedCorpus
from dixtill_core.data.words import split_words
from dixtill_core.notes.note import Note, NoteContent, text_key
from dixtill_core.report.contents import Report, build_report
from tests.analysis.made_corpus import made_corpus

HOSTILE = "<script>alert(1)</script> \" onmouseover='alert(2)' </style><img src=x onerror=alert(3)>"
TEXTS = {
    "plain": "Profit slides 12% as outlook is cut",
    "hostile": HOSTILE,
    "arabic": "ارتفعت الأسهم 12% اليوم",
    "hebrew": "המניות עלו היום ב-12% אחרי תוצאות",
    "mixed": "the word שלום 12% and عربى in English",
    "chinese": "利润下降 12%",
    "emoji": "👩‍👩‍👧 🚀 to the moon ❤️",
    "controls": "cut\0slide \x1b[31mred\x07",
    "empty": "",
    "one word": "profit",
    "endless word": "a" * 5000,
    "long": "word " * 1500,
    "combining": "naïve é profit office — “quotes” \u2028 \ufffe",
    "thai": "ภาษาไทย हिन्दी",
}


def odd_corpus(
    texts: tuple[str, ...] = tuple(TEXTS.values()), labels: tuple[str, ...] = ("bearish", "bullish", "neutral")
) -> AnalysedCorpus:
    """An analysis of the texts, with scores drawn at random."""
    corpus = made_corpus(len(texts), labels)
    draw = np.random.default_rng(0)
    table = corpus.table.copy()
    table["text"], table["text_key"] = list(texts), [text_key(text) for text in texts]
    for role in ROLES:
        table[f"{role}_scores"] = [draw.normal(size=len(split_words(text))).astype(np.float32) for text in texts]
    return corpus.with_table(table)


def made_note(corpus: AnalysedCorpus, position: int, content: NoteContent) -> Note:
    text = corpus.table["text"].iloc[position]
    return Note(text, corpus.pair_key, content, 1, f"{position:032x}", None, "2026-01-02T03:04:05.000000+00:00")


def odd_report() -> Report:
    """Every odd text, each with a note that says it again."""
    corpus = odd_corpus()
    notes = [
        made_note(corpus, i, NoteContent(f"About {name}:\n{text[:3000]}", ("<b>tag</b>",), "<i>neutral</i>", "explained", "Ada & <Ben>"))
        for i, (name, text) in enumerate(TEXTS.items())
    ]
    names = {"teacher": "<b>MiniLM</b>", "student": "bi-LSTM"}
    return build_report(corpus, range(len(corpus)), notes, chosen="odd ones <b>", title=f"Report {HOSTILE}", model_names=names)
