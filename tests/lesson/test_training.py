"""Recordings of both small students: made with small models, read back, refused where damaged; and the shipped one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dixtill_core.config import DistillConfig, StudentConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.errors import CheckpointError
from dixtill_core.lesson.training import METHODS, RECORDED, STUDENTS, TRAINING, attention_by_epoch, load_recording, record_training
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress

SMALL = StudentConfig(embedding_size=50, hidden_size=6, max_vocabulary=300)
QUICK = DistillConfig(epochs=2, batch_size=16, augmented_texts=0, weight_decay=0.0)
TEXT = "profit beats forecasts but outlook is cut"


@pytest.fixture(scope="module")
def recorded(small_teacher, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Progress], Teacher]:
    folder = tmp_path_factory.mktemp("lesson")
    dataset = load_dataset("sample").subset(np.arange(60))
    teacher = small_teacher("bert")
    steps = list(
        record_training(dataset, teacher, folder / "made", student=SMALL, config=QUICK, kept_epochs=(1, 2), cache=folder / "cache")
    )
    return folder / "made", steps, teacher


def test_a_recording_holds_both_students_of_every_kept_epoch(recorded) -> None:
    folder, steps, _ = recorded
    found = load_recording(folder)
    assert found.epochs == (1, 2)
    assert {method: len(students) for method, students in found.students.items()} == dict.fromkeys(METHODS, 2)
    assert steps[-1].stage == "done"
    assert {"training the student without L_XAI", "training the student with L_XAI"} <= {step.stage for step in steps}


def test_both_students_start_alike_and_part_and_move_from_epoch_to_epoch(recorded) -> None:
    found = load_recording(recorded[0])
    first, second = (attention_by_epoch(found, method, TEXT)[0] for method in METHODS)
    assert first.shape == second.shape == (2, 7)
    assert not np.allclose(first[-1], second[-1])
    assert not np.allclose(first[0], first[1])


def test_rows_of_the_embedding_that_training_left_alone_are_those_of_the_start(recorded) -> None:
    found = load_recording(recorded[0])
    tables = [student.network.embedding.weight for student in found.students["kl"]]
    is_same = torch.isclose(tables[0], tables[1]).all(dim=1)
    assert 0 < is_same.sum() < len(is_same)


@pytest.mark.parametrize("file", [TRAINING, STUDENTS])
def test_a_damaged_recording_is_refused_with_what_to_do(recorded, tmp_path: Path, file: str) -> None:
    for source in recorded[0].iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:-20])
    with pytest.raises(CheckpointError, match="Train both students again"):
        load_recording(tmp_path)


def test_closing_leaves_what_was_there(recorded, tmp_path: Path) -> None:
    _, _, teacher = recorded
    steps = record_training(
        load_dataset("sample").subset(np.arange(60)), teacher, tmp_path / "out", student=SMALL, config=QUICK, cache=tmp_path
    )
    for step in steps:
        if "training" in step.stage:
            break
    steps.close()
    assert not (tmp_path / "out").exists()


def test_the_shipped_recording_reads_any_sentence_and_is_nearer_to_the_teacher_with_l_xai() -> None:
    found = load_recording(RECORDED)
    for text in ("cut", "Profit 🚀 falls", "הרווח ירד השנה", TEXT):
        for method in METHODS:
            scores, weights, logits = attention_by_epoch(found, method, text)
            assert np.isfinite(scores).all()
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
            assert logits.shape == (len(found.epochs), 3)
    without, with_reasons = (found.metrics[method][-1]["sign_agreement@3"] for method in METHODS)
    assert with_reasons > without
