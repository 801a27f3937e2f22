"""The tables of notes, and how a database that an older version wrote becomes one of this version.

dixtill_texts         every text that has a note, once
dixtill_notes         the current version of each note
dixtill_note_history  every version of every note, those beside the current line too; rows are only ever added
dixtill_pairs         how a pair of models is called, since its key says nothing to people; from version 2
dixtill_notes_schema  one row: the version of these tables

The names begin alike, so that the tables can stand in a database among others.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Index, Integer, MetaData, String, Table, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import LONGTEXT
from sqlalchemy.types import TypeDecorator

SCHEMA_VERSION = 2
_MARK = "\x01"


class ExactText(TypeDecorator[str]):
    """Any Unicode text, as it is. PostgreSQL keeps no NUL: a text with one is kept as a mark and base64."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        return dialect.type_descriptor(LONGTEXT() if dialect.name in ("mysql", "mariadb") else Text())

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        if value is None or not (value.startswith(_MARK) or "\x00" in value):
            return value
        return _MARK + base64.b64encode(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        if value is None or not value.startswith(_MARK):
            return value
        return base64.b64decode(value[1:]).decode()


metadata = MetaData()

texts = Table(
    "dixtill_texts",
    metadata,
    Column("text_key", String(64), primary_key=True),
    Column("text", ExactText, nullable=False),
)


def _content_columns() -> tuple[Column[Any], ...]:
    """What a version of a note consists of; the same for the current one and its history."""
    return (
        Column("text_key", String(64), ForeignKey("dixtill_texts.text_key"), nullable=False),
        Column("pair_key", String(64), nullable=False),
        Column("version", Integer, nullable=False),
        Column("revision", String(32), nullable=False),
        Column("based_on", String(32)),
        Column("written", String(40), nullable=False),
        Column("comment", ExactText, nullable=False),
        Column("tags", ExactText, nullable=False),  # as `join_tags` writes them
        Column("corrected_label", ExactText),
        Column("status", String(20), nullable=False),
        Column("author", ExactText, nullable=False),
    )


notes = Table(
    "dixtill_notes",
    metadata,
    Column("id", Integer, primary_key=True),
    *_content_columns(),
    UniqueConstraint("text_key", "pair_key", name="dixtill_notes_one"),
)

history = Table(
    "dixtill_note_history",
    metadata,
    Column("id", Integer, primary_key=True),
    *_content_columns(),
    Column("is_beside", Boolean, nullable=False),
    UniqueConstraint("revision", name="dixtill_note_history_revision"),
    Index("dixtill_note_history_note", "text_key", "pair_key"),
)

pairs = Table(
    "dixtill_pairs",
    metadata,
    Column("pair_key", String(64), primary_key=True),
    Column("name", ExactText, nullable=False),
)

schema = Table("dixtill_notes_schema", metadata, Column("version", Integer, primary_key=True, autoincrement=False))

CONTENT = tuple(column.name for column in _content_columns())

MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {1: pairs.create}
"""For each older version, what makes its tables those of the next one. It runs in one transaction with the new number."""
