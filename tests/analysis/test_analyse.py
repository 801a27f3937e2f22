from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import softmax

from dixtill_core.analysis import analyse as module
from dixtill_core.analysis import faithfulness_parts
from dixtill_core.analysis.analyse import analyse
from dixtill_core.analysis.corpus import COLUMNS, AnalysedCorpus, load_corpus, pair_key, save_corpus, student_fingerprint, table_bytes
from dixtill_core.config import AnalysisConfig
from dixtill_core.data.datasets import Dataset
from dixtill_core.data.words import split_words
from dixtill_core.distill.targets import TARGET_CONFIG
from dixtill_core.errors import CheckpointError, DataError, ModelError
from dixtill_core.explain.attention import attention
from dixtill_core.explain.integrated_gradients import integrated_gradients
from dixtill_core.metrics.agreement import agreement
from dixtill_core.metrics.faithfulness import faithfulness
from dixtill_core.models.checkpoint import load_student
from dixtill_core.models.pair import ModelPair
from dixtill_core.models.teacher import load_teacher
from tests.distill.forked_targets import ends_within, in_a_fork
from tests.small_models import LABELS, SENTENCES, save_bert, small_student

ODD = ("rise", "😀 🙄", "مرحبا بالعالم", "<b>shares</b> & <script>", "shares rise " * 60, "\u200b", "shares rise", "shares rise")


def labelled(texts, labels=LABELS, source="made up"):
    return Dataset(tuple(texts), np.arange(len(texts)) % len(labels), tuple(labels), source)


@pytest.fixture(scope="module")
def dataset():
    return labelled([*SENTENCES[:6], *ODD])


def finish(steps) -> AnalysedCorpus:
    *_, last = steps
    assert isinstance(last, AnalysedCorpus)
    return last


@pytest.fixture(scope="module")
def corpus(pair, dataset, tmp_path_factory):
    return finish(analyse(pair, dataset, cache=tmp_path_factory.mktemp("cache")))


def test_every_column_is_what_the_models_say_alone(pair, dataset, corpus):
    table = corpus.table
    assert tuple(table.columns) == COLUMNS
    assert table["text"].tolist() == list(dataset.texts)
    assert table["row"].tolist() == list(range(1, len(dataset) + 1))
    assert table["gold"].tolist() == [LABELS[i] for i in dataset.labels]
    for role, model in (("teacher", pair.teacher), ("student", pair.student)):
        logits = model.predict(dataset.texts)
        expected = softmax(logits.astype(np.float64), axis=1)
        np.testing.assert_allclose(corpus.probabilities(role), expected, atol=1e-4)
        assert table[role].tolist() == [LABELS[i] for i in logits.argmax(axis=1)]
        ordered = np.sort(expected, axis=1)
        np.testing.assert_allclose(table[f"{role}_confidence"], ordered[:, 2], atol=1e-4)
        np.testing.assert_allclose(table[f"{role}_margin"], ordered[:, 2] - ordered[:, 1], atol=1e-4)
    for i, text in enumerate(dataset.texts):
        words = split_words(text)
        teacher, student = table["teacher_scores"][i], table["student_scores"][i]
        assert table["length"][i] == len(words) == len(teacher) == len(student)
        np.testing.assert_allclose(student, attention(pair.student, [text])[0].scores, atol=1e-5)
        alone = integrated_gradients(pair.teacher, [text], None, TARGET_CONFIG)[0].scores
        np.testing.assert_allclose(teacher[: len(alone)], alone, atol=1e-3)
        assert not teacher[len(alone) :].any()
        expected = agreement(teacher, student, (3,)) if words else {"feature_agreement@3": np.nan, "sign_agreement@3": np.nan}
        assert table["agreement_at_3"][i] == pytest.approx(expected["feature_agreement@3"], nan_ok=True)
        assert table["sign_agreement_at_3"][i] == pytest.approx(expected["sign_agreement@3"], nan_ok=True)


def test_faithfulness_is_that_of_the_whole_measurement(pair, dataset, corpus):
    """The defaults ask for every word, here the rationales only are asked for: AOPC is the same."""
    for i in (0, 3, 6):
        text = dataset.texts[i]
        for role, model in (("teacher", pair.teacher), ("student", pair.student)):
            reasons = corpus.attributions(i, role)
            if role == "teacher":  # Of a long text it reads a part.
                n_read = pair.teacher.encode([text]).n_read[0]
                reasons = replace(reasons, words=reasons.words[:n_read], scores=reasons.scores[:n_read])
            expected = faithfulness(model, text, {"own": reasons}, with_references=False)["own"].values
            assert corpus.table[f"{role}_comprehensiveness"][i] == pytest.approx(expected["aopc_comprehensiveness"], abs=1e-4)
            assert corpus.table[f"{role}_sufficiency"][i] == pytest.approx(expected["aopc_sufficiency"], abs=1e-4)


