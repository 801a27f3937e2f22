"""The command line as a process of its own: exit status, pure JSON on stdout, and no PyTorch where no model is asked."""

import json
import os
import subprocess
import sys

import pytest

CHEAP = [
    ["--help"],
    ["report", "--help"],
    ["runs"],
    ["runs", "--json"],
    ["runs", "nowhere"],
    ["resume", "nowhere"],
    ["explain", ""],
    ["doctor", "--teacher", "./nowhere"],
    ["doctor", "--teacher", "empty"],
    ["notes", "list"],
    ["report", "--out", "report.pdf"],
    ["profile", "--data", "nowhere.csv"],
]
CHILD = """
import contextlib, io, json, sys
from dixtill_core.cli import main

for arguments in json.loads(sys.argv[1]):
    sys.argv = ["dixtill", *arguments]
    out, status = io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main()
        except SystemExit as ended:
            status = ended.code or 0
    loaded = [name for name in ("torch", "transformers", "pandas") if name in sys.modules]
    print(json.dumps([arguments, status, loaded, out.getvalue()]))
"""


def dixtill(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "dixtill_core", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120, **more
    )


@pytest.fixture(scope="module")
def cheap(tmp_path_factory):
    """Status, modules and output of each cheap command, all run in one process where nothing else has loaded anything."""
    folder = tmp_path_factory.mktemp("cheap")
    (folder / "empty").mkdir()
    run = folder / "runs" / "mine"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"format": 1, "name": "mine", "status": "finished", "spec": {}}))
    (folder / "runs" / "older" / "student").mkdir(parents=True)
    (folder / "runs" / "older" / "pair.json").write_text("{}")
    (folder / "runs" / "older" / "student" / "config.json").write_text('{"format": 1, "metrics": {"macro_f1": 0.5}}')
    environment = os.environ | {"DIXTILL_NOTES": str(folder / "notes.db"), "PYTHONPATH": os.getcwd()}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(CHEAP)], capture_output=True, text=True, cwd=folder, env=environment, timeout=120
    )
    assert child.returncode == 0, child.stderr
    found = [json.loads(line) for line in child.stdout.splitlines()]
    return {" ".join(arguments): (status, loaded, said) for arguments, status, loaded, said in found}


@pytest.mark.parametrize("arguments", CHEAP, ids=" ".join)
def test_a_command_that_needs_no_model_loads_no_pytorch(cheap, arguments):
    _, loaded, said = cheap[" ".join(arguments)]
    assert not {"torch", "transformers"} & set(loaded), said


def test_runs_and_help_read_json_and_nothing_more(cheap):
    assert [cheap[name][1] for name in ("--help", "runs", "doctor --teacher empty", "notes list")] == [[], [], [], []]
    assert [cheap[name][0] for name in ("--help", "runs", "runs nowhere", "explain ", "notes list")] == [0, 0, 1, 1, 0]
    assert "older" in cheap["runs"][2]
    assert cheap["runs --json"][2].count('"id"') == 2
    assert "The folder is empty" in " ".join(cheap["doctor --teacher empty"][2].replace("│", " ").split())


def test_a_process_says_what_is_wrong_on_stderr_and_nothing_on_stdout(tmp_path):
    wrong = dixtill("explain", "  ", "--json")
    assert (wrong.returncode, wrong.stdout, wrong.stderr) == (1, "", "Error: The text has no words. Type a sentence.\n")
    assert dixtill("runs", str(tmp_path), "--json").stdout == "[]\n"


@pytest.mark.parametrize("arguments", [["explain"], ["nothing"], ["distill", "--data", "sample"], ["explain", "rose", "--steps", "many"]])
def test_wrong_usage_has_status_2(arguments):
    result = dixtill(*arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
