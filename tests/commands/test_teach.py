"""`dixtill teach` as a user runs it."""

import json

from tests.commands.conftest import SMALL, TEXT, assert_message


def test_teach_does_not_overwrite_unasked(run, small_csv, tmp_path):
    assert_message(run("teach", "--data", small_csv, "--out", tmp_path), 1, "already exists", "--overwrite")


def test_teach_makes_a_teacher_that_explains(run, small_csv, tmp_path):
    out, data = tmp_path / "adapter", tmp_path / "fewer.csv"
    header, *rows = small_csv.read_text(encoding="utf-8").splitlines()
    few = [row for label in "012" for row in [row for row in rows if row.endswith(label)][:11]]
    data.write_text("\n".join([header, *few]) + "\n", encoding="utf-8")
    taught = run("teach", "--data", data, "--labels", "down,up,flat", "--out", out, "--epochs", "1", "--name", "tiny")
    assert taught.returncode == 0, taught.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "teacher.json",
        "validation_texts.txt",
    ]
    assert "site-packages" not in (out / "adapter_config.json").read_text()
    distilled = run("distill", "--data", data, "--teacher", out, "--out", tmp_path / "pair", *SMALL)
    assert distilled.returncode == 0, distilled.stderr
    found = json.loads(run("explain", TEXT, "--models", tmp_path / "pair", "--json").stdout)
    assert set(found["teacher"]["probabilities"]) == {"down", "up", "flat"}
    assert found["teacher"]["model"] == "tiny"
