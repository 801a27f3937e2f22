from __future__ import annotations

from dixtill_core.summary import plain_text, summarize
from tests.made_comparison import made_comparison


def test_agreement_names_the_label_once_and_the_surer_model() -> None:
    assert plain_text(summarize(made_comparison())).startswith("Both say bearish; the teacher is more sure (93% against 88%). ")


def test_the_surer_student_comes_first() -> None:
    made = made_comparison(teacher_shares=(0.6, 0.2, 0.2), student_shares=(0.95, 0.03, 0.02))
    assert "the student is more sure (95% against 60%)." in plain_text(summarize(made))


def test_nearly_equal_probabilities_are_called_equal() -> None:
    made = made_comparison(teacher_shares=(0.900, 0.05, 0.05), student_shares=(0.905, 0.05, 0.045))
    assert "both are equally sure (90%)." in plain_text(summarize(made))
    made = made_comparison(teacher_shares=(0.998, 0.001, 0.001), student_shares=(0.992, 0.004, 0.004))
    assert "both are equally sure (>99% and 99%)." in plain_text(summarize(made))


def test_disagreement_names_both_labels() -> None:
    made = made_comparison(student_shares=(0.2, 0.7, 0.1))
    assert plain_text(summarize(made)).startswith("They disagree: the teacher says bearish, the student bullish; the teacher is more sure")


def test_shared_and_different_words_are_named() -> None:
    text = plain_text(summarize(made_comparison(), k=2))
    assert text.endswith(
        "They share 1 of their 2 strongest words, slide; "
        "the student leans on profit where the teacher reads beats as speaking against bearish."
    )


def test_all_words_shared_says_so() -> None:
    made = made_comparison(["a", "b", "c"], [3, 2, 1], [3, 2, 1])
    assert "They share all 3 of their strongest words, a, b and c." in plain_text(summarize(made))


def test_no_word_shared_says_so() -> None:
    made = made_comparison(["a", "b", "c", "d"], [3, 2, 0, 0], [0, 0, 2, 3])
    text = plain_text(summarize(made, k=2))
    assert text.endswith("They share none of their 2 strongest words; the student leans on d and c where the teacher leans on a and b.")


def test_one_word_at_the_top_reads_as_a_sentence() -> None:
    same, differing = (made_comparison(["a", "b"], [3, 1], student) for student in ([3, 1], [1, 3]))
    assert plain_text(summarize(same, k=1)).endswith("Their strongest word is the same, a.")
    assert plain_text(summarize(differing, k=1)).endswith(
        "Their strongest words differ; the student leans on b where the teacher leans on a."
    )


def test_shared_words_of_opposite_sign_are_named() -> None:
    made = made_comparison(["a", "b"], [3, 1], [-3, 1])
    assert "and they read a in opposite directions." in plain_text(summarize(made, k=2))


def test_signs_about_different_classes_are_not_compared() -> None:
    made = made_comparison(["a", "b"], [3, 1], [-3, 1], student_shares=(0.1, 0.8, 0.1))
    assert "opposite" not in plain_text(summarize(made, k=2))


def test_scores_without_a_sign_have_no_direction_to_differ_in() -> None:
    made = made_comparison(["a", "b"], [3, 1], [-3, 1], teacher_explainer="saliency")
    assert "opposite" not in plain_text(summarize(made, k=2))


def test_a_repeated_word_says_which_it_is() -> None:
    made = made_comparison(["cut", "and", "cut"], [3, 0, 1], [1, 0, 3])
    assert "cut (word 1)" in plain_text(summarize(made, k=1))
    assert "cut (word 3)" in plain_text(summarize(made, k=1))


def test_a_text_shorter_than_k_counts_its_own_words() -> None:
    assert "all 2 of their strongest words" in plain_text(summarize(made_comparison(["a", "b"], [1, 2], [2, 1]), k=5))


def test_one_word_is_not_ranked() -> None:
    assert "only one word" in plain_text(summarize(made_comparison(["cut"], [1], [1])))


def test_a_model_without_any_reason_is_said_to_have_none() -> None:
    assert "The student gives no word any weight." in plain_text(summarize(made_comparison(["a", "b"], [1, 2], [0, 0])))


def test_certainty_is_never_rounded_up_to_all() -> None:
    made = made_comparison(teacher_shares=(0.9996, 0.0002, 0.0002))
    assert ">99% against 88%" in plain_text(summarize(made))


def test_strong_spans_are_labels_counts_and_words() -> None:
    strong = [span.text for span in summarize(made_comparison(), k=2) if span.is_strong]
    assert strong == ["bearish", "1 of their 2", "slide", "profit", "beats", "bearish"]


def test_a_very_long_word_is_shortened() -> None:
    text = plain_text(summarize(made_comparison(["a" * 500, "b"], [2, 1], [2, 1])))
    assert len(text) < 300
    assert "a…" in text
