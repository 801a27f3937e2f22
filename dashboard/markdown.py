"""Text of a user inside Streamlit's messages, which read Markdown."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_AUTOLINK = re.compile(r"(?i)(https?|ftp|mailto|xmpp|www)(?=\\[:.])|(?<=\w)(?=\\@)")
ZERO_WIDTH = "\u200b"


def as_markdown(text: str) -> str:
    """Markdown that shows `text` as it is: no emphasis, formula, emoji code, HTML or link is read from it.

    A zero-width space breaks up addresses, which the renderer turns into links even where their punctuation is escaped.
    """
    return _AUTOLINK.sub(lambda match: match.group() + ZERO_WIDTH, _PUNCTUATION.sub(r"\\\1", text))
