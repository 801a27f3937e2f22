"""What stands in a report, worked out once for the HTML and the PDF."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from dixtill_core.analysis.corpus import METHODS, ROLES, AnalysedCorpus, Role
from dixtill_core.analysis.filters import notes_by_text
from dixtill_core.analysis.outcomes import (
    OUTCOMES,
    agreement_levels,
    calibration,
    calibration_error,
    confusion_matrix,
    foreign_reasons,
    outcome_table,
)
from dixtill_core.analysis.smart_tags import SMART_TAGS
from dixtill_core.data.words import Word
from dixtill_core.export.numbers import MINUS, format_score, format_share, score_decimals
from dixtill_core.export.panels import Fact, Panel, Share
from dixtill_core.notes.note import Note
from dixtill_core.report.charts import agreement_chart, calibration_chart, confusion_chart, outcomes_chart
from dixtill_core.report.drawing import Drawing

LONGEST_HEADING = 90
FEWEST_UNREAD = 5
"""Words without any score at the end of a text that show where its reader stopped; fewer may happen to have none."""


@dataclass(frozen=True)
class ReportText:
    """One chosen text."""

    row: int
    """Its place in the data, from 1."""
    text: str
    words: tuple[Word, ...]
    panels: tuple[Panel, Panel]
    outcome: str
    facts: tuple[Fact, ...]
    tags: tuple[str, ...]
    note: Note | None

    @property
    def heading(self) -> str:
        """The beginning of the text, on one line."""
        line = " ".join(self.text[: 3 * LONGEST_HEADING].split())
        whole = len(line) <= LONGEST_HEADING and len(self.text) <= 3 * LONGEST_HEADING
        return (line if whole else line[: LONGEST_HEADING - 1] + "…") or "(no words)"


@dataclass(frozen=True)
class Report:
    """A whole report, in the order in which it is read."""

    title: str
    made: str
    """The day."""
    about: str
    """Which data, which models, which texts."""
    figures: tuple[Fact, ...]
    charts: tuple[Drawing, ...]
    texts: tuple[ReportText, ...]
    settings: tuple[tuple[str, str], ...]

    @property
    def n_notes(self) -> int:
        return sum(text.note is not None for text in self.texts)


def build_report(
    corpus: AnalysedCorpus,
    positions: Sequence[int] | np.ndarray,
    notes: Iterable[Note] = (),
    *,
    chosen: str = "",
    title: str = "",
    model_names: Mapping[Role, str] | None = None,
) -> Report:
    """Put a report together.

    Args:
        positions: of the chosen texts in the table, from 0, in the order in which they are shown.
        notes: the current notes on this pair of models.
        chosen: how the texts were chosen, for people.
        model_names: how teacher and student are called; the analysis itself does not know.
    """
    names = dict(model_names or {})
    by_text = notes_by_text(notes)
    data = Path(corpus.data_name).name
    models = f"{names.get('teacher', 'the teacher')} and {names.get('student', 'the student')}"
    about = f"{len(corpus):,} texts of {data} under {models}. Shown are {len(positions):,} of them"
    return Report(
        title or f"Error analysis of {data}",
        datetime.now(UTC).strftime("%Y-%m-%d"),
        about + (f": {chosen}." if chosen else "."),
        _figures(corpus),
        _charts(corpus),
        tuple(_text(corpus, int(position), by_text, names) for position in positions),
        _settings(corpus, names),
    )


def _text(corpus: AnalysedCorpus, position: int, notes: Mapping[str, Note], names: Mapping[Role, str]) -> ReportText:
    row = corpus.table.iloc[position]
    teacher, student = (corpus_panel(corpus, position, role, names.get(role, "")) for role in ROLES)
    facts = [Fact(str(row["gold"]), "gold label"), Fact(_number(row["agreement_at_3"]), "agreement @3")]
    facts.append(Fact(_number(row["sign_agreement_at_3"]), "sign agreement @3"))
    if cut := cut_note(corpus, position):
        facts.append(Fact(cut, "note:"))
    return ReportText(
        int(row["row"]),
        row["text"],
        corpus.attributions(position, "teacher").words,
        (teacher, student),
        OUTCOMES[row["outcome"]].title,
        tuple(facts),
        tuple(SMART_TAGS[name].title if name in SMART_TAGS else name for name in row["tags"]),
        notes.get(row["text_key"]),
    )


def cut_note(corpus: AnalysedCorpus, position: int) -> str:
    """Where the teacher stopped reading a long text, in a sentence; empty where it read all of it."""
    scores = corpus.attributions(position, "teacher").scores
    read = int(np.flatnonzero(scores).max(initial=-1)) + 1
    if not read or len(scores) - read < FEWEST_UNREAD:
        return ""
    return f"The teacher reads only the first {read:,} of {len(scores):,} words; the others have no score of its own."


def corpus_panel(corpus: AnalysedCorpus, position: int, role: Role, name: str = "") -> Panel:
    """One model's side of a text, as Compare shows it, from what the analysis kept."""
    row, reasons = corpus.table.iloc[position], corpus.attributions(position, role)
    label = str(row[role])
    decimals = score_decimals(float(np.abs(reasons.scores).max(initial=0.0)))
    shares = zip(corpus.label_names, map(float, row[f"{role}_probabilities"]), strict=True)
    facts = [
        Fact(_number(row[f"{role}_{measure}"]), measure)
        for measure in ("comprehensiveness", "sufficiency")
        if not math.isnan(row[f"{role}_{measure}"])
    ]
    return Panel(
        role=role,
        title=role.capitalize(),
        subtitle=" · ".join(part for part in (name, METHODS[role]) if part),
        method=METHODS[role],
        shares=tuple(Share(other, share, format_share(share), other == label) for other, share in shares),
        values=tuple(reasons.scaled().tolist()),
        numbers=tuple(format_score(score, decimals) for score in reasons.scores),
        has_sign=True,
        shows="",
        target=label,
        facts=tuple(facts),
    )


