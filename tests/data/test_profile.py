"""What is said of data before training, on texts made so that the answer is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dixtill_core.data.datasets import Dataset, MissingCells, duplicate_key, load_dataset, split_dataset
from dixtill_core.data.findings import Finding
from dixtill_core.data.profile import DataProfile, profile, profile_steps
from dixtill_core.data.words import split_words
from dixtill_core.errors import DataError
from dixtill_core.progress import Progress

WORDS = [
    "shares", "company", "profit", "market", "growth", "bank", "price", "sales", "board", "report", "quarter", "demand", "supply",
    "trade", "investors", "outlook", "forecast", "revenue", "cost", "debt", "loss", "gain", "rise", "fall", "plan", "deal", "offer",
    "stake", "fund", "rate"
]  # fmt: skip


def sentences(count: int, start: int = 0) -> list[str]:
    """Different English sentences: no two have the same three words of content."""
    made = []
    for i in range(start, start + count):
        a, b, c = WORDS[i % 32 % len(WORDS)], WORDS[(i // 30) % len(WORDS)], WORDS[(i // 900) % len(WORDS)]
        made.append(f"the {a} of the {b} was in the {c} this week and {WORDS[i % len(WORDS)]} is up")
    return list(dict.fromkeys(made))[:count]


def dataset(parts: dict[str, Sequence[str]], source: str = "train.csv") -> Dataset:
    """Texts by label."""
    texts = tuple(text for part in parts.values() for text in part)
    labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts.values()])
    return Dataset(texts, labels, tuple(parts), source)


def plain(count: int = 60, source: str = "train.csv") -> Dataset:
    """Nothing is wrong with it."""
    texts = sentences(2 * count)
    return dataset({"down": texts[:count], "up": texts[count:]}, source)


def find(found: DataProfile, start: str) -> Finding:
    matching = [finding for finding in found.findings if start in finding.message]
    assert len(matching) == 1, [finding.message for finding in found.findings]
    return matching[0]


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    assert profile(plain()).findings == ()
    assert profile(load_dataset("sample")).findings == ()


def test_classes_are_counted_and_shared() -> None:
    texts = sentences(100)
    found = profile(dataset({"a": texts[:60], "b": [*texts[60:], texts[60]]})).train
    assert [(share.name, share.texts, share.different) for share in found.classes] == [("a", 60, 60), ("b", 41, 40)]
    assert [share.share for share in found.classes] == pytest.approx([60 / 101, 41 / 101])


def test_lengths_are_those_of_the_words() -> None:
    texts = [" ".join(["word"] * n) for n in (1, 2, 3, 4, 90)]
    found = profile(Dataset(tuple(texts), None, (), "a.csv")).train
    assert (found.median_words, found.longest_words, found.longest_row, found.mean_words) == (3, 90, 5, 20)
    assert found.percentile_95_words == pytest.approx(np.percentile([1, 2, 3, 4, 90], 95))
    assert sum(part.texts for part in found.lengths) == 5
    assert found.lengths[-1].last == 90


@pytest.mark.parametrize("lengths", [[1], [5, 5, 5], list(range(1, 200)), [3] * 200 + [1000]])
def test_every_length_falls_into_the_bin_that_covers_it(lengths: list[int]) -> None:
    texts = tuple(" ".join(f"w{i}x{j}" for j in range(n)) for i, n in enumerate(lengths))
    bins = profile(Dataset(texts, None, (), "a.csv")).train.lengths
    counted = [len(split_words(text)) for text in texts]
    assert [part.texts for part in bins] == [sum(part.first <= n <= part.last for n in counted) for part in bins]
    assert sum(part.texts for part in bins) == len(texts)
    assert len(bins) <= 26


def test_repeats_are_counted_once_each_exact_ones_apart_from_near_ones() -> None:
    texts = sentences(40)
    repeated = [*texts, texts[3], texts[3], texts[5].upper(), f"{texts[7]} https://t.co/abc", texts[9].replace("  ", " ")]
    found = profile(Dataset(tuple(repeated), None, (), "a.csv")).train
    assert (found.exact_repeats, found.near_repeats) == (3, 2)
    keys = [duplicate_key(text) for text in repeated]
    assert found.exact_repeats + found.near_repeats == len(keys) - len(set(keys))
    assert [(repeat.row, repeat.other_row) for repeat in found.repeats] == [(41, 4), (42, 4), (43, 6), (44, 8), (45, 10)]


def test_many_repeats_are_a_warning_with_a_pair_to_look_at() -> None:
    texts = sentences(100)
    found = profile(dataset({"a": [*texts[:50], *texts[:10]], "b": texts[50:]}))
    finding = find(found, "10 texts of train.csv (9.1%) repeat an earlier one: 10 exactly, 0 but for links")
    assert finding.severity == "note"
    assert "(row 51 is row 1)" in finding.message
    assert find(profile(dataset({"a": [*texts[:50], *texts[:15]], "b": texts[50:]})), "repeat").severity == "warning"


def test_texts_with_two_labels_are_shown_with_both() -> None:
    texts = sentences(120)
    found = profile(dataset({"a": texts[:60], "b": [*texts[60:], f"{texts[4].upper()} http://x.io"]}))
    assert found.train.contradicted == 2
    assert [(pair.row, pair.label, pair.other_row, pair.other_label) for pair in found.train.contradictions] == [(121, "b", 5, "a")]
    assert find(found, "occur with another label too, as row 5 with 'a' and row 121 with 'b'").severity == "warning"


def test_a_text_that_repeats_with_its_own_label_is_no_contradiction() -> None:
    texts = sentences(120)
    assert profile(dataset({"a": [*texts[:60], texts[0]], "b": texts[60:]})).train.contradicted == 0


def test_test_texts_that_are_training_texts_are_leaks() -> None:
    train = plain()
    own = sentences(60, start=2000)
    test = dataset({"down": [*own[:30], train.texts[0]], "up": [*own[30:], f"{train.texts[90].title()} https://t.co/x"]}, "test.csv")
    found = profile(train, test)
    assert found.leaks is not None
    assert (found.leaks.exact, found.leaks.near) == (1, 1)
    assert [(leak.row, leak.other_row) for leak in found.leaks.examples] == [(31, 1), (62, 91)]
    finding = find(found, "2 texts of test.csv (3.2%) are in train.csv too: 1 exactly, 1 but for links, capitals, names or numbers")
    assert finding.severity == "warning"
    assert "(row 31 is row 1 there)" in finding.message


@pytest.mark.parametrize(
    ("parts", "start"),
    [
        ({"a": 30, "b": 9}, "train.csv has too few different texts: 9 with the label 'b'. Training needs 10 of each label"),
        ({"a": 30}, "train.csv has only one label, 'a'"),
        ({"a": 30, "b": 1}, "too few different texts: 1 with the label 'b'"),
    ],
)
def test_what_training_will_refuse_is_an_error_in_the_same_words(parts: dict[str, int], start: str) -> None:
    texts = sentences(sum(parts.values()))
    data = dataset({name: [texts.pop() for _ in range(count)] for name, count in parts.items()})
    finding = find(profile(data), start)
    assert finding.severity == "error"
    assert profile(data).findings[0] == finding
    with pytest.raises(DataError) as raised:
        split_dataset(data, 0.1, seed=0)
    assert str(raised.value) == finding.worded()


def test_texts_without_labels_are_an_error_that_names_the_setting() -> None:
    finding = find(profile(Dataset(tuple(sentences(40)), None, (), "train.csv")), "train.csv has no labels")
    assert (finding.severity, finding.setting) == ("error", "label_column")
    assert "--label-column" in finding.worded()
    assert finding.worded({"label_column": "Choose it below."} | dict.fromkeys(("text_column", "label_names", "label_map"), "")).endswith(  # type: ignore[arg-type]
        "Choose it below."
    )


@pytest.mark.parametrize(("rare", "severity"), [(60, None), (250, None), (190, "note"), (50, "warning")])
def test_imbalance_is_said_from_three_times_on_and_a_warning_from_ten(rare: int, severity: str | None) -> None:
    texts = sentences(900)
    many = 600 if rare != 60 else 100
    found = profile(dataset({"often": texts[:many], "rare": texts[many : many + rare]}))
    said = [finding.severity for finding in found.findings if "times as many texts" in finding.message]
    assert said == ([] if severity is None else [severity])


def test_a_label_of_few_texts_is_a_warning() -> None:
    texts = sentences(100)
    assert find(profile(dataset({"a": texts[:70], "b": texts[70:]})), "'b' has 30").severity == "warning"


def test_numbers_as_labels_ask_for_names() -> None:
    data = plain()
    found = profile(Dataset(data.texts, data.labels, ("0", "1", "2"), "a.csv"))
    assert find(found, "The labels are the numbers 0, 1, 2 without names").setting == "label_names"
    assert find(found, "No text has the label 2").severity == "note"


def test_labels_that_differ_in_capitals_are_a_warning() -> None:
    texts = sentences(180)
    found = profile(dataset({"Up": texts[:60], "down": texts[60:120], "up": texts[120:]}))
    assert find(found, "The labels Up, up differ in capitals only").severity == "warning"


def test_texts_that_say_nothing_are_found() -> None:
    data = plain()
    nothing = ("...", "https://t.co/abc", "@someone @other !!", "\u200b")
    found = profile(Dataset((*data.texts, *nothing, "👍", "12%"), np.append(data.require_labels(), [0] * 6), data.label_names, "a.csv"))
    assert found.train.says_nothing == 4
    assert found.train.says_nothing_rows == (121, 122, 123, 124)
    assert find(found, "4 texts of a.csv hold nothing but links").severity == "warning"


def test_words_without_a_vector_are_counted_and_those_that_occur_once_stay_unknown() -> None:
    texts = ("the zorblax fell", "the zorblax rose", "a quuxify of shares", "$ABC 12% @me https://t.co/zq")
    found = profile(Dataset(texts, None, (), "a.csv")).train
    words = ["the", "zorblax", "fell", "the", "zorblax", "rose", "a", "quuxify", "of", "shares"]  # Kinds are not counted.
    assert found.without_vector == pytest.approx(3 / len(words))
    assert found.unknown == pytest.approx(1 / len(words))
    assert found.words_without_vector == (("zorblax", 2), ("quuxify", 1))


def test_a_test_word_is_unknown_where_training_did_not_hold_it_twice() -> None:
    train = Dataset(("the zorblax fell", "the zorblax rose", "a quuxify of shares"), None, (), "a.csv")
    test = Dataset(("zorblax quuxify",), None, (), "b.csv")
    found = profile(train, test)
    assert found.test is not None
    assert (found.test.without_vector, found.test.unknown) == (1.0, 0.5)


GERMAN = (
    "Die Aktien des Unternehmens fielen am Montag um zwölf Prozent, obwohl der Gewinn die Erwartungen übertraf.",
    "Der Vorstand rechnet im nächsten Jahr mit einem deutlichen Umsatzrückgang und senkt die Prognose.",
    "Das Wetter war gestern sehr schön, und wir sind mit den Kindern in den Park gegangen.",
)
RUSSIAN = ("Акции компании упали на двенадцать процентов.", "Фильм был слишком длинным.", "Погода сегодня хорошая.")
THAI = ("หุ้นของบริษัทร่วงลงในวันนี้", "วันนี้อากาศดีมาก", "ราคาน้ำมันเพิ่มขึ้น")


@pytest.mark.parametrize(
    ("texts", "start", "script"),
    [
        (GERMAN, "The texts do not look English", "Latin"),
        (RUSSIAN, "100% of the letters are Cyrillic", "Cyrillic"),
        (THAI, "Thai is written without spaces", "Thai"),
        (("株価は今日下落した", "天気がいい", "映画は長い"), "% of the letters are H", "Han"),
    ],
    ids=["German", "Russian", "Thai", "Japanese"],
)
def test_another_language_is_said(texts: tuple[str, ...], start: str, script: str) -> None:
    found = profile(Dataset(texts * 10, None, (), "a.csv"))
    assert find(found, start).severity == "warning"
    assert script in [name for name, _ in found.train.scripts]


def test_a_text_longer_than_the_teacher_reads_is_counted() -> None:
    data = plain()
    long = " ".join(["word"] * 220)
    texts = (*data.texts[:-1], long)
    assert profile(Dataset(texts, data.labels, data.label_names, "a.csv")).train.over_window == 1
    assert profile(Dataset(texts, data.labels, data.label_names, "a.csv"), window=512).train.over_window == 0
    assert "of 220 words in row 120" in find(profile(Dataset(texts, data.labels, data.label_names, "a.csv")), "longer than the 256").message


def test_wrong_encodings_markup_and_swallowed_rows_are_said() -> None:
    data = plain()
    odd = ("a cafÃ© in town", "it�s a deal", "Q&amp;A with<br>the board", "naïve café", "a < b & c", "one\n" * 30)
    texts = (*data.texts[: -len(odd)], *odd)
    found = profile(Dataset(texts, data.labels, data.label_names, "a.csv"))
    assert found.train.wrongly_decoded_rows == (115, 116)
    assert found.train.with_markup == 1
    assert found.train.many_lines_rows == (120,)
    assert find(found, "2 texts of a.csv have signs like").severity == "warning"
    assert "double quote" in find(found, "The text in row 120 of a.csv has many lines").message


def test_words_that_stand_for_a_missing_cell_are_said_as_text_and_as_label() -> None:
    data = plain()
    texts = (*data.texts[:-3], "NaN", " null ", "none of it is null")
    found = profile(Dataset(texts, data.labels, data.label_names, "a.csv"))
    assert found.train.stands_for_missing_rows == (118, 119)
    assert find(found, "2 texts of a.csv are a word like NaN or null (rows 118, 119)").severity == "warning"
    found = profile(Dataset(data.texts, data.labels, ("N/A", *data.label_names[1:]), "a.csv"))
    assert find(found, "The label N/A looks like").severity == "warning"


def test_test_labels_are_compared_by_name() -> None:
    train, texts = plain(), sentences(120, start=2000)
    same = dataset({"UP": texts[:60], "Down": texts[60:]}, "test.csv")
    assert profile(train, same).findings == ()
    assert (
        find(profile(train, dataset({"up": texts[:60], "Odd": texts[60:]}, "test.csv")), "test.csv has the label Odd").severity == "warning"
    )
    assert find(profile(train, dataset({"up": texts[:60]}, "test.csv")), "No text of test.csv has the label down").severity == "warning"
    shifted = dataset({"up": texts[:100], "down": texts[100:]}, "test.csv")
    assert "33% of the texts" in find(profile(train, shifted), "distributed otherwise in test.csv").message
    assert find(profile(train, Dataset(tuple(texts), None, (), "test.csv")), "test.csv has no labels").severity == "error"


def test_findings_come_worst_first_and_say_what_to_do() -> None:
    texts = sentences(200)
    found = profile(dataset({"1": [*texts[:150], "..."], "2": [*texts[150:155], texts[0]]}))
    severities = [finding.severity for finding in found.findings]
    assert severities == sorted(severities, key=("error", "warning", "note").index)
    assert set(severities) == {"error", "warning", "note"}
    assert all(finding.worded().endswith(".") for finding in found.findings)


def test_progress_is_told_while_texts_are_read() -> None:
    *steps, found = profile_steps(plain(6000), plain(10, "test.csv"))
    assert isinstance(found, DataProfile)
    told = [step for step in steps if isinstance(step, Progress)]
    assert [step.done for step in told if step.stage == "reading the texts"] == [0, 5000, 10_000, 12_000]
    assert {step.total for step in told} == {12_020}


def test_a_profile_is_plain_data_and_tables() -> None:
    found = profile(plain(), plain(30, "test.csv"))
    assert json.loads(json.dumps(found.to_dict()))["train"]["n_texts"] == 120
    assert list(found.class_table()) == ["name", "texts", "share", "different", "texts in test", "share in test", "different in test"]
    assert found.class_table()["texts"].sum() == 120
    assert found.length_table()["texts"].sum() == 120


def test_missing_cells_are_an_error_that_names_the_first_rows_and_all_other_rows_are_profiled() -> None:
    texts = sentences(121)
    whole = dataset({"down": texts[:60], "up": [*texts[60:120], "..."]})
    rows = tuple(range(8, 129))
    lacking = (MissingCells("text", "headline", tuple(range(1, 8))), MissingCells("label", "label", (3,)))
    found = profile(replace(whole, missing=lacking, rows=rows))
    assert find(found, "7 texts are missing").message == (
        "7 texts are missing in column 'headline' of train.csv (rows 1, 2, 3, 4, 5 and others). Fill them in or delete the rows. "
        "Everything else here is about the other 121 texts."
    )
    assert find(found, "1 label is missing in column 'label' of train.csv (row 3). Fill it in or delete the row.").severity == "error"
    assert [finding.severity for finding in found.findings[:2]] == ["error", "error"]
    assert found.train.n_texts == 121
    assert found.train.says_nothing_rows == (128,)
    assert json.loads(json.dumps(found.to_dict()))["train"]["missing"][1] == {"kind": "label", "column": "label", "rows": [3]}
