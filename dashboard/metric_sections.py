"""The sections of the page Metrics that show a stored result set: charts with their controls, definitions and tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import charts, result_tables, speed_charts
from dashboard.chart_card import show_buttons, show_chart
from dashboard.glossary import MEASURES, better, explainer_name, measure_of, model_name
from dashboard.page_width import is_narrow
from dixtill_core.experiments.paper import SOURCE
from dixtill_core.metrics.faithfulness import REFERENCES

if TYPE_CHECKING:
    from dixtill_core.experiments.results import Results

QUALITY = ("accuracy", "macro_f1", "mcc", "macro_auc", "fidelity")
SHOWN_EXPLAINERS = ("attention", "integrated_gradients", *REFERENCES)
LENGTHS = {"corpus": "the texts' own lengths", "150": "padded to 150"}
EXPLAINED_BY = ("as in the paper", "attention", "Integrated Gradients", "both")
BASELINES = {"teacher": "the teacher", "bert_base": "BERT-base"}
SEEDS = "The mark is the mean over training seeds, the bar its 95 % Student t interval; a model with one run has none."


def choose(
    label: str, options: list[str], key: str, name: Callable[[str], str], default: str | None = None, *, hide_label: bool = False
) -> str:
    """One of a few; what was chosen for another result set is let go."""
    if st.session_state.get(key) not in (None, *options):
        del st.session_state[key]
    first = default if default in options else options[0]
    chosen = st.segmented_control(
        label,
        options,
        default=None if key in st.session_state else first,  # Another page may have chosen.
        required=True,
        key=key,
        persist_state="session",
        format_func=name,
        wrap=True,
        label_visibility="collapsed" if hide_label else "visible",
    )
    return str(chosen)


def measure_title(metric: str) -> str:
    return measure_of(metric).title


def say_missing(what: str) -> None:
    st.info(f"This result set has no {what}.")


def show_quality(results: Results) -> None:
    metrics = [metric for metric in result_tables.available(results, "quality") if metric in QUALITY]
    if not metrics:
        return say_missing("quality of models")
    metric = choose("Measure", metrics, "quality_metric", measure_title, "macro_f1")
    measure = measure_of(metric)
    table = result_tables.quality_table(results, metric)
    definition = (
        f"**{measure.title}** ({better(metric)}). {measure.meaning}\n\n{SEEDS}\n\nThe paper: {SOURCE}, with FinBERT as the teacher."
    )
    heading = f"{measure.title} on the test texts"
    show_chart(heading[0].upper() + heading[1:], charts.quality_chart(table, metric), table, definition, f"quality-{metric}")

    show_difference(results, ["accuracy", "macro_f1", "mcc"], "quality")

    table = result_tables.temperature_table(results, metric)
    if len(table):
        definition = (
            f"**{measure.title}** of DiXtill students against the temperature τ of the soft loss: "
            f"a higher one evens out the teacher's shares before they are compared. {SEEDS}"
        )
        show_chart("Temperature", speed_charts.temperature_chart(table, metric), table, definition, f"temperature-{metric}")
    else:
        say_missing("students of other temperatures")

    table = result_tables.pruning_table(results)
    if len(table):
        definition = (
            "The teacher with the attention heads removed that validation quality misses least (AHP), as many in each layer. "
            "Speed-up and compression are against the whole teacher; heads are taken out, not only masked. With none taken out it is the "
            "same network, its adapter merged into one file: a little smaller on disk, and its speed-up differs from 1 by chance alone."
        )
        show_chart("Heads pruned from the teacher", speed_charts.pruning_chart(table), table, definition, "pruning")
    else:
        say_missing("teachers with fewer heads")
    return None


def show_difference(results: Results, metrics: list[str], name: str) -> None:
    """Is it chance? A section's part of the tests of significance."""
    methods = result_tables.compared_methods(results)
    if not methods:
        return say_missing("test of significance")
    other = choose("DiXtill minus", methods, f"compared_{name}", model_name, "kl") if len(methods) > 1 else methods[0]
    table = result_tables.difference_table(results, metrics, other)
    if not len(table):
        return say_missing(f"test of these measures against {model_name(other)}")
    definition = (
        "Difference of the two methods on the same test texts, the mean over seeds. The bar is the 95 % interval of a paired bootstrap: "
        "texts are drawn anew with replacement, the same for both. p is two-sided and not corrected for the number of rows. "
        "For agreement, DiXtill speaks by its attention, the other by whichever of its explanations agrees better."
    )
    heading = f"DiXtill minus {model_name(other)}"
    return show_chart(heading, charts.difference_chart(table, heading), table, definition, f"difference-{name}-{other}")


