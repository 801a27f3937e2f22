"""Put a finished `dixtill reproduce` into the project, so that no published figure was typed.

Copies its results to assets/results and its DiXtill student of seed 0 to assets/pair, and writes the README's tables.

Run: dixtill reproduce --data DIR --out OUT
     python -m scripts.publish_results OUT       (without OUT: only the README, from assets/results)
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from dixtill_core.experiments.results import RECORD, Results, read_results
from dixtill_core.experiments.tables import Table, agreement_table, compression_table, efficiency_table, faithfulness_table, methods_table
from dixtill_core.files import replace_folder, write_atomic
from dixtill_core.models.checkpoint import load_student
from dixtill_core.paths import BUNDLED_PAIR, PROJECT, RESULTS, RESULTS_TABLE

README = PROJECT / "README.md"
START, END = "<!-- results: made by scripts/publish_results.py -->", "<!-- end of results -->"
SHOWN_KS = (1, 2, 3, 4, 5)
BUNDLED_STUDENT = "dixtill-0"


def results_section(results: Results) -> str:
    """The Markdown between the two marks."""
    data = results.record["data"]
    tables = (
        methods_table(results),
        compression_table(results),
        agreement_table(results, SHOWN_KS),
        faithfulness_table(results, ("teacher", "dixtill")),
        efficiency_table(results),
    )
    head = (
        f"Measured by `dixtill reproduce --data DIR --out OUT` on {data['test_texts']:,} test texts, "
        f"{results.record['settings']['seeds']} seeds of each student."
    )
    return "\n\n".join([head, *(_section(table) for table in tables)])


def _section(table: Table) -> str:
    return f"**{table.title}.** {table.note}\n\n{table.markdown()}"


def made_readme(readme: str) -> str:
    """The README with fresh tables between its marks."""
    before, rest = readme.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n{results_section(read_results())}\n{END}{after}"


def publish(out: Path) -> None:
    """Copy results and student into the project."""
    read_results(out)
    student = out / "models" / BUNDLED_STUDENT / "student"
    load_student(student)  # Every byte is checked before anything is replaced.
    for name in (RESULTS_TABLE, RECORD):
        write_atomic(RESULTS / name, (out / name).read_bytes())
    with replace_folder(BUNDLED_PAIR / "student") as fresh:
        shutil.copytree(student, fresh, dirs_exist_ok=True)


def main(arguments: list[str]) -> None:
    if arguments:
        publish(Path(arguments[0]))
    write_atomic(README, made_readme(README.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
