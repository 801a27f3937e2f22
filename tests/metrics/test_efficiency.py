from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dixtill_core.compress.quantize import ForwardTeacher
from dixtill_core.config import EfficiencyConfig
from dixtill_core.errors import ConfigError, DataError
from dixtill_core.metrics import efficiency
from dixtill_core.metrics.efficiency import EfficiencyRow, measure_efficiency, padded_inputs, sample_batches, within_windows
from dixtill_core.metrics.memory import peak_memory_bytes
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.reference import bert_base_reference
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress
from tests.small_models import LABELS, MAX_PIECES, SENTENCES, SIZE, small_student

QUICK = EfficiencyConfig(batches=(1, 3), lengths=(None, 20), threads=1, repetitions=2, seconds=0.01)
MIB = 2**20


class Recorder:
    """A classifier that notes the shapes it runs on and passes everything on."""

    def __init__(self, model: Classifier) -> None:
        self.model, self.shapes, self.batches = model, set[tuple[int, ...]](), list[tuple[str, ...]]()

    def __getattr__(self, name: str) -> object:
        return getattr(self.model, name)

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        self.shapes |= {tuple(tensor.shape) for tensor in inputs.values()}
        return self.model.forward(inputs)

    def predict(self, texts: list[str]) -> np.ndarray:
        self.batches.append(tuple(texts))
        return self.model.predict(texts)


@pytest.fixture(autouse=True, scope="module")
def short_turns() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(efficiency, "TURN_SECONDS", 0.002)
        yield


def rows_of(models: dict[str, Classifier], config: EfficiencyConfig = QUICK) -> list[EfficiencyRow]:
    *progress, rows = measure_efficiency(models, SENTENCES, config)
    assert all(isinstance(item, Progress) for item in progress)
    assert isinstance(rows, list)
    return rows


@pytest.fixture(scope="module")
def models(small_teacher: Callable[[str], Teacher], pair_folder: Path) -> dict[str, Classifier]:
    return {"teacher": small_teacher("bert"), "student": load_student(pair_folder / "student")}


@pytest.fixture(scope="module")
def rows(models: dict[str, Classifier]) -> list[EfficiencyRow]:
    return rows_of(models)


def test_every_model_has_one_row_for_each_batch_and_length(rows: list[EfficiencyRow]) -> None:
    expected = [(name, batch, length) for length in ("corpus", 20) for batch in (1, 3) for name in ("teacher", "student")]
    assert [(row.model, row.batch, row.length) for row in rows] == expected
    assert {row.threads for row in rows} == {1}


def test_an_explanation_is_timed_once_beside_one_text_of_the_corpus(rows: list[EfficiencyRow]) -> None:
    timed = {(row.model, row.batch, row.length) for row in rows if row.explanation_ms is not None}
    assert timed == {("teacher", 1, "corpus"), ("student", 1, "corpus")}
    assert all(row.explanation_ms > 0 for row in rows if row.explanation_ms is not None)


def test_ratios_are_those_of_the_rows_and_the_first_model_is_their_baseline(rows: list[EfficiencyRow]) -> None:
    for teacher, student in zip(rows[::2], rows[1::2], strict=True):
        assert teacher.speedup == teacher.compression == 1
        assert student.speedup == pytest.approx(teacher.median_ms / student.median_ms)
        assert student.compression == pytest.approx(teacher.bytes / student.bytes)
        for row in (teacher, student):
            assert 0 < row.low_ms <= row.median_ms <= row.high_ms
            assert row.texts_per_second == pytest.approx(1000 * row.batch / row.median_ms)


def test_bytes_are_those_of_every_file_that_is_needed(rows: list[EfficiencyRow], pair_folder: Path) -> None:
    student = rows[1]
    assert student.bytes == sum(os.path.getsize(pair_folder / "student" / name) for name in os.listdir(pair_folder / "student"))
    assert {"vocabulary.json", "model.safetensors", "config.json"} == set(os.listdir(pair_folder / "student"))


