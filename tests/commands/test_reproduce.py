"""`dixtill reproduce` as a user runs it, as far as it refuses; the whole of it is in tests/experiments."""

import shutil

from tests.commands.conftest import assert_message


def test_reproduce_without_data_says_what_to_give(run, tmp_path):
    assert_message(run("reproduce", "--out", tmp_path / "out"), 1, "--data DIR", "--quick")


def test_reproduce_names_the_file_that_a_folder_lacks(run, tmp_path, small_csv):
    shutil.copy(small_csv, tmp_path / "train.csv")
    assert_message(run("reproduce", "--data", tmp_path, "--out", tmp_path / "out"), 1, "no test.csv")
