"""What the charts of the page Errors show of tables worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from dashboard.errors_charts import calibration_figure
from dixtill_core.analysis.outcomes import calibration


def test_each_point_of_the_calibration_has_its_number_of_texts_and_its_interval() -> None:
    """Ten texts at 0.75, seven of them right: 70 %, Wilson 0.3968 to 0.8922; and one right at 0.95: 100 %, 0.2065 to 1."""
    gold = ["up"] * 7 + ["down"] * 3 + ["up"]
    table = pd.DataFrame({"gold": gold, "student": "up", "student_confidence": [0.75] * 10 + [0.95]})
    _, line = calibration_figure({"student": calibration(table, "student")}).data  # The diagonal is first.
    assert list(line.x) == pytest.approx([0.75, 0.95])
    assert list(line.y) == pytest.approx([0.7, 1])
    assert list(line.error_y.arrayminus) == pytest.approx([0.7 - 0.3968, 1 - 0.2065], abs=5e-5)
    assert list(line.error_y.array) == pytest.approx([0.8922 - 0.7, 0], abs=5e-5)
    assert "right on 70% of 10 texts<br>95 % interval 40% to 89%" in line.hovertext[0]
    assert "right on 100% of 1 text<br>95 % interval 21% to 100%" in line.hovertext[1]
