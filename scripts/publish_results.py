"""Put a finished `dixtill reproduce` into the project, so that no published figure was typed.

Copies its results to assets/results and its DiXtill student of seed 0 to assets/pair, and writes the README's tables.
Single steps are added to the results that are there, if settings, data and teacher are theirs; the older rows stay as they are.

Run: dixtill reproduce --data DIR --out OUT
     python -m scripts.publish_results OUT       (without OUT: only the README, from assets/results)
or:  dixtill reproduce --data DIR --out OUT --only STEP,STEP
     python -m scripts.publish_results OUT --add
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dixtill_core.errors import DixtillError
from dixtill_core.experiments.merge import add_results
from dixtill_core.experiments.results import RECORD, Results, read_results
from dixtill_core.experiments.tables import (
    Table,
    agreement_table,
    compression_table,
    efficiency_table,
    faithfulness_table,
    methods_table,
    model_title,
)
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
        faithfulness_table(results, ("teacher", "ahp-6", "ptq", "dixtill")),
        efficiency_table(results),
    )
    head = (
        f"Measured by `dixtill reproduce --data DIR --out OUT` on {data['test_texts']:,} test texts, "
        f"{results.record['settings']['seeds']} seeds of each student.{_added(results.record.get('added', ()))}"
    )
    return "\n\n".join([head, *(_section(table) for table in tables)])


def _added(entries: Sequence[dict[str, Any]]) -> str:
    """A sentence about rows that were measured after the others; curves go with faithfulness."""
    later = [
        f"{table} of {' and '.join(model_title(model).removeprefix('teacher, ') for model in models)} on {entry['date']}"
        for entry in entries
        for table, models in entry["models"].items()
        if table != "curve"
    ]
    return f" Added with the same settings, data and teacher: {', '.join(later)}." if later else ""


def _section(table: Table) -> str:
    return f"**{table.title}.** {table.note}\n\n{table.markdown()}"


def made_readme(readme: str) -> str:
    """The README with fresh tables between its marks."""
    before, rest = readme.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n{results_section(read_results())}\n{END}{after}"


def publish(out: Path) -> None:
    """Copy results and student into the project."""
    if left_out := read_results(out).record.get("left_out"):
        raise DixtillError(f"{out} lacks {len(left_out)} steps, {left_out[0]} first. Add what it has with --add, or finish it.")
    student = out / "models" / BUNDLED_STUDENT / "student"
    load_student(student)  # Every byte is checked before anything is replaced.
    for name in (RESULTS_TABLE, RECORD):
        write_atomic(RESULTS / name, (out / name).read_bytes())
    with replace_folder(BUNDLED_PAIR / "student") as fresh:
        shutil.copytree(student, fresh, dirs_exist_ok=True)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT")
    parser.add_argument("--add", action="store_true", help="add the rows that assets/results does not have")
    given = parser.parse_args(arguments)
    if given.add and given.out is None:
        parser.error("--add needs OUT")
    try:
        if given.add:
            print(json.dumps(add_results(RESULTS, given.out, datetime.now(UTC).date().isoformat()), indent=2))
        elif given.out:
            publish(given.out)
    except DixtillError as error:
        sys.exit(f"Error: {error}")
    write_atomic(README, made_readme(README.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main(sys.argv[1:])
