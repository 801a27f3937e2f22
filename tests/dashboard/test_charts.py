"""Tables of a made-up result set worked out by hand, and what the figures draw of them."""

from __future__ import annotations

import json
import math
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import charts, result_tables, speed_charts
from dashboard.chart_style import (
    BLUE,
    EXPLAINER_LOOKS,
    GREEN,
    GREY,
    INK,
    MODEL_LOOKS,
    NAME_INK,
    ORANGE,
    PURPLE,
    ink,
    mix,
    picture_config,
    spread,
)
from dashboard.glossary import MEASURES, model_name
from dixtill_core.experiments.paper import PAPER_EFFICIENCY, PAPER_QUALITY, PAPER_TEMPERATURE
from dixtill_core.experiments.results import Results, read_results
from dixtill_core.metrics.agreement import agreement, corpus_agreement
from dixtill_core.metrics.faithfulness import metric_directions
from dixtill_core.paths import PROJECT
from tests.dashboard.made_results import write_made_results

HALF_WIDTH = 4.302653 * 0.01 / math.sqrt(3)
"""95 % t interval of three seeds that lie .01 apart: t(.975; 2) = 4.302653."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return read_results(write_made_results(tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def figures(results: Results) -> dict[str, go.Figure]:
    """Every figure that the page draws."""
    agreement_lines = result_tables.agreement_table(results, "feature_agreement")
    curves = result_tables.curve_table(results, "dixtill")
    return {
        "quality": charts.quality_chart(result_tables.quality_table(results, "macro_f1"), "macro_f1"),
        "difference": charts.difference_chart(result_tables.difference_table(results), "DiXtill minus KL"),
        "agreement": charts.agreement_chart(result_tables.explained_by(agreement_lines, "as in the paper"), "feature_agreement"),
        "measure": charts.measure_chart(result_tables.agreement_table(results, "cosine"), "cosine"),
        "quantiles": charts.quantile_chart(result_tables.distribution_table(results, "feature_agreement", 3), "feature agreement @ 3"),
        "curves": charts.curve_chart(curves),
        "faithfulness": charts.faithfulness_chart(result_tables.faithfulness_table(results, "dixtill"), 20),
        "temperature": speed_charts.temperature_chart(result_tables.temperature_table(results, "macro_f1"), "macro_f1"),
        "pruning": speed_charts.pruning_chart(result_tables.pruning_table(results)),
        "trade-off": speed_charts.trade_off_chart(result_tables.trade_off_table(results, "150", 32), 32, with_paper=True),
        "speed": speed_charts.speed_chart(result_tables.speed_table(results, "150"), "the teacher"),
        "size": speed_charts.size_chart(result_tables.size_table(results, "bert_base").dropna(subset=["compression"]), "BERT-base"),
        "explanation time": speed_charts.explanation_time_chart(result_tables.size_table(results).dropna(subset=["explanation_ms"])),
    }


def marks(figure: go.Figure, symbol: str | None = None) -> dict[str, float]:
    """x of each single mark by its row."""
    single = [trace for trace in figure.data if trace.mode == "markers" and (symbol is None or trace.marker.symbol == symbol)]
    return {trace.y[0]: trace.x[0] for trace in single}


def words(figure: go.Figure) -> list[str]:
    return [annotation.text for annotation in figure.layout.annotations]


def test_quality_is_the_mean_over_seeds_with_its_t_interval(results: Results) -> None:
    table = result_tables.quality_table(results, "macro_f1").set_index("model")
    assert list(table.index) == ["ce", "kl", "mse", "dixtill_paper", "dixtill", "teacher", "ptq", "ahp-6"]
    row = table.loc["dixtill"]
    assert (row["value"], row["n_seeds"], row["paper"]) == (pytest.approx(0.80), 3, 0.789)
    assert (row["low"], row["high"]) == (pytest.approx(0.80 - HALF_WIDTH), pytest.approx(0.80 + HALF_WIDTH))
    assert math.isnan(table.loc["teacher"]["low"])


def test_our_run_of_the_papers_loss_stands_beside_the_papers_dixtill(results: Results) -> None:
    table = result_tables.quality_table(results, "accuracy").set_index("model")
    assert table["paper"]["dixtill_paper"] == PAPER_QUALITY["dixtill"]["accuracy"]
    assert result_tables.quality_table(results, "fidelity")["paper"].isna().all()


def test_the_quality_chart_draws_means_bars_and_the_papers_values(figures: dict[str, go.Figure]) -> None:
    figure = figures["quality"]
    measured = [trace for trace in figure.data if trace.marker.symbol != "diamond-open"]
    assert [trace.y[0] for trace in measured][:2] == ["gold labels only", "KL"]
    dixtill = next(trace for trace in measured if trace.y[0] == "DiXtill")
    assert dixtill.x[0] == pytest.approx(0.80)
    assert dixtill.error_x.array[0] == pytest.approx(HALF_WIDTH)
    assert "95 % interval 0.775 to 0.825 over 3 seeds" in dixtill.hovertext[0]
    assert marks(figure, "diamond-open")["KL"] == 0.762
    assert "<b>0.800</b>" in words(figure)
    teacher = next(trace for trace in measured if trace.y[0] == "teacher")
    assert teacher.error_x.visible is False
    assert "without interval" in teacher.hovertext[0]


def test_the_temperature_of_the_other_students_comes_from_the_table_of_quality(results: Results) -> None:
    table = result_tables.temperature_table(results, "macro_f1")
    assert list(table["temperature"]) == [1, 2, 5]
    assert list(table["value"]) == pytest.approx([0.71, 0.72, 0.80])
    assert list(table["paper"]) == [PAPER_TEMPERATURE[t]["macro_f1"] for t in (1, 2, 5)]


def test_heads_pruned_count_from_the_teacher_that_has_all(results: Results) -> None:
    table = result_tables.pruning_table(results)
    assert list(table["heads_pruned"]) == [0, 1, 6]
    assert list(table["macro_f1"]) == pytest.approx([0.82, 0.81, 0.76])
    assert list(table["speedup"])[2] == pytest.approx(1 / 0.8)
    assert table["speedup"].isna().tolist() == [True, True, False]


def test_ratios_are_against_the_baseline_that_was_chosen(results: Results) -> None:
    assert result_tables.baselines(results) == ["teacher", "bert_base"]
    for baseline, ratio in (("teacher", 10), ("bert_base", 40)):
        speed = result_tables.speed_table(results, "150", baseline).set_index(["model", "batch"])["speedup"]
        size = result_tables.size_table(results, baseline).set_index("model")["compression"]
        assert speed["dixtill", 32] == pytest.approx(ratio)
        assert size["dixtill"] == pytest.approx(ratio)


def test_without_bert_base_the_plain_ratios_are_those_against_the_teacher(results: Results) -> None:
    table = results.table
    fewer = Results(table[(table["model"] != "bert_base") & ~table["metric"].str.contains("over_teacher")], {})
    assert result_tables.baselines(fewer) == ["teacher"]
    assert result_tables.size_table(fewer).set_index("model")["compression"]["dixtill"] == pytest.approx(40)


def test_the_papers_compression_stands_only_beside_one_against_berts_shape(results: Results) -> None:
    assert result_tables.size_table(results, "bert_base").set_index("model")["paper"]["dixtill"] == 127
    assert result_tables.size_table(results, "teacher")["paper"].isna().all()


def test_lines_as_in_the_paper_are_dixtills_attention_and_gradients_of_the_others(results: Results) -> None:
    table = result_tables.explained_by(result_tables.agreement_table(results, "feature_agreement"), "as in the paper")
    lines = table[["model", "explainer"]].drop_duplicates().set_index("model")["explainer"].to_dict()
    gradients = dict.fromkeys(["ce", "kl", "mse"], "integrated_gradients")
    assert lines == gradients | dict.fromkeys(["dixtill_paper", "dixtill"], "attention")
    everything = result_tables.explained_by(result_tables.agreement_table(results, "feature_agreement"), "both")
    assert len(everything.drop_duplicates(["model", "explainer"])) == 10


def test_a_measure_of_all_words_has_no_k(results: Results) -> None:
    assert result_tables.agreement_table(results, "cosine")["k"].isna().all()
    assert result_tables.distribution_ks(results, "cosine") == []


def test_the_difference_is_drawn_with_its_interval_and_p(results: Results, figures: dict[str, go.Figure]) -> None:
    table = result_tables.difference_table(results, ["feature_agreement"], "ce")
    assert table.to_dict("records") == [
        {"metric": "feature_agreement", "k": 3, "value": pytest.approx(0.04), "low": 0.02, "high": 0.06, "p": 0.001}
    ]
    assert result_tables.compared_methods(results) == ["kl", "ce"]
    assert marks(figures["difference"]) == {"macro F1": 0.04, "feature agreement @ 3": 0.04}
    assert "<b>+0.040</b>  p 0.001" in words(figures["difference"])


def test_an_interval_around_zero_gets_a_hollow_mark(results: Results) -> None:
    table = result_tables.difference_table(results).assign(low=[-0.01, 0.01], high=[0.02, 0.02], value=[0.005, 0.015])
    assert [trace.marker.symbol for trace in charts.difference_chart(table, "x").data] == ["circle-open", "circle"]


def test_quantiles_are_drawn_as_two_bars_and_a_mark(figures: dict[str, go.Figure]) -> None:
    bars = [tuple(np.round(trace.x, 9)) for trace in figures["quantiles"].data if trace.mode == "lines"]
    assert set(bars) == {(0.1, 0.9), (0.3, 0.7)}
    assert list(marks(figures["quantiles"]).values()) == pytest.approx([0.5] * 10)


def test_a_missing_number_is_left_out_of_the_faithfulness_panels(results: Results, figures: dict[str, go.Figure]) -> None:
    table = result_tables.faithfulness_table(results, "dixtill")
    assert "greedy" not in set(table[table["metric"] == "leave_one_out_correlation"]["explainer"])
    assert list(dict.fromkeys(table["explainer"])) == ["attention", "integrated_gradients", "random", "greedy"]
    titles = words(figures["faithfulness"])
    assert titles == ["<b>comprehensiveness @ 20 %</b><br>higher is better →", "<b>leave-one-out correlation</b><br>higher is better →"]


def test_a_bubbles_area_is_macro_f1_and_its_place_size_and_speed(figures: dict[str, go.Figure]) -> None:
    bubbles = {trace.hovertext[0].split("<br>")[0]: trace for trace in figures["trade-off"].data}
    assert set(bubbles) == {"DiXtill", "teacher", "teacher, int8", "teacher, 6 heads", "paper: DiXtill", "paper: FinBERT"}
    assert (bubbles["DiXtill"].x[0], bubbles["DiXtill"].y[0]) == (pytest.approx(10), pytest.approx(1000 * 32 / 320))
    areas = {name: bubbles[name].marker.size ** 2 for name in ("DiXtill", "teacher")}
    assert areas["DiXtill"] / areas["teacher"] == pytest.approx(0.80 / 0.82)
    assert (figures["trade-off"].layout.xaxis.type, figures["trade-off"].layout.yaxis.type) == ("log", "log")


@pytest.mark.parametrize(
    "table", ["quality", "temperature", "agreement", "agreement_distribution", "faithfulness", "curve", "efficiency", "difference"]
)
def test_a_table_that_is_not_there_gives_empty_tables(tmp_path: Path, table: str) -> None:
    results = read_results(write_made_results(tmp_path, without=(table,)))
    made = {
        "quality": lambda: result_tables.quality_table(results, "macro_f1"),
        "temperature": lambda: result_tables.temperature_table(results, "macro_f1"),
        "agreement": lambda: result_tables.agreement_table(results, "feature_agreement"),
        "agreement_distribution": lambda: result_tables.distribution_table(results, "feature_agreement", 3),
        "faithfulness": lambda: result_tables.faithfulness_table(results, "dixtill"),
        "curve": lambda: result_tables.curve_table(results, "dixtill"),
        "efficiency": lambda: result_tables.trade_off_table(results, "150", 32),
        "difference": lambda: result_tables.difference_table(results),
    }
    assert len(made[table]()) == 0
    assert all(len(make()) > 0 for name, make in made.items() if name != table and (table, name) != ("quality", "efficiency"))


def test_every_word_is_large_enough_for_the_last_row(figures: dict[str, go.Figure]) -> None:
    for name, figure in figures.items():
        ink(figure, "light")
        axes = [axis for axis in figure.layout.to_plotly_json().items() if axis[0].startswith(("xaxis", "yaxis"))]
        sizes = [axis["tickfont"]["size"] for _, axis in axes] + [note.font.size for note in figure.layout.annotations]
        assert min(sizes) >= 15, name


def test_every_figure_is_json_that_a_browser_reads(figures: dict[str, go.Figure]) -> None:
    for figure in figures.values():
        json.loads(figure.to_json(), parse_constant=lambda constant: pytest.fail(f"{constant} in the figure"))


def test_lines_and_marks_differ_without_their_colours(figures: dict[str, go.Figure]) -> None:
    assert max(Counter((look.marker, look.dash) for look in MODEL_LOOKS.values() if look is not MODEL_LOOKS["student"]).values()) == 1
    assert max(Counter((look.marker, look.dash) for look in EXPLAINER_LOOKS.values()).values()) == 1
    lines = [(trace.marker.symbol, trace.line.dash) for trace in figures["agreement"].data if trace.mode == "lines+markers"]
    assert len(set(lines)) == len(lines) == 5


def theme_settings(theme: str) -> dict[str, str]:
    return tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"][theme]


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("colour", [BLUE, ORANGE, PURPLE, GREEN, GREY])
def test_every_colour_stands_out_from_both_pages(colour: str, theme: str) -> None:
    """WCAG 2: graphical objects need a contrast of 3."""
    lighter, darker = sorted((luminance(colour), luminance(theme_settings(theme)["backgroundColor"])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_take_the_themes_colour_and_names_of_lines_stay_near_their_lines(results: Results, theme: str) -> None:
    """WCAG 2: words need a contrast of 4.5."""
    figure = charts.agreement_chart(result_tables.agreement_table(results, "feature_agreement"), "feature_agreement")
    ink(figure, theme)
    assert figure.layout.font.color == figure.layout.xaxis.tickfont.color == INK[theme]
    assert figure.layout.xaxis.tickfont.size == 16
    names = {annotation.font.color for annotation in figure.layout.annotations}
    assert mix(BLUE, INK[theme], NAME_INK) in names
    background = luminance(theme_settings(theme)["backgroundColor"])
    for colour in names:
        lighter, darker = sorted((luminance(colour), background), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_colours_mix_by_channel() -> None:
    assert mix("#000000", "#ffffff", 0.5) == "#808080"
    assert mix("#102030", "#ffffff", 0.0) == "#102030"


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=8), st.floats(0.1, 3))
def test_spread_names_keep_their_order_and_distance(positions: list[float], least: float) -> None:
    moved = spread(positions, least)
    in_order = [moved[i] for i in sorted(range(len(positions)), key=positions.__getitem__)]
    assert all(b - a >= least - 1e-9 for a, b in pairwise(in_order))
    assert np.mean(moved) == pytest.approx(np.mean(positions), abs=1e-6)


def test_names_that_are_apart_stay_where_they_are() -> None:
    assert spread([3.0, 1.0, 2.0], 0.5) == [3.0, 1.0, 2.0]
    assert spread([1.0, 1.0], 1.0) == [0.5, 1.5]


def test_the_camera_saves_what_was_chosen() -> None:
    options = picture_config("dixtill-quality", "svg")["toImageButtonOptions"]
    assert options == {"format": "svg", "filename": "dixtill-quality", "scale": 2}


def test_every_measure_of_the_core_has_a_definition_and_its_direction() -> None:
    for metric, direction in metric_directions().items():
        assert MEASURES[metric.partition("@")[0]].higher_is_better == (direction > 0), metric
    for measure in corpus_agreement([np.ones(2)], [np.ones(2)]) | agreement(np.ones(1), np.ones(1)):
        assert MEASURES[measure.partition("@")[0]].higher_is_better


def test_a_teacher_with_one_head_is_said_in_english() -> None:
    assert [model_name(f"ahp-{n}") for n in (1, 6)] == ["teacher, 1 head", "teacher, 6 heads"]


def test_the_papers_table_3_is_consistent() -> None:
    teacher = PAPER_EFFICIENCY["teacher"]
    for cost in PAPER_EFFICIENCY.values():
        assert teacher["bytes"] / cost["bytes"] == pytest.approx(cost["compression"], rel=0.01)
        assert teacher["median_ms"] / cost["median_ms"] == pytest.approx(cost["speedup"], rel=0.01)
    assert PAPER_TEMPERATURE[5]["macro_f1"] == PAPER_QUALITY["dixtill"]["macro_f1"]