def test_parameters_are_those_of_the_equations(rows: list[EfficiencyRow], models: dict[str, Classifier]) -> None:
    words, size, hidden, labels = len(models["student"].vocabulary), 8, 6, len(LABELS)  # type: ignore[attr-defined]
    lstm = 2 * 4 * (hidden * size + hidden * hidden + 2 * hidden)
    assert rows[1].parameters == words * size + lstm + (2 * hidden) ** 2 + 2 * hidden + 1 + labels * 2 * hidden + labels
    inner, pieces = 48, len(models["teacher"].tokenizer)  # type: ignore[attr-defined]
    layer = 4 * (SIZE * SIZE + SIZE) + 2 * SIZE * inner + inner + SIZE + 4 * SIZE
    embeddings = (pieces + MAX_PIECES + 2) * SIZE + 2 * SIZE
    assert rows[0].parameters == embeddings + 2 * layer + SIZE * SIZE + SIZE + labels * SIZE + labels


def test_the_stand_in_has_the_size_of_bert_base() -> None:
    reference = bert_base_reference()
    width, layer = 768, 4 * (768 * 768 + 768) + 2 * 768 * 3072 + 3072 + 768 + 4 * 768
    parameters = (30522 + 512 + 2) * width + 2 * width + 12 * layer + width * width + width + 3 * width + 3
    assert reference.parameters == parameters == 109_484_547
    assert 4 * parameters + 200_000 < reference.bytes_on_disk < 4 * parameters + 800_000
    assert "random weights" in reference.name
    assert len(reference.label_names) == 3


def test_making_the_stand_in_leaves_the_random_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    bert_base_reference()
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "roberta"])
def test_a_padded_run_really_has_its_length(small_teacher: Callable[[str], Teacher], kind: str) -> None:
    for model in (small_teacher(kind), small_student()):
        recorder = Recorder(model)
        rows_of({"model": recorder}, EfficiencyConfig(batches=(2,), lengths=(90,), threads=1, repetitions=2, seconds=0.01))  # type: ignore[dict-item]
        assert recorder.shapes == {(2, 90)}


def test_a_corpus_run_pads_to_the_longest_text_only(models: dict[str, Classifier]) -> None:
    for model in models.values():
        recorder = Recorder(model)
        rows_of({"model": recorder}, EfficiencyConfig(batches=(3,), lengths=(None,), threads=1, repetitions=2, seconds=0.01))  # type: ignore[dict-item]
        widths = {shape[1] for shape in recorder.shapes}
        assert widths <= {max(model.piece_counts(batch)) for batch in recorder.batches}
        assert {len(batch) for batch in recorder.batches} == {3}


def test_all_models_read_the_same_batches_in_the_same_rounds(models: dict[str, Classifier]) -> None:
    recorders = {name: Recorder(model) for name, model in models.items()}
    rows_of(recorders, EfficiencyConfig(batches=(2,), lengths=(None,), threads=1, repetitions=4, seconds=100))  # type: ignore[arg-type]
    teacher, student = (list(dict.fromkeys(recorder.batches)) for recorder in recorders.values())
    assert teacher == student == list(dict.fromkeys(map(tuple, sample_batches(SENTENCES, 2, 4, 0))))


def test_padding_leaves_the_logits_of_a_text_as_they_are(models: dict[str, Classifier]) -> None:
    for model in models.values():
        with torch.no_grad():
            found = model.forward(padded_inputs(model, SENTENCES[:2], 60)).numpy()
        np.testing.assert_allclose(found, model.predict(SENTENCES[:2]), atol=1e-4)


def test_longer_texts_are_cut_to_the_length(models: dict[str, Classifier]) -> None:
    for model in models.values():
        inputs = padded_inputs(model, SENTENCES[:2], 3)
        assert {tuple(tensor.shape) for tensor in inputs.values()} == {(2, 3)}


