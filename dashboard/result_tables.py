"""A result set as the small tables behind the charts: one row a mark, means over seeds with their 95 % t intervals.

A table is empty where the result set lacks its rows. Columns `value`, `low`, `high`, `n_seeds` are the mean over seeds
and its interval; one seed has no interval and NaN bounds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dashboard.glossary import MEASURES, line_name, measure_of, model_name, model_order
from dixtill_core.experiments.paper import PAPER_EFFICIENCY, PAPER_QUALITY, PAPER_TEMPERATURE
from dixtill_core.experiments.results import Results
from dixtill_core.metrics.significance import interval_over_seeds

QUALITY_MODELS = ("ce", "kl", "mse", "dixtill_paper", "dixtill", "teacher", "ptq", "ahp-6")
PAPERS_NAME = {"dixtill_paper": "dixtill"}
"""Models that the paper has under another name."""
QUANTILES = ("p10", "p25", "p50", "p75", "p90")
REFERENCES = ("random", "greedy")


def mean_over_seeds(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """One row for each combination of the columns `by`, in the order of their first rows; NaN values are left out."""
    columns = [*by, "value", "low", "high", "n_seeds"]
    rows = rows.dropna(subset=["value"])
    found = []
    for key, group in rows.groupby(list(by), sort=False, dropna=False):
        found.append((*key, *interval_over_seeds(group["value"].to_numpy()), len(group)))
    return pd.DataFrame(found, columns=columns)


def available(results: Results, table: str, known: Sequence[str] = tuple(MEASURES)) -> list[str]:
    """Metrics that a table holds, those of the glossary first and in its order."""
    found = list(dict.fromkeys(results.select(table)["metric"]))
    return sorted(found, key=lambda metric: list(known).index(metric) if metric in known else len(known))


def quality_table(results: Results, metric: str) -> pd.DataFrame:
    """A row a model, the paper's value beside it."""
    rows = results.select("quality", metric=metric)
    table = mean_over_seeds(rows[rows["model"].isin(QUALITY_MODELS)], ["model"])
    table = table.sort_values("model", key=lambda models: models.map(model_order), ignore_index=True)
    table.insert(1, "name", table["model"].map(model_name))
    table["paper"] = [PAPER_QUALITY.get(PAPERS_NAME.get(model, model), {}).get(metric, np.nan) for model in table["model"]]
    return table


def own_quality_table(results: Results) -> pd.DataFrame:
    """A row a model, a column a metric, each under its title."""
    rows = results.select("quality")
    table = rows.pivot_table(index="model", columns="metric", values="value").reindex(columns=available(results, "quality"))
    return table.rename(columns=lambda metric: measure_of(metric).title).rename_axis(columns=None).reset_index()


def temperature_table(results: Results, metric: str) -> pd.DataFrame:
    """A row a temperature; the one of the other students stands in the table of quality."""
    rows = results.select("temperature", metric=metric)
    usual = results.record.get("settings", {}).get("distill", {}).get("temperature")
    if len(rows) and usual is not None and usual not in set(rows["k"]):
        rows = pd.concat([rows, results.select("quality", metric=metric, model="dixtill").assign(k=round(usual))])
    table = mean_over_seeds(rows, ["k"]).rename(columns={"k": "temperature"}).sort_values("temperature", ignore_index=True)
    table["paper"] = [PAPER_TEMPERATURE.get(int(t), {}).get(metric, np.nan) for t in table["temperature"]]
    return table


def pruning_table(results: Results) -> pd.DataFrame:
    """A row a number of heads pruned in each layer: macro F1, compression and speed-up of the teacher that is left.

    The number of heads that a layer had is that of the model with the most.
    """
    efficiency = results.select("efficiency")
    speedup = _times(results, f"{_ratio(results, 'speedup', 'teacher')}_150", "value")
    values = {
        "macro_f1": _one_value(results.select("quality", metric="macro_f1")),
        "compression": _one_value(efficiency[efficiency["metric"] == _ratio(results, "compression", "teacher")]),
        "speedup": _one_value(speedup[speedup["batch"] == speedup["batch"].max()]),
    }
    kept = sorted({int(name.removeprefix("ahp-")) for name in values["macro_f1"] if re.fullmatch(r"ahp-\d+", name)}, reverse=True)
    rows = [{"heads_pruned": kept[0] - n} | {metric: of.get(f"ahp-{n}", np.nan) for metric, of in values.items()} for n in kept]
    return pd.DataFrame(rows, columns=["heads_pruned", *values])


