from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np
import pytest

from dixtill_core.analysis.flip import Flip, find_flip
from dixtill_core.config import FlipConfig
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.words import split_words
from dixtill_core.errors import ConfigError, DataError, ModelError
from dixtill_core.explain.perturbation import perturbed_logits
from dixtill_core.models.classifier import Classifier
from dixtill_core.models.pair import load_pair
from dixtill_core.models.teacher import Teacher
from dixtill_core.progress import Progress
from tests.metrics.bag_of_words import BagOfWords
from tests.small_models import small_student
from tests.small_tokenizers import SENTENCES


def flip(model: Classifier, text: str, **settings: object) -> Flip:
    *steps, found = find_flip(model, text, FlipConfig(**settings))
    assert isinstance(found, Flip)
    assert not found.was_stopped
    sizes = [len(step.words) for step in steps if not isinstance(step, Progress)]
    assert sizes == sorted(set(sizes), reverse=True)  # Ever smaller sets on the way.
    assert not sizes or sizes[-1] == len(found.words)
    return found


@lru_cache(maxsize=200)
def labels_without(model: Classifier, text: str, perturbation: str, size: int) -> np.ndarray:
    """Predicted without each set of `size` words, (sets,); kept, since searches of several kinds are checked on one text."""
    n_words = len(split_words(text))
    sets = list(combinations(range(n_words), size))
    kept = np.ones((len(sets), n_words), dtype=bool)
    for row, chosen in enumerate(sets):
        kept[row, list(chosen)] = False
    return perturbed_logits(model, text, kept, perturbation).argmax(axis=1)


def smallest_size(model: Classifier, text: str, perturbation: str = "delete", target: int | None = None) -> int | None:
    """The plain search: every subset of the words."""
    (predicted,) = labels_without(model, text, perturbation, 0)
    for size in range(1, len(split_words(text)) + 1):
        labels = labels_without(model, text, perturbation, size)
        if (labels != predicted).any() if target is None else (labels == target).any():
            return size
    return None


def check(model: Classifier, text: str, **settings: object) -> None:
    found = flip(model, text, **settings)
    target = settings.get("target")
    perturbation = str(settings.get("change", "delete"))
    expected = smallest_size(model, text, perturbation, None if target is None else model.label_names.index(str(target)))
    if not found.found:
        assert not found.is_smallest or expected is None
        return
    assert expected is not None
    assert len(found.words) >= expected
    if found.is_smallest:
        assert len(found.words) == expected
    kept = np.array([[word not in found.words for word in split_words(text)]])
    label = model.label_names[int(perturbed_logits(model, text, kept, perturbation)[0].argmax())]
    assert label == found.flipped_label != found.label
    for word in found.words:  # No word of it can be put back.
        if len(found.words) > 1:
            fewer = kept.copy()
            fewer[0, split_words(text).index(word)] = True
            other = model.label_names[int(perturbed_logits(model, text, fewer, perturbation)[0].argmax())]
            assert other == found.label if target is None else other != target


TEXTS = [" ".join(sentence.split()[:9]) for sentence in SENTENCES] + [" ".join(sentence.split()[-8:]) for sentence in SENTENCES[::-1]]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("change", ["delete", "mask"])
def test_the_search_on_small_students_agrees_with_every_subset(seed: int, change: str) -> None:
    student = small_student(seed=seed)
    for text in TEXTS:
        check(student, text, change=change)
        check(student, text, change=change, budget=40)
        for target in student.label_names:
            if target != student.label_names[int(student.predict([text])[0].argmax())]:
                check(student, text, change=change, target=target)


def test_the_search_on_a_small_teacher_agrees_with_every_subset(bert: Teacher) -> None:
    for text in TEXTS[:6]:
        check(bert, text)
        check(bert, text, budget=30)


def test_the_search_on_the_bundled_pair_agrees_with_every_subset() -> None:
    pair = load_pair(device="cpu")
    texts = [text for text in load_dataset("sample").texts if 5 <= len(split_words(text)) <= 8][:4]
    assert len(texts) == 4
    for model in (pair.teacher, pair.student):
        for text in texts:
            check(model, text)


def test_the_words_that_carry_a_decision_are_found_and_proven() -> None:
    """Odds 2**5 for the first class: both heavy words have to go, and no one word is enough."""
    model = BagOfWords({"a": 3, "b": 3, "c": 0.5, "d": -0.5, "e": -1.0})
    found = flip(model, "a b c d e")
    assert ([word.text for word in found.words], found.flipped_label) == (["a", "b"], "second")
    assert found.is_smallest
    assert found.edited_text == "c d e"
    assert found.evaluations == model.variants_run - 1 + 1  # the text as it is and the edited one are counted
    assert found.searched_size == 1


