import math

import pytest

from dixtill_core.errors import DixtillError
from dixtill_core.runs.journal import append_line, finite, numbers, read_lines


def test_lines_come_back_in_the_order_written(tmp_path):
    for i in range(3):
        append_line(tmp_path / "journal", {"epoch": i, "text": "ü\n\u2028"})
    assert read_lines(tmp_path / "journal") == [{"epoch": i, "text": "ü\n\u2028"} for i in range(3)]


@pytest.mark.parametrize("cut", range(1, 15))
def test_a_line_that_a_crash_cut_short_costs_that_line_alone(tmp_path, cut):
    path = tmp_path / "journal"
    append_line(path, {"epoch": 1})
    append_line(path, {"epoch": 2})
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut] if cut <= 13 else whole[:-13] + b"\xff\xfe")
    before = read_lines(path)
    append_line(path, {"epoch": 3})
    assert read_lines(path) == [*before, {"epoch": 3}]
    assert before[:1] == [{"epoch": 1}]


def test_lines_that_are_no_record_are_passed_over(tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(b'5\n[1]\nnonsense\n\n{"epoch": 1}\n' + b"[" * 100_000 + b"\n")
    assert read_lines(path) == [{"epoch": 1}]
    assert read_lines(tmp_path / "nothing") == []


def test_a_number_that_is_none_survives_as_one(tmp_path):
    append_line(tmp_path / "journal", {"metrics": {"macro_auc": math.nan, "loss": math.inf, "f1": 0.5}})
    assert b"NaN" not in (tmp_path / "journal").read_bytes()
    found = numbers(read_lines(tmp_path / "journal")[0]["metrics"])
    assert math.isnan(found["macro_auc"])
    assert math.isnan(found["loss"])
    assert found["f1"] == 0.5
    assert finite([1, (2.0, math.nan)]) == [1, [2.0, None]]
    assert numbers({"a": "text", "b": True, "c": 3}) == {"c": 3.0}
    assert numbers("text") == {}


def test_a_folder_that_cannot_be_written_is_a_message(tmp_path):
    with pytest.raises(DixtillError, match="Cannot write"):
        append_line(tmp_path / "nowhere" / "journal", {})