def agreement_table(results: Results, measure: str) -> pd.DataFrame:
    """A row a line and k; k is empty for a measure of all words."""
    table = mean_over_seeds(results.select("agreement", metric=measure), ["model", "explainer", "k"])
    return _named_lines(table, ["k"])


def explained_by(table: pd.DataFrame, choice: str) -> pd.DataFrame:
    """The lines of one kind of explanation; "as in the paper" is DiXtill's attention, and Integrated Gradients of the others."""
    is_attention, is_gradients = table["explainer"] == "attention", table["explainer"] == "integrated_gradients"
    is_dixtill = table["model"].isin(["dixtill", "dixtill_paper"])
    kept = {
        "as in the paper": (is_attention & is_dixtill) | (is_gradients & ~is_dixtill),
        "attention": is_attention,
        "Integrated Gradients": is_gradients,
    }
    return table[kept[choice]].reset_index(drop=True) if choice in kept else table


def distribution_ks(results: Results, measure: str) -> list[int]:
    rows = results.select("agreement_distribution")
    ks = rows[rows["metric"].isin([f"{measure}_{quantile}" for quantile in QUANTILES])]["k"]
    return sorted(int(k) for k in ks.dropna().unique())


def distribution_table(results: Results, measure: str, k: int | None) -> pd.DataFrame:
    """A row a line: quantiles over texts, each the mean over seeds."""
    rows = results.select("agreement_distribution")
    rows = rows[rows["k"].isna() if k is None else (rows["k"] == k)]
    rows = rows[rows["metric"].isin([f"{measure}_{quantile}" for quantile in QUANTILES])]
    means = mean_over_seeds(rows, ["model", "explainer", "metric"])
    means["metric"] = means["metric"].map(lambda metric: metric.rpartition("_")[2])
    table = means.pivot_table(index=["model", "explainer"], columns="metric", values="value", sort=False).reset_index()
    return _named_lines(table.reindex(columns=["model", "explainer", *QUANTILES]).rename_axis(columns=None), [])


def curve_models(results: Results) -> list[str]:
    """Models whose faithfulness is stored, teacher first, then the best known student."""
    found = set(results.select("curve")["model"]) | set(results.select("faithfulness")["model"])
    return sorted(found, key=lambda model: (model != "dixtill", model != "teacher", model_order(model)))


def curve_table(results: Results, model: str) -> pd.DataFrame:
    """A row a kind of curve, explainer and share of words in percent."""
    table = mean_over_seeds(results.select("curve", model=model), ["metric", "explainer", "k"])
    return table.rename(columns={"k": "share"}).sort_values(
        ["metric", "explainer", "share"], key=_explainers_first, ignore_index=True, kind="stable"
    )


def faithfulness_table(results: Results, model: str) -> pd.DataFrame:
    """A row a metric, share of words in percent (empty where none applies) and explainer."""
    table = mean_over_seeds(results.select("faithfulness", model=model), ["metric", "k", "explainer"])
    return table.rename(columns={"k": "share"}).sort_values("explainer", key=_explainers_first, ignore_index=True, kind="stable")


def lengths(results: Results) -> list[str]:
    """How texts were padded when times were taken: `corpus`, `150`."""
    found = results.select("efficiency")["metric"].str.extract(r"^median_ms_(.+)$")[0].dropna()
    return list(dict.fromkeys(found))


def baselines(results: Results) -> list[str]:
    """Models that speed-up and compression are stored against: the teacher, and a BERT-base shape where it was timed."""
    rows = results.select("efficiency")
    found = set(rows[rows["metric"].str.startswith("median_ms_")]["model"])
    return [model for model in ("teacher", "bert_base") if model in found]


def speed_table(results: Results, length: str, baseline: str = "teacher") -> pd.DataFrame:
    """A row a model and batch size: milliseconds for the batch and speed-up against the baseline."""
    times = _times(results, f"median_ms_{length}", "median_ms")
    ratios = _times(results, f"{_ratio(results, 'speedup', baseline)}_{length}", "speedup")
    return _ordered_models(times.merge(ratios, how="left"))


