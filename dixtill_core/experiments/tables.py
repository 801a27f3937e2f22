"""The paper's tables and figures as tables of numbers, beside the paper's own: Markdown, CSV and LaTeX.

A cell with an interval is the mean over seeds and the half width of its 95 % t interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from dixtill_core.experiments.paper import PAPER_EFFICIENCY, PAPER_QUALITY, PAPER_TEMPERATURE, QUALITY_METRICS
from dixtill_core.experiments.results import Results
from dixtill_core.experiments.table import Cell, Table, Value
from dixtill_core.explain.explainers import EXPLAINERS
from dixtill_core.files import write_atomic
from dixtill_core.metrics.faithfulness import metric_directions
from dixtill_core.metrics.significance import interval_over_seeds

TITLES = {
    "accuracy": "accuracy", "macro_f1": "macro F1", "mcc": "MCC", "macro_auc": "macro AUC", "fidelity": "fidelity",
    "feature_agreement": "feature agreement", "sign_agreement": "sign agreement",
}  # fmt: skip
MODEL_TITLES = {
    "ce": "CE", "kl": "KL", "mse": "MSE", "dixtill_paper": "DiXtill, paper's loss", "dixtill": "DiXtill", "teacher": "teacher",
    "ptq": "teacher, PTQ int8", "bert_base": "BERT-base shape, random weights",
}  # fmt: skip
STUDENTS = ("ce", "kl", "mse", "dixtill_paper", "dixtill")
PAPER_SIZE = {"batch": 32, "length": 150}


def write_tables(folder: Path, results: Results) -> list[Table]:
    """Write every table of a result set in three formats, and all of them as `tables.md`."""
    tables = make_tables(results)
    for table in tables:
        write_atomic(Path(folder) / f"{table.name}.csv", table.csv().encode())
        write_atomic(Path(folder) / f"{table.name}.tex", table.latex().encode())
    pages = [f"## {table.title}\n\n{table.markdown()}\n\n{table.note}\n" for table in tables]
    write_atomic(Path(folder) / "tables.md", "\n".join(pages).encode())
    return tables


def make_tables(results: Results) -> list[Table]:
    """All tables that the result set has rows for."""
    makers: tuple[Callable[[Results], Table], ...] = (
        methods_table, temperature_table, efficiency_table, compression_table,
        pruning_table, agreement_table, faithfulness_table, difference_table,
    )  # fmt: skip
    return [table for table in (make(results) for make in makers) if table.rows]


def methods_table(results: Results) -> Table:
    """Table 1."""
    rows = _quality_rows(results, (*STUDENTS, "teacher"))
    note = f"Mean over {n_seeds(results)} seeds ± half the 95 % t interval; the paper's figures are from all 2,486 texts, under FinBERT."
    return Table("table1", "Table 1: students by method", note, ("model", *map(TITLES.__getitem__, QUALITY_METRICS)), rows)


def temperature_table(results: Results) -> Table:
    """Table 2."""
    rows: list[tuple[Value, ...]] = []
    own = results.record["settings"]["distill"]["temperature"]
    temperatures = sorted({int(k) for k in results.select("temperature")["k"]} | {int(own)})
    for k in temperatures if len(temperatures) > 1 else ():
        found = results.select("temperature", k=k) if k != own else results.select("quality", model="dixtill")
        rows.append((str(k), *(seeds_cell(found[found["metric"] == metric]["value"]) for metric in QUALITY_METRICS)))
        if k in PAPER_TEMPERATURE:
            rows.append((f"{k}, paper", *(Cell(PAPER_TEMPERATURE[k][metric]) for metric in QUALITY_METRICS)))
    n = results.select("temperature")["seed"].nunique()
    note = f"DiXtill students that differ in the temperature of the soft labels alone: {n} of each, those of Table 1 at {own:g}."
    return Table("table2", "Table 2: temperature", note, ("temperature", *map(TITLES.__getitem__, QUALITY_METRICS)), tuple(rows))


def efficiency_table(results: Results) -> Table:
    """Table 3."""
    found = results.select("efficiency")
    rows: list[tuple[Value, ...]] = []
    for model in ("bert_base", "teacher", "ahp-6", "ptq", "dixtill"):
        if not (found["model"] == model).any():
            continue
        values = [_one(found, model, "bytes") / 1e6, _one(found, model, "compression"), _one(found, model, "median_ms_150", 32)]
        values += [_one(found, model, "speedup_150", 32), _one(found, model, "speedup_corpus", 1), _one(found, model, "explanation_ms")]
        digits = (2, 1, 1, 1, 1, 2)
        rows.append((model_title(model), *(Cell(value, digits=n) for value, n in zip(values, digits, strict=True))))
        if model in PAPER_EFFICIENCY:
            paper = PAPER_EFFICIENCY[model]
            cells = (paper["bytes"] / 1e6, paper["compression"], paper["median_ms"], paper["speedup"], math.nan, math.nan)
            rows.append((f"{model_title(model)}, paper", *(Cell(value, digits=n) for value, n in zip(cells, digits, strict=True))))
    header = ("model", "MB on disk", "compression", "ms for 32 x 150", "speedup, 32 x 150", "speedup, one real text", "ms per explanation")
    machine = results.record["machine"]
    note = (
        f"Medians on {machine['cores']} cores, each model on the threads that it gains from; ratios to the first row. An explanation of a "
        "teacher is Integrated Gradients, of a student its attention, which comes with the prediction."
    )
    return Table("table3", "Table 3: size and speed", note, header, tuple(rows))


def compression_table(results: Results) -> Table:
    """Table 4."""
    rows = _quality_rows(results, ("ptq", "ahp-6", "dixtill", "teacher"))
    note = "Compressions of the same teacher: dynamic int8 of its linear layers, six attention heads left in each layer, distillation."
    return Table("table4", "Table 4: compressed teachers", note, ("model", *map(TITLES.__getitem__, QUALITY_METRICS)), rows)


def pruning_table(results: Results) -> Table:
    """Fig. 3."""
    quality, efficiency = results.select("quality"), results.select("efficiency")
    left = sorted((int(model[4:]) for model in set(quality["model"]) if model.startswith("ahp-")), reverse=True)
    rows: list[tuple[Value, ...]] = []
    for n in left:
        model = f"ahp-{n}"
        cells = (
            Cell(_one(quality, model, "macro_f1")),
            Cell(_one(efficiency, model, "compression_over_teacher"), digits=2),
            Cell(_one(efficiency, model, "speedup_over_teacher_150", 32), digits=2),
        )
        rows.append((str(left[0] - n), *cells))
    header = ("heads pruned in each layer", "macro F1", "compression", "speedup, 32 x 150")
    return Table("figure3", "Fig. 3: attention heads removed", "Ratios to the whole teacher.", header, tuple(rows))


def agreement_table(results: Results, ks: Sequence[int] | None = None) -> Table:
    """Fig. 4; at every k that was measured where `ks` is None."""
    found = results.select("agreement")
    ks = ks or sorted({int(k) for k in found["k"].dropna()})
    rows: list[tuple[Value, ...]] = []
    for metric in ("feature_agreement", "sign_agreement"):
        for model in reversed(STUDENTS):
            for explainer in ("attention", "integrated_gradients"):
                chosen = found[(found["metric"] == metric) & (found["model"] == model) & (found["explainer"] == explainer)]
                if len(chosen):
                    cells = [seeds_cell(chosen[chosen["k"] == k]["value"]) for k in ks]
                    rows.append((TITLES[metric], model_title(model), explainer_title(explainer), *cells))
    note = "Mean over test texts and seeds of the agreement with the teacher's Integrated Gradients on the k strongest words."
    header = ("measure", "student", "explained by", *(f"k = {k}" for k in ks))
    return Table("figure4", "Fig. 4: agreement against k", note, header, tuple(rows))


def faithfulness_table(results: Results, models: Sequence[str] | None = None) -> Table:
    """Every explainer of the models, between the random floor and the greedy reference; of all measured ones where `models` is None."""
    found = results.select("faithfulness")
    pruned = sorted(model for model in set(found["model"]) if model.startswith("ahp-"))
    models = [model for model in models or ("teacher", *pruned, "ptq", *STUDENTS) if model in set(found["model"])]
    directions = {name: direction for name, direction in metric_directions().items() if "@" not in name}
    rows: list[tuple[Value, ...]] = []
    for model in models:
        of_model = found[(found["model"] == model) & found["k"].isna()]
        for explainer in dict.fromkeys(of_model["explainer"]):
            chosen = of_model[of_model["explainer"] == explainer]
            cells = [seeds_cell(chosen[chosen["metric"] == metric]["value"]) for metric in directions]
            rows.append((model_title(model), explainer_title(explainer), *cells))
    header = tuple(f"{name.replace('_', ' ')} {'↑' if direction > 0 else '↓'}" for name, direction in directions.items())
    note = "↑ higher is better, ↓ lower is. Words are deleted; random rankings are the floor, greedy search a reference above."
    if "ptq" in models:
        note += (
            " An int8 network has no gradients, so none of the explainers that need them. Its answers move a little with the variants "
            "in the same batch, so that even occlusion does not correlate fully with leaving words out."
        )
    return Table("faithfulness", "Faithfulness", note, ("model", "explainer", *header), tuple(rows))


def difference_table(results: Results) -> Table:
    """Significance: DiXtill minus each other method, paired bootstrap on the test texts."""
    found = results.select("difference")
    rows: list[tuple[Value, ...]] = []
    is_mean = ~found["metric"].str.endswith(("_low", "_high", "_p"))
    for model, metric, k in found[is_mean][["model", "metric", "k"]].itertuples(index=False):
        at = found[(found["model"] == model) & (found["k"].isna() if k is pd.NA else found["k"] == k)]
        mean, low, high, p = (_first(at[at["metric"] == f"{metric}{end}"]["value"]) for end in ("", "_low", "_high", "_p"))
        pair = f"DiXtill - {model_title(model.removeprefix('dixtill-'))}"
        title = TITLES[metric] + ("" if k is pd.NA else f" @{k}")
        rows.append((pair, title, f"{mean:+.3f}", f"{low:+.3f}", f"{high:+.3f}", f"{p:.4f}"))
    note = "Difference of the means over seeds, 95 % interval and two-sided p of the paired bootstrap over test texts."
    return Table(
        "significance", "DiXtill against the other methods", note, ("pair", "figure", "difference", "low", "high", "p"), tuple(rows)
    )


def model_title(model: str) -> str:
    return MODEL_TITLES.get(model) or (f"teacher, AHP-{model[4:]}" if model.startswith("ahp-") else model)


def explainer_title(explainer: str) -> str:
    return EXPLAINERS[explainer].title if explainer in EXPLAINERS else explainer


def n_seeds(results: Results) -> int:
    return int(results.select("quality")["seed"].nunique())


def seeds_cell(values: Iterable[float]) -> Cell:
    """Mean over seeds with its interval; empty where there are none."""
    listed = [float(value) for value in values]
    return Cell(*interval_over_seeds(listed)) if listed else Cell(math.nan)


def _quality_rows(results: Results, models: Sequence[str]) -> tuple[tuple[Value, ...], ...]:
    rows: list[tuple[Value, ...]] = []
    for model in models:
        found = results.select("quality", model=model)
        if len(found):
            rows.append((model_title(model), *(seeds_cell(found[found["metric"] == metric]["value"]) for metric in QUALITY_METRICS)))
        if len(found) and model in PAPER_QUALITY:
            rows.append((f"{model_title(model)}, paper", *(Cell(PAPER_QUALITY[model][metric]) for metric in QUALITY_METRICS)))
    return tuple(rows)


def _one(found: pd.DataFrame, model: str, metric: str, k: int | None = None) -> float:
    chosen = found[(found["model"] == model) & (found["metric"] == metric)]
    return _first((chosen if k is None else chosen[chosen["k"] == k])["value"])


def _first(values: Iterable[float]) -> float:
    return next((float(value) for value in values), math.nan)
