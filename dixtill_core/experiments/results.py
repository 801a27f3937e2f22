"""The measured results: one tidy table that README, dashboard and command line all read.

A result set is a folder with `results.parquet` (the table) and `results.json` (versions, machine, settings, data
fingerprints, examples). Columns, empty where one does not apply:

| table                  | a row is                                                           | k                        |
|------------------------|--------------------------------------------------------------------|--------------------------|
| quality                | accuracy, macro_f1, mcc, macro_auc, fidelity of a model            |                          |
| temperature            | the same of DiXtill students for Table 2                           | temperature              |
| agreement              | mean over texts of a model's `explainer` with the teacher's IG     | top words, or empty      |
| agreement_distribution | quantile over texts, metric `<measure>_p10` .. `<measure>_p90`     | top words, or empty      |
| faithfulness           | mean over texts; explainers `random` and `greedy` are references   | share of words, percent  |
| curve                  | `deletion`, `insertion`: mean probability of the predicted class   | share of words, percent  |
| efficiency             | bytes, parameters, compression, median_ms, speedup ..              | batch size               |
| difference             | model `dixtill-kl`: `<metric>`, `<metric>_low`, `_high`, `_p`      | top words, or empty      |

Efficiency metrics of time end in `_corpus` (the corpus's own lengths) or `_150` (padded to 150). Model names: ce, kl,
mse, dixtill_paper, dixtill, teacher, bert_base (its shape, random weights), ptq, ahp-1 .. ahp-12.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet

from dixtill_core.errors import DixtillError
from dixtill_core.files import write_atomic, write_json
from dixtill_core.paths import RESULTS, RESULTS_TABLE

if TYPE_CHECKING:
    from dixtill_core.metrics.faithfulness_corpus import CorpusFaithfulness

RECORD = "results.json"
FORMAT = 1

SCHEMA = pa.schema(
    [
        ("table", pa.string()),
        ("model", pa.string()),
        ("explainer", pa.string()),
        ("metric", pa.string()),
        ("k", pa.int64()),
        ("seed", pa.int64()),
        ("value", pa.float64()),
    ]
)


class Row(NamedTuple):
    """One number and what it measures."""

    table: str
    model: str
    metric: str
    value: float
    explainer: str | None = None
    k: int | None = None
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class Results:
    table: pd.DataFrame
    """Columns of `SCHEMA`; k and seed are nullable integers."""
    record: dict[str, Any]
    """Versions, machine, settings, fingerprints, examples."""

    def select(self, table: str, **equal: Any) -> pd.DataFrame:
        """Rows of one table, further narrowed by column values."""
        found = self.table[self.table["table"] == table]
        for column, value in equal.items():
            found = found[found[column] == value]
        return found


def split_measure(name: str) -> tuple[str, int | None]:
    """Metric and k of a name like `feature_agreement@3`; None for a measure without one."""
    metric, _, k = name.partition("@")
    return metric, int(k) if k else None


def measured_rows(model: str, found: CorpusFaithfulness, seed: int | None = None) -> list[Row]:
    """Faithfulness of a model's explainers as rows of the tables `faithfulness` and `curve`."""
    rows = []
    for explainer, means in found.means.items():
        for measure, value in means.items():
            metric, share = split_measure(measure)
            rows.append(Row("faithfulness", model, metric, value, explainer, share, seed))
    shares = np.rint(100 * found.shares).astype(int).tolist()
    for kind, curves in (("deletion", found.deletion), ("insertion", found.insertion)):
        for explainer, curve in curves.items():
            rows += [Row("curve", model, kind, value, explainer, share, seed) for share, value in zip(shares, curve.tolist(), strict=True)]
    return rows


def table_bytes(rows: Iterable[Row]) -> bytes:
    """Rows as a Parquet file."""
    listed = [row._asdict() for row in rows]
    stream = BytesIO()
    parquet.write_table(pa.Table.from_pylist(listed, schema=SCHEMA), stream, compression="zstd")
    return stream.getvalue()


def read_rows(path: Path) -> list[Row]:
    """Rows of a Parquet file that `table_bytes` made."""
    return [Row(**row) for row in parquet.read_table(path, schema=SCHEMA).to_pylist()]


def write_results(folder: Path, rows: Iterable[Row], record: dict[str, Any]) -> None:
    """Write a result set; the table first, so that a record is never newer than its table."""
    write_atomic(Path(folder) / RESULTS_TABLE, table_bytes(rows))
    write_json(Path(folder) / RECORD, {"format": FORMAT} | record)


def read_results(folder: Path = RESULTS) -> Results:
    """Read a result set.

    Raises:
        DixtillError: not there, or damaged.
    """
    folder = Path(folder)
    try:
        table = parquet.read_table(folder / RESULTS_TABLE, schema=SCHEMA).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DixtillError(f"{folder} holds no results. Make them with: dixtill reproduce --data DIR --out {folder}") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DixtillError(f"The results in {folder} are damaged: {error}. Make them again with: dixtill reproduce") from error
    return Results(table, record)
