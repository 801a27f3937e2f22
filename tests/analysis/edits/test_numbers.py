from __future__ import annotations

import numpy as np
import pytest
import regex

from dixtill_core.analysis.edits.edit import generator_for
from dixtill_core.analysis.edits.numbers import change_numbers


def changes_of(text: str, seed: int = 0) -> dict[str, str]:
    return dict(change for edit in change_numbers(text, generator_for(text, seed)) for change in edit.changed)


@pytest.mark.parametrize("seed", range(5))
def test_amounts_change_by_one_factor_and_keep_sign_currency_unit_commas_and_decimals(seed: int) -> None:
    text = "Loss -12.5%, sales $1,200m from $1,000m, 40bn of debt, 412 shops"
    (edit,) = change_numbers(text, generator_for(text, seed))
    changed = dict(edit.changed)
    assert set(changed) == {"12.5", "1,200", "1,000", "40", "412"}
    assert regex.fullmatch(r"Loss -\d+\.\d%, sales \$\d,\d{3}m from \$\d,\d{3}m, \d+bn of debt, \d+ shops", edit.text)
    values = {old: float(new.replace(",", "")) for old, new in edit.changed}
    assert values["1,200"] / values["1,000"] == pytest.approx(1.2, abs=2e-3)
    assert 1.1 <= values["412"] / 412 <= 1.51


@pytest.mark.parametrize(
    "text",
    [
        "no figure in 2023",
        "On 18 August, Aug. 18, 5-Feb-20, 2020/03/01 and 9:30pm GMT",
        "at 10:30 and at 9 am",
        "S&P 500, Nasdaq-100, Russell 2000 and FTSE 100",
        "Q3 and FY20 and H1 2020 and 9M results",
        "iOS 13.1, Windows 10, 5G, 737 MAX 8, Covid-19, Form 10-K, Chapter 11",
        "$TSLA and HKG:8423 and 2882.TW and @user1 and https://x.co/a12",
        "10-year yields and the 200-day average",
        "The 3 best stocks of the 5",
        "PMI falls to 49.5%",  # 50 is where bad becomes good
        "a 100% tax",
        "",
        "👍🏽 12️⃣",
    ],
)
def test_dates_times_names_versions_and_plain_small_numbers_stay(text: str) -> None:
    assert changes_of(text) == {}


@pytest.mark.parametrize(
    "text", ["sales up 1.5-2.5%", "sales up 1.5% to 2.5%", "EPS of $1.42-$1.50", "$600m–$650m", "between 5 and 7 percent", "$600-650m"]
)
@pytest.mark.parametrize("seed", range(4))
def test_both_ends_of_a_range_change_and_stay_in_order(text: str, seed: int) -> None:
    low, high = (float(other) for other in changes_of(text, seed).values())
    first, second = (float(figure) for figure in regex.findall(r"\d+(?:\.\d+)?", text))
    assert first < low < high
    assert high > second


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "text", ["up 2% against 1.9% expected", "EPS of $1.02 vs $1.0 a year ago", "85 houses against 82 houses and 84 in May"]
)
def test_what_was_larger_stays_larger_also_after_rounding(text: str, seed: int) -> None:
    figure = r"\d+(?:\.\d+)?"
    before = [float(found) for found in regex.findall(figure, text)]
    for edit in change_numbers(text, generator_for(text, seed)):
        after = [float(found) for found in regex.findall(figure, edit.text)]
        assert np.array_equal(np.argsort(before), np.argsort(after))
        assert max(new / old for old, new in zip(before, after, strict=True)) <= 1.7


@pytest.mark.parametrize("seed", range(8))
def test_a_share_stays_below_all_of_it(seed: int) -> None:
    for text in ("99.9% of customers", "down 80% this year", "up 60%"):
        assert all(float(other) < 100 for other in changes_of(text, seed).values())
