"""The worksheet: self-contained, escaped, and its answers follow from the numbers that it gives."""

from __future__ import annotations

import math
import re
from html import unescape

import pytest

from dixtill_core.lesson.questions import STEPS, question
from dixtill_core.lesson.sentence import SentenceLesson
from dixtill_core.lesson.worksheet import worksheet_html
from dixtill_core.models.pair import ModelPair, load_pair

TEXT = "Shares of $ACME slide 12% as profit beats forecasts but outlook is cut"
ODD = {
    "one word": "cut", "emoji": "Profit 🚀 falls 👩‍👩‍👧", "right to left": "הרווח ירד השנה",
    "HTML": "<b>Profit</b> & <script>alert(1)</script>", "long": "profit rose but costs fell " * 80, "markup": "p_{T} and x^{2}",
}  # fmt: skip


@pytest.fixture(scope="module")
def bundled() -> ModelPair:
    return load_pair(device="cpu")


@pytest.fixture(scope="module")
def sheet(bundled: ModelPair) -> str:
    return worksheet_html(SentenceLesson(bundled, TEXT)).decode()


def section(html: str, number: int, part: int) -> str:
    """Text of a section: `part` 0 is the exercise, 1 its answers."""
    found = re.findall(rf"<section><h2>{number}\. .*?</section>", html, re.DOTALL)[part]
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"</?su[bp]>", "", found))).replace("−", "-")


def numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.\d+", text)]


def test_answers_stand_on_pages_of_their_own_behind_all_exercises(sheet: str) -> None:
    exercises, answers = sheet.split('<main class="key">')
    assert exercises.count("<section>") == answers.count("<section>") == len(STEPS)
    assert "break-before: page" in sheet
    assert exercises.count("<li>") == answers.count("<li>")


def test_nothing_is_loaded_and_nothing_runs(sheet: str) -> None:
    assert not re.search(r"<(script|img|link|iframe|object)\b|\bsrc=|url\(|@import|https?:", sheet)


def test_soft_labels_follow_from_the_given_logits(sheet: str) -> None:
    logits = numbers(section(sheet, 2, 0))[:3]
    answers = numbers(section(sheet, 2, 1))
    for tau, found in ((1, answers[:3]), (5, answers[3:6])):
        powers = [math.exp(z / tau) for z in logits]
        assert found == pytest.approx([power / sum(powers) for power in powers], abs=2e-3)


def test_the_given_scores_add_up_to_the_answer_and_nearly_to_the_change(sheet: str) -> None:
    given = numbers(section(sheet, 3, 0))
    scores, (baseline, output) = given[:13], given[13:15]
    total, change, gap = numbers(section(sheet, 3, 1))[:3]
    assert sum(scores) == pytest.approx(total, abs=1e-9)  # As whoever adds up the printed numbers finds it.
    assert output - baseline == pytest.approx(change, abs=1e-9)
    assert abs(total - change) == pytest.approx(gap, abs=1e-9)


def test_a_word_is_the_sum_of_its_printed_pieces(sheet: str) -> None:
    pieces = numbers(section(sheet, 4, 0).split("Give each")[0])
    answers = re.findall(r"sum (-?\d\.\d+), mean", section(sheet, 4, 1))
    assert sum(pieces) == pytest.approx(sum(map(float, answers)), abs=1e-9)


def test_a_fall_is_the_difference_of_the_printed_probabilities(sheet: str) -> None:
    rows = numbers(section(sheet, 8, 0).split("By how much")[0])
    falls = numbers(section(sheet, 8, 1))[:2]
    assert falls == pytest.approx([rows[0] - rows[4], rows[5] - rows[9]], abs=1e-9)


def test_attention_follows_from_the_given_scores(sheet: str) -> None:
    given = numbers(section(sheet, 5, 0).split("Work out")[0])
    scores, gain = given[:13], given[13]
    by_score, by_magnitude = numbers(section(sheet, 5, 1))[:2]
    strongest = max(range(13), key=lambda i: abs(scores[i]))
    exps = [math.exp(s) for s in scores]
    assert by_score == pytest.approx(exps[strongest] / sum(exps), abs=2e-3)
    exps = [math.exp(gain * abs(s)) for s in scores]
    assert by_magnitude == pytest.approx(exps[strongest] / sum(exps), abs=2e-3)


def test_the_loss_follows_from_the_given_numbers(sheet: str) -> None:
    given = numbers(section(sheet, 6, 0))
    rows = [given[3 * i : 3 * i + 3] for i in range(3)]
    dot, teacher_norm, student_norm, alpha = given[9:13]
    answers = section(sheet, 6, 1)
    gold = section(sheet, 6, 0).split("gold label: ")[1].split(".")[0].strip()
    label = ["bearish", "bullish", "neutral"].index(gold)
    hard = -math.log(math.exp(rows[label][0]) / sum(math.exp(row[0]) for row in rows))
    kl = sum(p * math.log(p / q) for _, p, q in rows)
    aligned = (1 - dot / (teacher_norm * student_norm)) / 2
    loss = float(re.search(r"\+ 2 · \d\.\d+\) = (\d\.\d+)", answers).group(1))
    assert loss == pytest.approx((1 - alpha) * hard + alpha * (25 * kl + 2 * aligned), abs=0.002)
    scaled = float(re.search(r"τ2 KL = (\d\.\d+)", answers).group(1))
    assert scaled == pytest.approx(25 * kl, abs=0.00051)


def test_the_teachers_probability_is_the_baseline_plus_the_scores(sheet: str) -> None:
    answer = section(sheet, 3, 1)
    first, total, expected, said = re.search(r"(\d\.\d+) ([+-] \d\.\d+) ≈ (\d\.\d+); the teacher says (\d\.\d+)", answer).groups()
    assert float(first) + float(total.replace(" ", "")) == pytest.approx(float(expected), abs=0.0011)
    assert float(said) == pytest.approx(float(expected), abs=0.05)


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_any_sentence_has_a_worksheet_and_is_escaped(bundled: ModelPair, text: str) -> None:
    lesson = SentenceLesson(bundled, text)
    html = worksheet_html(lesson).decode()
    assert html.count("<section>") == 2 * len(STEPS)
    assert "<script" not in html
    assert "nan" not in html.lower().split("<main>")[1].replace("finan", "")
    for number in range(1, len(STEPS) + 1):
        asked = question(number, lesson)
        assert asked.question
        assert asked.answer
