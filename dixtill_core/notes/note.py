"""What a note is, and what may stand in it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast, get_args

from dixtill_core.errors import DataError

Status = Literal["open", "explained", "data error", "model error"]
STATUSES: tuple[Status, ...] = get_args(Status)
MOST_CHARACTERS = 1_000_000
"""Of a comment. A novel has fewer; more is a file that was pasted by mistake."""
MOST_IN_NAME = 200
"""Characters of a tag, a label or an author's name."""
_BETWEEN_TAGS = re.compile(r"[,;\r\n]")


def text_key(text: str) -> str:
    """What stands for a text in notes and links: the hexadecimal SHA-256 of the text as typed."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class NoteContent:
    """What a person writes.

    Raises:
        DataError: a status that there is not, or something longer than can be kept.
    """

    comment: str = ""
    tags: tuple[str, ...] = ()
    corrected_label: str | None = None
    """The label that the text should have had; None where the given one is not put in question."""
    status: Status = "open"
    author: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise DataError(f"There is no status {self.status!r}. Choose one of {', '.join(STATUSES)}.")
        if len(self.comment) > MOST_CHARACTERS:
            raise DataError(f"The note has {len(self.comment):,} characters; {MOST_CHARACTERS:,} can be kept. Shorten it.")
        for tag in self.tags:
            if parse_tags(tag) != (tag,):
                raise DataError(f"{tag[:40]!r} is no tag: a tag is not empty and has no comma, semicolon or line break.")
        if len(set(self.tags)) < len(self.tags):
            raise DataError(f"The same tag stands twice in {join_tags(self.tags)!r}.")
        for kind, name in (
            ("The label", self.corrected_label or ""),
            ("The author's name", self.author),
            *(("The tag", t) for t in self.tags),
        ):
            _require_name(kind, name)
        require_unicode("The note", self.comment)
        if self.corrected_label == "":
            raise DataError("A corrected label cannot be empty. Leave it out where the label is right.")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said: what is left of a note that was taken back."""
        return not self.comment and not self.tags and self.corrected_label is None and self.status == "open"


@dataclass(frozen=True)
class Note:
    """One version of a note as it is kept."""

    text: str
    pair_key: str
    content: NoteContent
    version: int
    """Counts the versions of a note from 1."""
    revision: str
    """Names this version and no other, in every database that it is copied to."""
    based_on: str | None
    """The revision that its writer saw; None where there was no note."""
    written: str
    """When, ISO 8601 in UTC with microseconds."""
    is_beside: bool = False
    """Written by someone who had not seen the newest version: kept in the history, never the current one."""

    @property
    def text_key(self) -> str:
        return text_key(self.text)


def parse_tags(text: str) -> tuple[str, ...]:
    """Tags between commas, semicolons or line breaks, each once, in the order typed."""
    return tuple(dict.fromkeys(tag for part in _BETWEEN_TAGS.split(text) if (tag := " ".join(part.split()))))


def join_tags(tags: Iterable[str]) -> str:
    """The tags as `parse_tags` reads them."""
    return ", ".join(tags)


def parse_status(text: str) -> Status:
    """A status by its name, whatever its case; no name is "open".

    Raises:
        DataError: there is none of that name.
    """
    name = text.strip().lower() or "open"
    if name not in STATUSES:
        raise DataError(f"There is no status {text!r}. Choose one of {', '.join(STATUSES)}.")
    return cast(Status, name)


def now() -> str:
    """The time as a note keeps it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def require_unicode(kind: str, text: str) -> None:
    """Refuse what no file and no database can hold.

    Raises:
        DataError: half of a surrogate pair, which only a damaged file has.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{kind} has half of a character at place {error.start + 1:,}, as a damaged file does. Type it anew.") from error


def _require_name(kind: str, name: str) -> None:
    if len(name) > MOST_IN_NAME:
        raise DataError(f"{kind} {name[:40]!r}… has {len(name):,} characters; {MOST_IN_NAME} can be kept. Shorten it.")
    require_unicode(kind, name)
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise DataError(f"{kind} {name[:40]!r} has a line break or another control character in it. Take it out.")
