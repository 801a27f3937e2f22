"""An analysed corpus as files for other programs: Parquet, CSV for a spreadsheet, JSON.

analysis.parquet, analysis.json   everything, as `corpus.load_corpus` reads it
texts.csv                         a row a text: labels, probabilities, strongest words, measures, tags
reasons.csv, parting.csv          `global_reasons`: by model and label, and where the models part
overview.json                     `overview.overview`

No cell is a formula: a text that begins with =, +, -, @ or a tab has an apostrophe before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dixtill_core.analysis.corpus import RECORD, ROLES, TABLE, AnalysedCorpus, save_corpus
from dixtill_core.analysis.global_reasons import GlobalReasons
from dixtill_core.data.words import split_words
from dixtill_core.errors import DixtillError
from dixtill_core.export.tables import safe_cell
from dixtill_core.files import replace_folder, write_atomic, write_json
from dixtill_core.metrics.agreement import top_words
from dixtill_core.progress import Progress

TEXTS, REASONS, PARTING, OVERVIEW = "texts.csv", "reasons.csv", "parting.csv", "overview.json"
FILES = (TABLE, RECORD, TEXTS, REASONS, PARTING, OVERVIEW)
STRONGEST = 5
ROWS_TOGETHER = 1000
_AS_THEY_ARE = (
    "gold", "teacher", "student", "outcome", "teacher_confidence", "student_confidence", "teacher_margin", "student_margin",
    "agreement_at_3", "sign_agreement_at_3", "teacher_comprehensiveness", "teacher_sufficiency", "student_comprehensiveness",
    "student_sufficiency", "length", "text_key",
)  # fmt: skip


def require_room(out: Path, *, overwrite: bool) -> None:
    """Refuse to write where something is that would be lost.

    Raises:
        DixtillError: the folder holds an analysis and `overwrite` was not said, or anything else.
    """
    out = Path(out)
    if not out.exists():
        return
    if not out.is_dir():
        raise DixtillError(f"{out} is a file. Choose a folder for the analysis.")
    names = sorted(path.name for path in out.iterdir())
    if foreign := [name for name in names if name not in FILES]:
        raise DixtillError(f"{out} holds {foreign[0]!r}, which is no part of an analysis. Choose another folder; nothing was written.")
    if names and not overwrite:
        raise DixtillError(f"{out} already holds an analysis. Choose another folder, or say --overwrite to replace it.")


def write_analysis(out: Path, corpus: AnalysedCorpus, reasons: GlobalReasons, numbers: dict[str, Any], *, overwrite: bool = False) -> None:
    """Write all files; the folder appears whole or not at all.

    Args:
        numbers: of `overview.overview`.

    Raises:
        DixtillError: see `require_room`; or it cannot be written.
    """
    require_room(out, overwrite=overwrite)
    with replace_folder(Path(out)) as fresh:
        save_corpus(fresh / "saved", corpus)
        for name in (TABLE, RECORD):
            (fresh / "saved" / name).rename(fresh / name)
        (fresh / "saved").rmdir()
        write_atomic(fresh / TEXTS, csv_bytes(text_rows(corpus)))
        write_atomic(fresh / REASONS, csv_bytes(reasons.reasons))
        write_atomic(fresh / PARTING, csv_bytes(reasons.parting))
        write_json(fresh / OVERVIEW, numbers)


def text_rows(corpus: AnalysedCorpus, rows: np.ndarray | None = None) -> pd.DataFrame:
    """What a person reads in a spreadsheet: one row a text.

    Args:
        rows: positions in the table; all where None.
    """
    table = corpus.table if rows is None else corpus.table.iloc[rows]
    found = table[["row", "text", *_AS_THEY_ARE]].reset_index(drop=True)
    words = [[word.text for word in split_words(text)] for text in table["text"]]  # Once for both models: it is what takes long.
    for role in ROLES:
        probabilities = np.array(table[f"{role}_probabilities"].to_list(), dtype=np.float64).reshape(len(table), len(corpus.label_names))
        for i, name in enumerate(corpus.label_names):
            found[f"{role} p({name})"] = probabilities[:, i]
        pairs = zip(words, table[f"{role}_scores"], strict=True)
        found[f"{role}_strongest_words"] = [strongest_words(own, scores) for own, scores in pairs]
    found["tags"] = [", ".join(tags) for tags in table["tags"]]
    return found


def strongest_words(words: Sequence[str], scores: np.ndarray, n: int = STRONGEST) -> str:
    """The words of largest magnitude with their signed scores: "slump +0.221, the -0.034"."""
    scores = np.asarray(scores, dtype=np.float64)
    return ", ".join(f"{words[i]} {scores[i]:+.3f}" for i in top_words(scores, n))


def text_rows_csv(corpus: AnalysedCorpus, rows: np.ndarray) -> Iterator[Progress | bytes]:
    """Yield progress, and last `text_rows` as `csv_bytes`."""
    parts = [text_rows(corpus, rows[:0])]
    for start in range(0, len(rows), ROWS_TOGETHER):
        parts.append(text_rows(corpus, rows[start : start + ROWS_TOGETHER]))
        yield Progress("writing the table", min(len(rows), start + ROWS_TOGETHER), len(rows))
    yield csv_bytes(pd.concat(parts, ignore_index=True))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """UTF-8 with a mark that Excel reads; no cell of text is taken for a formula."""
    safe = pd.DataFrame({safe_cell(str(name)): _safe(column) for name, column in table.items()})
    # With this line end, a lone carriage return in a text is quoted too: it would end the row and begin another cell.
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig", errors="replace")


def _safe(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column
    return pd.Series([safe_cell(value) if isinstance(value, str) else value for value in column], index=column.index, dtype=object)