def show_agreement(results: Results) -> None:
    measures = result_tables.available(results, "agreement")
    if not measures:
        return say_missing("agreement with the teacher")
    with st.container(horizontal=True):
        measure = choose("Measure", measures, "agreement_measure", measure_title, "feature_agreement")
        by = choose("Students explained by", list(EXPLAINED_BY), "explained_by", str)
    known = measure_of(measure)
    definition = (
        f"**{known.title}** ({better(measure)}). {known.meaning} The teacher is explained by Integrated Gradients of its prediction. "
    )
    table = result_tables.explained_by(result_tables.agreement_table(results, measure), by)
    if not len(table):
        return say_missing("student that is explained so")
    heading = f"{known.title} with the teacher's reasons"
    figure = charts.measure_chart(table, measure) if table["k"].isna().all() else charts.agreement_chart(table, measure)
    show_chart(
        heading[0].upper() + heading[1:],
        figure,
        table,
        definition + "Lines are means over texts and seeds, bands 95 % intervals over seeds.",
        f"agreement-{measure}",
    )

    ks = result_tables.distribution_ks(results, measure)
    k = int(choose("Top words", [str(k) for k in ks], "distribution_k", lambda k: f"top {k}", "3")) if ks else None
    table = result_tables.explained_by(result_tables.distribution_table(results, measure, k), by)
    if len(table):
        title = known.title + ("" if k is None else f" @ {k}")
        definition += "Quantiles over the test texts, each the mean over seeds."
        show_chart("How it varies from text to text", charts.quantile_chart(table, title), table, definition, f"distribution-{measure}")
    else:
        say_missing(f"distribution of {known.title}")
    return show_difference(results, [measure], "agreement")


def show_faithfulness(results: Results) -> None:
    models = result_tables.curve_models(results)
    if not models:
        return say_missing("faithfulness of explanations")
    model = choose("Model", models, "faithful_model", model_name)
    curves, table = result_tables.curve_table(results, model), result_tables.faithfulness_table(results, model)
    explainers = list(dict.fromkeys([*table["explainer"], *curves["explainer"]]))
    default = [explainer for explainer in explainers if explainer in SHOWN_EXPLAINERS]
    if set(default) <= set(REFERENCES):  # A floor alone says nothing.
        default = explainers
    if set(st.session_state.setdefault("faithful_explainers", default)) - set(explainers):
        st.session_state["faithful_explainers"] = default  # Set, not deleted: the browser would keep what it had, less what is gone.
    chosen = st.pills(
        "Explainers",
        explainers,
        selection_mode="multi",
        key="faithful_explainers",
        format_func=explainer_name,
        help="Random order is the floor, greedy search on the model itself a reference from above.",
    )
    if model == "ptq":
        st.caption("An int8 network has no gradients: only explainers that take words out can explain it.")
    if not chosen:
        st.info("Choose an explainer above.")
        return None
    curves, table = curves[curves["explainer"].isin(chosen)], table[table["explainer"].isin(chosen)]
    words = "Words are taken in the order of their scores, the one that speaks most for the prediction first."
    if len(curves):
        definition = (
            "Mean probability of the label that the model predicts on the whole text, while words are removed or added. "
            f"{words} Random order is the floor; greedy search asks the model itself at each step."
        )
        show_chart(
            "Does it decide by these words?", charts.curve_chart(curves, 1 if is_narrow() else 2), curves, definition, f"curves-{model}"
        )
    else:
        say_missing(f"curves of {model_name(model)}")
    if not len(table):
        return say_missing(f"measures of faithfulness of {model_name(model)}")
    shares = [str(share) for share in sorted(table["share"].dropna().unique())]
    share = int(choose("Rationale", shares, "faithful_share", lambda share: f"{share} % of the words", "20")) if shares else 0
    definition = (
        words
        + "\n\n"
        + "\n".join(
            f"- **{measure_title(metric)}** ({better(metric)}). {measure_of(metric).meaning}"
            for metric in MEASURES
            if metric in set(table["metric"])
        )
    )
    return show_chart(
        "In numbers",
        charts.faithfulness_chart(table, share, 1 if is_narrow() else charts.PANELS),
        table,
        definition,
        f"faithfulness-{model}",
    )


