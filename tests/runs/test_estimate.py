from dataclasses import replace

import pytest

from dixtill_core.config import DistillConfig, StudentConfig, TeachConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.student import Student
from dixtill_core.runs.estimate import calibrate, estimate, student_parameters
from dixtill_core.runs.spec import RunSpec
from dixtill_core.runs.training import train_run


@pytest.mark.parametrize("attention", ["magnitude", "signed"])
@pytest.mark.parametrize(("size", "hidden", "classes"), [(50, 50, 3), (8, 6, 2), (100, 33, 20)])
def test_the_size_is_that_of_the_network(attention, size, hidden, classes):
    config = StudentConfig(embedding_size=size, hidden_size=hidden, attention=attention, max_vocabulary=321)
    network = Student(config, 321, classes)
    found = estimate(RunSpec(student=config), 100, n_classes=classes)
    assert found.parameters == student_parameters(config, classes) == sum(parameter.numel() for parameter in network.parameters())
    assert found.student_bytes == sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())


def test_the_size_is_that_of_the_student_that_is_trained(store, spec, cache):
    run = store.create(replace(spec, distill=replace(spec.distill, epochs=1, augmented_texts=0), watched=""), "x")
    list(train_run(run, cache=cache))
    expected = estimate(run.spec, 60)
    assert load_student(run.folder / "student").parameters == expected.parameters
    on_disk = (run.folder / "student" / "model.safetensors").stat().st_size
    assert expected.student_bytes <= on_disk <= expected.student_bytes + 4096  # The file's header.


def test_more_texts_more_words_and_a_larger_teacher_take_longer():
    spec = RunSpec()
    base = estimate(spec, 1000).total_seconds
    assert estimate(spec, 2000).total_seconds > base
    assert estimate(spec, 1000, mean_words=60).total_seconds > 2 * base
    assert estimate(spec, 1000, teacher_parameters=110_000_000).total_seconds > base
    assert estimate(replace(spec, teach=TeachConfig()), 1000).total_seconds > base
    assert estimate(spec, 1000, n_test=500).seconds["evaluating"] > 0


def test_what_costs_nothing_is_not_a_stage():
    assert "asking the teacher" not in estimate(RunSpec(distill=DistillConfig(augmented_texts=0)), 100).seconds
    assert "asking the teacher" not in estimate(RunSpec(distill=DistillConfig(method="ce")), 100).seconds
    known = estimate(RunSpec(), 100, explained_texts=100)
    assert "explaining with the teacher" not in known.seconds
    assert any("before" in note for note in known.notes)


def test_an_estimate_says_where_nothing_was_measured(bert):
    assert any("Nothing was measured" in note for note in estimate(RunSpec(), 100).notes)
    texts = load_dataset("sample").texts
    calibration = calibrate(RunSpec(), bert, texts)
    assert calibration.is_measured
    assert not estimate(RunSpec(), 100, calibration=calibration).notes


def test_calibration_leaves_the_random_numbers_of_a_training_alone(bert):
    import torch

    before = torch.get_rng_state()
    calibrate(RunSpec(), bert, load_dataset("sample").texts[:50])
    assert torch.equal(torch.get_rng_state(), before)
