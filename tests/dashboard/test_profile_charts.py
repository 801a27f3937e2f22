"""Labels and lengths of data as figures."""

from __future__ import annotations

import numpy as np

from dashboard.profile_charts import class_figure, length_figure
from dixtill_core.data.datasets import Dataset
from dixtill_core.data.profile import DataProfile, profile

TEXTS = ("profit rises", "profit falls again", "sales rise", "the board meets on Monday to vote")


def found(names: tuple[str, ...] = ("0", "1", "2"), test: bool = False) -> DataProfile:
    dataset = Dataset(TEXTS, np.array([1, 1, 1, 0]), names, "made.csv")
    return profile(dataset, Dataset(("a new text",), np.array([0]), names, "test.csv") if test else None)


def test_labels_come_by_frequency_with_their_shares_even_where_they_are_numbers() -> None:
    figure = class_figure(found())
    (bars,) = figure.data
    assert (bars.y, bars.x, bars.text) == (("1", "0"), (0.75, 0.25), ("75%", "25%"))
    assert figure.layout.yaxis.type == "category"


def test_test_texts_stand_beside_the_training_texts() -> None:
    _, test = class_figure(found(test=True)).data
    assert test.x == (0.0, 1.0)


def test_labels_of_the_test_texts_alone_have_bars_and_capitals_tell_none_apart() -> None:
    train = Dataset(TEXTS, np.array([1, 1, 1, 0]), ("no", "yes"), "made.csv")
    test = Dataset(("a new text", "another"), np.array([0, 1]), ("YES", "odd"), "test.csv")
    bars, tests = class_figure(profile(train, test)).data
    assert bars.y == ("yes", "no", "odd")
    assert tests.x == (0.5, 0.0, 0.5)


def test_training_labels_that_differ_in_capitals_have_a_bar_each() -> None:
    (bars,) = class_figure(profile(Dataset(TEXTS, np.array([0, 0, 0, 1]), ("up", "Up"), "made.csv"))).data
    assert (bars.y, bars.x) == (("up", "Up"), (0.75, 0.25))


def test_a_name_that_looks_like_html_stays_text_and_a_long_one_is_cut() -> None:
    (bars,) = class_figure(found(("<b>x</b>", "y" * 80, "z"))).data
    assert bars.y == ("y" * 23 + "…", "&lt;b&gt;x&lt;/b&gt;")


def test_the_histogram_counts_every_text() -> None:
    (bars,) = length_figure(found()).data
    assert sum(bars.y) == len(TEXTS)
