"""`dixtill targets` as a user runs it."""

from tests.commands.conftest import assert_message


def test_targets_are_computed_once(run, teacher_folder, small_csv):
    first = run("targets", "--data", small_csv, "--teacher", teacher_folder("roberta"))
    assert first.returncode == 0, first.stderr
    assert "The targets of" in first.stderr
    assert run("targets", "--data", small_csv, "--teacher", teacher_folder("roberta")).returncode == 0


def test_a_teacher_that_is_not_there_is_a_message(run, small_csv):
    assert_message(run("targets", "--data", small_csv, "--teacher", "./nowhere"), 1, "nowhere")
