from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dixtill_core.export.panels import comparison_figures, comparison_panels, ends_of_scale, joined_words, unsigned_scale
from tests.made_comparison import made_comparison


def test_each_panel_is_scaled_to_its_own_strongest_word() -> None:
    teacher, student = comparison_panels(made_comparison())
    assert teacher.values == pytest.approx((0.1 / 0.9, 1, 0.01 / 0.9, -0.2 / 0.9, -0.5 / 0.9))
    assert max(map(abs, student.values)) == 1


def test_words_keep_the_sign_of_their_score_and_weak_ones_are_faint() -> None:
    teacher, _ = comparison_panels(made_comparison())
    assert [teacher.tone(i) for i in range(5)] == ["for", "for", "for", "against", "against"]
    assert [teacher.is_faint(i) for i in range(5)] == [False, False, True, False, False]


def test_attention_weights_have_no_sign() -> None:
    _, student = comparison_panels(made_comparison(), "weights")
    assert not student.has_sign
    assert {student.tone(i) for i in range(5)} == {"unsigned"}
    assert student.numbers[1].endswith("%")
    assert max(student.values) == 1
    assert min(student.values) > 0


def test_the_teachers_panel_is_the_same_whatever_the_student_shows() -> None:
    made = made_comparison()
    assert comparison_panels(made, "weights")[0] == comparison_panels(made, "scores")[0]


def test_a_large_convergence_gap_is_a_warning() -> None:
    for converged in (True, False):
        teacher, student = comparison_panels(made_comparison(delta=-0.3, converged=converged))
        assert teacher.facts[-1].number == "0.300"
        assert teacher.facts[-1].is_warning is not converged
        assert not any(fact.is_warning for fact in student.facts)


def test_all_zero_scores_make_an_empty_picture() -> None:
    teacher, student = comparison_panels(made_comparison(["a", "b"], [0, 0], [0, 0]))
    assert teacher.values == student.values == (0, 0)
    assert teacher.meaning(0) == "0, says nothing"


def test_figures_are_agreement_time_and_size() -> None:
    figures = comparison_figures(made_comparison(), k=2)
    assert [figure.number for figure in figures] == ["0.50", "0.50", "1,550×", "26×"]


def test_signs_for_different_classes_are_not_compared() -> None:
    feature, sign, *_ = comparison_figures(made_comparison(student_shares=(0.1, 0.8, 0.1)), k=2)
    assert (feature.number, sign.number) == ("0.50", "–")
    assert "for and against bearish, the student's for and against bullish" in sign.explanation


def test_a_text_with_no_more_words_than_are_compared_has_no_feature_agreement() -> None:
    for k, number in ((4, "1.00"), (5, "–")):
        assert comparison_figures(made_comparison(student=(0.1, 0.9, 0.01, -0.2, -0.5)), k=k)[0].number == number


def test_the_scale_names_the_class_only_where_both_speak_of_one() -> None:
    assert ends_of_scale(comparison_panels(made_comparison())) == ("speaks against bearish", "speaks for bearish")
    differing = made_comparison(student_shares=(0.1, 0.8, 0.1))
    assert ends_of_scale(comparison_panels(differing))[0] == "speaks against the explained class"
    assert ends_of_scale(comparison_panels(differing, "weights"))[0] == "speaks against bearish"


def test_each_panel_names_its_own_explainer() -> None:
    teacher, student = comparison_panels(made_comparison())
    assert teacher.subtitle.endswith("· Integrated Gradients")
    assert student.subtitle.endswith("· its own attention scores")
    teacher, student = comparison_panels(
        made_comparison(teacher_explainer="occlusion", student_explainer="integrated_gradients"), "weights"
    )
    assert teacher.subtitle.endswith("· Occlusion")
    assert student.subtitle.endswith("· Integrated Gradients")  # No attention to show, whatever was asked for.
    assert [panel.facts[-1].meaning for panel in (teacher, student)] == ["", "convergence gap"]


def test_scores_without_a_sign_say_nothing_of_for_and_against() -> None:
    made = made_comparison(teacher=(0.1, 0.9, 0, 0.2, 0.5), teacher_explainer="saliency")
    panels = comparison_panels(made)
    assert not panels[0].has_sign
    assert {panels[0].tone(i) for i in range(5)} == {"unsigned"}
    assert panels[0].meaning(1) == "0.900, how much it matters to the teacher"
    assert unsigned_scale(panels) == "how much it matters to the teacher"
    assert comparison_figures(made, 3)[1].number == "–"
    assert ends_of_scale(panels) == ("speaks against bearish", "speaks for bearish")


def test_a_scale_that_nothing_uses_is_not_shown() -> None:
    assert unsigned_scale(comparison_panels(made_comparison())) is None
    both = made_comparison(teacher=(1, 2, 0, 0, 0), student=(1, 2, 0, 0, 0), teacher_explainer="saliency", student_explainer="saliency")
    assert ends_of_scale(comparison_panels(both)) is None


def test_a_student_that_costs_more_than_the_teacher_is_not_called_cheaper() -> None:
    made = made_comparison(teacher_explainer="saliency", student_explainer="lime")
    slow = replace(made, student=replace(made.student, seconds=0.93))
    figure = comparison_figures(slow, 3)[2]
    assert (figure.number, figure.meaning) == ("3.0×", "dearer explanation")
    assert "The student's time to predict and explain this text by LIME, divided by the teacher's by Saliency" in figure.explanation


def test_punctuation_joins_the_word_before() -> None:
    made = made_comparison(["cut", "now"], [1, 1], [1, 1])
    assert joined_words(made.words) == (False, False)


def test_values_are_plain_floats_for_json() -> None:
    teacher, _ = comparison_panels(made_comparison())
    assert not any(isinstance(value, np.floating) for value in teacher.values)