def test_a_text_that_repeats_has_the_same_numbers_and_one_without_words_has_none(corpus):
    first, second = corpus.table.iloc[-2], corpus.table.iloc[-1]
    for name in ("teacher_confidence", "student_confidence", "agreement_at_3", "teacher_comprehensiveness", "student_sufficiency"):
        assert first[name] == second[name]
    empty = corpus.table[corpus.table["length"] == 0].iloc[0]
    assert np.isnan([empty["agreement_at_3"], empty["teacher_comprehensiveness"], empty["student_sufficiency"]]).all()
    assert empty["teacher"] in LABELS


def test_faithfulness_is_measured_as_asked_for(pair, dataset, tmp_path):
    columns = [f"{role}_{name}" for role in ("teacher", "student") for name in ("comprehensiveness", "sufficiency")]
    for config, is_measured in (
        (AnalysisConfig(faithfulness="none"), False),
        (AnalysisConfig(faithfulness="all", small_corpus=1), True),
        (AnalysisConfig(small_corpus=len(dataset) - 1), False),
        (AnalysisConfig(small_corpus=len(dataset)), True),
    ):
        found = finish(analyse(pair, dataset, config, cache=tmp_path))
        assert found.table[columns].notna().to_numpy().any() == is_measured == found.has_faithfulness
        assert not is_measured or found.table["tags"].map(lambda tags: "low_faithfulness" in tags).any()


def test_a_finished_analysis_is_read_and_not_made_again(pair, dataset, tmp_path, monkeypatch):
    made = finish(analyse(pair, dataset, cache=tmp_path))
    assert not list((tmp_path / "analysis").glob("*.parts"))
    monkeypatch.setattr(module, "_make_table", None)
    read = finish(analyse(pair, dataset, cache=tmp_path))
    assert read.key == made.key
    assert table_bytes(read.table) == table_bytes(made.table)


@pytest.mark.parametrize("change", ["text", "label", "teacher", "student", "faithfulness", "training"])
def test_everything_that_decides_a_number_decides_the_key(pair, dataset, tmp_path, change):
    config = AnalysisConfig(faithfulness="none")
    before = finish(analyse(pair, dataset, config, cache=tmp_path))
    training = None
    if change == "text":
        dataset = replace(dataset, texts=("another", *dataset.texts[1:]))
    elif change == "label":
        dataset = replace(dataset, labels=(dataset.labels + 1) % 3)
    elif change == "teacher":
        pair = replace(pair, teacher=load_teacher(save_bert(tmp_path / "teacher", LABELS), device="cpu", max_length=8))
    elif change == "student":
        pair = replace(pair, student=small_student(seed=1))
    elif change == "faithfulness":
        config = AnalysisConfig(faithfulness="all")
    else:
        training = labelled(["shares rise"])
    assert finish(analyse(pair, dataset, config, training, cache=tmp_path)).key != before.key


def test_what_the_file_is_called_does_not_decide_the_key(pair, dataset, tmp_path):
    first = finish(analyse(pair, dataset, cache=tmp_path))
    assert finish(analyse(pair, replace(dataset, source="elsewhere.csv"), cache=tmp_path)).key == first.key