def size_table(results: Results, baseline: str = "teacher") -> pd.DataFrame:
    """A row a model: bytes, parameters, milliseconds for an explanation, compression, and the paper's.

    The paper's compression is against FinBERT, a BERT-base, and stands only beside one against that shape.
    """
    ratio = _ratio(results, "compression", baseline)
    rows = results.select("efficiency")
    rows = rows[rows["metric"].isin(["bytes", "parameters", "explanation_ms", ratio])]
    table = (
        rows.pivot_table(index="model", columns="metric", values="value", sort=False).reset_index().rename(columns={ratio: "compression"})
    )
    table = _ordered_models(table.reindex(columns=["model", "bytes", "parameters", "explanation_ms", "compression"]))
    paper = PAPER_EFFICIENCY if baseline == "bert_base" else {}
    table["paper"] = [paper.get(model, {}).get("compression", np.nan) for model in table["model"]]
    return table.rename_axis(columns=None)


def trade_off_table(results: Results, length: str, batch: int) -> pd.DataFrame:
    """A row a model with size, time for a batch and macro F1, of those that have all three."""
    speed = speed_table(results, length)
    speed = speed[speed["batch"] == batch].drop(columns="name")
    quality = mean_over_seeds(results.select("quality", metric="macro_f1"), ["model"])[["model", "value"]]
    table = (
        size_table(results).drop(columns="paper").merge(speed, on="model").merge(quality.rename(columns={"value": "macro_f1"}), on="model")
    )
    return table.dropna(subset=["bytes", "median_ms", "macro_f1"]).reset_index(drop=True)


def compared_methods(results: Results) -> list[str]:
    """Methods that DiXtill was tested against, KL first."""
    found = {model.removeprefix("dixtill-") for model in results.select("difference")["model"]}
    return sorted(found, key=lambda model: (model != "kl", model_order(model)))


def difference_table(results: Results, metrics: Sequence[str] | None = None, other: str = "kl") -> pd.DataFrame:
    """A row a metric and k: value, low, high, p of DiXtill minus another method; `metrics` narrows it."""
    rows = results.select("difference", model=f"dixtill-{other}").copy()
    if not len(rows):
        return pd.DataFrame(columns=["metric", "k", "value", "low", "high", "p"])
    parts = rows["metric"].str.extract(r"^(?P<name>.+?)(?:_(?P<part>low|high|p))?$")
    rows["name"], rows["part"] = parts["name"], parts["part"].fillna("value")
    rows["k"] = rows["k"].astype("Float64").fillna(-1)  # A pivot drops what is missing.
    table = rows.pivot_table(index=["name", "k"], columns="part", values="value", sort=False).reset_index()
    table = table.reindex(columns=["name", "k", "value", "low", "high", "p"]).rename(columns={"name": "metric"}).rename_axis(columns=None)
    table["k"] = table["k"].astype("Int64").mask(table["k"] < 0)
    return table if metrics is None else table[table["metric"].isin(metrics)].reset_index(drop=True)


def _named_lines(table: pd.DataFrame, then_by: list[str]) -> pd.DataFrame:
    table = table.sort_values(["model", "explainer", *then_by], key=_models_first, ignore_index=True, kind="stable")
    table.insert(2, "name", [line_name(model, explainer) for model, explainer in zip(table["model"], table["explainer"], strict=True)])
    return table


def _ordered_models(table: pd.DataFrame) -> pd.DataFrame:
    table = table.assign(batch=table["batch"].astype("Int64")) if "batch" in table else table
    by = ["model", "batch"] if "batch" in table else ["model"]
    table = table.sort_values(by, key=_models_first, ignore_index=True, kind="stable")
    table.insert(1, "name", table["model"].map(model_name))
    return table


def _models_first(column: pd.Series) -> pd.Series:
    return column.map(model_order) if column.name == "model" else column


def _explainers_first(column: pd.Series) -> pd.Series:
    """Explanations in alphabetical order, then the references."""
    if column.name != "explainer":
        return column
    return column.map(lambda name: f"{REFERENCES.index(name) + 1 if name in REFERENCES else 0}{name}")


def _ratio(results: Results, name: str, baseline: str) -> str:
    """The stored metric of a ratio: against the teacher it has a name of its own where another baseline was timed too."""
    return f"{name}_over_teacher" if baseline == "teacher" and "bert_base" in baselines(results) else name


def _times(results: Results, metric: str, name: str) -> pd.DataFrame:
    """Columns model, batch and `name`."""
    rows = results.select("efficiency", metric=metric)
    return rows[["model", "k", "value"]].rename(columns={"k": "batch", "value": name})


def _one_value(rows: pd.DataFrame) -> dict[str, float]:
    return {str(model): float(value) for model, value in rows.groupby("model")["value"].mean().items()}
