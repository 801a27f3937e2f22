import pytest

from dixtill_core.errors import DataError
from dixtill_core.notes.note import MOST_CHARACTERS, NoteContent, join_tags, parse_status, parse_tags


def test_tags_are_read_between_commas_and_semicolons_each_once():
    assert parse_tags(" irony , two  words;irony\nnumbers,, ") == ("irony", "two words", "numbers")
    assert parse_tags(join_tags(("a", "b c"))) == ("a", "b c")
    assert parse_tags("") == ()


def test_a_status_is_found_whatever_its_case():
    assert parse_status(" Data Error ") == "data error"
    assert parse_status("") == "open"
    with pytest.raises(DataError, match=r"no status 'done'.*open, explained, data error, model error"):
        parse_status("done")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"status": "done"}, "no status"),
        ({"comment": "a" * (MOST_CHARACTERS + 1)}, "1,000,001 characters"),
        ({"tags": ("a,b",)}, "comma"),
        ({"tags": ("",)}, "not empty"),
        ({"tags": ("a", "a")}, "twice"),
        ({"tags": ("a" * 201,)}, "201 characters"),
        ({"corrected_label": ""}, "cannot be empty"),
        ({"corrected_label": "a\nb"}, "control character"),
        ({"author": "a" * 201}, "201 characters"),
        ({"comment": "cut\ud800"}, "half of a character at place 4"),
        ({"author": "\udc00"}, "half of a character"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_the_reason(content, why):
    with pytest.raises(DataError, match=why):
        NoteContent(**content)


def test_a_note_with_nothing_in_it_is_one_that_was_taken_back():
    assert NoteContent(author="Ada").is_empty
    for content in ({"comment": "x"}, {"tags": ("x",)}, {"corrected_label": "x"}, {"status": "explained"}):
        assert not NoteContent(**content).is_empty
