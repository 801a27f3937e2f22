from dixtill_core.data.augment import augment, nearest_words
from dixtill_core.data.datasets import load_dataset
from dixtill_core.data.glove import load_glove

TEXTS = load_dataset("sample").texts[:60]


def test_new_texts_differ_from_each_other_and_from_the_old_ones():
    made = augment(TEXTS, 200, seed=0, glove=load_glove())
    assert len(made) == len(set(made)) == 200
    assert not set(made) & set(TEXTS)


def test_the_same_seed_makes_the_same_texts():
    assert augment(TEXTS, 30, 3, load_glove()) == augment(TEXTS, 30, 3, load_glove())
    assert augment(TEXTS, 30, 3, load_glove()) != augment(TEXTS, 30, 4, load_glove())


def test_every_text_serves_before_any_serves_twice():
    glove = load_glove()
    made = augment(TEXTS, len(TEXTS), 0, glove)
    assert len(made) == len(TEXTS)


def test_neighbours_are_the_nearest_by_cosine_and_never_the_word_itself():
    glove = load_glove()
    words = {"rises", "falls", "climbs", "drops", "banana", "apple", "pear", "profit", "loss", "monday", "tuesday", "shares"}
    nearest = nearest_words(words, glove)
    assert set(nearest) == words
    assert all(word not in found and len(found) == 8 for word, found in nearest.items())
    assert {"climbs", "falls", "drops"} <= set(nearest["rises"])


def test_a_corpus_of_one_word_ends_instead_of_looping():
    assert set(augment(["up"], 50, 0, load_glove())) <= {"up up"}
