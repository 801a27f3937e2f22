from __future__ import annotations

import pytest

from dixtill_core.analysis.edits import EDITS, generator_for
from dixtill_core.data.datasets import load_dataset

ODD = ("", " \u200b", "👍🏽", "שלום עולם", "<b>is</b>", "is", "$A", "gold " * 3000, "may", "1-2-3", "a" * 5000, "\n.\n", "%", "to to to")


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_the_same_for_a_seed_and_says_what_it_changed(name: str) -> None:
    made = 0
    for text in (*load_dataset("sample").texts[:200], *ODD):
        first, second = (EDITS[name](text, generator_for(text, 3)) for _ in range(2))
        assert first == second
        for edit in first:
            made += 1
            assert edit.text != text
            assert edit.changed
            assert all(before in text and after in edit.text and before != after for before, after in edit.changed)
    assert made >= 20
