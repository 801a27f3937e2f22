"""Write the README's results table from the measured file, so that no figure in it was typed.

Run: dixtill evaluate --data test.csv --json > assets/results/evaluation.json
     python -m scripts.readme_results
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dixtill_core.files import folder_bytes, write_atomic
from dixtill_core.models.base_model import base_model_bytes, find_base_model
from dixtill_core.paths import ASSETS, BUNDLED_PAIR, PROJECT

README = PROJECT / "README.md"
EVALUATION = ASSETS / "results" / "evaluation.json"
START, END = "<!-- results: made by scripts/readme_results.py -->", "<!-- end of results -->"
PAPER = (
    ("paper: FinBERT, the teacher", "439 MB", (0.855, 0.810, 0.721, 0.949)),
    ("paper: DiXtill student", "3.45 MB", (0.843, 0.789, 0.689, 0.926)),
)
"""Cantini et al. 2024, Tables 1, 3 and 4: on all 2,486 validation texts, of which our test file is a half."""
METRICS = ("accuracy", "macro_f1", "mcc", "macro_auc")


def results_table(evaluation: dict[str, Any], teacher_bytes: int, student_bytes: int) -> str:
    """The Markdown between the two marks."""
    rows = [
        ("**teacher**: MiniLM with LoRA", f"{teacher_bytes / 1e6:.1f} MB", tuple(evaluation["teacher"][name] for name in METRICS)),
        ("**student**: attention bi-LSTM", f"{student_bytes / 1e6:.2f} MB", tuple(evaluation["student"][name] for name in METRICS)),
        *PAPER,
    ]
    lines = ["| model | on disk | accuracy | macro F1 | MCC | macro AUC |", "|---|---|---|---|---|---|"]
    lines += [f"| {name} | {size} | {' | '.join(f'{value:.3f}' for value in values)} |" for name, size, values in rows]
    agreement = evaluation["agreement"]
    lines += ["", "| agreement with the teacher, top k words | k = 1 | 2 | 3 | 4 | 5 |", "|---|---|---|---|---|---|"]
    for kind in ("feature", "sign"):
        values = " | ".join(f"{agreement[f'{kind}_agreement@{k}']:.3f}" for k in range(1, 6))
        lines.append(f"| {kind} agreement | {values} |")
    lines += [
        "",
        f"Measured by `dixtill evaluate --data test.csv` on {evaluation['student']['n']:,} texts that neither model was trained or chosen"
        f" on; the two predict the same class on {evaluation['fidelity']:.1%} of them. Feature agreement@k is the share of the teacher's k"
        " strongest words that are among the student's k strongest; sign agreement@k also asks for the same sign.",
    ]
    return "\n".join(lines)


def made_readme(readme: str) -> str:
    """The README with a fresh table between its marks."""
    evaluation = json.loads(EVALUATION.read_text(encoding="utf-8"))
    teacher_bytes = folder_bytes(BUNDLED_PAIR / "teacher") + base_model_bytes(find_base_model())
    before, rest = readme.split(START)
    _, after = rest.split(END)
    table = results_table(evaluation, teacher_bytes, folder_bytes(BUNDLED_PAIR / "student"))
    return f"{before}{START}\n{table}\n{END}{after}"


def main() -> None:
    write_atomic(Path(README), made_readme(README.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main()
