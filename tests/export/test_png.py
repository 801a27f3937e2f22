from __future__ import annotations

import io

import pytest
from PIL import Image

from dixtill_core.export.png import SCALE, TONES, WIDTH, comparison_png
from tests.made_comparison import ODD_TEXTS, made_comparison


def _picture(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def _holds(picture: Image.Image, colour: str) -> bool:
    wanted = tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return wanted in {pixel for _, pixel in picture.convert("RGB").getcolors(picture.width * picture.height) or []}


def test_the_picture_is_a_png_of_the_layouts_width() -> None:
    picture = _picture(comparison_png(made_comparison()))
    assert picture.format == "PNG"
    assert picture.width == WIDTH * SCALE
    assert picture.height > 400 * SCALE


def test_bars_for_and_against_are_drawn_in_their_tones() -> None:
    picture = _picture(comparison_png(made_comparison()))
    assert _holds(picture, TONES["for"])
    assert _holds(picture, TONES["against"])
    assert not _holds(picture, TONES["unsigned"])


def test_attention_has_a_tone_of_its_own() -> None:
    assert _holds(_picture(comparison_png(made_comparison(), 3, "weights")), TONES["unsigned"])


@pytest.mark.parametrize("word", ODD_TEXTS.values(), ids=ODD_TEXTS)
def test_odd_words_are_drawn(word: str) -> None:
    _picture(comparison_png(made_comparison([word, "b"], [1, -1], [1, 1], notes=[f"About {word}"])))


def test_a_long_text_grows_the_picture_but_not_without_end() -> None:
    n = 250
    picture = _picture(comparison_png(made_comparison(["word"] * n, [1.0] * n, [1.0] * n)))
    assert picture.height < 4000 * SCALE


def test_one_word_without_reasons_is_drawn() -> None:
    _picture(comparison_png(made_comparison(["cut"], [0], [0])))