def test_a_length_past_a_models_window_is_refused(models: dict[str, Classifier]) -> None:
    with pytest.raises(ConfigError, match="teacher reads 128 pieces"):
        next(iter(measure_efficiency(models, SENTENCES, EfficiencyConfig(lengths=(None, 150)))))


def test_a_length_past_a_window_gives_way_to_the_window(models: dict[str, Classifier]) -> None:
    assert within_windows(models, EfficiencyConfig(lengths=(None, 100, 128, 150))).lengths == (None, 100, 128)
    student = {"student": models["student"]}
    assert within_windows(student, EfficiencyConfig(lengths=(None, 150))).lengths == (None, 150)  # It has no window.


def test_nothing_to_measure_is_an_error(models: dict[str, Classifier]) -> None:
    with pytest.raises(DataError):
        next(iter(measure_efficiency(models, [], QUICK)))
    with pytest.raises(ConfigError):
        next(iter(measure_efficiency({}, SENTENCES, QUICK)))


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("how", ["to the end", "stopped", "failed"])
def test_threads_are_set_while_measuring_and_restored_after(how: str) -> None:
    seen: list[int] = []

    class Watched(StudentClassifier):
        def predict(self, texts: list[str], batch_size: int = 64) -> np.ndarray:  # type: ignore[override]
            seen.append(torch.get_num_threads())
            if how == "failed" and len(seen) > 1:
                raise RuntimeError("out of memory")
            return super().predict(texts, batch_size)

    plain = small_student()
    steps = measure_efficiency({"student": Watched(plain.network, plain.vocabulary, LABELS)}, SENTENCES, QUICK)
    next(iter(steps))
    if how == "to the end":
        list(steps)
    elif how == "stopped":
        steps.close()  # type: ignore[attr-defined]
    else:
        with pytest.raises(RuntimeError, match="out of memory"):
            list(steps)
    assert set(seen) == {1}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("asked", "expected"), [(None, {"teacher": 3, "student": 1}), (2, {"teacher": 2, "student": 2})])
def test_without_a_number_of_threads_each_model_has_those_that_it_gains_from(
    models: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch, asked: int | None, expected: dict[str, int]
) -> None:
    monkeypatch.setattr(efficiency, "available_threads", lambda: 3)
    seen: dict[str, set[int]] = {name: set() for name in models}

    class Watch(Recorder):
        def predict(self, texts: list[str]) -> np.ndarray:
            seen[self.called].add(torch.get_num_threads())
            return super().predict(texts)

    watched = {name: Watch(model) for name, model in models.items()}
    for name, watch in watched.items():
        watch.called = name  # type: ignore[attr-defined]
    config = EfficiencyConfig(batches=(2,), lengths=(None,), threads=asked, repetitions=3, seconds=0.001)
    assert {row.model: row.threads for row in rows_of(watched, config)} == expected  # type: ignore[arg-type]
    assert seen == {name: {threads} for name, threads in expected.items()}
    assert torch.get_num_threads() == 2


def test_it_yields_after_every_turn_of_a_model(models: dict[str, Classifier]) -> None:
    config = EfficiencyConfig(batches=(2,), lengths=(20,), threads=1, repetitions=4, seconds=100)
    steps = [item for item in measure_efficiency(models, SENTENCES, config) if isinstance(item, Progress)]
    assert [step.done for step in steps] == [0, 0, 0, *range(1, 9), 8]
    assert {step.total for step in steps} == {8}


def test_a_spent_budget_ends_after_three_rounds(models: dict[str, Classifier]) -> None:
    config = EfficiencyConfig(batches=(2,), lengths=(20,), threads=1, repetitions=500, seconds=0.001)
    steps = [item for item in measure_efficiency(models, SENTENCES, config) if isinstance(item, Progress)]
    assert [step.done for step in steps] == [0, 0, 0, *range(1, 7), 1000]