def show_speed(results: Results) -> None:
    lengths, baselines = result_tables.lengths(results), result_tables.baselines(results)
    if not lengths or not baselines:
        return say_missing("sizes and times")
    with st.container(horizontal=True):
        length = choose("Texts", lengths, "speed_length", lambda name: LENGTHS.get(name, f"padded to {name}"), "150")
        baseline = choose("Compared with", baselines, "speed_baseline", BASELINES.__getitem__)
    speed = result_tables.speed_table(results, length, baseline)
    batch, against = int(speed["batch"].max()), BASELINES[baseline]
    timed = "Median of repeated runs after a warm-up, models in turn, same texts and threads."
    table = result_tables.trade_off_table(results, length, batch)
    table = table[table["model"].isin(speed_charts.TRADE_OFF_MODELS)]
    if len(table):
        with_paper = length == "150" and batch == speed_charts.PAPERS_BATCH
        definition = (
            "Both axes are in powers of ten; a bubble's area is macro F1, which stands beside its name. "
            f"Batches of {batch}, {LENGTHS.get(length, length)}. {timed} Students of the other losses have DiXtill's size and speed."
        )
        if with_paper:
            definition += " Hollow: the paper's figures, on its own machine and with FinBERT."
        show_chart(
            "Quality against size against speed",
            speed_charts.trade_off_chart(table, batch, with_paper, is_narrow()),
            table,
            definition,
            f"trade-off-{length}",
        )
    else:
        say_missing("model with size, speed and quality")
    definition = f"**Speed-up**: {measure_of('speedup').meaning} {timed}"
    show_chart(
        f"Speed against {against}",
        speed_charts.speed_chart(speed, against),
        speed,
        definition,
        f"speed-{length}-{baseline}",
    )

    sizes = result_tables.size_table(results, baseline).dropna(subset=["compression", "bytes"])
    if len(sizes):
        figure = speed_charts.size_chart(sizes, against)
        definition = f"**Compression**: {measure_of('compression').meaning} {measure_of('bytes').meaning}"
        show_chart("Size on disk", figure, sizes, definition, f"size-{baseline}")
    else:
        say_missing("sizes")
    explained = result_tables.size_table(results)[["model", "name", "explanation_ms"]].dropna()
    if len(explained):
        figure = speed_charts.explanation_time_chart(explained)
        show_chart("Time for an explanation", figure, explained, measure_of("explanation_ms").meaning, "explanation-time")
    else:
        say_missing("times of explanations")
    return None


def show_own_quality(results: Results) -> None:
    """Both models on a user's own file, every measure at once: two numbers need no chart."""
    table = result_tables.own_quality_table(results)
    definition = "\n".join(f"- **{measure_title(metric)}**. {measure_of(metric).meaning}" for metric in QUALITY)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Quality", anchor=False)
            show_buttons(table, definition, "own-quality")
        st.dataframe(table.round(3), hide_index=True, key="own_quality")


def show_own_agreement(results: Results) -> None:
    """The student's attention against the teacher's Integrated Gradients on a user's own file."""
    measures = [measure for measure in result_tables.available(results, "agreement") if measure.endswith("_agreement")]
    measure = choose("Agreement", measures, "own_agreement", measure_title, "feature_agreement")
    table = result_tables.agreement_table(results, measure)
    definition = f"{measure_of(measure).meaning} The student by its attention, the teacher by Integrated Gradients."
    heading = "Does the student give the teacher's reasons?"
    figure = charts.measure_chart(table, measure) if table["k"].isna().all() else charts.agreement_chart(table, measure)
    show_chart(heading, figure, table, definition, f"own-{measure}")