def test_stopped_at_any_step_it_goes_on_to_the_same_table(pair, dataset, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(faithfulness_parts, "PART_TEXTS", 4)
    n_steps, attempts = 1, 0
    while True:
        steps = analyse(pair, dataset, cache=tmp_path)
        taken = [item for _, item in zip(range(n_steps), steps, strict=False)]
        steps.close()
        attempts += 1
        if isinstance(taken[-1], AnalysedCorpus):
            break
        n_steps += 3
    assert attempts > 3
    assert table_bytes(taken[-1].table) == table_bytes(corpus.table)


def test_killed_at_any_moment_it_goes_on_to_the_same_table(pair, dataset, corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(faithfulness_parts, "PART_TEXTS", 2)
    moments, kills = random.Random(0), 0
    longest = 0.1  # Seconds: ever longer, so that it ends on a busy machine too.
    while not ends_within(in_a_fork(lambda: list(analyse(pair, dataset, cache=tmp_path))), moments.uniform(0, longest)):
        kills, longest = kills + 1, longest * 1.3
    assert kills >= 2
    assert table_bytes(finish(analyse(pair, dataset, cache=tmp_path)).table) == table_bytes(corpus.table)


def test_parts_of_a_killed_measurement_are_not_measured_again(pair, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(faithfulness_parts, "PART_TEXTS", 3)
    steps = analyse(pair, dataset, cache=tmp_path)
    while not list((tmp_path / "analysis").glob("*.parts/student-*.json")):
        next(steps)
    steps.close()
    (damaged, *_) = sorted((tmp_path / "analysis").glob("*.parts/student-*.json"))
    damaged.write_text("[[0.5")
    asked = []
    real = faithfulness_parts.faithfulness
    monkeypatch.setattr(faithfulness_parts, "faithfulness", lambda model, *rest, **more: asked.append(model) or real(model, *rest, **more))
    finish(analyse(pair, dataset, cache=tmp_path))
    assert asked.count(pair.teacher) == 0
    assert asked.count(pair.student) == len(set(dataset.texts))


def test_a_damaged_analysis_is_said_and_made_again(pair, dataset, corpus, tmp_path):
    finish(analyse(pair, dataset, cache=tmp_path))
    (path,) = (tmp_path / "analysis").glob("*/analysis.parquet")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    steps = list(analyse(pair, dataset, cache=tmp_path))
    assert any("damaged" in getattr(step, "note", "") for step in steps)
    assert table_bytes(steps[-1].table) == table_bytes(corpus.table)
    assert load_corpus(path.parent).key == corpus.key


@pytest.mark.parametrize("n_labels", [2, 20])
def test_any_number_of_labels_is_analysed(n_labels, tmp_path):
    labels = tuple(f"label {i}" for i in range(n_labels))
    teacher = load_teacher(save_bert(tmp_path / "teacher", labels), device="cpu")
    pair = ModelPair(teacher, small_student(labels), tmp_path)
    found = finish(analyse(pair, labelled(SENTENCES[:6], labels), cache=tmp_path / "cache"))
    assert found.label_names == labels
    assert found.probabilities("teacher").shape == (6, n_labels)
    assert set(found.table["student"]) <= set(labels)


def test_labels_match_whatever_their_case_and_others_are_refused(pair, tmp_path):
    upper = labelled(SENTENCES[:3], [name.upper() for name in LABELS])
    assert finish(analyse(pair, upper, AnalysisConfig("none"), cache=tmp_path)).table["gold"].tolist() == list(LABELS)
    with pytest.raises(DataError, match="Rename the labels"):
        next(analyse(pair, labelled(SENTENCES[:3], ("up", "down", "flat")), cache=tmp_path))
    with pytest.raises(DataError, match="needs gold labels"):
        next(analyse(pair, replace(upper, labels=None), cache=tmp_path))


def test_models_with_different_labels_are_refused(pair, dataset, tmp_path):
    other = replace(pair, student=small_student(labels=("up", "down")))
    with pytest.raises(ModelError, match="Only models with the same labels"):
        next(analyse(other, dataset, cache=tmp_path))


def test_near_duplicates_are_looked_for_in_the_training_texts(pair, tmp_path):
    dataset = labelled(["shares of $ACME rise 3% today", "an unrelated text about cats"])
    training = labelled(["Shares of $OTHR rise 5% today"], source="train.csv")
    found = finish(analyse(pair, dataset, AnalysisConfig("none"), training, cache=tmp_path))
    assert ["near_duplicate" in tags for tags in found.table["tags"]] == [True, False]
    assert found.has_training
    assert found.settings["training"] == "train.csv"


def test_a_saved_analysis_is_the_same_when_it_is_read(corpus, tmp_path):
    save_corpus(tmp_path / "saved", corpus)
    read = load_corpus(tmp_path / "saved")
    assert table_bytes(read.table) == table_bytes(corpus.table)
    assert (read.key, read.label_names, read.data_name, read.pair_key) == (
        corpus.key,
        corpus.label_names,
        corpus.data_name,
        corpus.pair_key,
    )
    assert read.table["tags"].tolist() == corpus.table["tags"].tolist()
    assert all(isinstance(scores, np.ndarray) and scores.dtype == np.float32 for scores in read.table["student_scores"])


def test_what_is_no_analysis_is_refused_with_a_message(tmp_path):
    with pytest.raises(CheckpointError, match="holds no analysis"):
        load_corpus(tmp_path)
    (tmp_path / "analysis.json").write_text("{")
    with pytest.raises(CheckpointError, match="damaged"):
        load_corpus(tmp_path)
    (tmp_path / "analysis.json").write_text('{"format": 99}')
    with pytest.raises(CheckpointError, match=r"has format .*Use the version that wrote it, or analyse the corpus again"):
        load_corpus(tmp_path)


def test_a_pair_has_the_same_key_wherever_it_lies_and_another_one_after_training(pair, corpus, pair_folder):
    again = replace(pair, student=load_student(pair_folder / "student"))
    assert pair_key(again) == pair_key(pair) == corpus.pair_key
    with torch.no_grad():
        again.student.network.classifier.bias[0] += 1e-3
    assert student_fingerprint(again.student) != corpus.student_fingerprint
    assert pair_key(again) != corpus.pair_key