def test_samples_depend_on_the_seed_alone_and_repeat_a_text_only_where_there_are_too_few() -> None:
    texts = [str(i) for i in range(40)]
    assert sample_batches(texts, 8, 5, seed=1) == sample_batches(texts, 8, 5, seed=1) != sample_batches(texts, 8, 5, seed=2)
    assert all(len(set(batch)) == 8 for batch in sample_batches(texts, 8, 5, seed=1))
    assert {len(batch) for batch in sample_batches(texts[:3], 8, 5, seed=1)} == {8}


def test_peak_memory_is_what_lives_at_one_time() -> None:
    weights = torch.ones(512, 512)  # 1 MiB, from outside

    def run() -> torch.Tensor:
        first = weights + 1  # 1 MiB
        second = first * 2  # 2 MiB
        del first  # 1 MiB
        third = second.double()  # 1 + 2 MiB: the peak
        del second
        return third[:1].t() + weights.t()[:, :1].double()

    assert peak_memory_bytes(run) == 3 * MIB


def test_views_of_weights_and_inputs_take_no_memory() -> None:
    weights = torch.ones(512, 512)
    assert peak_memory_bytes(lambda: weights.t()[3:].reshape(-1, 1).view(-1)[:10]) <= 512 * 512 * 4
    assert peak_memory_bytes(lambda: weights.view(-1)[:10].unsqueeze(0)) == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=12))
def test_peak_memory_equals_a_plain_count(steps: list[tuple[int, bool]]) -> None:
    """Tensors are made and the oldest dropped; the peak is counted beside it."""
    alive, peak = list[int](), 0
    for size, drops in steps:
        alive.append(4 * size)
        peak = max(peak, sum(alive))
        if drops:
            alive.pop(0)

    def run() -> None:
        held = []
        for size, drops in steps:
            held.append(torch.zeros(size))
            if drops:
                held.pop(0)

    assert peak_memory_bytes(run) == peak


def test_a_longer_or_larger_batch_takes_more_memory(rows: list[EfficiencyRow]) -> None:
    peak = {(row.model, row.batch, row.length): row.peak_memory_bytes for row in rows}
    for model in ("teacher", "student"):
        assert peak[model, 3, 20] > peak[model, 1, 20] > 0  # type: ignore[operator]
        assert peak[model, 3, 20] > peak[model, 3, "corpus"]  # type: ignore[operator]


def test_a_model_that_runs_outside_pytorch_has_no_peak_and_one_without_gradients_no_explanation(
    small_teacher: Callable[[str], Teacher],
) -> None:
    class Outside(ForwardTeacher):
        """A quantised teacher's way: numbers leave PyTorch and come back."""

        def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
            return torch.from_numpy(np.ones((len(inputs["input_ids"]), 3), dtype=np.float32))

    bert = small_teacher("bert")
    about = {"name": "outside", "max_length": 50, "bytes_on_disk": 10, "fingerprint": "outside", "parameters": 7}
    for row in rows_of({"outside": Outside(torch.nn.Identity(), bert.tokenizer, LABELS, **about)}):  # type: ignore[arg-type]
        assert row.peak_memory_bytes is None
        assert row.explanation_ms is None
        assert row.parameters == 7


def test_rows_are_plain_json(rows: list[EfficiencyRow]) -> None:
    found = json.loads(json.dumps([asdict(row) for row in rows], allow_nan=False))
    keys = {"model", "batch", "length", "threads", "median_ms", "explanation_ms", "bytes", "parameters", "speedup", "compression"}
    assert all(keys <= row.keys() for row in found)


@pytest.mark.parametrize(
    "wrong",
    [
        *({"batches": batches} for batches in ((), (0,), (33,))),
        *({"lengths": lengths} for lengths in ((), (0,))),
        *({name: 0} for name in ("threads", "repetitions", "seconds")),
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        EfficiencyConfig(**wrong)  # type: ignore[arg-type]


def test_settings_survive_json() -> None:
    config = EfficiencyConfig(batches=(1, 8), lengths=(None, 64), threads=1)
    assert EfficiencyConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
