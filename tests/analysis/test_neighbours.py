from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from dixtill_core.analysis import neighbours
from dixtill_core.analysis.neighbours import NeighbourIndex, build_index, embed, nearest_rows
from dixtill_core.data.datasets import Dataset
from dixtill_core.errors import DataError
from dixtill_core.models.student import StudentClassifier
from dixtill_core.models.teacher import Teacher, load_teacher
from tests.small_models import ARCHITECTURES, LABELS, SENTENCES, save_architecture, small_student

TEXTS = (*SENTENCES, "gold", "the bank holds gold", "", "👍🏽 שלום", SENTENCES[0], "the bank " * 60)
DATA = Dataset(TEXTS, np.arange(len(TEXTS)) % 3, LABELS, "made up")


def index_of(model: Teacher | StudentClassifier, cache: Path, data: Dataset = DATA) -> NeighbourIndex:
    *_, index = build_index(model, data, cache)
    assert isinstance(index, NeighbourIndex)
    return index


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_what_is_embedded_is_what_the_head_turns_into_the_logits(
    tmp_path: Path, kind: str, no_hooks_left: Callable[[Teacher], bool]
) -> None:
    teacher = load_teacher(save_architecture(kind, tmp_path), device="cpu")
    heads = [m for m in teacher.model.modules() if isinstance(m, torch.nn.Linear) and m.out_features == 3]
    states = neighbours._teacher_states(teacher, TEXTS)
    with torch.no_grad():
        found = heads[-1](torch.from_numpy(states)).numpy()
    np.testing.assert_allclose(found, teacher.predict(TEXTS), atol=2e-4)
    assert np.ptp(found, axis=0).min() > 0.1
    assert no_hooks_left(teacher)


def test_the_students_embedding_is_its_attention_weighted_context(any_student: StudentClassifier) -> None:
    network = any_student.network
    for text in TEXTS[:7]:
        ids = any_student.encode([text]).inputs["input_ids"]
        with torch.no_grad():
            embedded = network.embedding(ids)
            left, _ = network.forward_lstm(embedded)
            right, _ = network.backward_lstm(embedded.flip(1))
            weights = network(ids, torch.tensor([ids.shape[1]])).weights
            context = (weights[0, :, None] * torch.cat([left, right.flip(1)], dim=-1)[0]).sum(dim=0).numpy()
        np.testing.assert_allclose(embed(any_student, [text])[0], context / np.linalg.norm(context), atol=1e-5)
    assert not network.classifier._forward_pre_hooks


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_the_nearest_are_those_of_a_plain_search(role: str, bert: Teacher, tmp_path: Path) -> None:
    model = bert if role == "teacher" else small_student()
    index = index_of(model, tmp_path)
    for text in ("gold climbs", "the bank cuts its outlook", SENTENCES[3]):
        query = embed(model, [text])[0].astype(np.float64)
        cosines = []
        for row, other in enumerate(TEXTS):
            vector = embed(model, [other])[0].astype(np.float64)
            cosines.append((-round(float(vector @ query / np.linalg.norm(vector) / np.linalg.norm(query)), 5), row))
        found = index.nearest(text, 4)
        assert [each.row - 1 for each in found] == [row for _, row in sorted(cosines)[:4]]
        np.testing.assert_allclose([each.similarity for each in found], [-value for value, _ in sorted(cosines)[:4]], atol=1e-4)
        assert [each.text for each in found] == [TEXTS[each.row - 1] for each in found]
        assert [each.label for each in found] == [LABELS[(each.row - 1) % 3] for each in found]


def test_a_text_is_nearest_to_itself_and_a_repeated_one_is_a_tie_ordered_by_row(bert: Teacher, tmp_path: Path) -> None:
    first, second = index_of(bert, tmp_path).nearest(SENTENCES[0], 2)
    assert (first.row, second.row) == (1, 11)
    assert first.similarity == second.similarity == pytest.approx(1, abs=1e-5)


def test_blocks_and_ties_are_those_of_a_plain_sort(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BLOCK_TEXTS", 7)
    vectors = np.random.default_rng(0).integers(-2, 3, (50, 3)).astype(np.float32)
    query = np.array([1, 2, -1], dtype=np.float32)
    plain = sorted(range(50), key=lambda row: (-float(vectors[row] @ query), row))
    for count in (0, 1, 9, 50, 99):
        assert [row for row, _ in nearest_rows(vectors, query, count)] == plain[:count]


def test_a_stopped_index_goes_on_and_a_damaged_part_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "PART_TEXTS", 4)
    student = small_student()
    steps = build_index(student, DATA, tmp_path)
    while next(steps).done < 5:  # type: ignore[union-attr]
        pass
    steps.close()  # type: ignore[attr-defined]
    embedded: list[str] = []
    states = neighbours._student_states
    monkeypatch.setattr(neighbours, "_student_states", lambda model, texts: embedded.extend(texts) or states(model, texts))
    whole = index_of(student, tmp_path).vectors
    assert sorted(embedded) == sorted(TEXTS[4:])
    np.testing.assert_allclose(whole, embed(student, TEXTS), atol=1e-6)
    embedded.clear()
    index_of(student, tmp_path)
    assert not embedded
    part = sorted(tmp_path.rglob("*.npy"))[1]
    content = bytearray(part.read_bytes())
    content[-50] ^= 1
    part.write_bytes(bytes(content))
    np.testing.assert_array_equal(index_of(student, tmp_path).vectors, whole)
    assert sorted(embedded) == sorted(TEXTS[4:8])


def test_another_model_or_other_texts_have_another_index(bert: Teacher, tmp_path: Path) -> None:
    for model in (bert, small_student(), small_student(seed=1)):
        index_of(model, tmp_path)
    index_of(bert, tmp_path, DATA.subset([1, 0, 2]))
    assert len(list((tmp_path / "neighbours").iterdir())) == 4


def test_data_without_labels_have_neighbours_and_data_without_texts_an_error(bert: Teacher, tmp_path: Path) -> None:
    assert index_of(bert, tmp_path, Dataset(TEXTS, None, (), "made up")).nearest("", 1)[0].label is None
    with pytest.raises(DataError, match="no texts"):
        index_of(bert, tmp_path, Dataset((), None, (), "made up"))