def note_parts(note: Note) -> tuple[str, ...]:
    """What to know of a note before reading it, its status first."""
    content = note.content
    label = f"the label should be {content.corrected_label}" if content.corrected_label else ""
    parts = (f"Note: {content.status}", label, content.author, note.written[:16].replace("T", " "))
    return tuple(part for part in parts if part)


def _figures(corpus: AnalysedCorpus) -> tuple[Fact, ...]:
    table = corpus.table
    n = max(1, len(table))
    accuracy = {role: float((table[role] == table["gold"]).sum()) / n for role in ROLES}
    return (
        Fact(f"{len(table):,}", "texts"),
        Fact(f"{accuracy['teacher']:.1%}", "teacher's accuracy"),
        Fact(f"{accuracy['student']:.1%}", "student's accuracy"),
        Fact(f"{float((table['teacher'] == table['student']).sum()) / n:.1%}", "same answer"),
        Fact(_number(float(table["agreement_at_3"].mean())), "mean agreement @3"),
    )


def _charts(corpus: AnalysedCorpus) -> tuple[Drawing, ...]:
    table, names = corpus.table, corpus.label_names
    bins: dict[Role, Any] = {role: calibration(table, role) for role in ROLES}
    errors: dict[Role, float] = {role: calibration_error(table, role) for role in ROLES}
    return (
        outcomes_chart(outcome_table(table)),
        agreement_chart(agreement_levels(table), foreign_reasons(table)),
        *(confusion_chart(confusion_matrix(table, role, names), role) for role in ROLES),
        calibration_chart(bins, errors),
    )


def _settings(corpus: AnalysedCorpus, names: Mapping[Role, str]) -> tuple[tuple[str, str], ...]:
    """Everything that decided the numbers, by names for people."""
    found = [
        ("data", Path(corpus.data_name).name),
        ("labels", ", ".join(corpus.label_names)),
        ("teacher", " ".join((names.get("teacher", ""), corpus.teacher_fingerprint)).strip()),
        ("student", " ".join((names.get("student", ""), corpus.student_fingerprint)).strip()),
        ("fingerprint of the data", corpus.data_fingerprint),
        *_flat(corpus.settings),
        ("DiXtill", version("dixtill")),
    ]
    return tuple(found)


def _flat(settings: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in settings.items():
        full = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            found += _flat(value, f"{full}, ")
        elif value is not None:
            found.append((full, Path(value).name if name == "training" else str(value)))
    return found


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", MINUS)