def test_greedy_finds_what_the_budget_is_too_small_to_prove() -> None:
    powers = {f"w{i}": 1.0 for i in range(14)} | {f"v{i}": -1.0 for i in range(5)}
    found = flip(BagOfWords(powers), " ".join(powers), budget=60)
    assert len(found.words) == 10  # 14 - 10 < 5
    assert found.found_by == "greedy"
    assert not found.is_smallest
    assert found.evaluations <= 60 + 10


def test_a_text_that_nothing_flips_is_said_to_have_no_such_words() -> None:
    class Stubborn(BagOfWords):
        def forward(self, inputs):  # type: ignore[no-untyped-def]
            return super().forward(inputs) + np.array([9.0, 0.0], dtype=np.float32)

    found = flip(Stubborn({"a": 1, "b": 1}), "a b")
    assert not found.found
    assert found.is_smallest
    assert (found.words, found.edited_text, found.found_by) == ((), None, "none")


def test_a_stopped_search_gives_the_best_set_so_far() -> None:
    powers = {f"w{i}": 1.0 for i in range(8)} | {f"v{i}": -1.0 for i in range(4)}
    asked = 0

    def after_greedy() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    *_, found = find_flip(BagOfWords(powers), " ".join(powers), should_stop=after_greedy)
    assert isinstance(found, Flip)
    assert found.was_stopped
    assert found.found
    assert not found.is_smallest
    *_, nothing = find_flip(BagOfWords(powers), " ".join(powers), should_stop=lambda: True)
    assert isinstance(nothing, Flip)
    assert not nothing.found
    assert nothing.was_stopped
    assert not nothing.is_smallest


def test_whoever_stops_at_any_progress_has_the_best_set_so_far() -> None:
    powers = {f"w{i}": 1.0 for i in range(8)} | {f"v{i}": -1.0 for i in range(4)}
    model = BagOfWords(powers)
    best: Flip | None = None
    stopped: list[Flip | None] = []
    for item in find_flip(model, " ".join(powers)):
        if isinstance(item, Flip):
            best = item
        else:
            stopped.append(best)  # What is there where the search is given up at this progress.
    assert best is not None
    assert stopped[0] is None  # No single word flips it.
    on_the_way = [flip for flip in stopped if flip is not None]
    assert on_the_way
    assert all(len(flip.words) >= len(best.words) for flip in on_the_way)
    for found in on_the_way:
        assert found.was_stopped
        assert not found.is_smallest
        assert found.edited_text is not None
        assert model.label_names[int(model.predict([found.edited_text])[0].argmax())] == found.flipped_label != found.label
        assert found.evaluations <= best.evaluations


def test_a_word_of_the_users_and_neighbours_replace_and_the_edited_text_is_what_flips(bert: Teacher) -> None:
    for model in (bert, small_student()):
        for settings in ({"change": "word", "word": "record"}, {"change": "neighbour", "candidates": 2}):
            found = [flip(model, text, **settings) for text in SENTENCES]
            assert any(each.found for each in found)
            for text, each in zip(SENTENCES, found, strict=True):
                assert each.label == model.label_names[int(model.predict([text])[0].argmax())]
                if each.found:
                    assert each.edited_text is not None
                    assert model.label_names[int(model.predict([each.edited_text])[0].argmax())] == each.flipped_label == each.edited_label
                    assert len(split_words(each.edited_text)) == len(split_words(text))
                    assert all(other and other != word.text for other, word in zip(each.replacements, each.words, strict=True))


def test_the_same_search_finds_the_same() -> None:
    student = small_student(seed=3)
    first, second = (flip(student, SENTENCES[2], change="mask") for _ in range(2))
    assert (first.words, first.evaluations, first.found_by) == (second.words, second.evaluations, second.found_by)


def test_a_text_of_ten_thousand_words_is_searched_at_its_start() -> None:
    found = flip(small_student(), "gold " * 5000 + "bank " * 5000, budget=320)
    assert found.searched_words == 300
    assert not found.is_smallest or len(found.words) == 1


@pytest.mark.parametrize("text", ["👍🏽 🎉", "שלום עולם", "<b>gold</b> & oil", "gold"])
def test_odd_texts_are_searched(text: str) -> None:
    check(small_student(), text)


def test_what_cannot_be_searched_is_said(small_teacher) -> None:
    student = small_student()
    with pytest.raises(DataError, match="no words"):
        flip(student, " \u200b")
    with pytest.raises(ConfigError, match="no label 'up'"):
        flip(student, "gold", target="up")
    predicted = student.label_names[int(student.predict(["gold"])[0].argmax())]
    with pytest.raises(ConfigError, match="already"):
        flip(student, "gold", target=predicted)
    with pytest.raises(ModelError, match="Delete them instead"):
        flip(small_teacher("gpt2"), "gold", change="mask")
    with pytest.raises(ConfigError, match="which word"):
        FlipConfig(change="word")
